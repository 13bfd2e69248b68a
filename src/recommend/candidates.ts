/** The pool that every kind of query draws its results from. */
import { LabelSet } from '../label-set.js';
import type { Neighbour } from '../vectors/vector-index.js';
import { type QueryOptions, rounded } from './answer.js';
import { type Corpus, timed } from './corpus.js';
import type { Narrowing } from './narrowing.js';

/** A paper that may become a result. */
export interface Candidate {
  label: number;
  /** Cosine with the target, rounded. */
  similarity: number;
  /** What the answer is ordered by, rounded. */
  score: number;
  /**
   * The similarity as between two papers, where `similarity` is with a mixture of several and no percentile of this
   * corpus fits it; absent when they are the same.
   */
  pairwise?: number;
}

/**
 * How many candidates are asked of each index, whatever the limit: with a fixed pool, the results for a limit are the
 * beginning of the results for a larger one. Above the largest limit, with room for what is dropped and folded.
 */
export const POOL_SIZE = 128;

/**
 * How many nearest are usually asked for: a pool, and the papers asked about, which are dropped again. A graph is walked
 * for so many as cheaply as for one; for one more than it is opened for, twice as many are looked at.
 */
export const MOST_ASKED = POOL_SIZE + 8;

/**
 * The papers nearest to `target` that may be in the answer, best first: `k` of them, unless more than `spare` of the
 * nearest are excluded. Errors: `overloaded`, `cancelled`.
 */
export async function nearest(
  corpus: Corpus,
  target: Float32Array,
  { subset, excluded }: Pick<Narrowing, 'subset' | 'excluded'>,
  options: Pick<QueryOptions, 'exact'> & { k?: number; spare?: number; effort?: number | undefined },
  signal: AbortSignal | undefined,
): Promise<Neighbour[]> {
  const { exact, k = POOL_SIZE, spare = excluded.size, effort } = options;
  if (subset !== undefined) {
    const left = subset.without(LabelSet.of(excluded));
    if (left.size === 0) return [];
    return timed(corpus, 'vectors', () =>
      corpus.vectors.search(target, k, { exact, effort, subset: left, signal }),
    );
  }
  // Asking for as many more as may be dropped leaves k, without making the search a filtered one.
  const found = await timed(corpus, 'vectors', () =>
    corpus.vectors.search(target, k + Math.min(spare, excluded.size), { exact, effort, signal }),
  );
  return found.filter(({ label }) => !excluded.has(label)).slice(0, k);
}

/** Candidates whose score is their similarity. */
export function bySimilarity(neighbours: readonly Neighbour[]): Candidate[] {
  return neighbours.map(({ label, similarity }) => ({
    label,
    similarity: rounded(similarity),
    score: rounded(similarity),
  }));
}
