/**
 * Approximate search over an HNSW graph (Malkov & Yashunin, TPAMI 2018) in hnswlib. The library crashes or answers
 * nonsense on what it does not expect, so nothing reaches it that has not been checked: see docs of `openHnswIndex`.
 */
import { join } from 'node:path';
import { messageOf, NearpaperError } from '../errors.js';
import { damaged, verifyChecksum, withIndexFile } from '../index-file.js';
import type { LabelSet } from '../label-set.js';
import { checkSignal } from '../pacing.js';
import type { ExactIndex } from './exact.js';
import { findDefect } from './hnsw-file.js';
import { releaseGraph } from './hnsw-writer.js';
import type { Hnswlib, NativeGraph } from './native.js';
import {
  checkK,
  checkSetting,
  checkVector,
  type IndexFile,
  type Neighbour,
  type VectorIndex,
  type VectorSearchOptions,
} from './vector-index.js';

/** What the manifest records of a graph's file. */
export interface HnswFile extends IndexFile {
  /** Links per vector and level, 2 to 100. */
  M: number;
  /** Candidates looked at per insertion, 1 to 10,000. */
  efConstruction: number;
  /** Candidates kept per search, 1 to 10,000: higher finds more and takes longer. */
  ef: number;
}

export interface HnswOpenOptions {
  /** The same vectors under the same labels; answers `exact` and `subset`, and is closed with the graph. */
  exact: ExactIndex;
  /** The most neighbours that a request asks for, at least 1; ef is never below it. */
  poolSize: number;
}

/**
 * The most candidates that the graph is asked for when ef does not do, unless four times ef are more: a search for so
 * many holds the event loop for 3 to 5 ms.
 */
const MOST_CANDIDATES = 1024;

/** A graph search finds a candidate in the time of scanning 6 to 13 rows (100,000 papers, 384 dimensions). */
const ROWS_A_CANDIDATE = 12;

/**
 * Within a subset the graph is asked for at least so many times ef: its recall@100 of 100,000 papers is .99 with twice
 * an ef of 128, and has to be above that after the loss of those outside.
 */
const LEAST_FACTOR = 4;

/** So much more is asked for than should do by the share of candidates that are within the subset. */
const MARGIN = 1.25;

/** `ef` doubled until it is at least `wanted`. */
function doubled(ef: number, wanted: number): number {
  let candidates = ef;
  while (candidates < wanted) candidates *= 2;
  return candidates;
}

/**
 * The labels of the `candidates` nearest that the graph finds, at most its size. The number is also what sets ef, which
 * is 10 again in a loaded graph: hnswlib keeps as many candidates as it is asked for neighbours.
 */
function ask(native: NativeGraph, vector: Float32Array, candidates: number): number[] {
  return native.searchKnn(Array.from(vector), candidates).neighbors;
}

/** Made by `openHnswIndex`. */
export class HnswIndex implements VectorIndex {
  readonly engine = 'hnsw';
  readonly size: number;
  readonly dimensions: number;
  /** Candidates kept per search, for every k up to it: so the first k of k + 1 are the k. */
  readonly ef: number;
  readonly #exact: ExactIndex;
  #native: NativeGraph | undefined;

  /** `native`: a loaded graph over the vectors of `exact`, of which this index becomes the owner. */
  constructor(native: NativeGraph, exact: ExactIndex, ef: number) {
    this.#native = native;
    this.#exact = exact;
    this.size = exact.size;
    this.dimensions = exact.dimensions;
    this.ef = ef;
  }

  /**
   * Answered by the graph unless exactness is asked for or exact search is cheaper: for a small subset, for one that
   * lies far from the query, and for a large k. The graph says who is near, the similarities are computed as in exact
   * search: a pair of papers has one similarity, to the last bit, whichever engine answers.
   */
  async search(vector: Float32Array, k: number, options: VectorSearchOptions = {}): Promise<Neighbour[]> {
    if (this.#native === undefined)
      throw new NearpaperError('not_ready', 'This vector index has been closed.');
    checkVector(vector, this.dimensions);
    checkK(k);
    const { exact, subset, effort = this.ef, signal } = options;
    checkSignal(signal);
    if (exact === true) return this.#exact.search(vector, k, options);
    // A pool, not k: that it grows in steps is what makes the answers for k and most k + 1 agree.
    const pool = doubled(effort, Math.min(k, this.size));
    const near =
      subset === undefined
        ? this.#near(this.#native, vector, pool)
        : this.#nearWithin(this.#native, vector, pool, subset);
    if (near === undefined) return this.#exact.search(vector, k, { subset, signal });
    return this.#exact.rank(vector, near, Math.min(k, near.length));
  }

  /** The labels of the `pool` nearest; undefined when exact search should answer. */
  #near(native: NativeGraph, vector: Float32Array, pool: number): number[] | undefined {
    if (pool > this.ef && !this.#pays(pool, this.size)) return undefined;
    const near = ask(native, vector, Math.min(pool, this.size));
    // A graph need not be connected (many equal vectors take each other's links); a caller gets all k all the same.
    return near.length < Math.min(pool, this.size) ? undefined : near;
  }

  /**
   * The labels of at least the `pool` nearest of a subset, or all of it; undefined when exact search should answer.
   * What share of a query's neighbours is within the subset depends on the query more than on the subset (half of the
   * papers may be all of one's neighbours and none of another's), so it is tried on few before many are asked for.
   */
  #nearWithin(
    native: NativeGraph,
    vector: Float32Array,
    pool: number,
    subset: LabelSet,
  ): number[] | undefined {
    const wanted = (share: number) =>
      Math.max(LEAST_FACTOR * this.ef, doubled(this.ef, (pool * MARGIN) / share));
    const pays = (candidates: number) => candidates <= this.size && this.#pays(candidates, subset.size);
    if (!pays(wanted(subset.size / this.size))) return undefined;
    const within = (candidates: number) =>
      ask(native, vector, candidates).filter((label) => subset.has(label));
    const candidates = wanted(within(this.ef).length / this.ef);
    if (!pays(candidates)) return undefined;
    const near = within(candidates);
    return near.length < Math.min(pool, subset.size) ? undefined : near;
  }

