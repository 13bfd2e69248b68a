/** Papers for what a reader likes and dislikes: the one flow behind similar papers and recommendations. */
import type { Answer, QueryOptions } from './answer.js';
import { byAverage, byBestScore } from './by-seeds.js';
import type { Candidate } from './candidates.js';
import type { Corpus, SearchableCorpus } from './corpus.js';
import { nearestIn, wordlessWarnings } from './hybrid.js';
import { nearestToSeeds } from './hybrid-seeds.js';
import { matchesOfSeeds } from './match.js';
import type { SearchMode } from './mode.js';
import { type Narrowing, narrow } from './narrowing.js';
import { present } from './present.js';
import { SamePaper } from './same-paper.js';
import { findSeeds, type Seed, type SeedInput, sourcesOf } from './seeds.js';

/** How several seeds make one order: see rocchio.ts and best-score.ts. */
export const STRATEGIES = ['best_score', 'average'] as const;
export type Strategy = (typeof STRATEGIES)[number];

export interface RecommendationQuery extends QueryOptions {
  /** At least one. */
  positives: readonly SeedInput[];
  negatives: readonly SeedInput[];
  strategy: Strategy;
  /** What papers are compared by; hybrid when absent. */
  mode?: SearchMode | undefined;
}

/**
 * The papers nearest to the positives and away from the negatives; none of them, nor another copy of one, is in the
 * answer. Errors: `unknown_paper` when the corpus knows no positive; `overloaded`, `cancelled`.
 */
export async function recommend(
  corpus: Corpus | SearchableCorpus,
  query: RecommendationQuery,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const { positives, negatives, warnings } = await findSeeds(corpus, query, signal);
  const asked = await narrow(corpus, query, signal);
  const narrowing = withoutSeeds(asked, [...positives, ...negatives]);
  const wanted = { positives, negatives, narrowing, excludedByCaller: asked.excluded.size, query };
  const candidates = await candidatesFor(corpus, wanted, signal);
  const same = new SamePaper(corpus, labelsOf([...positives, ...negatives]));
  const { kind, matches } = await matchesOfSeeds(corpus, positives, candidates, same, signal);
  return present(
    corpus,
    {
      candidates,
      kind,
      matches,
      same,
      sources: query.explain ? sourcesOf(positives) : [],
      warnings: [
        ...warnings,
        ...narrowing.warnings,
        ...wordlessWarnings(query.mode ?? 'hybrid', query, narrowing, candidates),
      ],
    },
    query,
    signal,
  );
}

interface Wanted {
  positives: readonly Seed[];
  negatives: readonly Seed[];
  narrowing: Narrowing;
  excludedByCaller: number;
  query: RecommendationQuery;
}

/** One positive is a target as a text is; several, or negatives, go by the strategy. */
async function candidatesFor(
  corpus: Corpus,
  { query, ...wanted }: Wanted,
  signal: AbortSignal | undefined,
): Promise<Candidate[]> {
  const { positives, negatives, narrowing } = wanted;
  const { mode = 'hybrid' } = query;
  const [seed] = positives;
  if (seed !== undefined && positives.length === 1 && negatives.length === 0) {
    const target = { vector: seed.vector, text: seed.text, narrowing, options: query };
    return nearestIn(corpus, mode, target, signal);
  }
  const strategy = query.strategy === 'average' ? byAverage : byBestScore;
  const { minSimilarity = -1, exact } = query;
  return nearestToSeeds(corpus, mode, strategy, { ...wanted, minSimilarity, exact }, signal);
}

/** Whoever likes or dislikes a paper knows it. */
function withoutSeeds(narrowing: Narrowing, seeds: readonly Seed[]): Narrowing {
  return { ...narrowing, excluded: new Set([...narrowing.excluded, ...labelsOf(seeds)]) };
}

function labelsOf(seeds: readonly Seed[]): number[] {
  return seeds.flatMap(({ label }) => label ?? []);
}
