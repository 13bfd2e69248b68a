/** What the thread that writes the journal is asked, and what it answers. */
import type { ErrorCode } from '../errors.js';
import type { Change } from '../papers/change.js';

export interface JournalTask {
  path: string;
  /** Of the model whose vectors are appended. */
  fingerprint: string;
}

export interface VectorEntry {
  seq: number;
  vector: Float32Array;
}

export type JournalRequest =
  /** Durable, all or none, when it is answered. */
  | { kind: 'append'; changes: readonly Change[] }
  /** The changes after `seq`, as they are on disk. */
  | { kind: 'read'; seq: number }
  /** Vectors by another model for changes that are there; the model that is appended by stays as it is. */
  | { kind: 'vectors'; fingerprint: string; entries: readonly VectorEntry[] }
  /** From now on changes are appended with vectors by this model. */
  | { kind: 'model'; fingerprint: string }
  /** Forgets the changes up to `seq`. */
  | { kind: 'trim'; seq: number }
  | { kind: 'close' };

export type ToJournal = JournalRequest & { id: number };

export type FromJournal =
  | { kind: 'done'; id: number; changes: readonly Change[] }
  | { kind: 'failed'; id: number; code: ErrorCode; message: string }
  /** Whatever was asked, and was not answered, is not done. */
  | { kind: 'unopened'; code: ErrorCode; message: string };
