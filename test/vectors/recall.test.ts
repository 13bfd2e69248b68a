import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { indexVectors } from '../../src/build/index-vectors.js';
import { ExactIndex } from '../../src/vectors/exact.js';
import { measureRecall, sampleLabels } from '../../src/vectors/recall.js';
import type { VectorIndex } from '../../src/vectors/vector-index.js';
import { rejectsWith } from '../contract/vector-index.js';
import { clustered } from './clustered.js';
import { type Entry, temporaryFolder, withLabels } from './files.js';

const DIMENSIONS = 8;
const ENTRIES = withLabels(clustered(200, DIMENSIONS, 41));
const QUERIES = clustered(10, DIMENSIONS, 42);
const EXACT = ExactIndex.fromVectors(ENTRIES, DIMENSIONS);

/** An engine that does not find the nearest `missed` neighbours. */
function missing(index: VectorIndex, missed: number): VectorIndex {
  return {
    engine: 'exact',
    size: index.size,
    dimensions: index.dimensions,
    search: async (vector, k) => (await index.search(vector, k + missed)).slice(missed),
    similarities: (vector, labels) => index.similarities(vector, labels),
    vectors: (labels) => index.vectors(labels),
    close: () => index.close(),
  };
}

describe('measureRecall', () => {
  it('is 1 for exhaustive search, and the share that is found for another', async () => {
    assert.deepEqual(await measureRecall(EXACT, EXACT, QUERIES), { recall: 1, k: 10, queries: 10 });
    assert.deepEqual(await measureRecall(missing(EXACT, 3), EXACT, QUERIES, 10), {
      recall: 0.7,
      k: 10,
      queries: 10,
    });
    assert.deepEqual(await measureRecall(missing(EXACT, 5), EXACT, QUERIES, 5), {
      recall: 0,
      k: 5,
      queries: 10,
    });
  });

  it('counts any of several neighbours that tie for the last place', async () => {
    const [query = new Float32Array()] = QUERIES;
    const equal = ENTRIES.map(([label]): Entry => [label, query]);
    const index = ExactIndex.fromVectors(equal, DIMENSIONS);
    assert.equal((await measureRecall(missing(index, 50), index, [query])).recall, 1);
  });

  it('measures against all there are when that is fewer than k, and is 1 where there is nothing to find', async () => {
    const four = ExactIndex.fromVectors(ENTRIES.slice(0, 4), DIMENSIONS);
    assert.equal((await measureRecall(four, four, QUERIES)).recall, 1);
    assert.equal((await measureRecall(missing(four, 1), four, QUERIES)).recall, 0.75);
    const none = ExactIndex.fromVectors([], DIMENSIONS);
    assert.equal((await measureRecall(none, none, QUERIES)).recall, 1);
    assert.deepEqual(await measureRecall(EXACT, EXACT, []), { recall: 1, k: 10, queries: 0 });
    await assert.rejects(measureRecall(EXACT, EXACT, [], 0), rejectsWith('invalid_vector'));
  });
});

describe('a signal that aborts', () => {
  it('ends the measuring between two queries', async () => {
    const stop = new AbortController();
    let searches = 0;
    const counting: VectorIndex = {
      ...missing(EXACT, 0),
      search: (vector, k, options) => {
        if (++searches === 3) stop.abort();
        return EXACT.search(vector, k, options);
      },
    };
    await assert.rejects(measureRecall(counting, EXACT, QUERIES, 10, stop.signal), rejectsWith('cancelled'));
    assert.equal(searches, 3);
  });

  it('ends a build that measures', async (t) => {
    const stop = new AbortController();
    const building = indexVectors(
      ENTRIES.map(([label, vector]) => ({ label, vector })),
      {
        folder: await temporaryFolder(t),
        count: ENTRIES.length,
        dimensions: DIMENSIONS,
        signal: stop.signal,
        onEvent: ({ kind }) => {
          if (kind === 'measuring') stop.abort();
        },
      },
    );
    await assert.rejects(building, rejectsWith('cancelled'));
  });
});

describe('sampleLabels', () => {
  it('spreads evenly over 0 to n - 1, each once', () => {
    assert.deepEqual(sampleLabels(10, 5), [1, 3, 5, 7, 9]);
    assert.deepEqual(sampleLabels(3, 5), [0, 1, 2]);
    assert.deepEqual(sampleLabels(0, 5), []);
    assert.equal(new Set(sampleLabels(1001, 300)).size, 300);
  });
});
