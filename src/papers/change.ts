/** Changes of a corpus that is served: what is acknowledged, kept in the journal, and laid over a generation. */
import type { Paper } from './paper.js';

/** A paper that is new or changed, with the vector that stands for it. */
export interface PutChange {
  kind: 'put';
  /** The number of the change: 1, 2, 3 ... for a journal's whole life, without gaps. */
  seq: number;
  /** The paper's own for as long as it is in the corpus, also when it changes. */
  label: number;
  paper: Paper;
  /** The version of the arXiv paper whose text this is; null when none was named. */
  arxivVersion: number | null;
  /** Unit vector, by the model of the corpus. */
  vector: Float32Array;
}

export interface RemoveChange {
  kind: 'remove';
  seq: number;
  label: number;
  id: string;
}

export type Change = PutChange | RemoveChange;
