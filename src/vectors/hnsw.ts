/**
 * Approximate search over an HNSW graph (Malkov & Yashunin, TPAMI 2018) that hnswlib built. The search itself is ours, in
 * the kernel: over the quantised rows, across the border between JavaScript and WebAssembly once a query.
 */
import { damaged, readVerified, withIndexFile } from '../index-file.js';
import type { LabelSet } from '../label-set.js';
import { checkSignal } from '../pacing.js';
import type { ExactIndex } from './exact.js';
import { inspectGraph } from './graph-file.js';
import type { Rows } from './rows.js';
import {
  type BaseIndex,
  type BaseSearchOptions,
  checkK,
  checkSetting,
  checkVector,
  type DeadRows,
  type IndexFile,
  type Neighbour,
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
 * A walk compares one vector in the time in which a scan of everything compares about so many, which lie in order. A walk
 * that is given up was for nothing, so this is on the high side.
 */
const ROWS_A_VISIT = 10;

/** The same of the rows of a subset, between which there are gaps. */
const SUBSET_ROWS_A_VISIT = 4;

/** A walk compares about so many vectors for each candidate that it keeps. */
const VISITS_A_CANDIDATE = 12;

/**
 * Where only the share s of all vectors may be kept, a walk compares s^-0.75 times as many, not s^-1 times: it comes by
 * most of the nearest in any case (100,000 papers, random subsets of 10 to 90 %).
 */
const SHARE_EXPONENT = -0.75;

/** The most vectors that a walk compares when ef does not do: it holds the event loop for some 3 ms. */
const MOST_VISITS = 16_384;

/** For a walk that is to come to its end. */
const NO_BUDGET = 0x7fff_ffff;

/**
 * Within a subset so many times as many candidates are kept: of 100,000 papers ef 128 finds .98 of the nearest hundred,
 * and in the worst subsets 1.5 times as many find no more than that.
 */
const SUBSET_FACTOR = 2.5;

/**
 * Up to this share of dead rows a walk keeps as many candidates as without them: they are between the others, so what is
 * alive is found as before. With more, what is alive is a subset like any.
 */
const MOST_DEAD = 1 / 3;

/** Where rows are dead, a walk may compare so many times as many vectors as it most likely does before it is given up. */
const PATIENCE = 4;

/** `ef` doubled until it is at least `wanted`. */
function doubled(ef: number, wanted: number): number {
  let candidates = ef;
  while (candidates < wanted) candidates *= 2;
  return candidates;
}

/** The rows of a search: those of a subset, or all, that are not dead. */
interface Within {
  subset: LabelSet | undefined;
  dead: DeadRows | undefined;
}

/** Made by `openHnswIndex`. */
export class HnswIndex implements BaseIndex {
  readonly engine = 'hnsw';
  readonly size: number;
  readonly dimensions: number;
  /** Candidates kept per search, for every k up to it: so the first k of k + 1 are the k. */
  readonly ef: number;
  readonly #exact: ExactIndex;

  /** `exact`: rows whose kernel has been told of a graph over them; this index becomes its owner. */
  constructor(exact: ExactIndex, ef: number) {
    this.#exact = exact;
    this.size = exact.size;
    this.dimensions = exact.dimensions;
    this.ef = ef;
  }

  rowOf(label: number): number {
    return this.#exact.rowOf(label);
  }

  /**
   * Answered by the graph unless exactness is asked for or exact search is cheaper: for a small subset, for one that
   * lies far from the query, and for a large k. The graph says who is near, the similarities are those of exact search:
   * a pair of papers has one similarity, to the last bit, whichever engine answers.
   */
  async search(vector: Float32Array, k: number, options: BaseSearchOptions = {}): Promise<Neighbour[]> {
    const { rows } = this.#exact;
    checkVector(vector, this.dimensions);
    checkK(k);
    const { exact, subset, dead, effort = this.ef, signal } = options;
    checkSignal(signal);
    if (exact === true) return this.#exact.search(vector, k, options);
    // A pool, not k: that it grows in steps is what makes the answers for k and most k + 1 agree.
    const pool = doubled(effort, Math.min(k, this.size));
    const found =
      subset === undefined && (dead === undefined || dead.count <= MOST_DEAD * this.size)
        ? this.#near(rows, vector, pool, dead)
        : this.#nearWithin(rows, vector, pool, { subset, dead });
    if (!found) return this.#exact.search(vector, k, { subset, dead, signal });
    return rows.neighbours(Math.min(k, found));
  }

  /** Finds the `pool` nearest that are alive; 0 when exact search should answer. */
  #near(rows: Rows, vector: Float32Array, pool: number, dead: DeadRows | undefined): number {
    const alive = dead === undefined ? this.size : rows.admit(undefined, 0, dead);
    const wanted = Math.min(pool, alive);
    const budget = this.#budgetOfNear(pool, wanted, alive);
    if (budget === 0) return 0;
    rows.aim(vector);
    const found = rows.kernel.walk(wanted, dead === undefined ? 0 : 1, budget);
    // A graph need not be connected (many equal vectors take each other's links); a caller gets all k all the same.
    return found < wanted ? 0 : found;
  }

  #budgetOfNear(pool: number, wanted: number, alive: number): number {
    if (pool > this.ef) return budgetOf(wanted, alive, this.size);
    if (alive === this.size) return NO_BUDGET;
    // All around a query may be dead. A walk goes across that, but not for longer than a scan takes.
    const usual = PATIENCE * visitsOf(wanted, alive, this.size);
    return Math.ceil(Math.max(usual, Math.min(MOST_VISITS, this.size / ROWS_A_VISIT)));
  }

  /**
   * Finds at least the `pool` nearest of a subset, or all of it; 0 when exact search should answer. What share of a
   * query's neighbours is within the subset depends on the query more than on the subset (half of the papers may be all
   * of one's neighbours and none of another's): a walk that has cost what a scan costs is given up.
   */
  #nearWithin(rows: Rows, vector: Float32Array, pool: number, { subset, dead }: Within): number {
    // Asked first of the set's size, which is known, before every row's label is asked about.
    const most = Math.min(this.size - (dead?.count ?? 0), subset?.size ?? this.size);
    if (budgetOf(pool, most, this.size) === 0) return 0;
    const admitted = rows.admit(subset, 0, dead);
    const wanted = Math.min(Math.ceil(SUBSET_FACTOR * pool), admitted);
    const budget = budgetOf(wanted, admitted, this.size);
    if (budget === 0) return 0;
    rows.aim(vector);
    const found = rows.kernel.walk(wanted, 1, budget);
    return found < wanted ? 0 : found;
  }

  async similarities(vector: Float32Array, labels: readonly number[]): Promise<(number | undefined)[]> {
    return this.#exact.similarities(vector, labels);
  }

  async vectors(labels: readonly number[]): Promise<(Float32Array | undefined)[]> {
    return this.#exact.vectors(labels);
  }

  async close(): Promise<void> {
    await this.#exact.close();
  }
}

