/** Intervals and tests over queries. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compare, intervalOfMean, meanOf } from '../../src/evaluation/bootstrap.js';

const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 });
/** Each of ten thousand resamples. */
const RUNS = { numRuns: 20 };

describe('the interval of a mean', () => {
  it('contains the mean, lies within the values, and is the same again', async () => {
    await fc.assert(
      fc.asyncProperty(values, async (sample) => {
        const [low, high] = await intervalOfMean(sample);
        const mean = meanOf(sample);
        assert.ok(low <= mean + 1e-12 && high >= mean - 1e-12, `${low} ${mean} ${high}`);
        assert.ok(low >= Math.min(...sample) - 1e-12 && high <= Math.max(...sample) + 1e-12);
        assert.deepEqual(await intervalOfMean(sample), [low, high]);
      }),
      RUNS,
    );
  });

  it('is the one of the normal distribution where the values are many and tame', async () => {
    const sample = Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? 0 : 1));
    const [low, high] = await intervalOfMean(sample);
    // 1.96 standard errors, of 0.5 / 20 each, with what 10,000 resamples leave open.
    assert.ok(Math.abs(low - (0.5 - 0.049)) < 0.004, `${low}`);
    assert.ok(Math.abs(high - (0.5 + 0.049)) < 0.004, `${high}`);
  });

  it('of a mean that all queries share has no width', async () => {
    assert.deepEqual(await intervalOfMean([0.5, 0.5, 0.5]), [0.5, 0.5]);
  });

  it('stops when the signal aborts', async () => {
    await assert.rejects(intervalOfMean(new Array(1000).fill(1), AbortSignal.abort()), { code: 'cancelled' });
  });
});

describe('a comparison', () => {
  it('of equals says so: no difference, p of 1, all queries the same', async () => {
    const same = [0.1, 0.9, 0.4];
    const expected = { difference: 0, interval: [0, 0], p: 1, better: 0, worse: 0, same: 3 };
    assert.deepEqual(await compare(same, same), expected);
  });

  it('counts queries by who is better at them', async () => {
    const { better, worse, same, difference } = await compare([1, 1, 0, 0.5], [0, 0.5, 1, 0.5]);
    assert.deepEqual([better, worse, same, difference], [2, 1, 1, 0.125]);
  });

  it('that all queries agree on has the p of their number: 2 of 2 ** n signs are as extreme', async () => {
    const { p } = await compare([0.6, 0.6, 0.6, 0.6, 0.6], [0.5, 0.5, 0.5, 0.5, 0.5]);
    // 10,000 draws: within four standard errors of 2 / 32.
    assert.ok(Math.abs(p - 2 / 32) < 0.01, `${p}`);
  });

  it('that 40 queries agree on has a p near 0, never 0, and an interval away from 0', async () => {
    const first = Array.from({ length: 40 }, (_, i) => 0.5 + i / 100);
    const { p, interval } = await compare(
      first,
      first.map((value) => value - 0.1),
    );
    assert.ok(p > 0 && p < 0.001, `${p}`);
    assert.ok(interval[0] > 0);
  });

  it('the other way round has the other sign, and the same p', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 8 })), {
          minLength: 1,
          maxLength: 20,
        }),
        async (pairs) => {
          const first = pairs.map(([a]) => a / 8);
          const second = pairs.map(([, b]) => b / 8);
          const there = await compare(first, second);
          const back = await compare(second, first);
          assert.equal(there.p, back.p);
          assert.equal(there.difference + back.difference, 0);
          assert.deepEqual([there.better, there.worse], [back.worse, back.better]);
        },
      ),
      RUNS,
    );
  });
});
