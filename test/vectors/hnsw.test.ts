import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { LabelSet } from '../../src/label-set.js';
import { openExactIndex } from '../../src/vectors/exact-file.js';
import { HnswIndex, openHnswIndex } from '../../src/vectors/hnsw.js';
import { HnswIndexWriter } from '../../src/vectors/hnsw-writer.js';
import { measureRecall } from '../../src/vectors/recall.js';
import { assertSameNeighbours, bruteForce } from '../contract/vector-index.js';
import { clustered } from './clustered.js';
import { hnswlib, temporaryFolder, withLabels, writeExact, writeHnsw } from './files.js';

const DIMENSIONS = 48;
const ENTRIES = withLabels(clustered(3000, DIMENSIONS, 21));
const QUERIES = clustered(40, DIMENSIONS, 22);

async function openers(t: TestContext): Promise<(ef: number, poolSize: number) => Promise<HnswIndex>> {
  const folder = await temporaryFolder(t);
  const exactFacts = await writeExact(folder, ENTRIES, DIMENSIONS);
  const facts = await writeHnsw(folder, ENTRIES, DIMENSIONS);
  return async (ef, poolSize) => {
    const exact = await openExactIndex(folder, exactFacts);
    return openHnswIndex(await hnswlib(), folder, { ...facts, ef }, { exact, poolSize });
  };
}

/** An index over ENTRIES that notes how many candidates its graph is asked for. */
async function watched(t: TestContext, ef: number): Promise<{ index: HnswIndex; asked: number[] }> {
  const folder = await temporaryFolder(t);
  const exact = await openExactIndex(folder, await writeExact(folder, ENTRIES, DIMENSIONS));
  const { file } = await writeHnsw(folder, ENTRIES, DIMENSIONS);
  const native = new (await hnswlib()).HierarchicalNSW('ip', DIMENSIONS);
  await native.readIndex(join(folder, file));
  const asked: number[] = [];
  const search = native.searchKnn.bind(native);
  const noting = (vector: number[], k: number) => {
    asked.push(k);
    return search(vector, k);
  };
  Object.defineProperty(native, 'searchKnn', { value: noting });
  return { index: new HnswIndex(native, exact, ef), asked };
}

describe('HnswIndex', () => {
  it('searches with the ef of the manifest after loading, which hnswlib resets to 10', async (t) => {
    const open = await openers(t);
    const recalls: number[] = [];
    for (const ef of [10, 200]) {
      const index = await open(ef, 1);
      assert.equal(index.ef, ef);
      recalls.push((await measureRecall(index, index, QUERIES, 10)).recall);
      await index.close();
    }
    const [atTen = 1, atTwoHundred = 0] = recalls;
    assert.ok(atTwoHundred >= 0.99, `recall ${atTwoHundred} at ef 200`);
    assert.ok(atTen < atTwoHundred - 0.02, `recall ${atTen} at ef 10`);
  });

  it('never looks at fewer candidates than a request can ask for', async (t) => {
    const index = await (await openers(t))(10, 150);
    assert.equal(index.ef, 150);
    for (const query of QUERIES) assert.equal((await index.search(query, 150)).length, 150);
  });

  it('returns all that is asked for from a graph whose parts do not all hang together', async (t) => {
    const folder = await temporaryFolder(t);
    const module = await hnswlib();
    const entries = ENTRIES.slice(0, 1000);
    const settings = { M: 2, efConstruction: 1 };
    const writer = new HnswIndexWriter(module, folder, {
      dimensions: DIMENSIONS,
      capacity: 1000,
      ...settings,
    });
    for (const [label, vector] of entries) writer.add(label, vector);
    const facts = { ...(await writer.commit()), ...settings, ef: 1000 };
    const [query = new Float32Array()] = QUERIES;
    const native = new module.HierarchicalNSW('ip', DIMENSIONS);
    await native.readIndex(join(folder, facts.file));
    assert.ok(native.searchKnn(Array.from(query), 1000).neighbors.length < 1000, 'this graph hangs together');

    const exact = await openExactIndex(folder, await writeExact(folder, entries, DIMENSIONS));
    const index = await openHnswIndex(module, folder, facts, { exact, poolSize: 10 });
    assertSameNeighbours(await index.search(query, 1000), entries, bruteForce(entries, query, 1000));
  });

  it('asks the graph for twice, four times, eight times ef when k is above it, and scans when that is cheaper', async (t) => {
    const { index, asked } = await watched(t, 20);
    const [query = new Float32Array()] = QUERIES;
    for (const k of [1, 20, 21, 40, 41, 80, 160]) {
      assert.equal((await index.search(query, k)).length, k);
    }
    assert.deepEqual(asked, [20, 20, 40, 40, 80, 80, 160]);
    asked.length = 0;
    for (const k of [321, 1000, ENTRIES.length, 1e9]) {
      assertSameNeighbours(await index.search(query, k), ENTRIES, bruteForce(ENTRIES, query, k));
    }
    assert.deepEqual(asked, []);
  });

  it('gives the beginning of more with as many candidates, within a subset too', async (t) => {
    const { index, asked } = await watched(t, 20);
    const most = LabelSet.of(ENTRIES.map(([label]) => label).filter((label) => label % 10 !== 1));
    for (const subset of [undefined, most]) {
      for (const query of QUERIES) {
        const whole = await index.search(query, 40, { subset });
        for (const k of [21, 30, 39]) {
          assert.deepEqual(await index.search(query, k, { subset }), whole.slice(0, k));
        }
      }
    }
    assert.deepEqual([...new Set(asked)].slice(0, 3), [40, 20, 80]);
  });
});

