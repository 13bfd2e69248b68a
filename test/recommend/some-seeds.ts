/** Seeds for property tests of the strategies. */
import fc from 'fast-check';
import { type BestScore, type BestScoreOptions, bestScorer } from '../../src/recommend/best-score.js';
import type { Seed } from '../../src/recommend/rocchio.js';
import { cosine } from '../../src/vectors/dot.js';

/** A few coordinates out of a few values: equal, opposite and parallel vectors, and equal cosines, come up by themselves. */
export const vectors = fc
  .array(fc.integer({ min: -2, max: 2 }), { minLength: 3, maxLength: 3 })
  .filter((values) => values.some((value) => value !== 0))
  .map((values) => Float32Array.from(values, (value) => value / Math.hypot(...values)));

export const seeds: fc.Arbitrary<Seed> = fc.record({
  vector: vectors,
  weight: fc.constantFrom(0.01, 0.3, 1, 1.7, 100),
});

export function seed(values: number[], weight = 1): Seed {
  return { vector: Float32Array.from(values), weight };
}

/** Scores papers by their vectors. */
export function scorerOf(
  positives: readonly Seed[],
  negatives: readonly Seed[],
  options?: BestScoreOptions,
): (paper: Float32Array) => BestScore {
  const score = bestScorer(positives, negatives, options);
  const cosinesOf = (paper: Float32Array, all: readonly Seed[]) =>
    Float64Array.from(all, ({ vector }) => cosine(paper, vector));
  return (paper) => score(cosinesOf(paper, positives), cosinesOf(paper, negatives));
}
