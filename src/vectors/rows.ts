/**
 * Vectors as 16-bit integers in the kernel's memory: the one copy that searches work on. A vector v is kept as whole
 * numbers x in its direction, the largest of them 32,639, in two planes of bytes, x = 256 * high + low, and with
 * 1 / |x|. The similarity of two vectors is the cosine of their x: exact in integers, the same both ways round. Next to
 * the cosine of the floats it is off by about 1e-6 (384 dimensions), as their rounding is by 1e-8.
 */
import { type LabelSet, ones } from '../label-set.js';
import { rowOf } from '../row-of.js';
import { aligned, type Kernel, KernelMemory } from './kernel.js';
import { LivingRows } from './living-rows.js';
import type { DeadRows, Neighbour } from './vector-index.js';

/** The kernel takes 32 dimensions at a time. */
const STRIDE = 32;

/** Rows that are asked about in one call of the kernel, some 150 microseconds. */
export const ROWS_A_CALL = 1024;

/** Where the parts of the image lie, in bytes from its start, each at a cache line; also the layout of `vectors.i16`. */
export interface ImageLayout {
  /** Bytes of a row in each plane. */
  stride: number;
  labels: number;
  scales: number;
  high: number;
  low: number;
  bytes: number;
}

export const IMAGE_HEADER_BYTES = 64;

/** The image of `count` rows: a header, labels (u32), scale and residual (2 x f32), the high plane, the low plane. */
export function imageLayout(count: number, dimensions: number): ImageLayout {
  const stride = Math.ceil(dimensions / STRIDE) * STRIDE;
  const labels = IMAGE_HEADER_BYTES;
  const scales = labels + aligned(4 * count);
  const high = scales + aligned(8 * count);
  const low = high + aligned(stride * count);
  return { stride, labels, scales, high, low, bytes: low + aligned(stride * count) };
}

interface Views {
  image: Uint8Array;
  labels: Uint32Array;
  high: Int8Array;
  low: Int8Array;
  scales: Float32Array;
  /** The query as it was given. */
  floats: Float32Array;
  filter: Uint32Array;
  rows: Uint32Array;
  similarities: Float64Array;
}

export class Rows {
  readonly size: number;
  readonly dimensions: number;
  readonly layout: ImageLayout;
  readonly kernel: Kernel;
  readonly #memory = new KernelMemory();
  readonly #at: { image: number; floats: number; filter: number; rows: number; similarities: number };
  readonly #living: LivingRows;
  #views: Views;

  /** Memory for `size` rows of `dimensions`, all 0. Errors: `config_invalid` when there is none. */
  constructor(size: number, dimensions: number) {
    const layout = imageLayout(size, dimensions);
    const results = Math.max(size, ROWS_A_CALL);
    const memory = this.#memory;
    const at = {
      image: memory.allocate(layout.bytes),
      floats: memory.allocate(4 * layout.stride),
      filter: memory.allocate(4 * (Math.ceil(size / 32) + 1)),
      rows: memory.allocate(4 * results),
      similarities: memory.allocate(8 * results),
    };
    const query = memory.allocate(2 * layout.stride);
    const { high, low, scales } = layout;
    memory.kernel.useRows(
      ...[size, layout.stride, at.image + high, at.image + low, at.image + scales],
      ...([at.floats, query, at.filter, at.rows, at.similarities] as const),
    );
    this.size = size;
    this.dimensions = dimensions;
    this.layout = layout;
    this.kernel = memory.kernel;
    this.#at = at;
    this.#living = new LivingRows(size);
    this.#views = this.#view();
  }

  /** More of the same memory, for a graph over the rows: its address. Views from before are no longer valid. */
  extend(bytes: number): number {
    const address = this.#memory.allocate(bytes);
    this.#views = this.#view();
    return address;
  }

