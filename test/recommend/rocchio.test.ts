import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { rocchioTarget, type Seed } from '../../src/recommend/rocchio.js';
import { cosine } from '../../src/vectors/dot.js';
import { seed, seeds, vectors } from './some-seeds.js';

const positives = fc.array(seeds, { minLength: 1, maxLength: 6 });
const negatives = fc.array(seeds, { maxLength: 6 });

/** float32 keeps a direction to about this much. */
const ROUNDING = 1e-6;

function score(paper: Float32Array, liked: Seed[], disliked: Seed[]): number {
  const { direction, length } = rocchioTarget(liked, disliked);
  return length * cosine(direction, paper);
}

describe('the target of the strategy average', () => {
  it('is the positive itself when there is nothing else', () => {
    const { direction, length } = rocchioTarget([seed([0.6, 0.8, 0], 3)], []);
    assert.deepEqual([...direction], [...Float32Array.of(0.6, 0.8, 0)]);
    assert.ok(Math.abs(length - 1) < ROUNDING);
  });

  it('is the weighted centroid of the positives, without negatives', () => {
    const { direction, length } = rocchioTarget([seed([1, 0], 3), seed([0, 1], 1)], []);
    assert.ok(Math.abs((direction[0] ?? 0) - 3 / Math.sqrt(10)) < ROUNDING);
    assert.ok(Math.abs((direction[1] ?? 0) - 1 / Math.sqrt(10)) < ROUNDING);
    assert.ok(Math.abs(length - 1) < ROUNDING);
  });

  it('takes a seed that comes twice for one of both weights', () => {
    const twice = [seed([1, 0], 2), seed([0, 1], 1), seed([1, 0], 1)];
    assert.deepEqual(rocchioTarget(twice, []), rocchioTarget([seed([1, 0], 3), seed([0, 1], 1)], []));
  });

  it('takes gamma times the weighted mean of the negatives from the centroid', () => {
    const { direction, length } = rocchioTarget(
      [seed([1, 0, 0])],
      [seed([0, 1, 0], 3), seed([0, 0, 1], 1)],
      0.4,
    );
    const target = direction.map((value) => value * length);
    for (const [i, expected] of [1, -0.3, -0.1].entries())
      assert.ok(Math.abs((target[i] ?? 0) - expected) < ROUNDING);
  });

  it('lets one negative not outweigh many positives of different interests', () => {
    // Their mean has a length of 0.5: half of it is left against a negative unless it is taken at length 1.
    const interests = [seed([1, 0, 0, 0]), seed([0, 1, 0, 0]), seed([0, 0, 1, 0]), seed([0, 0, 0, 1])];
    const { length } = rocchioTarget(interests, [seed([1, 0, 0, 0])], 0.9);
    const expected = Math.hypot(0.5 - 0.9, 0.5, 0.5, 0.5);
    assert.ok(Math.abs(length - expected) < ROUNDING);
  });

  it('never scores a paper higher once it is a negative too', () => {
    fc.assert(
      fc.property(positives, negatives, seeds, (liked, disliked, added) => {
        const before = score(added.vector, liked, disliked);
        assert.ok(score(added.vector, liked, [...disliked, added]) <= before + ROUNDING);
      }),
    );
  });

  it('scores a paper lower once it is the first negative, and lower still with a larger gamma', () => {
    fc.assert(
      fc.property(positives, seeds, (liked, added) => {
        const scores = [0, 0.3, 0.6].map((gamma) => {
          const { direction, length } = rocchioTarget(liked, [added], gamma);
          return length * cosine(direction, added.vector);
        });
        const [none = 0, some = 0, more = 0] = scores;
        assert.ok(Math.abs(none - some - 0.3) < ROUNDING && Math.abs(some - more - 0.3) < ROUNDING);
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
      fc.property(orders, ([[liked, disliked], likedAnew, dislikedAnew]) => {
        assert.deepEqual(rocchioTarget(likedAnew, dislikedAnew), rocchioTarget(liked, disliked));
      }),
    );
  });

  it('is the same to the last bit when the only negative is given again', () => {
    fc.assert(
      fc.property(positives, seeds, fc.constantFrom(0.1, 1, 7), (liked, disliked, weight) => {
        const again = { vector: disliked.vector.slice(), weight };
        assert.deepEqual(rocchioTarget(liked, [disliked, again]), rocchioTarget(liked, [disliked]));
      }),
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
          const difference = score(paper, liked, disliked) - score(paper, scaled(liked), scaled(disliked));
          // Positives that all but cancel out are the one case where rounding decides.
          const total = liked.reduce((sum, { weight }) => sum + weight, 0);
          const mean = [0, 1, 2].map((i) =>
            liked.reduce((sum, { vector, weight }) => sum + (weight / total) * (vector[i] ?? 0), 0),
          );
          fc.pre(Math.hypot(...mean) > 1e-4);
          assert.ok(Math.abs(difference) < ROUNDING);
        },
      ),
    );
  });

  it('has a direction even when the positives cancel each other out', () => {
    fc.assert(
      fc.property(vectors, negatives, (vector, disliked) => {
        const opposite = { vector: vector.map((value) => -value), weight: 1 };
        const { direction, length } = rocchioTarget([{ vector, weight: 1 }, opposite], disliked);
        assert.ok(Math.abs(Math.hypot(...direction) - 1) < ROUNDING);
        assert.ok(length > 0.5);
      }),
    );
  });

  it('leaves the seeds as they were', () => {
    const liked = [seed([0.6, 0.8], 2), seed([0.6, 0.8], 1)];
    const disliked = [seed([0, 1], 2), seed([1, 0], 1)];
    rocchioTarget(liked, disliked);
    assert.deepEqual(liked, [seed([0.6, 0.8], 2), seed([0.6, 0.8], 1)]);
    assert.deepEqual(disliked, [seed([0, 1], 2), seed([1, 0], 1)]);
  });
});
