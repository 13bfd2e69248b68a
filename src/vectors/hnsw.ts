/**
 * Approximate search over an HNSW graph (Malkov & Yashunin, TPAMI 2018) in hnswlib. The library crashes or answers
 * nonsense on what it does not expect, so nothing reaches it that has not been checked: see docs of `openHnswIndex`.
 */
import { join } from 'node:path';
import { messageOf, NearpaperError } from '../errors.js';
import type { ExactIndex } from './exact.js';
import { findDefect } from './hnsw-file.js';
import { releaseGraph } from './hnsw-writer.js';
import { damaged, verifyChecksum, withIndexFile } from './index-file.js';
import type { Hnswlib, NativeGraph } from './native.js';
import {
  checkK,
  checkSetting,
  checkSignal,
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

/** Made by `openHnswIndex`. */
export class HnswIndex implements VectorIndex {
  readonly engine = 'hnsw';
  readonly size: number;
  readonly dimensions: number;
  /** Candidates kept per search: the same for every request, so that the first k of k + 1 are the k. */
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
   * Answered by the graph when no subset and no exactness is asked for and k is at most `ef`, otherwise exactly. The
   * graph says who is near, the similarities are computed as in exact search: a pair of papers has one similarity,
   * to the last bit, whichever engine answers.
   */
  async search(vector: Float32Array, k: number, options: VectorSearchOptions = {}): Promise<Neighbour[]> {
    if (this.#native === undefined)
      throw new NearpaperError('not_ready', 'This vector index has been closed.');
    checkVector(vector, this.dimensions);
    checkK(k);
    checkSignal(options.signal);
    if (options.exact === true || options.subset !== undefined || (k > this.ef && this.ef < this.size)) {
      return this.#exact.search(vector, k, options);
    }
    // All candidates, not k: a pool of constant size is what makes the answers for k and k + 1 agree. It is also what
    // sets ef, which is 10 again in a loaded graph: hnswlib keeps as many candidates as it is asked for neighbours.
    const wanted = Math.min(this.ef, this.size);
    const { neighbors } = this.#native.searchKnn(Array.from(vector), wanted);
    // A graph need not be connected (many equal vectors take each other's links); a caller gets all k all the same.
    if (neighbors.length < wanted) return this.#exact.search(vector, k, { signal: options.signal });
    return this.#exact.rank(vector, neighbors, Math.min(k, wanted));
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