  /** A view of what `extend` gave. */
  words(address: number, length: number): Uint32Array {
    return new Uint32Array(this.#memory.buffer, address, length);
  }

  /** The whole image, to be filled from a file. */
  get image(): Uint8Array {
    return this.#views.image;
  }

  /** The label of each row; ascending once the image is complete. */
  get labels(): Uint32Array {
    return this.#views.labels;
  }

  /** Makes `vector`, which is not all 0, the query of what follows, until the event loop's next turn. */
  aim(vector: Float32Array): void {
    this.#views.floats.set(vector);
    this.kernel.quantise();
  }

  /** Makes `vector` the row `row`. */
  put(row: number, label: number, vector: Float32Array): void {
    this.aim(vector);
    this.kernel.storeRow(row);
    this.#views.labels[row] = label;
  }

  /** Makes the rows from `from` up to `to` the same as those of `other`, which has as many dimensions. */
  copy(other: Rows, from: number, to: number): void {
    const [mine, its] = [this.#views, other.#views];
    const { stride } = this.layout;
    mine.labels.set(its.labels.subarray(from, to), from);
    mine.scales.set(its.scales.subarray(2 * from, 2 * to), 2 * from);
    mine.high.set(its.high.subarray(from * stride, to * stride), from * stride);
    mine.low.set(its.low.subarray(from * stride, to * stride), from * stride);
  }

  /**
   * Lets pass, from `from` on and until the event loop's next turn, the rows whose labels, which ascend, are in `subset`,
   * or all rows; never those of `dead`. Returns their number.
   */
  admit(subset: LabelSet | undefined, from = 0, dead?: DeadRows): number {
    if (dead === undefined) return this.#admit(subset, from);
    if (subset === undefined) return this.admitLiving(dead, this.size);
    this.#admit(subset, from);
    const { filter } = this.#views;
    const living = this.#living.after(dead);
    let admitted = 0;
    for (let at = from >>> 5; at < living.length; at++) {
      const bits = (filter[at] as number) & (living[at] as number); // both have a bit for each row
      filter[at] = bits;
      if (bits !== 0) admitted += ones(bits);
    }
    return admitted;
  }

  /**
   * Lets pass, until the event loop's next turn, of the first `size` rows, whose labels are in any order, those that are
   * not dead and whose labels are in `subset`, if there is one. Returns how many they are without the subset.
   */
  admitLiving(dead: DeadRows, size: number, subset?: LabelSet): number {
    const { labels, filter } = this.#views;
    const words = Math.ceil(size / 32);
    filter.set(this.#living.after(dead).subarray(0, words));
    filter.fill(0, words);
    if ((size & 31) !== 0) filter[words - 1] = (filter[words - 1] as number) & ((1 << (size & 31)) - 1);
    if (subset !== undefined) {
      for (let at = 0; at < words; at++) {
        let bits = filter[at] as number; // at < words
        for (let rest = bits; rest !== 0; rest &= rest - 1) {
          const bit = rest & -rest;
          if (!subset.has(labels[at * 32 + 31 - Math.clz32(bit)] as number)) bits &= ~bit;
        }
        filter[at] = bits;
      }
    }
    return size - dead.count;
  }

  #admit(subset: LabelSet | undefined, from: number): number {
    const { labels, filter } = this.#views;
    const { size } = this;
    if (subset !== undefined && size > 0 && (labels[size - 1] ?? 0) - (labels[0] ?? 0) === size - 1)
      return this.#admitDense(subset);
    let admitted = 0;
    for (let word = from >>> 5, row = word * 32; row < size; word++, row += 32) {
      const left = size - row;
      let bits = subset === undefined ? 0xffff_ffff : bitsOf(subset, labels, row);
      if (left < 32) bits &= (1 << left) - 1;
      filter[word] = bits;
      admitted += ones(bits);
    }
    return admitted;
  }

  /** As `#admit`, of labels without gaps: those of the rows are a part of the subset's bits. */
  #admitDense(subset: LabelSet): number {
    const { labels, filter } = this.#views;
    const words = filter.subarray(0, Math.ceil(this.size / 32));
    subset.copyFrom(labels[0] ?? 0, words);
    const left = this.size & 31;
    if (left > 0) words[words.length - 1] = (words.at(-1) ?? 0) & ((1 << left) - 1);
    let admitted = 0;
    for (let at = 0; at < words.length; at++) {
      const word = words[at] as number; // at < words.length
      if (word !== 0) admitted += ones(word);
    }
    return admitted;
  }

  /** The row of `label`, or -1. */
  rowOf(label: number): number {
    return rowOf(this.#views.labels, label);
  }

  /** The similarities of at most `ROWS_A_CALL` rows with the query, undefined for each -1. */
  compare(numbers: readonly number[]): (number | undefined)[] {
    const { rows, similarities } = this.#views;
    numbers.forEach((row, at) => {
      rows[at] = Math.max(0, row);
    });
    this.kernel.score(this.#at.rows, numbers.length);
    return numbers.map((row, at) => (row < 0 ? undefined : similarities[at]));
  }

  /** The `amount` first of what was found, as neighbours. */
  neighbours(amount: number): Neighbour[] {
    const { labels, rows, similarities } = this.#views;
    const neighbours: Neighbour[] = [];
    for (let at = 0; at < amount; at++) {
      // The casts say that an index is in range: the kernel found at least so many rows.
      const label = labels[rows[at] as number] as number;
      neighbours.push({ label, similarity: similarities[at] as number });
    }
    return neighbours;
  }

  /** What was found so far, and a way to put it back once others have had the memory. */
  save(amount: number): () => void {
    const rows = this.#views.rows.slice(0, amount);
    const similarities = this.#views.similarities.slice(0, amount);
    return () => {
      this.#views.rows.set(rows);
      this.#views.similarities.set(similarities);
    };
  }

  /** A copy of a row as a vector of length 1. */
  vector(row: number): Float32Array {
    const { high, low, scales } = this.#views;
    const from = row * this.layout.stride;
    const scale = scales[2 * row] ?? 0;
    const vector = new Float32Array(this.dimensions);
    for (let i = 0; i < vector.length; i++) {
      vector[i] = (256 * (high[from + i] ?? 0) + (low[from + i] ?? 0)) * scale;
    }
    return vector;
  }

  #view(): Views {
    const { image, floats, filter, rows, similarities } = this.#at;
    const { buffer } = this.#memory;
    const { labels, high, low, scales, stride, bytes } = this.layout;
    const { size } = this;
    const results = Math.max(size, ROWS_A_CALL);
    return {
      image: new Uint8Array(buffer, image, bytes),
      labels: new Uint32Array(buffer, image + labels, size),
      high: new Int8Array(buffer, image + high, size * stride),
      low: new Int8Array(buffer, image + low, size * stride),
      scales: new Float32Array(buffer, image + scales, 2 * size),
      floats: new Float32Array(buffer, floats, stride),
      filter: new Uint32Array(buffer, filter, Math.ceil(size / 32) + 1),
      rows: new Uint32Array(buffer, rows, results),
      similarities: new Float64Array(buffer, similarities, results),
    };
  }
}

/** Which of the labels of 32 rows, or of those that are left, are in `subset`: the first row's is the lowest bit. */
function bitsOf(subset: LabelSet, labels: Uint32Array, row: number): number {
  const first = labels[row] as number; // row < labels.length
  const last = labels[row + 31];
  if (last !== undefined && last - first === 31) return subset.bitsFrom(first);
  let bits = 0;
  const end = Math.min(row + 32, labels.length);
  for (let at = row; at < end; at++) if (subset.has(labels[at] as number)) bits |= 1 << (at - row);
  return bits;
}
