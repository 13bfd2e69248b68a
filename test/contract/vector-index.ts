/** What every VectorIndex must do, whatever engine runs behind it. */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { type ErrorCode, NearpaperError } from '../../src/errors.js';
import { LabelSet } from '../../src/label-set.js';
import type { Neighbour, VectorIndex } from '../../src/vectors/vector-index.js';
import { clustered } from '../vectors/clustered.js';
import { type Entry, withLabels } from '../vectors/files.js';
import { quantised, similarity } from '../vectors/quantised.js';

export interface VectorIndexUnderTest {
  name: string;
  /** An index of these vectors. `poolSize`: the most neighbours that are asked for. */
  open(t: TestContext, entries: readonly Entry[], dimensions: number, poolSize: number): Promise<VectorIndex>;
  /** Least recall@10 on clustered vectors; 1 for exhaustive search. */
  recall: number;
  /** Whether an index without vectors can be had. */
  empty: boolean;
}

/** The truth: brute force over vectors quantised without the code under test, best first, ties by label. */
export function bruteForce(entries: readonly Entry[], query: Float32Array, k: number): Neighbour[] {
  const asked = quantised(query);
  return entries
    .map(([label, vector]) => ({ label, similarity: similarity(asked, quantised(vector)) }))
    .sort((a, b) => b.similarity - a.similarity || a.label - b.label)
    .slice(0, k);
}

/** An index keeps 16 bits of each number: it is off by half of the largest / 32,639, and a hair for the length. */
export function assertClose(found: Float32Array | undefined, wanted: Float32Array): void {
  const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  assert.equal(found?.length, wanted.length);
  found?.forEach((value, at) => {
    assert.ok(Math.abs(value - (wanted[at] ?? 0)) < largest / 30_000, `${value} for ${wanted[at]}`);
  });
}

export function rejectsWith(code: ErrorCode) {
  return (thrown: unknown): boolean => {
    assert.ok(thrown instanceof NearpaperError, String(thrown));
    assert.equal(thrown.code, code, thrown.message);
    return true;
  };
}

const DIMENSIONS = 24;

export function vectorIndexContract(subject: VectorIndexUnderTest): void {
  describe(`VectorIndex: ${subject.name}`, () => {
    searchContract(subject);
    recallContract(subject);
    subsetContract(subject);
    similaritiesContract(subject);
    refusalContract(subject);
    signalContract(subject);
    closeContract(subject);
  });
}

