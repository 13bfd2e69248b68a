/** The keyword side of the waist: every engine implements this, and passes one contract suite. */
import { NearpaperError } from '../errors.js';
import type { LabelSet } from '../label-set.js';

export interface KeywordMatch {
  label: number;
  /** BM25 of the text for this paper, above 0, to 1/255 of the most it could be; comparable within one query only. */
  score: number;
}

/** One of several texts that make one query. */
export interface WeightedText {
  text: string;
  /** Above 0: 2 counts as much as the text twice. Only the ratio to the others' means anything. */
  weight: number;
}

export interface KeywordSearchOptions {
  /** Only these papers are among the best. */
  subset?: LabelSet | undefined;
  /** Papers whose scores are wanted whether they are among the best or not, `subset` or no `subset`. */
  labels?: readonly number[];
  signal?: AbortSignal | undefined;
}

export interface KeywordRanking {
  /** The k best, best first, ties by label; fewer when fewer papers have a term of the text. */
  best: KeywordMatch[];
  /** The scores of `labels`, in their order; 0 for a paper that has no term of the text or is not held. */
  scores: Float64Array;
}

export interface KeywordIndex {
  /** Number of papers. */
  readonly size: number;
  /**
   * Ranks papers by BM25 (Robertson & Zaragoza 2009, with k1 1.2 and b .4 over title and abstract) for the terms of a
   * text of any length; of a long one, for the terms that weigh most (idf times how often the text has them). Several
   * texts make one query, in which a term counts as the square root of how often they have it, so that what all of them
   * say once does not vanish beside what one of them repeats. Impacts have 8 bits, weights 16 (docs/adr/0018); the score
   * of a paper is the same whether it is among the best or asked for by label.
   * Errors: `cancelled` when the signal aborts; `not_ready` after `close`; `invalid_request` for a k that is no whole
   * number of at least 0.
   */
  search(
    query: string | readonly WeightedText[],
    k: number,
    options?: KeywordSearchOptions,
  ): Promise<KeywordRanking>;
  /**
   * The papers that have every word of a text, inflected as they may be; stop words and scripts without spaces are not
   * looked at, so a text of nothing else is had by every paper. What a phrase must be looked for in. Errors:
   * `cancelled`, `not_ready`.
   */
  having(text: string, signal?: AbortSignal): Promise<LabelSet>;
  /**
   * How much a term tells: its inverse document frequency, ln(1 + (N - n + .5) / (n + .5)) with n of N papers having
   * it; highest for a term that no paper has. `stem`: as `termsOf` gives it.
   */
  idf(stem: string): number;
  /** In how many papers a term occurs. */
  documentFrequency(stem: string): number;
  /** Releases memory; every later search fails with `not_ready`. Idempotent. */
  close(): Promise<void>;
}

/** Errors: `invalid_request` for a k that is no whole number of at least 0. */
export function checkK(k: number): void {
  if (Number.isInteger(k) && k >= 0) return;
  const message = `k must be a whole number of at least 0, got ${k}.`;
  throw new NearpaperError('invalid_request', message, { field: 'k' });
}
