/** Judged data in few words, for tests. */
import type { Evaluation, EvaluationOptions } from '../../src/evaluation/evaluate.js';
import type { JudgedData, JudgedQuery } from '../../src/evaluation/judged-data.js';

type Queries = Record<string, Partial<Omit<JudgedQuery, 'id'>>>;
type Judged = Record<string, Record<string, number>>;

/** Queries, judgements and pools, each by the id of the query. */
export function dataOf(queries: Queries, judgements: Judged, pools?: Record<string, string[]>): JudgedData {
  return {
    queries: Object.entries(queries).map(([id, { text, paperId }]) => ({ id, text, paperId })),
    judgements: new Map(
      Object.entries(judgements).map(([id, grades]) => [id, new Map(Object.entries(grades))]),
    ),
    pools: pools && new Map(Object.entries(pools)),
  };
}

export const DEFAULTS: EvaluationOptions = {
  mode: 'hybrid',
  threshold: 1,
  depth: 100,
  lanes: 1,
  against: undefined,
  onProgress: () => undefined,
};

/** Ids of the papers that a query found, best first. */
export const rankingOf = ({ run }: Evaluation, query: string): string[] =>
  (run.get(query) ?? []).map(({ id }) => id);