describe('HnswIndex, within a subset', () => {
  const labels = ENTRIES.map(([label]) => label);

  it('asks the graph for enough to find k in a large one, and scans a small one', async (t) => {
    const { index, asked } = await watched(t, 10);
    const [query = new Float32Array()] = QUERIES;
    for (const [share, atLeast] of [
      [1, [10, 40]],
      [0.9, [10, 40]],
      [0.5, [10]],
      [0.35, [10]],
      [0.2, []],
      [0.01, []],
    ] as const) {
      asked.length = 0;
      const subset = LabelSet.of(labels.slice(0, share * labels.length));
      const found = await index.search(query, 10, { subset });
      assert.ok(found.length === 10 && found.every(({ label }) => subset.has(label)));
      assert.deepEqual(asked.slice(0, atLeast.length), atLeast, `share ${share}`);
      assert.equal(asked.length > 0, share > 0.3, `share ${share}`);
    }
  });

  it('never comes up with fewer than k, however far from the query it lies', async (t) => {
    const { index, asked } = await watched(t, 10);
    for (const query of QUERIES) {
      const byNearness = bruteForce(ENTRIES, query, ENTRIES.length).map(({ label }) => label);
      const far = LabelSet.of(byNearness.slice(labels.length / 2));
      const inside = ENTRIES.filter(([label]) => far.has(label));
      const found = await index.search(query, 10, { subset: far });
      assertSameNeighbours(found, inside, bruteForce(inside, query, 10));
    }
    assert.deepEqual(new Set(asked), new Set([10]), 'the graph was tried first, and not asked for more');
  });

  it('takes labels that the index does not hold for nothing', async (t) => {
    const { index } = await watched(t, 10);
    const held = labels.slice(0, 5);
    const others = Array.from({ length: 2500 }, (_, i) => 2 * i + 10_000);
    const [query = new Float32Array()] = QUERIES;
    const found = await index.search(query, 10, { subset: LabelSet.of([...held, ...others]) });
    assert.deepEqual(new Set(found.map(({ label }) => label)), new Set(held));
  });
});

describe('HnswIndexWriter', () => {
  it('makes the same bytes of the same vectors in the same order, and others with another seed', async (t) => {
    const module = await hnswlib();
    const sums: string[] = [];
    for (const seed of [100, 100, 101]) {
      const folder = await temporaryFolder(t);
      const writer = new HnswIndexWriter(module, folder, { dimensions: DIMENSIONS, capacity: 500, seed });
      for (const [label, vector] of ENTRIES.slice(0, 500)) writer.add(label, vector);
      const { sha256, bytes, file } = await writer.commit();
      assert.equal((await readFile(join(folder, file))).length, bytes);
      sums.push(sha256);
    }
    assert.equal(sums[0], sums[1]);
    assert.notEqual(sums[0], sums[2]);
  });

  it('makes a file that can be opened with room to spare, for every M, and for few and odd dimensions', async (t) => {
    for (const [M, dimensions, count] of [
      [2, 1, 1],
      [2, 3, 50],
      [3, 17, 200],
      [100, 5, 300],
    ] as const) {
      const folder = await temporaryFolder(t);
      const entries = withLabels(clustered(count, dimensions, 23));
      const settings = { M, efConstruction: 10 };
      const writer = new HnswIndexWriter(await hnswlib(), folder, {
        dimensions,
        capacity: count + 7,
        ...settings,
      });
      for (const [label, vector] of entries) writer.add(label, vector);
      const facts = { ...(await writer.commit()), ...settings, ef: 50 };
      const exact = await openExactIndex(folder, await writeExact(folder, entries, dimensions));
      const index = await openHnswIndex(await hnswlib(), folder, facts, { exact, poolSize: 10 });
      const [query = new Float32Array()] = clustered(1, dimensions, 24);
      assert.equal((await index.search(query, 10)).length, Math.min(10, count));
    }
  });
});
