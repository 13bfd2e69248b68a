/**
 * Exhaustive search. It is the reference that HNSW is measured against, the engine for small corpora, and what answers a
 * search within a subset where a graph walk would take longer: its recall is 1.
 */
import { NearpaperError } from '../errors.js';
import type { LabelSet } from '../label-set.js';
import { checkSignal, Pace } from '../pacing.js';
import { ROWS_A_CALL, Rows } from './rows.js';
import { ScanLine, waitingScans } from './scan-line.js';
import {
  checkK,
  checkLabel,
  checkVector,
  type Neighbour,
  type VectorIndex,
  type VectorSearchOptions,
} from './vector-index.js';

/** Multiplications in one call of the kernel: 0.15 ms, twice that where each row is compared whole. */
const CALL_PRODUCTS = 1 << 21;

/**
 * A scan of at most so many multiplications, some 0.6 ms, is over within one turn of the event loop and needs no
 * place in the line: the line would cost it more than it does others. 21,845 papers of 384 dimensions.
 */
const SHORT_SCAN_PRODUCTS = 1 << 23;

export class ExactIndex implements VectorIndex {
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

  async search(vector: Float32Array, k: number, options: VectorSearchOptions = {}): Promise<Neighbour[]> {
    const { rows } = this;
    checkVector(vector, this.dimensions);
    checkK(k);
    const { subset, signal } = options;
    checkSignal(signal);
    const compared = Math.min(this.size, subset?.size ?? this.size);
    const search = () => scan(rows, { vector, k: Math.min(k, compared), subset, signal });
    return compared * this.dimensions <= SHORT_SCAN_PRODUCTS ? search() : this.#line.run(search, signal);
  }

  async similarities(vector: Float32Array, labels: readonly number[]): Promise<(number | undefined)[]> {
    const { rows } = this;
    checkVector(vector, this.dimensions);
    rows.aim(vector);
    if (labels.length <= ROWS_A_CALL) return rows.compare(labels);
    const pace = new Pace();
    const similarities: (number | undefined)[] = [];
    for (let from = 0; from < labels.length; from += ROWS_A_CALL) {
      if (pace.due()) {
        await pace.turn();
        rows.aim(vector);
      }
      similarities.push(...rows.compare(labels.slice(from, from + ROWS_A_CALL)));
    }
    return similarities;
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

interface Wanted {
  vector: Float32Array;
  /** At most as many as there are rows. */
  k: number;
  subset: LabelSet | undefined;
  signal: AbortSignal | undefined;
}

/** Every row, or every row whose label is in `subset`, giving way to others every 1.5 ms. Errors: `cancelled`. */
async function scan(rows: Rows, { vector, k, subset, signal }: Wanted): Promise<Neighbour[]> {
  if (k === 0) return [];
  const { kernel } = rows;
  const most = Math.max(1, Math.floor(CALL_PRODUCTS / rows.dimensions));
  const pace = new Pace(signal);
  rows.aim(vector);
  rows.admit(subset);
  let kept = 0;
  for (let from = 0; from < rows.size; from = kernel.next.value) {
    if (pace.due()) {
      const restore = rows.save(kept);
      await pace.turn();
      rows.aim(vector);
      rows.admit(subset, from);
      restore();
    }
    kept = kernel.scan(from, most, k, kept);
  }
  kernel.sort(kept);
  return rows.neighbours(kept);
}
