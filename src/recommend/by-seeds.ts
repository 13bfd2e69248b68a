/** Candidates for positives and negatives, by each of the strategies. */
import { Pace } from '../pacing.js';
import { cosine } from '../vectors/dot.js';
import { rounded } from './answer.js';
import { bestScorer } from './best-score.js';
import { type Candidate, nearest, POOL_SIZE } from './candidates.js';
import type { Corpus } from './corpus.js';
import type { Narrowing } from './narrowing.js';
import { rocchioTarget } from './rocchio.js';
import type { Seed } from './seeds.js';

export interface Wanted {
  /** At least one. */
  positives: readonly Seed[];
  negatives: readonly Seed[];
  narrowing: Narrowing;
  exact: boolean;
}

/** Near the one target that Rocchio makes of all seeds. Errors: `overloaded`, `cancelled`. */
export async function byAverage(
  corpus: Corpus,
  { positives, negatives, narrowing, exact }: Wanted,
  signal: AbortSignal | undefined,
): Promise<Candidate[]> {
  const { direction, length } = rocchioTarget(positives, negatives);
  const found = await nearest(corpus, direction, narrowing, { exact }, signal);
  // A mixture of papers is nearer to every paper than one paper is. Times the length of the positives' mean, the
  // cosine with their centroid is the mean cosine with them, as between two papers; it still rises with the similarity.
  const shrink = positives.length > 1 ? meanLength(positives) : undefined;
  return found.map(({ label, similarity }) => ({
    label,
    similarity: rounded(similarity),
    score: rounded(length * similarity),
    ...(shrink === undefined ? {} : { pairwise: rounded(shrink * rounded(similarity)) }),
  }));
}

/** Length of the weighted mean of the seeds, 0 to 1: their mean cosine with its direction. */
function meanLength(seeds: readonly Seed[]): number {
  const { direction } = rocchioTarget(seeds, []);
  const total = seeds.reduce((sum, { weight }) => sum + weight, 0);
  return seeds.reduce((sum, { vector, weight }) => sum + weight * cosine(direction, vector), 0) / total;
}

/**
 * Candidates asked of the index for each positive: so many in total, and for each no fewer than find its share of the
 * first results (test/eval/seeds.ts measures them against scoring every paper).
 */
const FOR_ALL = 1024;
const LEAST_FOR_EACH = 8;
/** Among the nearest of one positive are a few of the others, not hundreds. */
const SPARE_FOR_EACH = 24;
/** Candidates compared with every seed: 0.4 microseconds for each pair. */
const MOST_SCORED = 512;

/** Near at least some of the positives. Errors: `overloaded`, `cancelled`. */
export async function byBestScore(
  corpus: Corpus,
  { positives, negatives, narrowing, exact }: Wanted,
  signal: AbortSignal | undefined,
): Promise<Candidate[]> {
  const k = Math.min(POOL_SIZE, Math.max(LEAST_FOR_EACH, Math.ceil(FOR_ALL / positives.length)));
  const pace = new Pace(signal);
  /** Label -> the best similarity with a positive that found it. */
  const met = new Map<number, number>();
  const options = { exact, k, spare: SPARE_FOR_EACH };
  for (const { vector } of positives) {
    if (pace.due()) await pace.turn();
    for (const { label, similarity } of await nearest(corpus, vector, narrowing, options, signal)) {
      met.set(label, Math.max(met.get(label) ?? -1, similarity));
    }
  }
  // Where most of what is near is excluded, as with seeds that are near each other, too little may be left.
  if (met.size < POOL_SIZE) {
    const { direction } = rocchioTarget(positives, []);
    for (const { label, similarity } of await nearest(corpus, direction, narrowing, { exact }, signal)) {
      if (!met.has(label)) met.set(label, similarity);
    }
  }
  const labels = [...met]
    .sort(([a, x], [b, y]) => y - x || a - b)
    .slice(0, MOST_SCORED)
    .map(([label]) => label);
  const vectors = await corpus.vectors.vectors(labels);
  const score = bestScorer(positives, negatives);
  const scored: Candidate[] = [];
  for (const [i, label] of labels.entries()) {
    if (pace.due()) await pace.turn();
    const vector = vectors[i];
    if (vector === undefined) continue;
    const best = score(vector);
    scored.push({ label, similarity: rounded(best.similarity), score: rounded(best.score) });
  }
  return scored.sort((a, b) => b.score - a.score || a.label - b.label).slice(0, POOL_SIZE);
}
