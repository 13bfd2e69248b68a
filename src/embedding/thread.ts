import { Worker } from 'node:worker_threads';
import { NearpaperError } from '../errors.js';
import type { ModelDescription } from './description.js';
import type { Embedded } from './embedder.js';
import type { TextRole } from './model-input.js';
import { pending, type Settle } from './pending.js';
import type { FromWorker, ToWorker } from './protocol.js';

type ThreadState =
  | { kind: 'loading'; settle: Settle<void> }
  | { kind: 'idle' }
  | { kind: 'busy'; settle: Settle<Embedded> }
  /** Told to close, or ending by itself after it could not load the model. */
  | { kind: 'ending'; reason: Error | undefined }
  | { kind: 'gone' };

/** One worker thread with the model in it: loads, embeds one text at a time, and may die at any moment. */
export class InferenceThread {
  /** Settles when the model is loaded, or cannot be: `model_damaged`, `native_module`, or `internal`. */
  readonly ready: Promise<void>;
  /** Resolves when the thread is gone: with the reason, or undefined after it was told to close. */
  readonly gone: Promise<Error | undefined>;
  readonly #worker: Worker;
  #state: ThreadState;
  /** Resolves when the thread is in no run and not loading: only then may it be told to close. */
  #settled: Promise<unknown>;

  constructor(description: ModelDescription) {
    switchOffTelemetry();
    // Without the process's own flags: --input-type, say, lets no file be run at all.
    const options = { workerData: description, execArgv: [] };
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), options);
    const { promise, settle } = pending<void>();
    this.ready = promise;
    this.#settled = promise.catch(() => undefined);
    this.#state = { kind: 'loading', settle };
    this.#worker.on('message', (message: FromWorker) => this.#onMessage(message));
    this.gone = this.#watch();
  }

  get idle(): boolean {
    return this.#state.kind === 'idle';
  }

  get busy(): boolean {
    return this.#state.kind === 'busy';
  }

  /**
   * Embeds one text; to be called only when the thread is ready and has answered the last one.
   * Errors: `internal` when the model fails on this text, or the thread dies.
   */
  embed(text: string, role: TextRole): Promise<Embedded> {
    const { promise, settle } = pending<Embedded>();
    if (this.#state.kind !== 'idle') {
      settle.reject(failure(`an embedding worker that is ${this.#state.kind} was given a text`));
      return promise;
    }
    this.#state = { kind: 'busy', settle };
    this.#settled = promise.catch(() => undefined);
    this.#send({ kind: 'embed', text, role });
    return promise;
  }

  /**
   * Waits for what the thread is doing, has it free the model and exit by itself. The thread is never
   * terminated: doing that during a run aborts the whole process.
   */
  async close(): Promise<void> {
    await this.#settled;
    if (this.#state.kind === 'idle') {
      this.#state = { kind: 'ending', reason: undefined };
      this.#send({ kind: 'close' });
    }
    await this.gone;
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #onMessage(message: FromWorker): void {
    const state = this.#state;
    switch (message.kind) {
      case 'ready':
        this.#state = { kind: 'idle' };
        if (state.kind === 'loading') state.settle.resolve();
        return;
      case 'unloadable': {
        const error = unloadable(message);
        this.#state = { kind: 'ending', reason: error };
        if (state.kind === 'loading') state.settle.reject(error);
        return;
      }
      case 'embedded':
        this.#state = { kind: 'idle' };
        if (state.kind === 'busy')
          state.settle.resolve({ vector: message.vector, truncated: message.truncated });
        return;
      case 'failed':
        this.#state = { kind: 'idle' };
        if (state.kind === 'busy')
          state.settle.reject(failure(`The text could not be embedded: ${message.message}`));
        return;
    }
  }

  #watch(): Promise<Error | undefined> {
    let crash: Error | undefined;
    this.#worker.on('error', (error: unknown) => {
      crash = error instanceof Error ? error : new Error(String(error));
    });
    // An answer that cannot be read fails its text only; otherwise its caller would wait for ever.
    this.#worker.on('messageerror', (error) => this.#onMessage({ kind: 'failed', message: error.message }));
    return new Promise((resolve) => {
      // 'exit' comes last, after 'error' and every message.
      this.#worker.on('exit', (code) => {
        const state = this.#state;
        this.#state = { kind: 'gone' };
        const reason =
          state.kind === 'ending' ? state.reason : (crash ?? new Error(`it exited with code ${code}`));
        if (state.kind === 'loading' || state.kind === 'busy') {
          state.settle.reject(failure(`An embedding worker died: ${reason?.message}`, reason));
        }
        resolve(reason);
      });
    });
  }
}

/**
 * onnxruntime's binaries for Linux (1.30) keep a device id in the home folder and report their use to their maker.
 * They read this variable of the process, which a worker's own environment would not reach, when they are loaded.
 */
function switchOffTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY = '1';
}

function unloadable(message: Extract<FromWorker, { kind: 'unloadable' }>): NearpaperError {
  const cause = new Error(message.message);
  // The stack of the other thread, where the failure was.
  cause.stack = message.cause;
  return new NearpaperError(message.code, message.message, { cause });
}

function failure(message: string, cause?: Error): NearpaperError {
  return new NearpaperError('internal', message, cause === undefined ? {} : { cause });
}
