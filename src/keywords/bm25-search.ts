/** The flow of a search, whatever the rows lie in: a query's terms are chosen once, and every part ranks by them. */
import { checkSignal, Pace } from '../pacing.js';
import { TopK } from '../top-k.js';
import type { Ranking } from './bm25-rows.js';
import {
  checkK,
  type KeywordRanking,
  type KeywordSearchOptions,
  type WeightedText,
} from './keyword-index.js';
import { queryTerms, type TermStatistics } from './query-terms.js';
import type { ScoredTerm } from './scores.js';

/** What is searched. */
export interface Searched {
  /** Number of papers. */
  size: number;
  statistics: TermStatistics;
  rank(terms: readonly ScoredTerm[], ranking: Ranking, pace: Pace): Promise<void>;
}

/** `KeywordIndex.search`, with its errors but for `not_ready`. */
export async function bm25Search(
  { size, statistics, rank }: Searched,
  query: string | readonly WeightedText[],
  k: number,
  { subset, labels = [], signal }: KeywordSearchOptions,
): Promise<KeywordRanking> {
  checkK(k);
  checkSignal(signal);
  const pace = new Pace(signal);
  const { terms, unit } = await queryTerms(query, statistics, pace);
  const best = new TopK(Math.min(k, size));
  const scores = new Float64Array(labels.length);
  await rank(terms, { best, subset, labels, scores }, pace);
  return {
    best: best.best().map(({ label, score }) => ({ label, score: unit * score })),
    scores: scores.map((score) => unit * score),
  };
}
