/** The vector side of the waist: every engine implements these, and passes one contract suite. */
import { NearpaperError } from '../errors.js';

export interface Neighbour {
  /** The label the vector was added under: a dense whole number that the store gave the paper. */
  label: number;
  /** Cosine similarity with the query, -1 to 1. */
  similarity: number;
}

export interface VectorSearchOptions {
  /** Search only these labels; always answered exactly. Labels that the index does not hold are ignored. */
  subset?: ReadonlySet<number>;
  /** Exhaustive search: recall 1. */
  exact?: boolean;
}

/** Which engine answers, for logs, `doctor` and /v1/info. */
export type EngineName = 'hnsw' | 'exact';

export interface VectorIndex {
  readonly engine: EngineName;
  /** Number of vectors. */
  readonly size: number;
  /** Length of every vector. */
  readonly dimensions: number;
  /**
   * The k nearest by cosine, best first, ties by label; fewer when the index (or subset) holds fewer.
   * Errors: `invalid_vector` for a query that is not a finite unit vector of the right length.
   */
  search(vector: Float32Array, k: number, options?: VectorSearchOptions): Promise<Neighbour[]>;
  /** The stored vectors of these labels, in their order; undefined where a label is not held. */
  vectors(labels: readonly number[]): Promise<(Float32Array | undefined)[]>;
  /** Releases memory; every later call fails with `index_damaged`... never with a crash. Idempotent. */
  close(): Promise<void>;
}

/** Collects vectors and writes one index file. A writer is used once. */
export interface VectorIndexWriter {
  /** Errors: `invalid_vector` for a bad vector, label or a label given twice. */
  add(label: number, vector: Float32Array): void;
  /** Writes to a temporary name, checks it, fsyncs and renames. Resolves to what the manifest must say of it. */
  commit(): Promise<IndexFile>;
}

/** What the manifest records of an index file; verified before any native code reads it. */
export interface IndexFile {
  /** Name within the generation's folder. */
  file: string;
  /** Lower-case hexadecimal SHA-256 of the file. */
  sha256: string;
  bytes: number;
  /** Number of vectors. */
  count: number;
  dimensions: number;
}

/** How far the squared norm of a vector may be from 1. Embeddings are normalised in 32-bit floats. */
const NORM_TOLERANCE = 1e-3;

/**
 * Throws `invalid_vector` unless `vector` has `dimensions` finite numbers and length 1. Native code takes
 * NaN without a word, and a vector of another length is read past its end, so this runs at every boundary.
 */
export function checkVector(vector: Float32Array, dimensions: number): void {
  if (!(vector instanceof Float32Array) || vector.length !== dimensions) {
    throw new NearpaperError(
      'invalid_vector',
      `A vector must be ${dimensions} 32-bit floats, got ${vector?.length}.`,
    );
  }
  let squared = 0;
  for (let i = 0; i < dimensions; i++) squared += (vector[i] as number) ** 2;
  // NaN and infinities fail this comparison too.
  if (!(Math.abs(squared - 1) <= NORM_TOLERANCE)) {
    throw new NearpaperError(
      'invalid_vector',
      `A vector must be finite and of length 1, its squared length is ${squared}.`,
    );
  }
}
