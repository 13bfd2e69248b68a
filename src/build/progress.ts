/** What a build tells while it runs, and when it is done. */

import type { Recall } from '../vectors/recall.js';
import type { ImportReport } from './import-report.js';

export type BuildEvent =
  | { kind: 'note'; message: string }
  | { kind: 'reading'; input: string; format: string; records: number }
  /** An input is read to its end; the counts are of this input alone. */
  | { kind: 'read'; input: string; format: string; records: number; bad: number }
  | { kind: 'skipped'; input: string; line: number; reason: string }
  | { kind: 'embedding'; done: number; total: number; perSecond: number; secondsLeft: number }
  | { kind: 'indexing'; done: number; total: number }
  | { kind: 'measuring'; ef: number }
  | { kind: 'keywords'; done: number; total: number }
  | { kind: 'calibrating' }
  | { kind: 'publishing' };

/** What an import made of the corpus, whether it was published or only tried. */
export interface ImportResult extends ImportReport {
  sample: boolean;
  /** Papers in the corpus now. */
  papers: number;
  added: number;
  changed: number;
  /** Papers that the input named and that stay as they were. */
  unchanged: number;
  removed: number;
}

export interface BuildResult extends ImportResult {
  kind: 'published' | 'unchanged';
  generation: string;
  /** Texts that went through the model. */
  embedded: number;
  /** Null where there is no HNSW index. */
  recall: Recall | null;
}

/** What a build would do. */
export interface DryRunResult extends ImportResult {
  kind: 'dry-run';
  /** Texts that would go through the model, but for those that a stopped build has embedded. */
  toEmbed: number;
}
