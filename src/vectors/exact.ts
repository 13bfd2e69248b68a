/**
 * Exhaustive search over one row-major array. It is the reference that HNSW is measured against, the engine for
 * small corpora, and what answers a search within a subset: a scan of a selective subset is faster than a graph
 * walk with a filter, and its recall is 1.
 */
import { NearpaperError } from '../errors.js';
import type { LabelSet } from '../label-set.js';
import { checkSignal, Pace } from '../pacing.js';
import { TopK } from '../top-k.js';
import { dotAt } from './dot.js';
import { ScanLine } from './scan-line.js';
import {
  checkK,
  checkLabel,
  checkVector,
  type Neighbour,
  type VectorIndex,
  type VectorSearchOptions,
} from './vector-index.js';

/** Multiplications between two looks at the clock: about 50 microseconds. */
const STRIDE_FLOATS = 1 << 16;

/**
 * A scan of at most so many multiplications, some 0.8 ms, is over within one turn of the event loop and needs no
 * place in the line: the line would cost it more than it does others. 2,730 papers of 384 dimensions.
 */
const SHORT_SCAN_FLOATS = 1 << 20;

/**
 * Finding the row of a label costs about so many times what it costs to ask a bitmap about a row's label, so from the
 * sixteenth part of all rows on every label is asked about.
 */
const VISITING_COST = 16;

/** What an open index holds. */
interface Held {
  /** Strictly ascending. */
  labels: Uint32Array;
  /** Row-major, one row of `dimensions` floats per label. */
  rows: Float32Array;
}

export class ExactIndex implements VectorIndex {
  readonly engine = 'exact';
  readonly size: number;
  readonly dimensions: number;
  readonly #line = new ScanLine();
  #held: Held | undefined;

  /**
   * `labels`: n labels, strictly ascending; `rows`: n x dimensions floats, row-major, each row a unit vector. Both
   * are kept, not copied. Errors: `invalid_vector` when the lengths do not fit or labels are not ascending; the
   * rows themselves are not checked (see `fromVectors` and `openExactIndex`).
   */
  constructor(labels: Uint32Array, rows: Float32Array, dimensions: number) {
    if (rows.length !== labels.length * dimensions) {
      throw new NearpaperError(
        'invalid_vector',
        `${labels.length} vectors of ${dimensions} dimensions need ${labels.length * dimensions} floats, got ${rows.length}.`,
      );
    }
    if (!strictlyAscending(labels)) {
      throw new NearpaperError('invalid_vector', 'The labels of an index must be strictly ascending.');
    }
    this.size = labels.length;
    this.dimensions = dimensions;
    this.#held = { labels, rows };
  }

  /** An index in memory over these vectors, in any order. Errors: `invalid_vector` as for a writer's `add`. */
  static fromVectors(
    vectors: Iterable<readonly [label: number, vector: Float32Array]>,
    dimensions: number,
  ): ExactIndex {
    const sorted = [...vectors].sort(([a], [b]) => a - b);
    const rows = new Float32Array(sorted.length * dimensions);
    sorted.forEach(([label, vector], row) => {
      checkLabel(label);
      checkVector(vector, dimensions);
      rows.set(vector, row * dimensions);
    });
    return new ExactIndex(
      Uint32Array.from(sorted, ([label]) => label),
      rows,
      dimensions,
    );
  }

  async search(vector: Float32Array, k: number, options: VectorSearchOptions = {}): Promise<Neighbour[]> {
    const held = this.#open();
    checkVector(vector, this.dimensions);
    checkK(k);
    const { subset, signal } = options;
    checkSignal(signal);
    const compared = Math.min(this.size, subset?.size ?? this.size);
    const search = () => {
      const wanted = { query: vector, best: new TopK(Math.min(k, compared)), subset, signal };
      return subset === undefined || subset.size * VISITING_COST > this.size
        ? scan(held, wanted)
        : visit(held, { ...wanted, subset });
    };
    return compared * this.dimensions <= SHORT_SCAN_FLOATS ? search() : this.#line.run(search, signal);
  }

  /** The k nearest among `labels`, for a graph search that only knows them roughly. At once: a few hundred at most. */
  rank(vector: Float32Array, labels: readonly number[], k: number): Neighbour[] {
    const { labels: held, rows } = this.#open();
    const best = new TopK(k);
    for (const label of labels) {
      const row = rowOf(held, label);
      if (row >= 0) best.offer(dotAt(rows, row * this.dimensions, vector), label);
    }
    return neighboursOf(best);
  }

