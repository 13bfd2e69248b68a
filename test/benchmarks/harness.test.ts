import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  alternate,
  atLeast,
  atMost,
  median,
  medianRatio,
  quantile,
  readArguments,
  zipfDraws,
} from '../../benchmarks/harness.js';

suite('the arithmetic of benchmarks', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);

  test('a quantile is the smallest value that so many do not exceed', () => {
    assert.equal(quantile(hundred, 0.99), 99);
    assert.equal(quantile(hundred, 0.5), 50);
    assert.equal(quantile(hundred, 1), 100);
    assert.equal(quantile(hundred, 0), 1);
    assert.equal(quantile([7], 0.99), 7);
    assert.equal(median([3, 1, 2]), 2);
    assert.ok(Number.isNaN(quantile([], 0.5)));
  });

  test('one slow round does not move a ratio of rounds', () => {
    assert.equal(medianRatio([2, 200, 4], [1, 1, 2]), 2);
    assert.equal(medianRatio([20, 2, 20], [10, 1, 10]), 2);
  });

  test('Zipf draws are the same every time, within their items, and fall off as 1 / rank', () => {
    const draws = zipfDraws(50_000, 1000);
    assert.deepEqual(draws, zipfDraws(50_000, 1000));
    assert.notDeepEqual(draws, zipfDraws(50_000, 1000, 2));
    assert.ok(draws.every((draw) => Number.isInteger(draw) && draw >= 0 && draw < 1000));
    const times = (item: number) => draws.filter((draw) => draw === item).length;
    // 50,000 / 7.485, the sum of 1 / rank to 1,000; the bounds are four standard deviations.
    assert.ok(Math.abs(times(0) - 6680) < 310, `${times(0)}`);
    assert.ok(Math.abs(times(9) - 668) < 104, `${times(9)}`);
    assert.deepEqual(zipfDraws(3, 1), [0, 0, 0]);
  });

  test('ways take turns, and every other round in the opposite order', async () => {
    const ran: string[] = [];
    const times = await alternate(3, {
      a: (round) => ran.push(`a${round}`),
      b: async (round) => ran.push(`b${round}`),
    });
    assert.deepEqual(ran, ['a0', 'b0', 'b1', 'a1', 'a2', 'b2']);
    assert.deepEqual([times.a.length, times.b.length], [3, 3]);
    assert.ok([...times.a, ...times.b].every((time) => time >= 0));
  });

  test('a row is ok when it reaches its target, and never when nothing was measured', () => {
    const row = (measured: number | null) => ({ what: 'this', against: 'that', measured });
    assert.deepEqual(
      [2.9, 3, Number.NaN, null].map((measured) => atLeast(3, row(measured)).ok),
      [false, true, false, false],
    );
    assert.deepEqual(
      [3, 3.1, Number.NaN, null].map((measured) => atMost(3, row(measured)).ok),
      [true, false, false, false],
    );
  });

  test('arguments are read, and one that there is not is refused', () => {
    const { options, json, only } = readArguments(['--sizes', '10,200', '--quick', '--only', 'a,b']);
    assert.deepEqual([options.sizes, options.quick, json, only], [[10, 200], true, false, ['a', 'b']]);
    assert.throws(() => readArguments(['--size', '10']), /--size/);
  });
});
