/** The answer that callers get, and the steps that every kind of query ends with. */
import type { Paper } from '../papers/paper.js';
import type { Neighbour } from '../vectors/vector-index.js';
import type { Corpus } from './corpus.js';

/** Every field of a paper that a caller can ask for, besides the id, which is always there. */
export const PAPER_FIELDS = [
  'id',
  'title',
  'authors',
  'published',
  'venue',
  'url',
  'abstract',
  'year',
  'updated',
  'categories',
  'doi',
] as const satisfies readonly (keyof Paper)[];
export type PaperField = (typeof PAPER_FIELDS)[number];

export const DEFAULT_FIELDS: readonly PaperField[] = ['id', 'title', 'authors', 'published', 'venue', 'url'];

/** A paper cut down to the fields that were asked for. */
export type PaperView = Pick<Paper, 'id'> & Partial<Paper>;

export type Warning =
  | { code: 'text_truncated'; detail: string }
  | { code: 'no_abstract'; detail: string; ids: string[] };

export interface Result {
  paper: PaperView;
  /** Cosine with the query, rounded to four decimals. */
  similarity: number;
  /** What results are ordered by. */
  score: number;
}

export interface Answer {
  results: Result[];
  warnings: Warning[];
  index: { generation: string; size: number; model: string; exact: boolean };
}

export interface AnswerOptions {
  /** 1 to 100. */
  limit: number;
  fields: readonly PaperField[];
  /** Exhaustive search: recall 1. */
  exact: boolean;
}

/**
 * How many candidates are asked of the index, whatever the limit: with a fixed pool, the results for a limit
 * are the beginning of the results for a larger one. Above the largest limit, with room for what is dropped.
 */
export const POOL_SIZE = 128;

/** The pool nearest to `target` without the papers in `without`, best first. Errors: `overloaded`, `cancelled`. */
export async function nearest(
  corpus: Corpus,
  target: Float32Array,
  options: { exact: boolean; without?: ReadonlySet<number> },
  signal: AbortSignal,
): Promise<Neighbour[]> {
  const pool = await corpus.vectors.search(target, POOL_SIZE, { exact: options.exact, signal });
  return pool.filter(({ label }) => !options.without?.has(label));
}

/** Looks the papers up, settles ties by id, cuts to the limit. */
export async function answer(
  corpus: Corpus,
  pool: readonly Neighbour[],
  options: AnswerOptions,
  warnings: Warning[],
): Promise<Answer> {
  // Rounded before it is ordered by, so that papers that are shown as equally similar are in the order of their ids.
  const rounded = pool.map(({ label, similarity }) => ({ label, similarity: roundSimilarity(similarity) }));
  const candidates = withTies(rounded, options.limit);
  const papers = await corpus.store.get(candidates.map(({ label }) => label));
  const found = candidates.flatMap(({ similarity }, i) => {
    const paper = papers[i];
    return paper === undefined ? [] : [{ paper, similarity }];
  });
  found.sort((a, b) => b.similarity - a.similarity || (a.paper.id < b.paper.id ? -1 : 1));
  return {
    results: found.slice(0, options.limit).map(({ paper, similarity }) => ({
      paper: viewOf(paper, options.fields),
      similarity,
      score: similarity,
    })),
    warnings,
    index: {
      generation: corpus.generation,
      size: corpus.vectors.size,
      model: corpus.model,
      exact: options.exact || corpus.vectors.engine === 'exact',
    },
  };
}

/** The first `limit` of the pool and all that tie with the last of them, so that ids can settle the tie. */
function withTies(pool: readonly Neighbour[], limit: number): readonly Neighbour[] {
  const last = pool[limit - 1];
  if (last === undefined) return pool;
  let end = limit;
  while (pool[end]?.similarity === last.similarity) end++;
  return pool.slice(0, end);
}

/** The paper with only these fields, in the order of PAPER_FIELDS; the id is always there. */
export function viewOf(paper: Paper, fields: readonly PaperField[]): PaperView {
  const chosen = PAPER_FIELDS.filter((field) => field === 'id' || fields.includes(field));
  return { id: paper.id, ...Object.fromEntries(chosen.map((field) => [field, paper[field]])) };
}

/** Four decimals: beyond that, cosines of 8-bit models are noise. */
function roundSimilarity(similarity: number): number {
  return Math.round(similarity * 10_000) / 10_000;
}
