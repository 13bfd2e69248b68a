/** How long a queue may get: long in a burst, short under a load that does not end. */

/** A queue's state is looked at once in this time, in ms. */
const WINDOW_MS = 1000;
/** Refusing less than this share of what came in a window, the load is one that will soon be borne. */
const FEW_REFUSED = 1 / 3;

/**
 * Decides who may wait. A queue that drains is good: it takes up a burst and loses nothing. One that stays full only
 * makes everybody wait its whole length, and serves not one more; that is the distinction that CoDel makes (Nichols
 * and Jacobson, "Controlling Queue Delay", ACM Queue 10(5), 2012). Delay cannot be its sign here, since callers who
 * each wait for an answer before they ask again keep a queue for ever and need all of it. The sign is that the queue
 * overflows: no number of such callers up to `burst` can make it. From then on only `standing` may wait, until a
 * window has passed in which few had to be refused.
 */
export class QueueLimit {
  readonly #burst: number;
  readonly #standing: number;
  readonly #now: () => number;
  #overflowed = false;
  #windowBegan = 0;
  #asked = 0;
  #refused = 0;

  /**
   * `burst`: most that wait while the load is borne, 0 or more; `standing`: most that wait once it has not been, at
   * most as many. `now`: a clock in ms.
   */
  constructor(burst: number, standing: number, now: () => number = () => performance.now()) {
    this.#burst = burst;
    this.#standing = Math.min(standing, burst);
    this.#now = now;
  }

  /** Whether one more may wait behind the `waiting` that do. To be asked once for each. */
  admits(waiting: number): boolean {
    if (this.#overflowed) this.#look();
    const admitted = waiting < (this.#overflowed ? this.#standing : this.#burst);
    this.#asked++;
    if (!admitted) {
      this.#refused++;
      if (!this.#overflowed) this.#begin(true);
    }
    return admitted;
  }

  #look(): void {
    const elapsed = this.#now() - this.#windowBegan;
    if (elapsed < WINDOW_MS) return;
    // After two of them a whole one has passed in which nobody came.
    this.#begin(elapsed < 2 * WINDOW_MS && this.#refused > this.#asked * FEW_REFUSED);
  }

  #begin(overflowed: boolean): void {
    this.#overflowed = overflowed;
    this.#windowBegan = this.#now();
    this.#asked = 0;
    this.#refused = 0;
  }
}
