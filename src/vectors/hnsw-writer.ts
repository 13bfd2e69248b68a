/** Builds an HNSW graph and writes it, so that what the manifest says of the file is true of the disk. */
import { totalmem } from 'node:os';
import { NearpaperError } from '../errors.js';
import { publishFile } from '../index-file.js';
import { findDefect, type GraphFacts, recordBytes } from './hnsw-file.js';
import type { Hnswlib, NativeGraph } from './native.js';
import {
  checkLabel,
  checkSetting,
  checkVector,
  type IndexFile,
  MAX_DIMENSIONS,
  type VectorIndexWriter,
} from './vector-index.js';

/** The name of the file within a generation's folder. */
export const HNSW_FILE = 'vectors.hnsw';

export const DEFAULT_M = 16;
export const DEFAULT_EF_CONSTRUCTION = 200;

/** hnswlib counts in 32-bit signed numbers in places. */
const MAX_CAPACITY = 0x7fff_ffff;

export interface HnswWriterOptions {
  /** Length of every vector, 1 to 65,536. */
  dimensions: number;
  /** The most vectors that will be added, at least 1. Memory for them is taken at once, also when the file is loaded. */
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
 * Writes `vectors.hnsw`: a hierarchical navigable small world graph (Malkov & Yashunin, "Efficient and robust
 * approximate nearest neighbor search using hierarchical navigable small world graphs", TPAMI 2018) over the inner
 * product of unit vectors. `add` takes about a millisecond: whoever adds many gives way to the event loop.
 */
export class HnswIndexWriter implements VectorIndexWriter {
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

  /** As in VectorIndexWriter; also `invalid_vector` when nothing was added, since an empty graph has no entry point. */
  async commit(): Promise<IndexFile> {
    const native = this.#open();
    if (this.#labels.size === 0)
      throw new NearpaperError('invalid_vector', 'A graph needs at least one vector.');
    this.#state = { is: 'committing' };
    const facts: GraphFacts = {
      count: this.#labels.size,
      dimensions: this.#dimensions,
      M: this.#M,
      efConstruction: this.#efConstruction,
    };
    try {
      const digest = await publishFile(
        this.#folder,
        HNSW_FILE,
        async (temporary) => {
          await native.writeIndex(temporary);
        },
        async (written, { bytes }) => {
          // hnswlib reports success on a full disk: only what can be read back was written.
          const labels = this.#labels.values();
          const defect = await findDefect(written, bytes, facts, (_at, label) =>
            labels.next().value === label ? undefined : `label ${label} is not where it was added`,
          );
          if (defect !== undefined) throw new Error(`hnswlib did not write all of it (${defect})`);
        },
      );
      return { file: HNSW_FILE, ...digest, count: facts.count, dimensions: facts.dimensions };
    } finally {
      this.#state = { is: 'done' };
      this.#release();
    }
  }

  #open(): NativeGraph {
    if (this.#state.is === 'open') return this.#state.native;
    throw new NearpaperError('index_unwritable', 'This writer has been committed: it takes no more vectors.');
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
