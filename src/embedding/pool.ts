import { NearpaperError } from '../errors.js';
import { QueueLimit } from '../queue-limit.js';
import type { Embedded, Embedder } from './embedder.js';
import { JobQueue } from './job-queue.js';
import type { ModelDescription } from './model.js';
import { InferenceThread } from './thread.js';

export interface PoolOptions {
  /** Worker threads, 1 or more; one a core is best (measured below). */
  workers: number;
  /**
   * Queries that may wait while all workers are busy, 0 or more; a further one is refused at once. Once that many
   * did not do, no more than the workers may wait until the load has gone (see queue-limit.ts).
   */
  maxQueued: number;
}

/**
 * For so long after a query, in ms, one worker of several is left to queries: whoever asks then waits for no document. Where
 * nobody asks, documents have them all.
 */
const LEFT_TO_QUERIES_MS = 1000;

/** One for all, since a refusal must be cheap. */
const OVERLOADED = new NearpaperError('overloaded', 'More texts wait to be embedded than can be soon.', {
  retryAfter: 1,
});

/** Workers that may be replaced within this time before the pool gives up. */
const RESTARTS = 3;
const RESTART_WINDOW_MS = 60_000;

/**
 * Starts worker threads, each with the model in it and one thread of computation, and resolves when all are
 * ready. The embedder holds the process open until it is closed.
 * Errors: `model_damaged` when the model does not load or is not what its description says, `native_module`
 * when the runtime does not load on this machine, `config_invalid` for options out of range. No thread is left
 * behind.
 */
export async function createEmbedder(description: ModelDescription, options: PoolOptions): Promise<Embedder> {
  checkOption('workers', options.workers, 1);
  checkOption('maxQueued', options.maxQueued, 0);
  const threads = Array.from({ length: options.workers }, () => new InferenceThread(description));
  const outcomes = await Promise.allSettled(threads.map(({ ready }) => ready));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) {
    await Promise.all(threads.map((thread) => thread.close()));
    throw failed.reason;
  }
  return new EmbeddingPool(description, threads, options.maxQueued);
}

function checkOption(name: keyof PoolOptions, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new NearpaperError('config_invalid', `${name} must be a whole number from ${least}, not ${value}.`, {
    field: name,
  });
}

type PoolState =
  | { kind: 'open' }
  /** Workers died again and again: every call fails with this. */
  | { kind: 'failed'; error: NearpaperError }
  | { kind: 'closing'; error: NearpaperError; done: Promise<void> };

/**
 * Spreads texts over worker threads: one text in flight a worker, so that a query waits for one document at
 * most, and each text is embedded alone, so that its vector does not depend on what else is going on.
 *
 * Why a worker a core, with one thread each (200 arXiv titles with abstracts, MiniLM, two cores; texts a second,
 * titles alone in brackets): one worker with one thread 42 (350), two such workers 80 (680), one worker with
 * two threads 38 to 64 (200 to 380), two workers with two threads 22 to 71 (130 to 480). More threads than cores
 * collapse as soon as anything else runs.
 */
class EmbeddingPool implements Embedder {
  readonly model: string;
  readonly fingerprint: string;
  readonly dimensions: number;
  readonly #description: ModelDescription;
  readonly #limit: QueueLimit;
  readonly #queue = new JobQueue();
  readonly #threads = new Set<InferenceThread>();
  /** Documents that are in workers now. */
  #documents = 0;
  /** When the last query came, in ms of the process's clock. */
  #lastQuery = Number.NEGATIVE_INFINITY;
  /** When workers were replaced, in ms of the process's clock; only those within the window. */
  #restarts: number[] = [];
  #state: PoolState = { kind: 'open' };

  constructor(description: ModelDescription, threads: readonly InferenceThread[], maxQueued: number) {
    this.model = description.name;
    this.fingerprint = description.fingerprint;
    this.dimensions = description.dimensions;
    this.#description = description;
    this.#limit = new QueueLimit({
      burst: maxQueued,
      standing: threads.length,
      shed: (places) => this.#queue.rejectQueries(places, OVERLOADED),
    });
    for (const thread of threads) this.#adopt(thread);
  }

  get queueDepth(): number {
    return this.#queue.size + [...this.#threads].filter(({ busy }) => busy).length;
  }

  get failure(): NearpaperError | null {
    return this.#state.kind === 'failed' ? this.#state.error : null;
  }

  async embedDocuments(texts: readonly string[], signal?: AbortSignal): Promise<Embedded[]> {
    this.#refuseUnlessOpen();
    const embedded = this.#queue.addDocuments(texts, signal);
    this.#dispatch();
    return embedded;
  }

  async embedQuery(text: string, signal?: AbortSignal): Promise<Embedded> {
    this.#refuseUnlessOpen();
    if (!this.#hasIdle() && !this.#limit.admits(this.#queue.waitingQueries)) throw OVERLOADED;
    this.#lastQuery = performance.now();
    const embedded = this.#queue.addQuery(text, signal);
    this.#dispatch();
    return embedded;
  }

  close(): Promise<void> {
    if (this.#state.kind === 'closing') return this.#state.done;
    const error = new NearpaperError('not_ready', 'The embedder is closed.');
    const done = this.#endThreads();
    this.#state = { kind: 'closing', error, done };
    this.#queue.rejectAll(error);
    return done;
  }

  #refuseUnlessOpen(): void {
    if (this.#state.kind !== 'open') throw this.#state.error;
  }

  #hasIdle(): boolean {
    for (const thread of this.#threads) if (thread.idle) return true;
    return false;
  }

  #dispatch(): void {
    if (this.#state.kind !== 'open') return;
    for (const thread of this.#threads) {
      if (!thread.idle) continue;
      const job = this.#queue.take(this.#mayTakeDocument());
      if (job === undefined) return;
      const isDocument = job.role === 'document';
      if (isDocument) this.#documents++;
      void thread
        .embed(job.text, job.role)
        .then(job.resolve, job.reject)
        .then(() => {
          if (isDocument) this.#documents--;
          this.#dispatch();
        });
    }
  }

  /** When it is not: some document is in a worker, and when that is done it is looked at again. */
  #mayTakeDocument(): boolean {
    const others = this.#threads.size - 1;
    return others < 1 || this.#documents < others || performance.now() - this.#lastQuery > LEFT_TO_QUERIES_MS;
  }

  #adopt(thread: InferenceThread): void {
    this.#threads.add(thread);
    // A thread that does not get ready is gone soon, which is where it is dealt with.
    void thread.ready.then(
      () => this.#dispatch(),
      () => undefined,
    );
    void thread.gone.then((reason) => this.#replace(thread, reason));
  }

  #replace(thread: InferenceThread, reason: Error | undefined): void {
    this.#threads.delete(thread);
    if (this.#state.kind !== 'open') return;
    const now = performance.now();
    this.#restarts = this.#restarts.filter((at) => at > now - RESTART_WINDOW_MS);
    if (this.#restarts.length < RESTARTS) {
      this.#restarts.push(now);
      this.#adopt(new InferenceThread(this.#description));
      return;
    }
    const error = new NearpaperError(
      'internal',
      `Embedding workers died ${RESTARTS + 1} times within a minute, the last one because: ` +
        `${reason?.message ?? 'unknown'}. Reload the service or start the process again; if it happens again, ` +
        'check its memory limit.',
      { cause: reason },
    );
    this.#state = { kind: 'failed', error };
    this.#queue.rejectAll(error);
    void this.#endThreads();
  }

  async #endThreads(): Promise<void> {
    await Promise.all([...this.#threads].map((thread) => thread.close()));
  }
}