  /** Whether asking the graph for so many candidates costs less than a scan of `rows`, and does not take too long. */
  #pays(candidates: number, rows: number): boolean {
    const most = Math.max(MOST_CANDIDATES, LEAST_FACTOR * this.ef);
    return candidates <= most && candidates * ROWS_A_CANDIDATE <= rows;
  }

  async similarities(vector: Float32Array, labels: readonly number[]): Promise<(number | undefined)[]> {
    return this.#exact.similarities(vector, labels);
  }

  async vectors(labels: readonly number[]): Promise<(Float32Array | undefined)[]> {
    return this.#exact.vectors(labels);
  }

  async close(): Promise<void> {
    const native = this.#native;
    this.#native = undefined;
    // A graph search is over before anything else runs, so none is under way.
    if (native !== undefined) releaseGraph(native);
    await this.#exact.close();
  }
}

/**
 * Opens `vectors.hnsw`. Before native code sees the file: size and SHA-256 as in `facts`; header, links and labels
 * sound; and the vectors in it, byte for byte and label for label, those of `exact`. So a file that is missing, cut
 * short, altered or of other vectors, dimensions or parameters is an error and never a crash. Native code then
 * loads it into a fresh object, on another thread.
 * Errors: `index_damaged`; `config_invalid` for M, efConstruction, ef or poolSize out of range.
 */
export async function openHnswIndex(
  module: Hnswlib,
  folder: string,
  facts: HnswFile,
  { exact, poolSize }: HnswOpenOptions,
): Promise<HnswIndex> {
  checkSetting('M', facts.M, 2, 100);
  checkSetting('efConstruction', facts.efConstruction, 1, 10_000);
  checkSetting('ef', facts.ef, 1, 10_000);
  checkSetting('poolSize', poolSize, 1, 10_000);
  const { file, count, dimensions } = facts;
  if (count < 1 || count !== exact.size || dimensions !== exact.dimensions) {
    throw damaged(
      file,
      `the manifest gives it ${count} vectors of ${dimensions} dimensions and the exact index has ${exact.size} of ${exact.dimensions}`,
    );
  }
  await withIndexFile(folder, facts, async (handle) => {
    await verifyChecksum(handle, facts);
    const seen = new Uint8Array(count);
    const defect = await findDefect(handle, facts.bytes, facts, (_at, label, floats, offset) => {
      const row = exact.rowHolding(label, floats, offset);
      if (row < 0) return `label ${label} has another vector in the exact index`;
      if (seen[row] === 1) return `label ${label} is there twice`;
      seen[row] = 1;
      return undefined;
    });
    if (defect !== undefined) throw damaged(file, defect);
  });
  const native = await loadGraph(module, join(folder, file), facts);
  return new HnswIndex(native, exact, Math.max(facts.ef, poolSize));
}

/** A file that has been checked, into a fresh object: what fails to load leaves nothing half-loaded in use. */
async function loadGraph(
  module: Hnswlib,
  path: string,
  { file, count, dimensions }: HnswFile,
): Promise<NativeGraph> {
  const native = new module.HierarchicalNSW('ip', dimensions);
  try {
    // `native` is used after the await, which also keeps it from being collected while the other thread fills it.
    await native.readIndex(path);
  } catch (thrown) {
    throw damaged(file, messageOf(thrown), thrown);
  }
  const loaded = native.getCurrentCount();
  if (loaded !== count || native.getNumDimensions() !== dimensions) {
    throw damaged(file, `hnswlib found ${loaded} vectors of ${native.getNumDimensions()} dimensions in it`);
  }
  return native;
}
