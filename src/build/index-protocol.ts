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
  /** `code`: of a failure that a caller is told as it is. The stack is that of the thread. */
  | { kind: 'failed'; code: ErrorCode | undefined; message: string; stack: string | undefined };
