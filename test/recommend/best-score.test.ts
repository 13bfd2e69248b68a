import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Seed } from '../../src/recommend/rocchio.js';
import { cosine } from '../../src/vectors/dot.js';
import { clustered } from '../vectors/clustered.js';
import { scorerOf, seed, seeds, vectors } from './some-seeds.js';

// Up to 40: more than there are places, so that the cut at the last place is tried as well.
const positives = fc.array(seeds, { minLength: 1, maxLength: 40 });
const negatives = fc.array(seeds, { maxLength: 40 });

const ROUNDING = 1e-6;

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < ROUNDING, `${actual} instead of ${expected}`);
}

const ALONG = Float32Array.of(1, 0);

describe('the strategy best_score', () => {
  it('is the cosine when there is one positive', () => {
    const { score, similarity } = scorerOf([seed([0.6, 0.8], 5)], [])(ALONG);
    near(score, 0.6);
    near(similarity, 0.6);
  });

  it('counts a single negative in full, even one of next to no weight', () => {
    near(scorerOf([seed([1, 0])], [seed([0.6, 0.8], 1e-20)], { gamma: 0.5 })(ALONG).score, 1 - 0.5 * 0.6);
  });

  it('counts the nearest seed most, the next less and so on', () => {
    const liked = [seed([0, 1]), seed([1, 0]), seed([0.6, 0.8])];
    const { score, similarity } = scorerOf(liked, [], { decay: 0.5 })(ALONG);
    near(score, (1 + 0.5 * 0.6) / 1.75);
    near(similarity, 1);
  });

  it('is the cosine with the nearest seed without any decay', () => {
    near(scorerOf([seed([0, 1]), seed([0.6, 0.8])], [], { decay: 0 })(ALONG).score, 0.6);
  });

  it('gives a paper of one interest a higher score than one in between, unlike the average', () => {
    const liked = [1, 2, 3].flatMap(() => [seed([1, 0]), seed([0, 1])]);
    const scorer = scorerOf(liked, []);
    assert.ok(scorer(ALONG).score > scorer(Float32Array.of(Math.SQRT1_2, Math.SQRT1_2)).score);
  });

  it('takes gamma times the affinity with the negatives away', () => {
    const { score, similarity } = scorerOf([seed([1, 0])], [seed([0.6, 0.8]), seed([0, 1])], {
      gamma: 0.5,
      decay: 0.5,
    })(ALONG);
    near(score, 1 - (0.5 * 0.6) / 1.5);
    near(similarity, 1);
  });

  it('takes a seed of weight 2 for two seeds', () => {
    // As negatives, because the places that a weight takes depend on the mean weight of the positives alone.
    const two = [seed([0.6, 0.8], 1), seed([0, 1], 1), seed([0.6, 0.8], 1)];
    const double = [seed([0, 1], 1), seed([0.6, 0.8], 2)];
    const liked = [seed([1, 0], 1), seed([0, 1], 1)];
    const { score } = scorerOf(liked, double)(ALONG);
    near(score, scorerOf(liked, two)(ALONG).score);
    near(score, 1 / 1.7 - (0.3 * (0.6 + 0.7 * 0.6)) / (1 + 0.7 + 0.49));
  });

  it('agrees with the plain formula for hundreds of seeds', () => {
    const drawn = clustered(340, 8, 4);
    const liked = drawn.slice(0, 300).map((vector) => ({ vector, weight: 1 }));
    const scorer = scorerOf(liked, []);
    for (const paper of drawn.slice(300)) {
      const sorted = liked.map(({ vector }) => cosine(paper, vector)).sort((a, b) => b - a);
      const plain = sorted.reduce((sum, similarity, rank) => sum + 0.7 ** rank * similarity, 0) * (1 - 0.7);
      // Places beyond the twentieth are left out: 0.7^20 of the weight, at most twice that in the score.
      assert.ok(Math.abs(scorer(paper).score - plain) < 2 * 0.7 ** 20);
    }
  });

  it('never scores a paper higher once it is a negative too', () => {
    fc.assert(
      fc.property(positives, negatives, seeds, (liked, disliked, added) => {
        const before = scorerOf(liked, disliked)(added.vector).score;
        const after = scorerOf(liked, [...disliked, added])(added.vector).score;
        assert.ok(after <= before + ROUNDING, `${before} became ${after}`);
      }),
      { numRuns: 500 },
    );
  });

  it('scores a paper lower by gamma once it is the only negative', () => {
    fc.assert(
      fc.property(positives, seeds, (liked, added) => {
        const before = scorerOf(liked, [])(added.vector).score;
        near(before - scorerOf(liked, [added], { gamma: 0.4 })(added.vector).score, 0.4);
      }),
    );
  });

  it('is the same to the last bit in whatever order the seeds come', () => {
    const orders = fc
      .tuple(positives, negatives)
      .chain(([liked, disliked]) =>
        fc.tuple(
          fc.constant([liked, disliked] as const),
          fc.shuffledSubarray(liked, { minLength: liked.length }),
          fc.shuffledSubarray(disliked, { minLength: disliked.length }),
        ),
      );
    fc.assert(
      fc.property(orders, vectors, ([[liked, disliked], likedAnew, dislikedAnew], paper) => {
        assert.deepEqual(scorerOf(likedAnew, dislikedAnew)(paper), scorerOf(liked, disliked)(paper));
      }),
      { numRuns: 500 },
    );
  });

  it('does not depend on the scale of the weights', () => {
    fc.assert(
      fc.property(
        positives,
        negatives,
        vectors,
        fc.constantFrom(0.001, 3, 1000),
        (liked, disliked, paper, scale) => {
          const scaled = (of: Seed[]) => of.map(({ vector, weight }) => ({ vector, weight: weight * scale }));
          const { score } = scorerOf(scaled(liked), scaled(disliked))(paper);
          // Rounding may move a seed across the last place, where what follows weighs less than a thousandth.
          assert.ok(Math.abs(score - scorerOf(liked, disliked)(paper).score) < 2 * 0.7 ** 20);
        },
      ),
    );
  });
});
