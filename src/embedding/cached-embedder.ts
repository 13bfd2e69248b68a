/** Remembers the vectors of recent queries, and embeds a text that several callers want at once only once. */
import { createHash } from 'node:crypto';
import QuickLRU from 'quick-lru';
import { NearpaperError } from '../errors.js';
import type { Embedded, Embedder } from './embedder.js';
import { pending } from './pending.js';

/** Counts of queries since the embedder was made; all are 0 while the cache is switched off. */
export interface QueryCacheStatistics {
  /** Calls answered from memory. */
  readonly hits: number;
  /** Calls that joined a run which another call had begun. */
  readonly shared: number;
  /** Calls that began a run of the model. */
  readonly misses: number;
  /** Texts whose vectors are in memory. */
  readonly size: number;
}

export interface QueryCacheOptions {
  /** Vectors of this many latest texts are kept, at times of up to twice as many; 0: none, and no run is shared. */
  texts: number;
  /** Told of each query that the model has embedded: milliseconds from the call to its vector, waiting included. */
  onEmbedded?: ((milliseconds: number) => void) | undefined;
}

/** One call of the embedder underneath, for every caller that wants its text. */
interface Run {
  readonly outcome: Promise<Embedded>;
  readonly stop: AbortController;
  /** Callers that still wait. */
  callers: number;
}

/**
 * Passes documents on, and queries that it does not know. What it keeps depends on nothing but the model and the
 * text, so it outlives generations of the same model. Failures are not kept: whoever waits gets them, the next
 * caller tries again. Owns the embedder underneath, and closes it.
 */
export class CachedEmbedder implements Embedder, QueryCacheStatistics {
  readonly #inner: Embedder;
  readonly #onEmbedded: (milliseconds: number) => void;
  /** Null when it is switched off, or closed: every query is then passed on. */
  #known: QuickLRU<string, Embedded> | null = null;
  readonly #runs = new Map<string, Run>();
  #hits = 0;
  #shared = 0;
  #misses = 0;
  /** Counted here: quick-lru's own size leaves out what it has beyond `maxSize`. */
  #size = 0;

  constructor(inner: Embedder, { texts, onEmbedded = () => undefined }: QueryCacheOptions) {
    this.#inner = inner;
    this.#onEmbedded = onEmbedded;
    if (texts > 0) this.#known = new QuickLRU({ maxSize: texts, onEviction: () => void this.#size-- });
  }

  get model(): string {
    return this.#inner.model;
  }

  get fingerprint(): string {
    return this.#inner.fingerprint;
  }

  get dimensions(): number {
    return this.#inner.dimensions;
  }

  get queueDepth(): number {
    return this.#inner.queueDepth;
  }

  get failure(): NearpaperError | null {
    return this.#inner.failure;
  }

  get hits(): number {
    return this.#hits;
  }

  get shared(): number {
    return this.#shared;
  }

  get misses(): number {
    return this.#misses;
  }

  get size(): number {
    return this.#size;
  }

  embedDocuments(texts: readonly string[], signal?: AbortSignal): Promise<Embedded[]> {
    return this.#inner.embedDocuments(texts, signal);
  }

  async embedQuery(text: string, signal?: AbortSignal): Promise<Embedded> {
    // What is bound to fail fails in the words of the embedder underneath, also for a text that is known.
    if (this.#known === null || this.failure !== null || signal?.aborted) return this.#embed(text, signal);
    const key = keyOf(text);
    const known = this.#known.get(key);
    if (known !== undefined) {
      this.#hits++;
      return copyOf(known);
    }
    let run = this.#runs.get(key);
    if (run === undefined) {
      this.#misses++;
      run = this.#start(key, text);
    } else {
      this.#shared++;
    }
    return this.#join(key, run, signal);
  }

  close(): Promise<void> {
    this.#known = null;
    this.#size = 0;
    return this.#inner.close();
  }

  async #embed(text: string, signal: AbortSignal | undefined): Promise<Embedded> {
    const started = performance.now();
    const embedded = await this.#inner.embedQuery(text, signal);
    this.#onEmbedded(performance.now() - started);
    return embedded;
  }

  #start(key: string, text: string): Run {
    const stop = new AbortController();
    const run: Run = { outcome: this.#embed(text, stop.signal), stop, callers: 0 };
    this.#runs.set(key, run);
    // Before any caller hears of it: whoever asks from then on finds it among the known.
    run.outcome.then(
      (embedded) => {
        // Not of a run that all have left: another one may have begun since.
        if (this.#forget(key, run)) this.#keep(key, embedded);
      },
      () => this.#forget(key, run),
    );
    return run;
  }

  #keep(key: string, embedded: Embedded): void {
    if (this.#known === null) return;
    // First, since the eviction that it may cause counts down.
    this.#size++;
    this.#known.set(key, embedded);
  }

  /** Whether the run was the one for its text. */
  #forget(key: string, run: Run): boolean {
    return this.#runs.get(key) === run && this.#runs.delete(key);
  }

  /** Waits for a run, no longer than the signal allows. The run is stopped when its last caller leaves. */
  #join(key: string, run: Run, signal: AbortSignal | undefined): Promise<Embedded> {
    run.callers++;
    const { promise, settle } = pending<Embedded>();
    const leave = (): void => {
      settle.reject(
        new NearpaperError('cancelled', 'The caller went away before the text was embedded.', {
          cause: signal?.reason,
        }),
      );
      run.callers--;
      // At once, so that no later caller joins a run that is being stopped.
      if (run.callers === 0 && this.#forget(key, run)) run.stop.abort();
    };
    signal?.addEventListener('abort', leave, { once: true });
    const release = (): void => signal?.removeEventListener('abort', leave);
    run.outcome.then(
      (embedded) => {
        release();
        settle.resolve(copyOf(embedded));
      },
      (error) => {
        release();
        settle.reject(error);
      },
    );
    return promise;
  }
}

/** The cache of an embedder, if it has one. */
export function queryCacheOf(embedder: Embedder): QueryCacheStatistics | null {
  return embedder instanceof CachedEmbedder ? embedder : null;
}

/**
 * Stands for a text: the texts themselves may be 20,000 characters long, far more than their vectors. As UTF-16,
 * since UTF-8 would make every half of a surrogate pair the same.
 */
function keyOf(text: string): string {
  return createHash('sha256').update(text, 'utf16le').digest('base64');
}

/** Each caller gets a vector of its own: what one writes into it, no other and no later one sees. */
function copyOf({ vector, truncated }: Embedded): Embedded {
  return { vector: vector.slice(), truncated };
}
