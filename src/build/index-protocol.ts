/** What the thread that indexes vectors is given, and what it and the build say to each other. */
import type { ErrorCode } from '../errors.js';
import type { IndexFile } from '../vectors/vector-index.js';
import type { BuiltVectors } from './index-vectors.js';
import type { BuildEvent } from './progress.js';

export interface IndexingTask {
  /** The folder of the draft, where the files are written. */
  folder: string;
  /** Path of the draft's store, which holds an embedding of every paper. */
  store: string;
  fingerprint: string;
  /** Number of papers. */
  count: number;
  dimensions: number;
}

export type ToIndexer = 'stop';

export type FromIndexer =
  | { kind: 'event'; event: BuildEvent }
  /** The vectors are on disk, before the graph is begun. */
  | { kind: 'exact'; file: IndexFile }
  | { kind: 'built'; vectors: BuiltVectors }
  | ThreadFailure;

/** Errors cross between threads without their codes, so these go beside them. */
export interface ThreadFailure {
  kind: 'failed';
  /** Of a failure that a caller is told as it is. */
  code: ErrorCode | undefined;
  /** The system's own, such as ENOSPC. */
  systemCode: string | undefined;
  message: string;
  /** That of the thread. */
  stack: string | undefined;
}
