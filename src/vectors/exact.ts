/**
 * Exhaustive search. It is the reference that HNSW is measured against, the engine for small corpora, and what answers a
 * search within a subset where a graph walk would take longer: its recall is 1.
 */
import { NearpaperError } from '../errors.js';
import { checkSignal, Pace } from '../pacing.js';
import { ROWS_A_CALL, Rows } from './rows.js';
import { ScanLine, waitingScans } from './scan-line.js';
import {
  type BaseIndex,
  type BaseSearchOptions,
  checkK,
  checkLabel,
  checkVector,
  type Neighbour,
} from './vector-index.js';

/** Multiplications in one call of the kernel: 0.15 ms, twice that where each row is compared whole. */
const CALL_PRODUCTS = 1 << 21;

/**
 * A scan of at most so many multiplications, some 0.6 ms, is over within one turn of the event loop and needs no
 * place in the line: the line would cost it more than it does others. 21,845 papers of 384 dimensions.
 */
export const SHORT_SCAN_PRODUCTS = 1 << 23;

export class ExactIndex implements BaseIndex {
  readonly engine = 'exact';
  readonly size: number;
  readonly dimensions: number;
  /** The checksum of the file that the vectors come from, which a graph over them names; undefined without a file. */
  readonly sha256: string | undefined;
  readonly #line: ScanLine;
  #rows: Rows | undefined;

  /** `rows`: complete, the labels ascending (see `fromVectors` and `openExactIndex`); kept, not copied. */
  constructor(rows: Rows, sha256?: string) {
    this.sha256 = sha256;
    this.size = rows.size;
    this.dimensions = rows.dimensions;
    this.#rows = rows;
    this.#line = new ScanLine(waitingScans(rows.size * rows.dimensions));
  }

  /** An index in memory over these vectors, in any order. Errors: `invalid_vector` as for a writer's `add`. */
  static fromVectors(
    vectors: Iterable<readonly [label: number, vector: Float32Array]>,
    dimensions: number,
  ): ExactIndex {
    const sorted = [...vectors].sort(([a], [b]) => a - b);
    const rows = new Rows(sorted.length, dimensions);
    let previous = -1;
    for (const [row, [label, vector]] of sorted.entries()) {
      checkLabel(label);
      checkVector(vector, dimensions);
      if (label === previous) throw new NearpaperError('invalid_vector', `Label ${label} was given twice.`);
      rows.put(row, label, vector);
      previous = label;
    }
    return new ExactIndex(rows);
  }

  /** The vectors themselves, for a graph over them. Errors: `not_ready` after `close`. */
  get rows(): Rows {
    if (this.#rows === undefined) throw new NearpaperError('not_ready', 'This vector index has been closed.');
    return this.#rows;
  }

  rowOf(label: number): number {
    return this.rows.rowOf(label);
  }

  async search(vector: Float32Array, k: number, options: BaseSearchOptions = {}): Promise<Neighbour[]> {
    const { rows } = this;
    checkVector(vector, this.dimensions);
    checkK(k);
    const { subset, dead, signal } = options;
    checkSignal(signal);
    const compared = Math.min(this.size - (dead?.count ?? 0), subset?.size ?? this.size);
    const admit = (from: number) => rows.admit(subset, from, dead);
    const search = () => scan(rows, { vector, k: Math.min(k, compared), admit, signal });
    return compared * this.dimensions <= SHORT_SCAN_PRODUCTS ? search() : this.#line.run(search, signal);
  }

  async similarities(vector: Float32Array, labels: readonly number[]): Promise<(number | undefined)[]> {
    const { rows } = this;
    checkVector(vector, this.dimensions);
    return compareAll(rows, vector, labels, (label) => rows.rowOf(label));
  }

  async vectors(labels: readonly number[]): Promise<(Float32Array | undefined)[]> {
    const { rows } = this;
    return labels.map((label) => {
      const row = rows.rowOf(label);
      return row < 0 ? undefined : rows.vector(row);
    });
  }

  async close(): Promise<void> {
    // A scan under way keeps its own reference, so it finishes.
    this.#rows = undefined;
  }
}

/**
 * The similarities of labels with `vector`, in their order, giving way to others every 1.5 ms; undefined where `rowOf`,
 * which says which of `rows` a label has, says -1.
 */
export async function compareAll(
  rows: Rows,
  vector: Float32Array,
  labels: readonly number[],
  rowOf: (label: number) => number,
): Promise<(number | undefined)[]> {
  rows.aim(vector);
  if (labels.length <= ROWS_A_CALL) return rows.compare(labels.map(rowOf));
  const pace = new Pace();
  const similarities: (number | undefined)[] = [];
  for (let from = 0; from < labels.length; from += ROWS_A_CALL) {
    if (pace.due()) {
      await pace.turn();
      rows.aim(vector);
    }
    similarities.push(...rows.compare(labels.slice(from, from + ROWS_A_CALL).map(rowOf)));
  }
  return similarities;
}

/** What a scan is to find. */
export interface Scan {
  vector: Float32Array;
  /** At most as many as there are rows. */
  k: number;
  /** Sets the filter of the rows, from one row on; asked again after every turn of the event loop. */
  admit: (from: number) => void;
  signal: AbortSignal | undefined;
}

/**
 * The k best of the rows that are admitted, best first, giving way to others every 1.5 ms. Of equal ones those of the
 * lower rows, in their order. Errors: `cancelled`.
 */
export async function scan(rows: Rows, { vector, k, admit, signal }: Scan): Promise<Neighbour[]> {
  if (k === 0) return [];
  const { kernel } = rows;
  const most = Math.max(1, Math.floor(CALL_PRODUCTS / rows.dimensions));
  const pace = new Pace(signal);
  rows.aim(vector);
  admit(0);
  let kept = 0;
  for (let from = 0; from < rows.size; from = kernel.next.value) {
    if (pace.due()) {
      const restore = rows.save(kept);
      await pace.turn();
      rows.aim(vector);
      admit(from);
      restore();
    }
    kept = kernel.scan(from, most, k, kept);
  }
  kernel.sort(kept);
  return rows.neighbours(kept);
}
