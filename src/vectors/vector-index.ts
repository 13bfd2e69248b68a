/** The vector side of the waist: every engine implements these, and passes one contract suite. */
import { NearpaperError } from '../errors.js';
import type { FileFacts } from '../index-file.js';
import type { LabelSet } from '../label-set.js';

export interface Neighbour {
  /** The label the vector was added under: a dense whole number that the store gave the paper. */
  label: number;
  /** Cosine similarity with the query, -1 to 1. */
  similarity: number;
}

export interface VectorSearchOptions {
  /**
   * Search only these labels. Labels that the index does not hold are ignored. A small subset is answered exactly; what
   * an approximate engine finds in a large one is as near to the truth as without a subset.
   */
  subset?: LabelSet | undefined;
  /** Exhaustive search: recall 1. */
  exact?: boolean;
  /**
   * Candidates that an approximate engine keeps, at least 1, in place of as many as it thinks right: with fewer it finds
   * less and takes less time. For one search among hundreds whose results are joined.
   */
  effort?: number | undefined;
  /** Stops the search, also while it waits for others. */
  signal?: AbortSignal | undefined;
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
   * The k nearest by cosine, best first, ties by label; fewer only when the index (or subset) holds fewer.
   * Errors: `invalid_vector` for a query that is not a finite unit vector of the right length, or a k that
   * is not a whole number of at least 1; `not_ready` after `close`; `cancelled` when the signal aborts;
   * `overloaded`, with `retryAfter`, at once when as many exhaustive searches as the engine bears are waiting.
   */
  search(vector: Float32Array, k: number, options?: VectorSearchOptions): Promise<Neighbour[]>;
  /**
   * The cosines of these labels with `vector`, in their order, without copying a vector; undefined where a label is not
   * held. To the last bit what `search` says of the same pair. Errors: `invalid_vector`, `not_ready` as for `search`.
   */
  similarities(vector: Float32Array, labels: readonly number[]): Promise<(number | undefined)[]>;
  /**
   * Copies of the vectors of these labels, in their order; undefined where a label is not held. They are of length 1 and
   * as the index keeps them: 16 bits a number, about 1e-6 off. Searching with one compares exactly what is kept.
   */
  vectors(labels: readonly number[]): Promise<(Float32Array | undefined)[]>;
  /**
   * Releases memory. A search that has begun finishes; every later call fails with `not_ready`, never with a
   * crash. Idempotent.
   */
  close(): Promise<void>;
}

/**
 * Rows that are dead: the first `count` of a log, each row at most once. The log grows at its end alone, so all snapshots
 * share it, and who has followed it for one of them is a few rows away from the next.
 */
export interface DeadRows {
  readonly log: readonly number[];
  readonly count: number;
}

export interface BaseSearchOptions extends VectorSearchOptions {
  /** Rows that are as if they were not there: they take no place among the k, nor among what an engine keeps on its way. */
  dead?: DeadRows | undefined;
}

/** An index that changes can be laid over (overlay.ts): it knows its vectors by row, too. */
export interface BaseIndex extends VectorIndex {
  /** The row of `label`, a whole number below `size`, or -1 where it is not held. Errors: `not_ready`. */
  rowOf(label: number): number;
  search(vector: Float32Array, k: number, options?: BaseSearchOptions): Promise<Neighbour[]>;
}

/** Collects vectors and writes one index file. A writer is used once, also when `commit` fails. */
export interface VectorIndexWriter {
  /**
   * Errors: `invalid_vector` for a bad vector, a bad label, a label given twice or more vectors than the
   * writer was made for; `index_unwritable` once `commit` has been called.
   */
  add(label: number, vector: Float32Array): void;
  /**
   * Writes to a temporary name, fsyncs, checks what is on disk, renames and fsyncs the folder. Resolves to what
   * the manifest must say of it. Errors: `index_unwritable`; the temporary file is gone then, and a file that
   * was there before is untouched.
   */
  commit(): Promise<IndexFile>;
}

/** What the manifest records of a file of vectors; verified before anything reads it. */
export interface IndexFile extends FileFacts {
  /** Number of vectors. */
  count: number;
  dimensions: number;
}

/** How far the squared norm of a vector may be from 1. Embeddings are normalised in 32-bit floats. */
const NORM_TOLERANCE = 1e-3;

/**
 * Throws `invalid_vector` unless `vector` has `dimensions` finite numbers and length 1. hnswlib takes
 * NaN without a word and reads past the end of a shorter vector, so this runs at every boundary.
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

/** Labels are stored in 32 bits. */
export const MAX_LABEL = 0xffff_ffff;

/** Throws `invalid_vector` unless `label` is a whole number from 0 to 2^32 - 1. Kept in 32 bits, others would wrap round. */
export function checkLabel(label: number): void {
  if (!Number.isInteger(label) || label < 0 || label > MAX_LABEL) {
    throw new NearpaperError(
      'invalid_vector',
      `A label must be a whole number from 0 to ${MAX_LABEL}, got ${label}.`,
    );
  }
}

/** Throws `invalid_vector` unless `k` is a whole number of at least 1. More than the index holds is fine. */
export function checkK(k: number): void {
  if (!Number.isInteger(k) || k < 1) {
    throw new NearpaperError('invalid_vector', `k must be a whole number of at least 1, got ${k}.`);
  }
}

/** Throws `config_invalid` unless `value` is a whole number from `least` to `most`. */
export function checkSetting(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new NearpaperError(
      'config_invalid',
      `${name} must be a whole number from ${least} to ${most}, got ${value}.`,
      {
        field: name,
      },
    );
  }
}

/** The most dimensions that an index takes: far above any text model, far below what overflows 32 bits. */
export const MAX_DIMENSIONS = 65_536;
