/** What a build tells while it runs, and when it is done. */

export type BuildEvent =
  | { kind: 'note'; message: string }
  | { kind: 'reading'; input: string; format: string; records: number }
  | { kind: 'skipped'; input: string; line: number; reason: string }
  | { kind: 'embedding'; done: number; total: number; perSecond: number; secondsLeft: number }
  | { kind: 'indexing'; done: number; total: number }
  | { kind: 'measuring'; ef: number }
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
}

export interface Recall {
  recall: number;
  k: number;
  queries: number;
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
