import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { calibrate } from '../../src/build/calibrate.js';
import {
  type Calibration,
  countWords,
  fitFloor,
  fitPercentiles,
  floorAt,
  isNoGoodMatch,
  kindOfText,
  percentileOf,
  SIMILARITY_STEPS,
  stepOf,
} from '../../src/recommend/calibration.js';
import { ExactIndex } from '../../src/vectors/exact.js';

const similarity = fc.double({ min: -1, max: 1, noNaN: true });

function countsOf(similarities: readonly number[]): Uint32Array {
  const counts = new Uint32Array(SIMILARITY_STEPS);
  for (const value of similarities) counts[stepOf(value)] = (counts[stepOf(value)] ?? 0) + 1;
  return counts;
}

function calibrationOf(similarities: readonly number[]): Calibration {
  return { percentiles: { paper: fitPercentiles(countsOf(similarities)), text: null }, floor: null };
}

describe('percentiles', () => {
  it('never fall as the similarity rises, and stay within 0 and 100', () => {
    fc.assert(
      fc.property(
        fc.array(similarity, { minLength: 1, maxLength: 300 }),
        similarity,
        similarity,
        (pairs, a, b) => {
          const calibration = calibrationOf(pairs);
          const low = percentileOf(calibration, 'paper', Math.min(a, b)) ?? Number.NaN;
          const high = percentileOf(calibration, 'paper', Math.max(a, b)) ?? Number.NaN;
          assert.ok(0 <= low && low <= high && high <= 100, `${low} ${high}`);
        },
      ),
    );
  });

  it('are the share of pairs that are less similar', () => {
    const even = calibrationOf(Array.from({ length: 10_000 }, (_, i) => i / 10_000));
    assert.equal(percentileOf(even, 'paper', 0.25), 25);
    assert.equal(percentileOf(even, 'paper', 0.5), 50);
    assert.equal(percentileOf(even, 'paper', 0.99), 99);
    assert.equal(percentileOf(even, 'paper', 0.998), 99.8);
    assert.ok(Math.abs((percentileOf(even, 'paper', 0.9985) ?? 0) - 99.85) <= 0.011);
  });

  it('are 100 only above every pair, and 0 up to the least', () => {
    const calibration = calibrationOf([0.1, 0.2, 0.3, 0.4]);
    assert.equal(percentileOf(calibration, 'paper', 0.41), 100);
    assert.equal(percentileOf(calibration, 'paper', 0.4), 75);
    assert.equal(percentileOf(calibration, 'paper', 0.1), 0);
    assert.equal(percentileOf(calibration, 'paper', -1), 0);
  });

  it('tell nearest neighbours apart where two decimals would not', () => {
    // One pair in 100,000 reaches .9, ten reach .8.
    const pairs = Array.from({ length: 100_000 }, (_, i) => (i === 0 ? 0.9 : i < 10 ? 0.8 : 0.3));
    const calibration = calibrationOf(pairs);
    assert.equal(percentileOf(calibration, 'paper', 0.8), 99.99);
    assert.equal(percentileOf(calibration, 'paper', 0.9), 99.999);
  });

  it('are unknown without pairs', () => {
    assert.equal(percentileOf(calibrationOf([]), 'paper', 0.5), null);
  });
});

describe('words', () => {
  it('are runs of letters, and single characters in scripts without spaces', () => {
    assert.equal(countWords('Low-rank adaptation, 4 bits'), 5);
    assert.equal(countWords('语言模型'), 4);
    assert.equal(countWords('?!'), 1);
  });

  it('decide what a text is compared with', () => {
    assert.equal(kindOfText(10), 'text');
    assert.equal(kindOfText(150), 'paper');
  });
});

/** `count` samples of this length, similarities evenly spread from `least` to `most`. */
function samplesOf(count: number, words: number, least: number, most: number) {
  return Array.from({ length: count }, (_, i) => ({
    words,
    similarity: least + ((most - least) * i) / (count - 1),
  }));
}