function searchContract({ open, empty }: VectorIndexUnderTest): void {
  const entries = withLabels(clustered(60, DIMENSIONS, 1));
  const queries = clustered(20, DIMENSIONS, 2);

  it('says how many vectors of how many dimensions it holds', async (t) => {
    const index = await open(t, entries, DIMENSIONS, 100);
    assert.deepEqual([index.size, index.dimensions], [60, DIMENSIONS]);
  });

  it('finds the k nearest, best first', async (t) => {
    const index = await open(t, entries, DIMENSIONS, 100);
    for (const query of queries) {
      assert.deepEqual(await index.search(query, 10), bruteForce(entries, query, 10));
    }
  });

  it('finds every vector by itself, with similarity 1', async (t) => {
    const index = await open(t, entries, DIMENSIONS, 100);
    for (const [label, vector] of entries) {
      const [first] = await index.search(vector, 1);
      assert.equal(first?.label, label);
      assert.ok(Math.abs((first?.similarity ?? 0) - 1) < 1e-6);
    }
  });

  it('returns all it has when k is larger, however large', async (t) => {
    const index = await open(t, entries, DIMENSIONS, 100);
    for (const k of [60, 61, 1000, Number.MAX_SAFE_INTEGER]) {
      assert.equal((await index.search(entries[0]?.[1] ?? new Float32Array(), k)).length, 60);
    }
  });

  it('returns fewer neighbours as the beginning of more', async (t) => {
    const many = withLabels(clustered(400, DIMENSIONS, 3));
    const index = await open(t, many, DIMENSIONS, 50);
    const seeds = fc.record({ seed: fc.nat(10_000), k: fc.integer({ min: 1, max: 49 }) });
    await fc.assert(
      fc.asyncProperty(seeds, async ({ seed, k }) => {
        const [query = new Float32Array()] = clustered(1, DIMENSIONS, seed);
        assert.deepEqual((await index.search(query, k + 1)).slice(0, k), await index.search(query, k));
      }),
      { numRuns: 60 },
    );
  });

  it('finds k with true similarities, best first, and most of the nearest, with however little effort', async (t) => {
    const many = withLabels(clustered(2000, DIMENSIONS, 3));
    const held = new Map(many);
    const index = await open(t, many, DIMENSIONS, 50);
    for (const effort of [1, 16, 64]) {
      let shared = 0;
      for (let query = 0; query < 40; query++) {
        const [vector = new Float32Array()] = clustered(1, DIMENSIONS, 500 + query);
        const found = await index.search(vector, 10, { effort });
        const labels = found.map(({ label }) => label);
        assert.equal(new Set(labels).size, 10);
        const [first, last] = [found[0], found.at(-1)];
        assert.ok(first && last && first.similarity >= last.similarity && held.has(first.label));
        assert.deepEqual(
          await index.similarities(vector, labels),
          found.map(({ similarity }) => similarity),
        );
        const nearest = await index.search(vector, 10, { exact: true });
        shared += nearest.filter(({ label }) => labels.includes(label)).length / 400;
      }
      assert.ok(shared > 0.7, `${effort}: ${shared}`);
    }
  });

  it('orders equal vectors by label, at most similarity 1', async (t) => {
    const [vector = new Float32Array(), other = new Float32Array()] = clustered(2, DIMENSIONS, 4);
    const equal = [9, 2, 7, 4].map((label): Entry => [label, vector]);
    const index = await open(t, [...equal, [1, other]], DIMENSIONS, 100);
    const found = await index.search(vector, 4);
    assert.deepEqual(
      found.map(({ label }) => label),
      [2, 4, 7, 9],
    );
    assert.ok(found.every(({ similarity }) => similarity <= 1));
    const inside = await index.search(vector, 2, { subset: LabelSet.of([9, 7, 4, 2]) });
    assert.deepEqual(inside, found.slice(0, 2));
    assert.deepEqual(
      (await index.search(vector, 2)).map(({ label }) => label),
      [2, 4],
    );
  });

  it('returns k neighbours also among hundreds of equal vectors', async (t) => {
    const [vector = new Float32Array()] = clustered(1, DIMENSIONS, 5);
    const rest = clustered(40, DIMENSIONS, 6);
    const equal = Array.from({ length: 300 }, (): Float32Array => vector);
    const all = withLabels([...equal, ...rest]);
    const index = await open(t, all, DIMENSIONS, 50);
    for (const query of [vector, ...rest]) assert.equal((await index.search(query, 50)).length, 50);
  });

  it('answers searches at the same time as one after the other', async (t) => {
    const index = await open(t, entries, DIMENSIONS, 100);
    const together = await Promise.all(queries.map((query) => index.search(query, 5)));
    for (const [i, query] of queries.entries()) assert.deepEqual(together[i], await index.search(query, 5));
  });

  it('gives stored vectors back, as copies', async (t) => {
    const index = await open(t, entries, DIMENSIONS, 100);
    const [label, vector] = entries[5] ?? [0, new Float32Array()];
    const [none, mine, again] = await index.vectors([4, label, label]);
    assert.equal(none, undefined);
    assert.ok(mine !== undefined && again !== undefined);
    assertClose(mine, vector);
    assert.deepEqual(again, mine);
    mine.fill(0);
    assertClose(again, vector);
    assert.deepEqual(await index.vectors([label]), [again]);
    assert.deepEqual(await index.vectors([-1, 0.5, Number.NaN, 2 ** 40]), [
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    assert.deepEqual(await index.vectors([]), []);
  });

  it('holds the smallest and the largest label, and a single vector', async (t) => {
    const [a = new Float32Array(), b = new Float32Array()] = clustered(2, DIMENSIONS, 7);
    const extremes = await open(
      t,
      [
        [0xffff_ffff, a],
        [0, b],
      ],
      DIMENSIONS,
      10,
    );
    assert.equal((await extremes.search(a, 1))[0]?.label, 0xffff_ffff);
    const [last, first] = await extremes.vectors([0xffff_ffff, 0]);
    assertClose(last, a);
    assertClose(first, b);
    const single = await open(t, [[42, a]], DIMENSIONS, 10);
    assert.deepEqual(
      (await single.search(b, 3)).map(({ label }) => label),
      [42],
    );
  });

  it('answers with nothing when it is empty', { skip: !empty }, async (t) => {
    const index = await open(t, [], DIMENSIONS, 10);
    const [query = new Float32Array()] = queries;
    assert.deepEqual(await index.search(query, 10), []);
    assert.deepEqual(await index.search(query, 10, { subset: LabelSet.of([1]) }), []);
    assert.deepEqual(await index.vectors([1]), [undefined]);
  });
}

function recallContract({ open, recall }: VectorIndexUnderTest): void {
  const entries = withLabels(clustered(2000, DIMENSIONS, 8));
  const queries = clustered(50, DIMENSIONS, 9);
  /** The share of the true k nearest among `inside` that is found. */
  const recallOf = async (index: VectorIndex, k: number, inside: readonly Entry[], subset?: LabelSet) => {
    let hits = 0;
    for (const query of queries) {
      const truth = new Set(bruteForce(inside, query, k).map(({ label }) => label));
      const found = await index.search(query, k, { subset });
      assert.equal(found.length, Math.min(k, inside.length));
      hits += found.filter(({ label }) => truth.has(label)).length;
    }
    return hits / (k * queries.length);
  };

  it(`has a recall@10 of at least ${recall} among 2000`, async (t) => {
    const index = await open(t, entries, DIMENSIONS, 40);
    const found = await recallOf(index, 10, entries);
    assert.ok(found >= recall, `recall ${found}`);
  });

  it('has no less within a half and within nine tenths, drawn at random or near to and far from one vector', async (t) => {
    const index = await open(t, entries, DIMENSIONS, 10);
    const [[, centre] = [0, new Float32Array()]] = entries;
    const byNearness = bruteForce(entries, centre, entries.length).map(({ label }) => label);
    const inNoOrder = entries
      .map(([label]) => label)
      .sort((a, b) => ((a * 7919) % 4001) - ((b * 7919) % 4001));
    for (const order of [inNoOrder, byNearness, byNearness.toReversed()]) {
      for (const share of [0.1, 0.5, 0.9]) {
        const subset = LabelSet.of(order.slice(0, share * entries.length));
        const inside = entries.filter(([label]) => subset.has(label));
        for (const k of [10, 30]) {
          const found = await recallOf(index, k, inside, subset);
          assert.ok(found >= recall, `recall@${k} ${found} in ${share}`);
        }
      }
    }
  });
}

function subsetContract({ open }: VectorIndexUnderTest): void {
  it('agrees with brute force within a subset, and with brute force over all when exact', async (t) => {
    const entries = withLabels(clustered(500, DIMENSIONS, 10));
    const index = await open(t, entries, DIMENSIONS, 20);
    const labels = entries.map(([label]) => label);
    const given = fc.record({
      seed: fc.nat(10_000),
      k: fc.integer({ min: 1, max: 520 }),
      // Labels that are not held, 1 and 2 and 9, are among them.
      subset: fc.oneof(
        fc.uniqueArray(fc.constantFrom(1, 2, 9, ...labels), { maxLength: 30 }),
        fc.shuffledSubarray([1, 2, 9, ...labels]),
      ),
    });
    await fc.assert(
      fc.asyncProperty(given, async ({ seed, k, subset }) => {
        const [query = new Float32Array()] = clustered(1, DIMENSIONS, seed);
        const wanted = LabelSet.of(subset);
        const inside = entries.filter(([label]) => wanted.has(label));
        const found = await index.search(query, k, { subset: wanted });
        assert.deepEqual(found, bruteForce(inside, query, k));
        assert.deepEqual(await index.search(query, k, { exact: true }), bruteForce(entries, query, k));
      }),
      { numRuns: 60 },
    );
  });

  it('gives a pair one similarity, whichever way it is found', async (t) => {
    const entries = withLabels(clustered(300, DIMENSIONS, 11));
    const index = await open(t, entries, DIMENSIONS, 20);
    for (const query of clustered(10, DIMENSIONS, 12)) {
      const found = await index.search(query, 10);
      const labels = found.map(({ label }) => label);
      assert.deepEqual(await index.search(query, 10, { subset: LabelSet.of(labels) }), found);
      assert.deepEqual(
        await index.similarities(query, labels),
        found.map(({ similarity }) => similarity),
      );
    }
  });

  it('finds nothing in an empty subset', async (t) => {
    const index = await open(t, withLabels(clustered(10, DIMENSIONS, 13)), DIMENSIONS, 20);
    const [query = new Float32Array()] = clustered(1, DIMENSIONS, 14);
    assert.deepEqual(await index.search(query, 5, { subset: LabelSet.of([]) }), []);
  });
}

function similaritiesContract({ open }: VectorIndexUnderTest): void {
  const entries = withLabels(clustered(200, DIMENSIONS, 23));
  const labels = entries.map(([label]) => label);

  it('gives the similarities of any labels in their order, as a search gives them', async (t) => {
    const index = await open(t, entries, DIMENSIONS, 20);
    const asked = fc.array(fc.constantFrom(4, 1e9, -1, 0.5, Number.NaN, 2 ** 40, ...labels), {
      maxLength: 250,
    });
    for (const query of clustered(5, DIMENSIONS, 24)) {
      const all = await index.search(query, entries.length, { exact: true });
      const truth = new Map(all.map(({ label, similarity }) => [label, similarity]));
      await fc.assert(
        fc.asyncProperty(asked, async (given) => {
          assert.deepEqual(
            await index.similarities(query, given),
            given.map((label) => truth.get(label)),
          );
        }),
        { numRuns: 20 },
      );
    }
  });

  it('gives no similarity above 1', async (t) => {
    const index = await open(t, entries, DIMENSIONS, 20);
    for (const [label, vector] of entries) {
      const [same = 2] = await index.similarities(vector, [label]);
      assert.ok(same <= 1 && same > 1 - 1e-6, `${same}`);
    }
  });

  it('refuses a query that is no unit vector of its dimensions', async (t) => {
    const index = await open(t, entries, DIMENSIONS, 20);
    const [good = new Float32Array()] = clustered(1, DIMENSIONS, 25);
    for (const bad of [good.slice(1), good.map((value) => value * 1.1), good.with(3, Number.NaN)]) {
      await assert.rejects(index.similarities(bad, [3]), rejectsWith('invalid_vector'));
    }
  });
}

function refusalContract({ open }: VectorIndexUnderTest): void {
  it('refuses queries that are not unit vectors of its dimensions', async (t) => {
    const index = await open(t, withLabels(clustered(10, DIMENSIONS, 15)), DIMENSIONS, 20);
    const [good = new Float32Array()] = clustered(1, DIMENSIONS, 16);
    const bad: Record<string, Float32Array> = {
      'too short': good.slice(1),
      'too long': Float32Array.of(...good, 0),
      empty: new Float32Array(0),
      'all zeros': new Float32Array(DIMENSIONS),
      'not of length 1': good.map((value) => value * 1.1),
      NaN: good.with(3, Number.NaN),
      infinite: good.with(3, Number.POSITIVE_INFINITY),
    };
    for (const [what, query] of Object.entries(bad)) {
      for (const options of [{}, { exact: true }, { subset: LabelSet.of([3]) }]) {
        await assert.rejects(index.search(query, 3, options), rejectsWith('invalid_vector'), what);
      }
    }
  });

  it('refuses a k that is not a whole number of at least 1', async (t) => {
    const index = await open(t, withLabels(clustered(10, DIMENSIONS, 17)), DIMENSIONS, 20);
    const [query = new Float32Array()] = clustered(1, DIMENSIONS, 18);
    for (const k of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const options of [{}, { exact: true }, { subset: LabelSet.of([3]) }]) {
        await assert.rejects(index.search(query, k, options), rejectsWith('invalid_vector'), `k ${k}`);
      }
    }
  });
}

function signalContract({ open }: VectorIndexUnderTest): void {
  const entries = withLabels(clustered(60, DIMENSIONS, 21));
  const [query = new Float32Array()] = clustered(1, DIMENSIONS, 22);
  const searches = [
    {},
    { exact: true },
    { subset: LabelSet.of(entries.slice(0, 9).map(([label]) => label)) },
  ];

  it('does not begin for a signal that has aborted, and says why', async (t) => {
    const index = await open(t, entries, DIMENSIONS, 20);
    const signal = AbortSignal.abort(new Error('gone'));
    for (const options of searches) {
      await assert.rejects(index.search(query, 5, { ...options, signal }), (thrown) => {
        assert.equal((thrown as Error).cause, signal.reason);
        return rejectsWith('cancelled')(thrown);
      });
    }
  });

  it('answers under a signal as without, and leaves no listener on it', async (t) => {
    const index = await open(t, entries, DIMENSIONS, 20);
    const { signal } = new AbortController();
    for (const options of searches) {
      const found = await index.search(query, 5, { ...options, signal });
      assert.deepEqual(found, await index.search(query, 5, options));
    }
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  it('refuses none of hundreds of short searches at once', async (t) => {
    const index = await open(t, entries, DIMENSIONS, 20);
    for (const options of searches) {
      const found = await Promise.all(Array.from({ length: 300 }, () => index.search(query, 5, options)));
      assert.deepEqual(found[299], found[0]);
    }
  });
}

function closeContract({ open }: VectorIndexUnderTest): void {
  it('finishes what has begun and refuses the rest once closed', async (t) => {
    const entries = withLabels(clustered(3000, DIMENSIONS, 19));
    const index = await open(t, entries, DIMENSIONS, 20);
    const [query = new Float32Array()] = clustered(1, DIMENSIONS, 20);
    const expected = await index.search(query, 5, { exact: true });
    const searches = [{}, { exact: true }, { subset: LabelSet.of(expected.map(({ label }) => label)) }];
    const underWay = searches.map((options) => index.search(query, 5, options));
    await index.close();
    assert.deepEqual((await Promise.all(underWay))[1], expected);
    for (const options of searches)
      await assert.rejects(index.search(query, 5, options), rejectsWith('not_ready'));
    await assert.rejects(index.vectors([3]), rejectsWith('not_ready'));
    await assert.rejects(index.similarities(query, [3]), rejectsWith('not_ready'));
    await index.close();
  });
}
