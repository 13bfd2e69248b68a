/** Which rows are alive, as a bitmap that is not made anew for every snapshot. */
import type { DeadRows } from './vector-index.js';

/**
 * The bitmap of one log of dead rows. It stands somewhere along the log and is moved from there to where a snapshot
 * needs it, forth by clearing bits and back by setting them: between two searches that is a row or two, whatever number
 * of rows is dead.
 */
export class LivingRows {
  readonly #bits: Uint32Array;
  #log: readonly number[] = [];
  #count = 0;

  /** All of `size` rows alive. */
  constructor(size: number) {
    this.#bits = new Uint32Array(Math.ceil(size / 32)).fill(0xffff_ffff);
    const left = size & 31;
    if (left > 0) this.#bits[this.#bits.length - 1] = (1 << left) - 1;
  }

  /** One bit for each row, 1 for those that are alive. Valid until the next call, and not to be written to. */
  after(dead: DeadRows): Uint32Array {
    if (dead.log !== this.#log) {
      this.#moveTo(0);
      this.#log = dead.log;
    }
    this.#moveTo(dead.count);
    return this.#bits;
  }

  #moveTo(count: number): void {
    // Each row is in the log once, so what is undone is alive again.
    for (let at = this.#count; at < count; at++) this.#flip(at);
    for (let at = count; at < this.#count; at++) this.#flip(at);
    this.#count = count;
  }

  #flip(at: number): void {
    const row = this.#log[at] as number; // at < the count of a snapshot of this log
    this.#bits[row >>> 5] = (this.#bits[row >>> 5] as number) ^ (1 << (row & 31));
  }
}
