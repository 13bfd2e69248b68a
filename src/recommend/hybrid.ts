/** Candidates for one target, by its meaning, its words, or both: the ranking of texts and of single papers. */
import { LabelSet } from '../label-set.js';
import type { Neighbour } from '../vectors/vector-index.js';
import { type QueryOptions, rounded, type Warning } from './answer.js';
import { bySimilarity, type Candidate, nearest, POOL_SIZE } from './candidates.js';
import { type Corpus, timed } from './corpus.js';
import { fuse } from './fusion.js';
import type { SearchMode } from './mode.js';
import type { Narrowing } from './narrowing.js';

/** What is looked for, and among which papers. */
export interface Target {
  vector: Float32Array;
  text: string;
  narrowing: Narrowing;
  options: Pick<QueryOptions, 'exact' | 'minSimilarity' | 'depth'>;
}

/** The candidates for a target, scored as the mode says. Errors: `overloaded`, `cancelled`. */
export async function nearestIn(
  corpus: Corpus,
  mode: SearchMode,
  target: Target,
  signal: AbortSignal | undefined,
): Promise<Candidate[]> {
  if (mode === 'semantic') {
    const { vector, narrowing, options } = target;
    const k = depthOf(options);
    return bySimilarity(await nearest(corpus, vector, narrowing, { exact: options.exact, k }, signal));
  }
  const pool = await poolOfBoth(corpus, mode, target, signal);
  if (mode === 'keyword') return pool.map((paper) => candidateOf(paper, paper.words));
  const mixed = fuse(
    pool.map(({ similarity }) => similarity),
    pool.map(({ words }) => words),
  );
  return pool.map((paper, i) => candidateOf(paper, mixed[i] ?? 0));
}

/** What to say where no word was found; only the words can have left nothing then, no filter did. */
export function wordlessWarnings(
  mode: SearchMode,
  { minSimilarity }: Pick<QueryOptions, 'minSimilarity'>,
  { subset }: Narrowing,
  candidates: readonly Candidate[],
): Warning[] {
  const isWordless =
    candidates.length === 0 && mode === 'keyword' && subset?.size !== 0 && minSimilarity === undefined;
  return isWordless ? [NO_WORD] : [];
}

const NO_WORD: Warning = {
  code: 'nothing_matches',
  detail: 'No paper that may be a result has a word of what was asked.',
};

function depthOf({ depth }: Pick<QueryOptions, 'depth'>): number {
  return depth ?? POOL_SIZE;
}

/** A paper of the pool with both its scores. */
interface Scored {
  label: number;
  similarity: number;
  /** BM25. */
  words: number;
}

function candidateOf({ label, similarity }: Scored, score: number): Candidate {
  return { label, similarity: rounded(similarity), score: rounded(score) };
}

/**
 * The best by vector, but for keyword mode, joined with the best by keyword. On a large corpus the keyword side must
 * bring its own candidates: see docs/quality.md.
 */
async function poolOfBoth(
  corpus: Corpus,
  mode: 'hybrid' | 'keyword',
  target: Target,
  signal: AbortSignal | undefined,
): Promise<Scored[]> {
  const { vector, text, options } = target;
  const depth = depthOf(options);
  const { subset, nearby } = await nearEnough(corpus, target, signal);
  const { narrowing } = target;
  const { excluded } = narrowing;
  const asked = { exact: options.exact, k: depth };
  const near =
    mode === 'keyword'
      ? []
      : (nearby?.slice(0, depth) ?? (await nearest(corpus, vector, narrowing, asked, signal)));
  const labels = near.map(({ label }) => label);
  const { best, scores } = await timed(corpus, 'keywords', () =>
    corpus.keywords.search(text, depth + excluded.size, { subset, labels, signal }),
  );
  const known = new Set(labels);
  const further = best
    .filter(({ label }) => !excluded.has(label))
    .slice(0, depth)
    .filter(({ label }) => !known.has(label));
  const similarities = await corpus.vectors.similarities(
    vector,
    further.map(({ label }) => label),
  );
  return [
    ...near.map((paper, i) => ({ ...paper, words: scores[i] ?? 0 })),
    ...further.map(({ label, score }, i) => ({ label, similarity: similarities[i] ?? 0, words: score })),
  ];
}

/** So many of the nearest papers are looked at for `minSimilarity`. */
const MOST_NEAR = 1000;

/**
 * With `minSimilarity`, only papers that near have their words looked at; else the words' best might all be too far.
 * `nearby`: those papers, best first.
 */
async function nearEnough(
  corpus: Corpus,
  { vector, narrowing, options: { exact, minSimilarity } }: Target,
  signal: AbortSignal | undefined,
): Promise<{ subset: LabelSet | undefined; nearby?: Neighbour[] }> {
  if (minSimilarity === undefined) return { subset: narrowing.subset };
  const found = await nearest(corpus, vector, narrowing, { exact, k: MOST_NEAR }, signal);
  const nearby = found.filter(({ similarity }) => rounded(similarity) >= minSimilarity);
  return { subset: LabelSet.of(nearby.map(({ label }) => label)), nearby };
}
