/** The answer that callers get. */
import type { Paper } from '../papers/paper.js';
import { PAPER_FIELDS } from '../papers/paper-row.js';
import type { Corpus } from './corpus.js';

/**
 * To be raised when the same request to the same generation may get other bytes than before: it is part of every ETag.
 * A release does that by itself, since its version is part of them too; this is for changes between two releases.
 */
export const RANKING_VERSION = 3;

/** Every field of a paper that a caller can ask for; the id is always there. */
export { PAPER_FIELDS };
export type PaperField = (typeof PAPER_FIELDS)[number];

export const DEFAULT_FIELDS: readonly PaperField[] = ['id', 'title', 'authors', 'published', 'venue', 'url'];

/** A paper cut down to the fields that were asked for. */
export type PaperView = Pick<Paper, 'id'> & Partial<Paper>;

/** What a caller should know about an answer that is not an error. `detail` is for people. */
export type Warning =
  /** `field`: the parameter that named them. */
  | { code: 'unknown_ids'; detail: string; field: string; ids: string[] }
  | { code: 'no_abstract'; detail: string; ids: string[] }
  | { code: 'text_truncated'; detail: string }
  /** The text is the id of a paper, which comes first, before the papers nearest to it. */
  | { code: 'read_as_id'; detail: string; ids: string[] }
  | { code: 'phrase_not_found'; detail: string; phrases: string[] }
  | { code: 'undated_papers'; detail: string; count: number }
  | { code: 'nothing_matches'; detail: string };

/** A seed as the answer names it: by the id of its paper, or by the beginning of its text. */
export type SeedName = { id: string } | { text: string };

export interface Reasons {
  /** The positive that the paper is nearest to, with that cosine; absent for a search. */
  nearestSeed?: SeedName & { similarity: number };
  /** Informative words that the paper shares with the query or that seed, as the paper writes them, most telling first. */
  terms: string[];
  /** The sentence of the abstract that has most of the shared words, weighed by what they tell; null when none has any. */
  sentence: string | null;
}

export interface Result {
  paper: PaperView;
  /** Cosine with the target, -1 to 1, rounded to four decimals. */
  similarity: number;
  /** What results are ordered by, rounded to four decimals. */
  score: number;
  /** The share of random pairs of this corpus that are less similar, 0 to 100; null in a corpus of one paper. */
  percentile: number | null;
  /** With `explain` only. */
  reasons?: Reasons;
  /** Ids of near-identical papers that this result stands for. */
  also: string[];
}

export interface Answer {
  results: Result[];
  /** Even the best result is no closer than what hardly any real query of this kind gets. */
  noGoodMatch: boolean;
  warnings: Warning[];
  index: { generation: string; size: number; model: string; exact: boolean };
}

/** What every kind of query takes, under the names that callers use. */
export interface QueryOptions {
  /** 1 to 100. */
  limit: number;
  fields: readonly PaperField[];
  /** Exhaustive search: recall 1. */
  exact: boolean;
  /** Earliest and latest day of publication, YYYY-MM-DD, both included. */
  from?: string | undefined;
  to?: string | undefined;
  /** In one of these; `cs.*` is a prefix. */
  category?: readonly string[] | undefined;
  venue?: string | undefined;
  author?: string | undefined;
  /** Only these papers. */
  ids?: readonly string[] | undefined;
  /** None of these papers. */
  exclude?: readonly string[] | undefined;
  /** Only papers at least this similar, -1 to 1. */
  minSimilarity?: number | undefined;
  /** 0 orders by score alone, 1 by novelty alone: see diversity.ts. */
  diversity: number;
  /** Whether each result says why it is there. */
  explain: boolean;
  /** Candidates asked of each index; POOL_SIZE when absent. Like `copies` for evaluations, which rank whole pools. */
  depth?: number | undefined;
  /** Whether copies of a result, or of a seed, are results of their own; they are folded, or dropped, when absent. */
  copies?: 'fold' | 'keep' | undefined;
}

/** What callers get who ask for nothing else. */
export const DEFAULT_OPTIONS: QueryOptions = {
  limit: 10,
  fields: DEFAULT_FIELDS,
  exact: false,
  diversity: 0,
  explain: false,
};

/** These fields and the id, in the order of PAPER_FIELDS: the store gives papers that are views then. */
export function withId(fields: readonly PaperField[]): PaperField[] {
  return PAPER_FIELDS.filter((field) => field === 'id' || fields.includes(field));
}

/** The paper with only these fields, in the order of PAPER_FIELDS; the id is always there. */
export function viewOf(paper: PaperView, fields: readonly PaperField[]): PaperView {
  const chosen = withId(fields);
  return { id: paper.id, ...Object.fromEntries(chosen.map((field) => [field, paper[field]])) };
}

/** What an answer says of the index that it came from. */
export function aboutIndex(corpus: Corpus, options: Pick<QueryOptions, 'exact'>): Answer['index'] {
  return {
    generation: corpus.generation,
    size: corpus.vectors.size,
    model: corpus.model,
    exact: options.exact || corpus.vectors.engine === 'exact',
  };
}

/** Four decimals: beyond that, cosines of 8-bit models are noise. */
export function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