describe('noGoodMatch', () => {
  const floor = fitFloor(samplesOf(200, 10, 0.4, 0.8), samplesOf(200, 160, 0.6, 0.9));
  assert.ok(floor);
  const calibration: Calibration = { percentiles: { paper: null, text: null }, floor };

  it('begins at the first percentile of titles and of abstracts', () => {
    // The pooled samples are alike once standardised, so the fourth least of 400 is the second least of each kind.
    assert.ok(Math.abs(floorAt(floor, { words: 10, similarity: 0 }) - 0.402) < 1e-3);
    assert.ok(Math.abs(floorAt(floor, { words: 160, similarity: 0 }) - 0.6015) < 1e-3);
  });

  it('begins lower for shorter texts, and no higher beyond the length of abstracts', () => {
    // Four doublings between the two kinds: a quarter of the way each.
    assert.ok(Math.abs(floorAt(floor, { words: 40, similarity: 0 }) - 0.5018) < 1e-3);
    assert.ok(Math.abs(floorAt(floor, { words: 5, similarity: 0 }) - 0.3521) < 1e-3);
    assert.equal(
      floorAt(floor, { words: 5000, similarity: 0 }),
      floorAt(floor, { words: 160, similarity: 0 }),
    );
  });

  it('makes no allowance for a short text of which the corpus knows no word', () => {
    assert.equal(isNoGoodMatch(calibration, { words: 1, similarity: 0.35 }), false);
    assert.equal(isNoGoodMatch(calibration, { words: 1, similarity: 0.35, knownWords: false }), true);
    assert.equal(isNoGoodMatch(calibration, { words: 1, similarity: 0.45, knownWords: false }), false);
  });

  it('does not fall with the length even where abstracts have less similar neighbours than titles', () => {
    const turned = fitFloor(samplesOf(50, 10, 0.6, 0.9), samplesOf(50, 160, 0.3, 0.7));
    assert.ok(turned);
    assert.ok(floorAt(turned, { words: 3, similarity: 0 }) <= floorAt(turned, { words: 200, similarity: 0 }));
  });

  it('holds one floor for every length where there are only titles', () => {
    const titles = fitFloor(samplesOf(50, 8, 0.3, 0.7), []);
    assert.ok(titles && titles.abstract === null);
    assert.equal(
      floorAt(titles, { words: 1, similarity: 0 }),
      floorAt(titles, { words: 300, similarity: 0 }),
    );
    assert.ok(Math.abs(titles.title.similarity - 0.3) < 1e-3);
  });

  it('is never said where fewer than twenty titles could be sampled', () => {
    assert.equal(fitFloor(samplesOf(19, 8, 0.3, 0.7), samplesOf(500, 150, 0.5, 0.8)), null);
    assert.equal(isNoGoodMatch({ ...calibration, floor: null }, { words: 3, similarity: -1 }), false);
  });
});

/** Papers on a circle; a title's vector is its paper's, turned a little. */
function circleOf(count: number) {
  const at = (angle: number) => Float32Array.of(Math.cos(angle), Math.sin(angle));
  const labels = Array.from({ length: count }, (_, i) => 2 * i + 1);
  return {
    labels,
    vectors: ExactIndex.fromVectors(
      labels.map((label) => [label, at(label / 40)] as const),
      2,
    ),
    embedder: {
      embedQuery: async (text: string) => ({
        vector: at(Number(text.slice(6)) / 40 + 0.01),
        truncated: false,
      }),
    },
    papersOf: async (wanted: readonly number[]) =>
      wanted.map((label) => ({ title: `Paper ${label}`, abstract: 'One two three four five six seven.' })),
    signal: new AbortController().signal,
  };
}

describe('calibrating a corpus', () => {
  it('says nothing of a corpus without pairs', async () => {
    for (const count of [0, 1]) {
      assert.deepEqual(await calibrate(circleOf(count)), {
        percentiles: { paper: null, text: null },
        floor: null,
      });
    }
  });

  it('compares the two papers of a corpus of two, and marks nothing', async () => {
    const calibration = await calibrate(circleOf(2));
    assert.equal(calibration.percentiles.paper?.pairs, 2);
    assert.equal(isNoGoodMatch(calibration, { words: 2, similarity: -1 }), false);
  });

  it('leaves a paper itself out, and no more than one in twenty of the papers of a small corpus would be marked', async () => {
    const corpus = circleOf(47);
    const calibration = await calibrate(corpus);
    assert.equal(calibration.percentiles.paper?.pairs, 47 * 46);
    assert.equal(calibration.percentiles.text?.pairs, 47 * 46);
    let marked = 0;
    for (const label of corpus.labels) {
      const { vector } = await corpus.embedder.embedQuery(`Paper ${label}`);
      const near = (await corpus.vectors.search(vector, 2)).find((found) => found.label !== label);
      if (isNoGoodMatch(calibration, { words: 2, similarity: near?.similarity ?? 0 })) marked++;
    }
    assert.ok(marked <= 2, `${marked} marked`);
    assert.equal(isNoGoodMatch(calibration, { words: 2, similarity: 0 }), true);
  });

  it('is the same every time and survives JSON', async () => {
    const calibration = await calibrate(circleOf(60));
    assert.deepEqual(await calibrate(circleOf(60)), calibration);
    assert.deepEqual(JSON.parse(JSON.stringify(calibration)), calibration);
  });

  it('stops when asked to', async () => {
    const signal = AbortSignal.abort();
    await assert.rejects(calibrate({ ...circleOf(47), signal }), { code: 'cancelled' });
  });
});
