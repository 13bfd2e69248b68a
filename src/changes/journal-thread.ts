/** The journal behind a thread: a write waits for the disk several times, the event loop never. */
import { Worker } from 'node:worker_threads';
import { messageOf, NearpaperError } from '../errors.js';
import type { Change } from '../papers/change.js';
import type { FromJournal, JournalRequest, JournalTask, ToJournal, VectorEntry } from './journal-protocol.js';

interface Waiting {
  resolve(changes: readonly Change[]): void;
  reject(error: NearpaperError): void;
}

/**
 * A thread that dies is replaced by the next that is asked of it, which finds on disk what there is.
 */
export class JournalThread {
  #task: JournalTask;
  #worker: Worker | undefined;
  /** Resolves when the last thread has ended. */
  #gone: Promise<void> = Promise.resolve();
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #closed = false;

  private constructor(task: JournalTask) {
    this.#task = task;
  }

  /** Errors: those of `openJournal` for writing. */
  static async open(task: JournalTask): Promise<JournalThread> {
    const journal = new JournalThread(task);
    await journal.#ask({ kind: 'model', fingerprint: task.fingerprint });
    return journal;
  }

  /** Resolves once all of them are durable. Errors: `index_unwritable`, after which `changesAfter` tells what is there. */
  async append(changes: readonly Change[]): Promise<void> {
    await this.#ask({ kind: 'append', changes });
  }

  /** What is on disk after `seq`. */
  changesAfter(seq: number): Promise<readonly Change[]> {
    return this.#ask({ kind: 'read', seq });
  }

  /** Errors: `index_unwritable`. */
  async putVectors(fingerprint: string, entries: readonly VectorEntry[]): Promise<void> {
    await this.#ask({ kind: 'vectors', fingerprint, entries });
  }

  async useModel(fingerprint: string): Promise<void> {
    this.#task = { ...this.#task, fingerprint };
    await this.#ask({ kind: 'model', fingerprint });
  }

  /** Errors: `index_unwritable`. */
  async trim(seq: number): Promise<void> {
    await this.#ask({ kind: 'trim', seq });
  }

  /** Ends the thread after what it was asked before. Idempotent. */
  async close(): Promise<void> {
    if (this.#worker !== undefined && !this.#closed)
      await this.#ask({ kind: 'close' }).catch(() => undefined);
    this.#closed = true;
    await this.#gone;
  }

  #ask(request: JournalRequest): Promise<readonly Change[]> {
    if (this.#closed) return Promise.reject(new NearpaperError('not_ready', 'The journal is closed.'));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker ??= this.#start();
      this.#worker.postMessage({ ...request, id } satisfies ToJournal);
    });
  }

  #start(): Worker {
    // Without the process's own flags: --input-type, say, lets no file be run at all.
    const worker = new Worker(new URL('./journal-worker.js', import.meta.url), {
      workerData: this.#task,
      execArgv: [],
    });
    let reason = new NearpaperError('index_unwritable', 'The thread of the journal has ended.');
    worker.on('message', (message: FromJournal) => {
      if (message.kind === 'unopened') reason = new NearpaperError(message.code, message.message);
      else this.#settle(message);
    });
    worker.on('error', (thrown) => {
      reason = new NearpaperError('index_unwritable', `The thread of the journal died: ${messageOf(thrown)}`);
    });
    this.#gone = new Promise((resolve) => {
      worker.on('exit', () => {
        this.#worker = undefined;
        for (const { reject } of this.#waiting.values()) reject(reason);
        this.#waiting.clear();
        resolve();
      });
    });
    return worker;
  }

  #settle(message: Exclude<FromJournal, { kind: 'unopened' }>): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'done') waiting?.resolve(message.changes);
    else waiting?.reject(new NearpaperError(message.code, message.message));
  }
}
