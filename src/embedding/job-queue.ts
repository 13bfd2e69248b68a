import { NearpaperError } from '../errors.js';
import type { Embedded } from './embedder.js';
import type { TextRole } from './model-input.js';
import { pending, type Settle } from './pending.js';

/** One text for one worker. Settling it a second time, or after its caller went away, does nothing. */
export interface Job extends Settle<Embedded> {
  readonly text: string;
  readonly role: TextRole;
}

/** The texts of one call, of which `next` is the first that no worker has taken. */
interface Batch extends Settle<Embedded[]> {
  readonly texts: readonly string[];
  readonly results: Embedded[];
  next: number;
  missing: number;
}

/**
 * Texts that wait for a worker: queries first, in their order; then documents, one of each batch in turn, so
 * that a small batch is not held up by a large one. Sets keep their order, and let what is cancelled go.
 */
export class JobQueue {
  readonly #queries = new Set<Job>();
  readonly #batches = new Set<Batch>();

  get waitingQueries(): number {
    return this.#queries.size;
  }

  /** Texts that no worker has taken. */
  get size(): number {
    let documents = 0;
    for (const batch of this.#batches) documents += batch.texts.length - batch.next;
    return this.#queries.size + documents;
  }

  /** Errors: `cancelled`, also when the signal aborted before. */
  addQuery(text: string, signal: AbortSignal | undefined): Promise<Embedded> {
    const { promise, settle } = cancellable<Embedded>(signal, () => this.#queries.delete(job));
    const job: Job = { text, role: 'query', ...settle };
    if (!signal?.aborted) this.#queries.add(job);
    return promise;
  }

  /** Resolves in the order of the texts; the first that fails fails them all. Errors: `cancelled`. */
  addDocuments(texts: readonly string[], signal: AbortSignal | undefined): Promise<Embedded[]> {
    const { promise, settle } = cancellable<Embedded[]>(signal, () => this.#batches.delete(batch));
    const batch: Batch = { texts, results: [], next: 0, missing: texts.length, ...settle };
    if (texts.length === 0) batch.resolve([]);
    else if (!signal?.aborted) this.#batches.add(batch);
    return promise;
  }

  /**
   * The next text, which is the caller's to settle from now on; undefined when none waits. `documents`: whether it may be a
   * document.
   */
  take(documents = true): Job | undefined {
    for (const query of this.#queries) {
      this.#queries.delete(query);
      return query;
    }
    if (documents) for (const batch of this.#batches) return this.#takeDocument(batch);
    return undefined;
  }

  /** Fails all waiting queries but the first so many. */
  rejectQueries(but: number, error: NearpaperError): void {
    for (const query of [...this.#queries].slice(but)) {
      this.#queries.delete(query);
      query.reject(error);
    }
  }

  /** Fails everything that waits. */
  rejectAll(error: NearpaperError): void {
    const waiting = [...this.#queries, ...this.#batches];
    this.#queries.clear();
    this.#batches.clear();
    for (const { reject } of waiting) reject(error);
  }

  #takeDocument(batch: Batch): Job {
    const at = batch.next++;
    this.#batches.delete(batch);
    // Back to the end of the line.
    if (batch.next < batch.texts.length) this.#batches.add(batch);
    return {
      text: batch.texts[at] ?? '',
      role: 'document',
      resolve: (embedded) => {
        batch.results[at] = embedded;
        batch.missing--;
        if (batch.missing === 0) batch.resolve(batch.results);
      },
      reject: (error) => {
        this.#batches.delete(batch);
        batch.reject(error);
      },
    };
  }
}

/**
 * A promise that the signal rejects with `cancelled`, after `onCancel`. The listener goes when the promise is
 * settled, however that comes about: a signal may live far longer than one text.
 */
function cancellable<T>(
  signal: AbortSignal | undefined,
  onCancel: () => void,
): { promise: Promise<T>; settle: Settle<T> } {
  const { promise, settle } = pending<T>();
  if (signal === undefined) return { promise, settle };
  const cancel = (): void => {
    onCancel();
    settle.reject(cancelled(signal));
  };
  if (signal.aborted) {
    settle.reject(cancelled(signal));
    return { promise, settle };
  }
  signal.addEventListener('abort', cancel, { once: true });
  const release = (): void => signal.removeEventListener('abort', cancel);
  return {
    promise,
    settle: {
      resolve: (value) => {
        release();
        settle.resolve(value);
      },
      reject: (error) => {
        release();
        settle.reject(error);
      },
    },
  };
}

function cancelled(signal: AbortSignal): NearpaperError {
  return new NearpaperError('cancelled', 'The caller went away before the text was embedded.', {
    cause: signal.reason,
  });
}
