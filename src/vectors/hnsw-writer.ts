/** Builds an HNSW graph and writes it, so that what the manifest says of the file is true of the disk. */
import { open, rm } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { messageOf, NearpaperError } from '../errors.js';
import { publishPieces } from '../index-file.js';
import { Pace } from '../pacing.js';
import { GRAPH_FILE, type Graph, graphPieces, NO_LINK } from './graph-file.js';
import { type AddedGraph, type GraphFacts, readHnswlibFile, recordBytes } from './hnsw-file.js';
import type { Hnswlib, NativeGraph } from './native.js';
import {
  checkLabel,
  checkSetting,
  checkVector,
  type IndexFile,
  MAX_DIMENSIONS,
  type VectorIndexWriter,
} from './vector-index.js';

export const DEFAULT_M = 16;
export const DEFAULT_EF_CONSTRUCTION = 200;

/** hnswlib counts in 32-bit signed numbers in places. */
const MAX_CAPACITY = 0x7fff_ffff;

export interface HnswWriterOptions {
  /** Length of every vector, 1 to 65,536. */
  dimensions: number;
  /** The most vectors that will be added, at least 1. Memory for them is taken at once. */
  capacity: number;
  /** Links per vector and level, 2 to 100; twice as many on level 0. More costs memory, and finds more. */
  M?: number;
  /** Candidates looked at per insertion, 1 to 10,000. More costs build time, and finds more. */
  efConstruction?: number;
  /** Seed of the levels: the same vectors in the same order with the same seed make the same bytes. */
  seed?: number;
}

type State =
  | { is: 'open'; native: NativeGraph }
  // A point added while hnswlib writes corrupts the file, so there is nothing to add to here.
  | { is: 'committing' }
  | { is: 'done' };

/**
 * Writes `vectors.graph`: a hierarchical navigable small world graph (Malkov & Yashunin, "Efficient and robust
 * approximate nearest neighbor search using hierarchical navigable small world graphs", TPAMI 2018) over the inner
 * product of unit vectors. `add` takes about a millisecond: whoever adds many gives way to the event loop.
 */
export class HnswIndexWriter implements Pick<VectorIndexWriter, 'add'> {
  readonly #folder: string;
  readonly #dimensions: number;
  readonly #capacity: number;
  readonly #M: number;
  readonly #efConstruction: number;
  readonly #release: () => void;
  /** In the order of adding, which is hnswlib's internal order. */
  readonly #labels = new Set<number>();
  #state: State;

  /** Errors: `config_invalid` for a number out of range, or for more memory than the machine has. */
  constructor(module: Hnswlib, folder: string, options: HnswWriterOptions) {
    const {
      dimensions,
      capacity,
      M = DEFAULT_M,
      efConstruction = DEFAULT_EF_CONSTRUCTION,
      seed = 100,
    } = options;
    checkSetting('dimensions', dimensions, 1, MAX_DIMENSIONS);
    checkSetting('capacity', capacity, 1, MAX_CAPACITY);
    checkSetting('M', M, 2, 100);
    checkSetting('efConstruction', efConstruction, 1, 10_000);
    checkSetting('seed', seed, 0, 0xffff_ffff);
    // A failed malloc is a C++ exception that the binding does not catch: the process would end.
    if (capacity * recordBytes(M, dimensions) > totalmem()) {
      throw new NearpaperError('config_invalid', `This machine has no memory for ${capacity} vectors.`, {
        field: 'capacity',
      });
    }
    const native = new module.HierarchicalNSW('ip', dimensions);
    native.initIndex(capacity, M, efConstruction, seed);
    this.#folder = folder;
    this.#dimensions = dimensions;
    this.#capacity = capacity;
    this.#M = M;
    this.#efConstruction = efConstruction;
    this.#release = () => releaseGraph(native);
    this.#state = { is: 'open', native };
  }

