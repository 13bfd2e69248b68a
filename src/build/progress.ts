/** What a build tells while it runs, and when it is done. */

import type { Recall } from '../vectors/recall.js';

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

export interface ReadingSummary {
  /** Records met in the input, good and bad. */
  records: number;
  /** Records that are no paper, skipped. */
  bad: number;
  /** Records whose id came earlier in the same input; the last one won. */
  repeated: number;
  /** Older versions of arXiv papers that are held in a newer one. */
  olderVersions: number;
  /** Records, of those that are not bad, whose paper has no abstract: its title alone is embedded. */
  withoutAbstract: number;
}

export interface BuildResult extends ReadingSummary {
  kind: 'published' | 'unchanged';
  generation: string;
  sample: boolean;
  /** Papers in the corpus now. */
  papers: number;
  added: number;
  changed: number;
  removed: number;
  /** Texts that went through the model. */
  embedded: number;
  /** Null where there is no HNSW index. */
  recall: Recall | null;
}
