/** Which papers several seeds find, beside scoring every paper: more papers than any pool holds. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { LabelSet } from '../../src/label-set.js';
import { rounded } from '../../src/recommend/answer.js';
import { byBestScore } from '../../src/recommend/by-seeds.js';
import type { Corpus } from '../../src/recommend/corpus.js';
import type { Seed } from '../../src/recommend/seeds.js';
import { ExactIndex } from '../../src/vectors/exact.js';
import { afterFile } from '../support/temporary-folder.js';
import { clustered } from '../vectors/clustered.js';
import { openedCorpus } from './opened.js';
import { scorerOf } from './some-seeds.js';

const file = afterFile();
const SIZE = 3000;
const clusters = clustered(SIZE, 32, 4);
const all = clusters.map((_, label) => label);
const index = ExactIndex.fromVectors(
  clusters.map((vector, label) => [label, vector] as const),
  32,
);
/** As the index holds them, in 16-bit integers. */
const vectors = await index.vectors(all);
let corpus: Corpus;

before(async () => {
  const opened = await openedCorpus(file, [{ id: 'p1', title: 'Only the vectors matter here' }]);
  corpus = { ...opened, vectors: index };
});

function seedsAt(...labels: number[]): Seed[] {
  return labels.map((label) => ({
    label,
    vector: vectorOf(label),
    weight: 1,
    name: { id: String(label) },
    text: '',
  }));
}

function vectorOf(label: number): Float32Array {
  const vector = vectors[label];
  assert.ok(vector);
  return vector;
}

interface Asked {
  positives: Seed[];
  negatives?: Seed[];
  excluded?: ReadonlySet<number>;
  minSimilarity?: number;
  exact?: boolean;
}

async function found(asked: Asked): Promise<number[]> {
  const {
    positives,
    negatives = [],
    excluded = new Set<number>(),
    minSimilarity = -1,
    exact = false,
  } = asked;
  const subset = exact ? LabelSet.of(all) : undefined;
  const narrowing = { subset, excluded, warnings: [] };
  const wanted = { positives, negatives, narrowing, excludedByCaller: excluded.size, minSimilarity, exact };
  return (await byBestScore.find(corpus, wanted, undefined)).map(({ label }) => label);
}

function bruteForce({ positives, negatives = [], excluded, minSimilarity = -1 }: Asked, k: number): number[] {
  const score = scorerOf(positives, negatives);
  return all
    .filter((label) => !excluded?.has(label))
    .map((label) => ({ label, ...score(vectorOf(label)) }))
    .filter(({ similarity }) => rounded(similarity) >= minSimilarity)
    .map(({ label, score: value }) => ({ label, value: rounded(value) }))
    .sort((a, b) => b.value - a.value || a.label - b.label)
    .slice(0, k)
    .map(({ label }) => label);
}

const shared = (a: number[], b: number[]) => a.filter((label) => b.includes(label)).length / a.length;

describe('papers for several seeds', () => {
  const positives = seedsAt(1, 700, 1400, 2100);
  const negatives = seedsAt(50, 51);
  const excluded = new Set(all.filter((label) => label % 3 === 0));

  it('are those that scoring every paper finds, when exactness is asked for', async () => {
    for (const asked of [
      { positives },
      { positives, negatives },
      { positives, negatives, excluded },
      { positives, excluded, minSimilarity: 0.4 },
      { positives: seedsAt(...all.slice(0, 60)), minSimilarity: 0.7 },
    ]) {
      assert.deepEqual(await found({ ...asked, exact: true }), bruteForce(asked, 128));
    }
  });

  it('are nearly those otherwise, also when one interest has its nearest excluded', async () => {
    const score = scorerOf(positives.slice(0, 1), []);
    const nearest = all.toSorted((a, b) => score(vectorOf(b)).score - score(vectorOf(a)).score).slice(0, 190);
    for (const asked of [
      { positives },
      { positives, negatives },
      { positives, excluded: new Set(nearest) },
    ]) {
      assert.ok(shared(bruteForce(asked, 10), (await found(asked)).slice(0, 10)) >= 0.9);
      assert.ok(shared(bruteForce(asked, 50), (await found(asked)).slice(0, 50)) >= 0.8);
    }
  });
});