  add(label: number, vector: Float32Array): void {
    const native = this.#open();
    checkLabel(label);
    checkVector(vector, this.#dimensions);
    if (this.#labels.has(label))
      throw new NearpaperError('invalid_vector', `Label ${label} was added twice.`);
    if (this.#labels.size >= this.#capacity) {
      throw new NearpaperError('invalid_vector', `This writer was made for ${this.#capacity} vectors.`);
    }
    // A plain array: the binding aborts the process on anything but numbers, which a Float32Array rules out.
    native.addPoint(Array.from(vector), label);
    this.#labels.add(label);
  }

  /**
   * Writes the graph over the rows of `vectors`, the file that holds the same vectors under the same labels. Otherwise as
   * in VectorIndexWriter; also `invalid_vector` when nothing was added, since an empty graph has no entry point. hnswlib
   * gives its graph to a file of its own only: for a moment the disk holds that, too.
   */
  async commit(vectors: IndexFile): Promise<IndexFile> {
    const native = this.#open();
    const count = this.#labels.size;
    if (count === 0) throw new NearpaperError('invalid_vector', 'A graph needs at least one vector.');
    if (vectors.count !== count || vectors.dimensions !== this.#dimensions) {
      throw new NearpaperError('invalid_vector', `${vectors.file} holds other vectors than the graph.`);
    }
    this.#state = { is: 'committing' };
    try {
      const graph = await inRows(await this.#graphOf(native));
      const facts = await publishPieces(this.#folder, GRAPH_FILE, () => graphPieces(graph, vectors.sha256));
      return { ...facts, count, dimensions: this.#dimensions };
    } finally {
      this.#state = { is: 'done' };
    }
  }

  /** The graph by way of a file, which is gone afterwards. Errors: `index_unwritable`. */
  async #graphOf(native: NativeGraph): Promise<AddedGraph> {
    const path = join(this.#folder, `${GRAPH_FILE}.hnswlib`);
    const facts: GraphFacts = {
      count: this.#labels.size,
      dimensions: this.#dimensions,
      M: this.#M,
      efConstruction: this.#efConstruction,
    };
    try {
      await native.writeIndex(path).finally(this.#release);
      const graph = await readWritten(path, facts);
      if (typeof graph === 'string') throw new Error(`hnswlib did not write all of it (${graph})`);
      const labels = this.#labels.values();
      if (!graph.labels.every((label) => label === labels.next().value)) {
        throw new Error('hnswlib holds other labels than were added');
      }
      return graph;
    } catch (thrown) {
      const message = `${GRAPH_FILE} could not be made in ${this.#folder}: ${messageOf(thrown)}. Check the free space and the permissions there, then run the build again.`;
      throw new NearpaperError('index_unwritable', message, { cause: thrown });
    } finally {
      // What came before is what to report; a build removes leftovers of the one before it.
      await rm(path, { force: true }).catch(() => undefined);
    }
  }

  #open(): NativeGraph {
    if (this.#state.is === 'open') return this.#state.native;
    throw new NearpaperError('index_unwritable', 'This writer has been committed: it takes no more vectors.');
  }
}

async function readWritten(path: string, facts: GraphFacts): Promise<AddedGraph | string> {
  const handle = await open(path, 'r');
  try {
    return await readHnswlibFile(handle, (await handle.stat()).size, facts);
  } finally {
    await handle.close();
  }
}

/** Vectors renumbered between two looks at the clock: some 100 microseconds. */
const PLACES_A_STEP = 1024;

/** The same graph with rows, the order of labels, in place of the order of adding. */
async function inRows(graph: AddedGraph): Promise<Graph> {
  const { labels, M } = graph;
  const count = labels.length;
  const rowOf = new Uint32Array(count);
  const placeOf = Uint32Array.from(labels.keys()).sort((a, b) => (labels[a] ?? 0) - (labels[b] ?? 0));
  placeOf.forEach((place, row) => {
    rowOf[place] = row;
  });
  const links = new Uint32Array(graph.links.length);
  const first = new Uint32Array(count + 1);
  const lists = new Uint32Array(graph.lists.length);
  const pace = new Pace();
  for (let row = 0; row < count; row++) {
    if (row % PLACES_A_STEP === 0 && pace.due()) await pace.turn();
    const place = placeOf[row] as number; // row < count
    renumber(graph.links, 2 * M * place, links, 2 * M * row, 2 * M, rowOf);
    const from = graph.first[place] as number;
    const length = (graph.first[place + 1] as number) - from;
    const to = first[row] as number;
    first[row + 1] = to + length;
    renumber(graph.lists, M * from, lists, M * to, M * length, rowOf);
  }
  return { ...graph, entry: rowOf[graph.entry] ?? NO_LINK, links, first, lists };
}

/** Copies links; one to a place that there is not becomes one to a row that there is not, which opening finds. */
function renumber(
  source: Uint32Array,
  from: number,
  target: Uint32Array,
  to: number,
  length: number,
  rowOf: Uint32Array,
): void {
  for (let at = 0; at < length; at++) {
    const link = source[from + at] as number; // within the source
    target[to + at] = link === NO_LINK ? NO_LINK : (rowOf[link] ?? NO_LINK - 1);
  }
}

/**
 * Frees a graph's memory now. The garbage collector sees a few bytes of JavaScript where there are hundreds of
 * megabytes of C++, and would take its time; beginning a new, tiny graph deletes the old one at once. No read or
 * write of this graph may be under way.
 */
export function releaseGraph(native: NativeGraph): void {
  native.initIndex(1, 2, 1, 0);
}
