import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { logPlot } from '../../benchmarks/log-plot.js';

suite('a logarithmic plot', () => {
  const plot = (points: readonly (readonly [number, number])[]) =>
    logPlot({ title: 'A < B', x: 'papers', y: 'ms', series: [{ name: 'one & all', points }] });

  test('equal ratios are equal distances', () => {
    const svg = plot([
      [1000, 1],
      [10_000, 10],
      [100_000, 100],
    ]);
    const circles = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [
      Number(x),
      Number(y),
    ]);
    const [[x0 = 0, y0 = 0] = [], [x1 = 0, y1 = 0] = [], [x2 = 0, y2 = 0] = []] = circles;
    assert.ok(Math.abs(x1 - x0 - (x2 - x1)) < 0.2 && x1 > x0);
    assert.ok(Math.abs(y1 - y0 - (y2 - y1)) < 0.2 && y1 < y0);
    assert.match(svg, />100k</);
  });

  test('text is escaped', () => {
    const svg = plot([[1, 1]]);
    assert.match(svg, /A &lt; B/);
    assert.match(svg, /one &amp; all/);
  });

  test('what has no logarithm is refused', () => {
    assert.throws(() => plot([[0, 1]]), RangeError);
    assert.throws(() => plot([[1, Number.NaN]]), RangeError);
    assert.throws(() => plot([]), RangeError);
  });
});