  async similarities(vector: Float32Array, labels: readonly number[]): Promise<(number | undefined)[]> {
    const { labels: held, rows } = this.#open();
    checkVector(vector, this.dimensions);
    const stride = Math.max(1, Math.floor(STRIDE_FLOATS / this.dimensions));
    const pace = new Pace();
    const similarities: (number | undefined)[] = [];
    for (const label of labels) {
      if (similarities.length % stride === stride - 1 && pace.due()) await pace.turn();
      const row = rowOf(held, label);
      similarities.push(row < 0 ? undefined : clampCosine(dotAt(rows, row * this.dimensions, vector)));
    }
    return similarities;
  }

  async vectors(labels: readonly number[]): Promise<(Float32Array | undefined)[]> {
    const { labels: held, rows } = this.#open();
    return labels.map((label) => {
      const row = rowOf(held, label);
      return row < 0 ? undefined : rows.slice(row * this.dimensions, (row + 1) * this.dimensions);
    });
  }

  /** The row of `label` if it holds exactly the floats that begin at `offset` of `floats`, otherwise -1. */
  rowHolding(label: number, floats: Float32Array, offset: number): number {
    const { labels, rows } = this.#open();
    const row = rowOf(labels, label);
    const from = row * this.dimensions;
    for (let i = 0; row >= 0 && i < this.dimensions; i++)
      if (rows[from + i] !== floats[offset + i]) return -1;
    return row;
  }

  async close(): Promise<void> {
    // A scan under way keeps its own reference, so it finishes.
    this.#held = undefined;
  }

  #open(): Held {
    if (this.#held === undefined) throw new NearpaperError('not_ready', 'This vector index has been closed.');
    return this.#held;
  }
}

function strictlyAscending(labels: Uint32Array): boolean {
  let previous = -1;
  for (const label of labels) {
    if (label <= previous) return false;
    previous = label;
  }
  return true;
}

/** The row of `label`, or -1. Labels are dense but for removed papers, so the search is confined to a short range. */
function rowOf(labels: Uint32Array, label: number): number {
  // Labels ascend by at least one a row: row r holds at least labels[0] + r, and as much from the other end.
  const first = labels[0] ?? 0;
  const last = labels[labels.length - 1] ?? 0;
  let low = Math.max(0, labels.length - 1 - (last - label));
  let high = Math.min(labels.length - 1, label - first);
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = labels[middle];
    if (found === undefined) return -1;
    if (found === label) return middle;
    if (found < label) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** Rounding may carry the inner product of unit vectors a hair outside of -1 to 1. */
function clampCosine(product: number): number {
  return Math.max(-1, Math.min(1, product));
}

/** What was kept, best first. Products cut to the same cosine are in the order of labels again. */
function neighboursOf(best: TopK): Neighbour[] {
  return best
    .best()
    .map(({ label, score }) => ({ label, similarity: clampCosine(score) }))
    .sort((a, b) => b.similarity - a.similarity || a.label - b.label);
}

interface Wanted {
  query: Float32Array;
  best: TopK;
  subset: LabelSet | undefined;
  signal: AbortSignal | undefined;
}

/** Every row, or every row whose label is in `subset`, giving way to others every 1.5 ms. Errors: `cancelled`. */
async function scan({ labels, rows }: Held, { query, best, subset, signal }: Wanted): Promise<Neighbour[]> {
  const dimensions = query.length;
  const stride = Math.max(1, Math.floor(STRIDE_FLOATS / dimensions));
  // Memory comes fastest row after row: leaving out every other row saves nothing.
  const skips = subset !== undefined && subset.size * 2 < labels.length;
  const pace = new Pace(signal);
  for (let from = 0; from < labels.length; from += stride) {
    if (pace.due()) await pace.turn();
    const to = Math.min(from + stride, labels.length);
    for (let row = from; row < to; row++) {
      const label = labels[row] as number; // row < labels.length
      if (skips && !subset?.has(label)) continue;
      const similarity = dotAt(rows, row * dimensions, query);
      if (similarity >= best.floor && (skips || subset?.has(label) !== false)) best.offer(similarity, label);
    }
  }
  return neighboursOf(best);
}

/** Only the rows of `subset`. Errors: `cancelled`. */
async function visit(
  { labels, rows }: Held,
  { query, best, subset, signal }: Wanted & { subset: LabelSet },
): Promise<Neighbour[]> {
  const stride = Math.max(1, Math.floor(STRIDE_FLOATS / query.length));
  const pace = new Pace(signal);
  let visited = 0;
  for (const label of subset) {
    if (++visited % stride === 0 && pace.due()) await pace.turn();
    const row = rowOf(labels, label);
    if (row < 0) continue;
    const similarity = dotAt(rows, row * query.length, query);
    if (similarity >= best.floor) best.offer(similarity, label);
  }
  return neighboursOf(best);
}
