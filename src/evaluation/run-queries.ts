/** Asks every query as a caller of the service would, and writes down the order of papers that comes back. */
import { type Answer, DEFAULT_OPTIONS, type QueryOptions } from '../recommend/answer.js';
import { POOL_SIZE } from '../recommend/candidates.js';
import type { SearchableCorpus } from '../recommend/corpus.js';
import type { SearchMode } from '../recommend/mode.js';
import { search } from '../recommend/search.js';
import { similar } from '../recommend/similar.js';
import { type AskedQuery, type EvaluationWarning, warningOf } from './corpus-match.js';
import type { ScoredPaper } from './trec-run.js';

export interface AskingOptions {
  mode: SearchMode;
  /** Results of each query, where no pool says how many. */
  depth: number;
  /** Queries under way at once: as many as texts are embedded at once. Results do not depend on it. */
  lanes: number;
  /** Told after each query how many are done. */
  onProgress: (done: number) => void;
}

type WarningCode = Answer['warnings'][number]['code'];

export interface AskedAll {
  /** In the order of the queries; each paper once, best first. */
  rankings: (readonly ScoredPaper[])[];
  warnings: EvaluationWarning[];
}

/** Errors: `cancelled`, and what embedding may fail with. */
export async function runQueries(
  corpus: SearchableCorpus,
  queries: readonly AskedQuery[],
  options: AskingOptions,
  signal: AbortSignal,
): Promise<AskedAll> {
  const rankings: (readonly ScoredPaper[])[] = queries.map(() => []);
  const codes = new Map<string, Set<WarningCode>>();
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const waiting = queries.entries();
  let done = 0;
  const lane = async () => {
    for (const [i, query] of waiting) {
      const answer = await ask(corpus, query, options, either);
      rankings[i] = rankingOf(answer, query, options.depth);
      codes.set(query.id, new Set(tellingCodes(answer)));
      done += 1;
      options.onProgress(done);
    }
  };
  const lanes = Array.from({ length: Math.max(1, options.lanes) }, () =>
    lane().catch((thrown: unknown) => {
      // The others would only go on in vain; what they are then rejected with says less than the first failure.
      failed.abort(thrown);
      throw thrown;
    }),
  );
  await Promise.allSettled(lanes);
  signal.throwIfAborted();
  failed.signal.throwIfAborted();
  const ids = queries.map(({ id }) => id);
  return { rankings, warnings: answerWarnings(ids, codes) };
}

/** Undefined when there is nothing to ask: a paper that the corpus lacks, without a text. */
function ask(
  corpus: SearchableCorpus,
  query: AskedQuery,
  { mode, depth }: AskingOptions,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  const options = { ...DEFAULT_OPTIONS, fields: ['id'] as const, ...rangeOf(query, depth) };
  if (query.paperId !== undefined && query.hasPaper) {
    return similar(corpus, { ...options, id: query.paperId, mode }, signal);
  }
  if (query.text === undefined) return Promise.resolve(undefined);
  return search(corpus, { ...options, text: query.text, mode }, signal);
}

/**
 * Which papers are ranked, and how many: all of a pool, exhaustively and each for itself, or the best of the corpus as the
 * service has them.
 */
function rangeOf({ pool }: AskedQuery, depth: number): Partial<QueryOptions> {
  if (pool !== undefined) {
    return { ids: pool, exact: true, limit: pool.length, depth: pool.length, copies: 'keep' };
  }
  return { limit: depth, depth: depth > POOL_SIZE ? depth : undefined };
}

/**
 * The papers of an answer in their order, those that were folded into a result right after it. A pool is ranked whole:
 * what the answer leaves out of it, such as the query's own paper, comes last in the pool's order, as CSFCube's
 * protocol has it.
 */
function rankingOf(answer: Answer | undefined, { pool }: AskedQuery, depth: number): ScoredPaper[] {
  const found = (answer?.results ?? []).flatMap(({ paper, score, also }) =>
    [paper.id, ...also].map((id) => ({ id, score })),
  );
  return pool === undefined ? found.slice(0, depth) : withRestOf(pool, found);
}

/** The ranked papers that are in the pool, then the rest of the pool. */
export function withRestOf(pool: readonly string[], ranked: readonly ScoredPaper[]): ScoredPaper[] {
  const pooled = new Set(pool);
  const inPool = ranked.filter(({ id }) => pooled.has(id));
  for (const { id } of inPool) pooled.delete(id);
  const lowest = inPool.at(-1)?.score ?? 0;
  return [...inPool, ...[...pooled].map((id) => ({ id, score: lowest }))];
}

/** What the service said of answers that changes what a figure means. */
const TELLING = [
  ['text_truncated', 'Texts longer than the model reads, cut'],
  ['read_as_id', 'Texts read as the id of a paper, which comes first in their results'],
  ['phrase_not_found', 'Texts with a quoted phrase that no paper has, asked without the quotes'],
  ['nothing_matches', 'Queries without any result'],
  ['unknown_ids', 'Texts read as an id that the corpus lacks, which finds nothing'],
] as const satisfies readonly (readonly [WarningCode, string])[];

/** Papers of pools that the corpus lacks, which an answer names as unknown `ids`, are told of once, for all queries. */
function tellingCodes(answer: Answer | undefined): WarningCode[] {
  const warnings = answer?.warnings ?? [];
  return warnings.flatMap((warning) =>
    warning.code === 'unknown_ids' && warning.field === 'ids' ? [] : [warning.code],
  );
}

function answerWarnings(
  ids: readonly string[],
  codes: ReadonlyMap<string, ReadonlySet<WarningCode>>,
): EvaluationWarning[] {
  return TELLING.flatMap(([code, what]) =>
    warningOf(
      code,
      ids.filter((id) => codes.get(id)?.has(code)),
      what,
    ),
  );
}
