/** Sets of papers, by label: how a filter's outcome travels between the store, the keyword index and the vector index. */

/**
 * A set of labels as a bitmap: an eighth of a byte for each label up to the largest, and one load and one mask to ask
 * whether it holds a label. Labels are dense whole numbers of our own, so the bitmap stays small. Never changed once
 * made, so it can be cached and shared.
 */
export class LabelSet implements Iterable<number> {
  /** How many labels are in it. */
  readonly size: number;
  readonly #bits: Uint32Array;

  /** `bits`: label n is bit n mod 32 of word n / 32. Kept, not copied: for this file alone. `size`: where it is known. */
  constructor(bits: Uint32Array, size = sizeOf(bits)) {
    this.#bits = bits;
    this.size = size;
  }

  /**
   * `labels`: whole numbers from 0 to 2^32 - 1, in any order; one that comes twice is in it once.
   * Errors: RangeError for any other number, which would otherwise stand for another label.
   */
  static of(labels: Iterable<number>): LabelSet {
    const list = Array.isArray(labels) || labels instanceof Uint32Array ? labels : [...labels];
    let last = -1;
    for (const label of list) {
      if (!Number.isInteger(label) || label < 0 || label > 0xffff_ffff) {
        throw new RangeError(`${label} is no label: a whole number from 0 to 2^32 - 1.`);
      }
      if (label > last) last = label;
    }
    const set = new LabelSetBuilder(last);
    for (const label of list) set.add(label);
    return set.build();
  }

  /** `label`: a whole number from 0 to 2^32 - 1. */
  has(label: number): boolean {
    // Past the end is undefined, whose bits are 0.
    return ((this.#bits[label >>> 5] as number) & (1 << (label & 31))) !== 0;
  }

  /** Of the 32 labels from `label` on, those that are in the set as bits, `label` the lowest. */
  bitsFrom(label: number): number {
    const at = label >>> 5;
    const shift = label & 31;
    // Past the end is undefined, whose bits are 0. A shift by 32 is one by 0.
    const low = (this.#bits[at] as number) >>> shift;
    return shift === 0 ? low : (low | ((this.#bits[at + 1] as number) << (32 - shift))) >>> 0;
  }

  /** Puts the bits of the labels from `first` on into `target`, `first` the lowest of its first word. */
  copyFrom(first: number, target: Uint32Array): void {
    const bits = this.#bits.subarray(first >>> 5);
    const shift = first & 31;
    const held = Math.min(target.length, bits.length);
    target.fill(0, held);
    if (shift === 0) {
      target.set(bits.subarray(0, held));
      return;
    }
    // Reading past the end would be right and slow.
    let low = held === 0 ? 0 : (bits[0] as number);
    for (let at = 0; at < held; at++) {
      const high = at + 1 < bits.length ? (bits[at + 1] as number) : 0;
      target[at] = (low >>> shift) | (high << (32 - shift));
      low = high;
    }
  }

  /** Ascending. */
  [Symbol.iterator](): Generator<number> {
    return this.from(0);
  }

  /** The labels that are at least `first`, a whole number of any size, ascending. */
  *from(first: number): Generator<number> {
    const bits = this.#bits;
    const firstWord = Math.floor(first / 32);
    for (let at = firstWord; at < bits.length; at++) {
      let rest = bits[at] as number; // at < bits.length
      if (at === firstWord) rest &= -1 << (first & 31);
      for (; rest !== 0; rest &= rest - 1) yield at * 32 + 31 - Math.clz32(rest & -rest);
    }
  }

  /** The labels that are in both. */
  and(other: LabelSet): LabelSet {
    const length = Math.min(this.#bits.length, other.#bits.length);
    const bits = new Uint32Array(length);
    for (let at = 0; at < length; at++) bits[at] = (this.#bits[at] ?? 0) & (other.#bits[at] ?? 0);
    return new LabelSet(bits);
  }

  /** The labels that are not in `other`. */
  without(other: LabelSet): LabelSet {
    return new LabelSet(this.#bits.map((word, at) => word & ~(other.#bits[at] ?? 0)));
  }
}

/** Makes a set label by label, for who finds many and would need a list only for this. */
export class LabelSetBuilder {
  readonly #bits: Uint32Array;
  #size = 0;

  /** `last`: the largest label that may be added, or -1 for none. `from`: what is in it to begin with, up to `last`. */
  constructor(last: number, from?: LabelSet) {
    this.#bits = new Uint32Array(Math.floor(last / 32) + 1);
    from?.copyFrom(0, this.#bits);
    this.#size = from?.size ?? 0;
  }

  /** `label`: a whole number from 0 to `last`, in any order, any number of times. */
  add(label: number): void {
    const at = label >>> 5;
    const bit = 1 << (label & 31);
    const word = this.#bits[at] as number; // label <= last
    if ((word & bit) !== 0) return;
    this.#bits[at] = word | bit;
    this.#size++;
  }

  /** The set of what was added. The builder is not to be used any more. */
  build(): LabelSet {
    return new LabelSet(this.#bits, this.#size);
  }
}

function sizeOf(bits: Uint32Array): number {
  let size = 0;
  for (let at = 0; at < bits.length; at++) size += ones(bits[at] as number);
  return size;
}

/** How many bits of a 32-bit word are set: sums within pairs, then nibbles, then bytes (Warren, Hacker's Delight, 5-1). */
export function ones(word: number): number {
  const pairs = word - ((word >>> 1) & 0x5555_5555);
  const nibbles = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
