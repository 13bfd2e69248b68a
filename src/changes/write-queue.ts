/** Writes that wait for their vectors and for the disk: in order of arrival, and no more than so many. */
import { NearpaperError } from '../errors.js';

/** One write. */
export interface Entry {
  /** Set when everything that takes long has ended, well or not. */
  ready: boolean;
  signal: AbortSignal | undefined;
  reject(error: unknown): void;
}

/** One for all, since a refusal must be cheap. */
export const FULL = new NearpaperError('overloaded', 'More changes wait to be stored than can be soon.', {
  retryAfter: 1,
});

export class WriteQueue<E extends Entry> {
  readonly #places: number;
  /** With what ends listening to their callers. */
  readonly #entries = new Map<E, () => void>();
  /** Who waits for a place, in order of arrival. */
  readonly #waiting = new Set<() => void>();

  constructor(places: number) {
    this.#places = places;
  }

  get size(): number {
    return this.#entries.size;
  }

  get isFull(): boolean {
    return this.#entries.size >= this.#places;
  }

  /** Lets those who wait look again, in the order in which they came. */
  wake(): void {
    for (const begin of [...this.#waiting]) begin();
  }

  add(entry: E): void {
    const leave = () => this.#leave(entry);
    entry.signal?.addEventListener('abort', leave, { once: true });
    this.#entries.set(entry, () => entry.signal?.removeEventListener('abort', leave));
  }

  /** The first so many that are ready, none past one that is not: those who wrote first are stored first. */
  takeReady(most: number): E[] {
    const taken: E[] = [];
    for (const [entry, release] of this.#entries) {
      if (!entry.ready || taken.length === most) break;
      this.#entries.delete(entry);
      release();
      taken.push(entry);
    }
    if (taken.length > 0) this.wake();
    return taken;
  }

  /** Fails everything that waits. */
  clear(error: NearpaperError): void {
    for (const [entry, release] of this.#entries) {
      release();
      entry.reject(error);
    }
    this.#entries.clear();
    this.wake();
  }

  #leave(entry: E): void {
    // One that is taken already is stored all the same.
    if (!this.#entries.delete(entry)) return;
    entry.reject(cancelled(entry.signal));
    this.wake();
  }

  /** Resolves when there may be room, which somebody else may have taken by then. Errors: `cancelled`. */
  change(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = () => {
        this.#waiting.delete(begin);
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.delete(begin);
        reject(cancelled(signal));
      };
      if (signal?.aborted) return leave();
      this.#waiting.add(begin);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }
}

function cancelled(signal: AbortSignal | undefined): NearpaperError {
  return new NearpaperError('cancelled', 'The caller went away before the change was stored.', {
    cause: signal?.reason,
  });
}