/**
 * How many vectors a walk may compare that is to find `wanted` of the `admitted` among `size`: no more than take the time
 * of scanning the admitted. 0 when it would most likely be given up.
 */
function budgetOf(wanted: number, admitted: number, size: number): number {
  const scan = Math.min(admitted / SUBSET_ROWS_A_VISIT, size / ROWS_A_VISIT);
  const budget = Math.floor(Math.min(MOST_VISITS, scan));
  return visitsOf(wanted, admitted, size) > budget ? 0 : budget;
}

/** About how many vectors a walk compares that finds `wanted` of the `admitted` among `size`. */
function visitsOf(wanted: number, admitted: number, size: number): number {
  return wanted * VISITS_A_CANDIDATE * (Math.max(1, admitted) / size) ** SHARE_EXPONENT;
}

/**
 * Opens `vectors.graph` after checking size, SHA-256 and header against `facts`, that it was made for the vectors of
 * `exact`, and every link and level. So a file that is missing, cut short, altered or of other vectors, dimensions or
 * parameters is an error and never a wrong answer. hnswlib-node is not needed.
 * Errors: `index_damaged`; `config_invalid` for M, efConstruction, ef or poolSize out of range, or when there is no
 * memory.
 */
export async function openHnswIndex(
  folder: string,
  facts: HnswFile,
  { exact, poolSize }: HnswOpenOptions,
): Promise<HnswIndex> {
  checkSetting('M', facts.M, 2, 100);
  checkSetting('efConstruction', facts.efConstruction, 1, 10_000);
  checkSetting('ef', facts.ef, 1, 10_000);
  checkSetting('poolSize', poolSize, 1, 10_000);
  const { file, count, dimensions, bytes, M, efConstruction } = facts;
  if (count < 1 || count !== exact.size || dimensions !== exact.dimensions) {
    throw damaged(
      file,
      `the manifest gives it ${count} vectors of ${dimensions} dimensions and the exact index has ${exact.size} of ${exact.dimensions}`,
    );
  }
  const { rows } = exact;
  await withIndexFile(folder, facts, async (handle) => {
    if (!Number.isInteger(bytes / 64) || bytes < 64) throw damaged(file, 'it is cut short');
    const address = rows.extend(bytes);
    const content = rows.words(address, bytes / 4);
    await readVerified(handle, facts, new Uint8Array(content.buffer, content.byteOffset, bytes));
    const places = await inspectGraph(content, { count, M, efConstruction, vectors: exact.sha256 });
    if (typeof places === 'string') throw damaged(file, places);
    const { entry, top, links, first, lists } = places;
    // Marks of 16 bits, two heaps of 64-bit keys, and the neighbours of one row.
    const room = [2 * count, 8 * count, 8 * count, 4 * 2 * M].map((size) => rows.extend(size));
    const [stamps = 0, candidates = 0, nearest = 0, fresh = 0] = room;
    rows.kernel.useGraph(
      ...([M, entry, top, address + links, address + first, address + lists] as const),
      ...([stamps, candidates, nearest, fresh] as const),
    );
  });
  return new HnswIndex(exact, Math.max(facts.ef, poolSize));
}
