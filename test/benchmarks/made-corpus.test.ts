import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { MadeCorpus, unit } from '../../benchmarks/made-corpus.js';

/** Twelve papers on a circle; each one's nearest are those beside it. */
function circle(): MadeCorpus {
  const count = 12;
  const texts = Array.from({ length: count }, (_, i) => ({
    title: `Title number ${i}`,
    abstract: `First of ${i}. Second of ${i}. Third of ${i}.`,
  }));
  const angle = (row: number) => (2 * Math.PI * row) / count;
  const vector = (row: number) => Float32Array.of(Math.cos(angle(row)), Math.sin(angle(row)));
  const nearest = Uint32Array.from({ length: count * 10 }, (_, at) => {
    const row = Math.floor(at / 10);
    const step = Math.floor((at % 10) / 2) + 1;
    return (row + (at % 2 === 0 ? step : count - step)) % count;
  });
  return new MadeCorpus({ texts, dimensions: 2, vector }, nearest);
}

suite('a made corpus', () => {
  const corpus = circle();

  test('begins with the real papers as they are', () => {
    assert.deepEqual(corpus.vector(3), circle().vector(3));
    assert.deepEqual([corpus.paper(3).title, corpus.paper(3).id], ['Title number 3', 'made-3']);
  });

  test('a further paper lies between its two parents, on the unit circle', () => {
    for (let row = 12; row < 12 * 11; row++) {
      const made = corpus.vector(row);
      assert.ok(Math.abs(Math.hypot(...made) - 1) < 1e-6, `row ${row}`);
      const first = corpus.vector(row % 12);
      const cosine = (made[0] ?? 0) * (first[0] ?? 0) + (made[1] ?? 0) * (first[1] ?? 0);
      assert.ok(cosine < 0.9999, `row ${row} is its first parent`);
    }
    // Between 0 and its nearest, which is 1: within the first twelfth of the circle.
    const [x = 0, y = 0] = corpus.vector(12);
    assert.ok(Math.atan2(y, x) > 0 && Math.atan2(y, x) < Math.PI / 6);
  });

  test('its text is of both parents, and no two papers share one', () => {
    assert.equal(corpus.paper(12).abstract, 'First of 0. Second of 1. Third of 0.');
    const titles = Array.from(
      { length: 600 },
      (_, row) => corpus.paper(row).title + corpus.paper(row).abstract,
    );
    assert.equal(new Set(titles).size, titles.length);
    assert.match(corpus.paper(599).published, /^20(?:1[5-9]|2[0-4])-\d\d-\d\d$/);
  });

  test('a unit vector keeps its direction', () => {
    assert.deepEqual(
      Array.from(unit(Float32Array.of(3, 4)), (value) => value.toFixed(3)),
      ['0.600', '0.800'],
    );
  });
});
