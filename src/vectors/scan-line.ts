/** Where long scans wait for each other: one runs, the others stand in line, and the line has an end. */
import { NearpaperError } from '../errors.js';
import { cancelled, checkSignal } from '../pacing.js';

/** Multiplications a second of the slower machines; 15e9 where this was written. */
const PRODUCTS_A_SECOND = 4e9;
const FEWEST_WAITING = 32;
const MOST_WAITING = 256;

/**
 * Scans of so many multiplications that may wait, besides the one that runs: what a second answers. So the last of them is
 * within any sensible deadline, and whoever is refused and comes back after the `retryAfter` of 1 second finds room. A
 * longer line answers no more of them, only later.
 */
export function waitingScans(products: number): number {
  const answered = Math.floor(PRODUCTS_A_SECOND / products);
  return Math.min(MOST_WAITING, Math.max(FEWEST_WAITING, answered));
}

/**
 * The line for the long scans of one index. Scans share one thread: interleaved, n of them would all end at the time
 * of the last. One at a time in order of arrival, no scan ends later than that and all but the last end earlier.
 *
 * Each index has a line of its own, so measuring recall in a build, one search after the other on an index that it
 * opened itself, always finds it empty.
 */
export class ScanLine {
  #busy = false;
  /** What lets the scans that wait begin, in order of arrival. */
  readonly #waiting = new Set<() => void>();
  readonly #places: number;

  /** `places`: how many may wait, see `waitingScans`. */
  constructor(places: number) {
    this.#places = places;
  }

  /**
   * Runs `scan` when its turn has come. Errors: `overloaded` at once when the line is full; `cancelled` as soon as
   * the signal aborts while it waits.
   */
  async run<T>(scan: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    if (this.#busy) await this.#wait(signal);
    this.#busy = true;
    try {
      // The signal may have aborted between the call to begin and this.
      checkSignal(signal);
      return await scan();
    } finally {
      this.#beginNext();
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.size >= this.#places) {
      throw new NearpaperError('overloaded', 'Too many exact searches are waiting already.', {
        retryAfter: 1,
      });
    }
    return new Promise((resolve, reject) => {
      const begin = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.delete(begin);
        reject(cancelled(signal));
      };
      this.#waiting.add(begin);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  /** Hands the place on: it stays taken meanwhile, so that no newcomer slips in before the one that waited longest. */
  #beginNext(): void {
    for (const begin of this.#waiting) {
      this.#waiting.delete(begin);
      begin();
      return;
    }
    this.#busy = false;
  }
}
