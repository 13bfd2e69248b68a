/** Mixing the scores of meaning and words. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fuse, KEYWORD_WEIGHT } from '../../src/recommend/fusion.js';

describe('fused scores', () => {
  it('are the weighted sum of both scores, each scaled over the pool to 0..1', () => {
    assert.deepEqual(fuse([0.25, 0.75, 0.5], [0, 8, 2], 0.5), [0, 1, 0.375]);
    assert.deepEqual(fuse([0.9, 0.1], [0, 3]), [1 - KEYWORD_WEIGHT, KEYWORD_WEIGHT]);
  });

  it('leave out a side on which all candidates are equal', () => {
    assert.deepEqual(fuse([0.5, 0.5], [1, 2], 0.25), [0, 0.25]);
    assert.deepEqual(fuse([0.5, 0.7], [0, 0], 0.25), [0, 0.75]);
    assert.deepEqual(fuse([0.5], [3]), [0]);
    assert.deepEqual(fuse([], []), []);
  });

  it('lie between 0 and 1, and never put a candidate lower that is better on both sides', () => {
    const scores = fc.array(fc.tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.nat(50)), {
      minLength: 2,
      maxLength: 20,
    });
    fc.assert(
      fc.property(scores, (pool) => {
        const fused = fuse(
          pool.map(([meaning]) => meaning),
          pool.map(([, words]) => words),
        );
        for (const [i, [meaning, words]] of pool.entries()) {
          const score = fused[i] ?? Number.NaN;
          assert.ok(score >= 0 && score <= 1 + 1e-12);
          for (const [j, [otherMeaning, otherWords]] of pool.entries()) {
            const isBetter = meaning >= otherMeaning && words >= otherWords;
            if (isBetter) assert.ok(score >= (fused[j] ?? Number.NaN) - 1e-12);
          }
        }
      }),
    );
  });
});
