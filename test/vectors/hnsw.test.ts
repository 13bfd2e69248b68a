import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { LabelSet } from '../../src/label-set.js';
import { openExactIndex } from '../../src/vectors/exact-file.js';
import { type HnswIndex, openHnswIndex } from '../../src/vectors/hnsw.js';
import { measureRecall } from '../../src/vectors/recall.js';
import type { VectorIndex } from '../../src/vectors/vector-index.js';
import { bruteForce } from '../contract/vector-index.js';
import { clustered } from './clustered.js';
import { hnswlib, temporaryFolder, withLabels, writeExact, writeHnsw } from './files.js';

const DIMENSIONS = 48;
const ENTRIES = withLabels(clustered(3000, DIMENSIONS, 21));
const QUERIES = clustered(40, DIMENSIONS, 22);

interface Opened {
  index: HnswIndex;
  /** Whether exact search answered instead of the graph: one for each search since it was last emptied. */
  scanned: boolean[];
}

/** Opens an index over ENTRIES. */
async function openers(t: TestContext): Promise<(ef: number, poolSize?: number) => Promise<Opened>> {
  const folder = await temporaryFolder(t);
  const vectors = await writeExact(folder, ENTRIES, DIMENSIONS);
  const facts = await writeHnsw(folder, ENTRIES, vectors);
  return async (ef, poolSize = 1) => {
    const exact = await openExactIndex(folder, vectors);
    const index = await openHnswIndex(folder, { ...facts, ef }, { exact, poolSize });
    const scanned: boolean[] = [];
    const scan = exact.search.bind(exact);
    const search = index.search.bind(index);
    const noting: VectorIndex['search'] = (...asked) => {
      scanned[scanned.length - 1] = true;
      return scan(...asked);
    };
    Object.defineProperty(exact, 'search', { value: noting });
    const counting: VectorIndex['search'] = (...asked) => {
      scanned.push(false);
      return search(...asked);
    };
    Object.defineProperty(index, 'search', { value: counting });
    return { index, scanned };
  };
}

describe('HnswIndex', () => {
  it('searches with the ef of the manifest', async (t) => {
    const open = await openers(t);
    const recalls: number[] = [];
    for (const ef of [10, 200]) {
      const { index } = await open(ef);
      assert.equal(index.ef, ef);
      recalls.push((await measureRecall(index, index, QUERIES, 10)).recall);
      assert.equal((await measureRecall(index, index, QUERIES, 10, undefined, 5)).recall < 0.97, true);
      await index.close();
    }
    const [atTen = 1, atTwoHundred = 0] = recalls;
    assert.ok(atTwoHundred >= 0.99, `recall ${atTwoHundred} at ef 200`);
    assert.ok(atTen < atTwoHundred - 0.02, `recall ${atTen} at ef 10`);
  });

  it('never looks at fewer candidates than a request can ask for', async (t) => {
    const { index } = await (await openers(t))(10, 150);
    assert.equal(index.ef, 150);
    for (const query of QUERIES) assert.equal((await index.search(query, 150)).length, 150);
  });

  it('returns all that is asked for from a graph whose parts do not all hang together', async (t) => {
    const folder = await temporaryFolder(t);
    const entries = ENTRIES.slice(0, 1000);
    const vectors = await writeExact(folder, entries, DIMENSIONS);
    const facts = await writeHnsw(folder, entries, vectors, { M: 2, efConstruction: 1, ef: 1000 });
    const [query = new Float32Array()] = QUERIES;
    const exact = await openExactIndex(folder, vectors);
    const index = await openHnswIndex(folder, facts, { exact, poolSize: 10 });
    exact.rows.aim(query);
    assert.ok(exact.rows.kernel.walk(1000, 0, 1e6) < 1000, 'this graph hangs together');
    assert.deepEqual(await index.search(query, 1000), bruteForce(entries, query, 1000));
  });

  it('prefers low labels where more are equal than are looked at, as exact search does', async (t) => {
    const folder = await temporaryFolder(t);
    const [query = new Float32Array()] = QUERIES;
    const entries = ENTRIES.map(([label, vector], i) => [label, i % 10 === 0 ? query : vector] as const);
    const vectors = await writeExact(folder, entries, DIMENSIONS);
    const facts = await writeHnsw(folder, entries, vectors, { ef: 64 });
    const exact = await openExactIndex(folder, vectors);
    const index = await openHnswIndex(folder, facts, { exact, poolSize: 1 });
    // Of 300 that are equal; those that the walk does not come by cannot be told.
    const low = new Set(bruteForce(entries, query, 60).map(({ label }) => label));
    for (const k of [10, 65])
      for (const { label } of (await index.search(query, k)).slice(0, 10))
        assert.ok(low.has(label), `${label}`);
    await index.close();
  });

  it('finds what hnswlib finds', async (t) => {
    const folder = await temporaryFolder(t);
    const vectors = await writeExact(folder, ENTRIES, DIMENSIONS);
    const module = await hnswlib();
    const native = new module.HierarchicalNSW('ip', DIMENSIONS);
    native.initIndex(ENTRIES.length, 16, 200, 100);
    for (const [label, vector] of ENTRIES) native.addPoint(Array.from(vector), label);
    const facts = await writeHnsw(folder, ENTRIES, vectors, { ef: 20 });
    const exact = await openExactIndex(folder, vectors);
    const index = await openHnswIndex(folder, facts, { exact, poolSize: 1 });
    let shared = 0;
    for (const query of QUERIES) {
      const ours = (await index.search(query, 20)).map(({ label }) => label);
      const theirs = native.searchKnn(Array.from(query), 20).neighbors;
      shared += ours.filter((label) => theirs.includes(label)).length / 20;
    }
    // The high bytes decide which way to go: now and then another than the floats would.
    assert.ok(shared / QUERIES.length > 0.98, `${shared / QUERIES.length}`);
  });

  it('asks the graph for twice ef when k is above it, and scans when that is cheaper', async (t) => {
    const { index, scanned } = await (await openers(t))(5);
    const [query = new Float32Array()] = QUERIES;
    for (const k of [1, 5, 6, 10]) assert.equal((await index.search(query, k)).length, k);
    assert.deepEqual(new Set(scanned), new Set([false]));
    scanned.length = 0;
    for (const k of [321, 1000, ENTRIES.length, 1e9]) {
      assert.deepEqual(await index.search(query, k), bruteForce(ENTRIES, query, k));
    }
    assert.deepEqual(new Set(scanned), new Set([true]));
  });

  it('gives the beginning of more with as many candidates, within a subset too', async (t) => {
    const { index, scanned } = await (await openers(t))(3);
    const most = LabelSet.of(ENTRIES.map(([label]) => label).filter((label) => label % 10 !== 1));
    for (const subset of [undefined, most]) {
      for (const query of QUERIES) {
        const whole = await index.search(query, 6, { subset });
        for (const k of [4, 5]) {
          assert.deepEqual(await index.search(query, k, { subset }), whole.slice(0, k));
        }
      }
      assert.ok(scanned.includes(false), 'the graph was never asked');
      scanned.length = 0;
    }
  });

  it('answers alike however often it is asked: marks of 65,536 searches ago are not taken for new', async (t) => {
    const { index } = await (await openers(t))(10);
    const [query = new Float32Array(), other = new Float32Array()] = QUERIES;
    const before = [await index.search(query, 10), await index.search(other, 10)];
    for (let i = 0; i < 65_530; i++) await index.search(other, 1, { effort: 1 });
    for (let i = 0; i < 10; i++) {
      assert.deepEqual([await index.search(query, 10), await index.search(other, 10)], before);
    }
  });
});

describe('HnswIndex, within a subset', () => {
  const labels = ENTRIES.map(([label]) => label);

  it('asks the graph in a large one, and scans a small one', async (t) => {
    const { index, scanned } = await (await openers(t))(3);
    for (const [share, scans] of [
      [1, false],
      [0.9, false],
      [0.05, true],
      [0.01, true],
    ] as const) {
      scanned.length = 0;
      const subset = LabelSet.of(labels.slice(0, share * labels.length));
      for (const query of QUERIES) {
        const found = await index.search(query, 3, { subset });
        assert.ok(found.length === 3 && found.every(({ label }) => subset.has(label)));
      }
      const graphs = scanned.filter((was) => !was).length;
      assert.ok(scans ? graphs === 0 : graphs > QUERIES.length / 2, `${graphs} of ${share} by the graph`);
    }
  });

  it('never comes up with fewer than k, however far from the query it lies, and gives the graph up in time', async (t) => {
    const { index, scanned } = await (await openers(t))(2);
    for (const query of QUERIES) {
      const byNearness = bruteForce(ENTRIES, query, ENTRIES.length).map(({ label }) => label);
      const far = LabelSet.of(byNearness.slice(labels.length / 3));
      const inside = ENTRIES.filter(([label]) => far.has(label));
      const found = await index.search(query, 2, { subset: far });
      assert.deepEqual(found, bruteForce(inside, query, 2));
    }
    assert.deepEqual(new Set(scanned), new Set([true]));
  });

  it('takes labels that the index does not hold for nothing', async (t) => {
    const { index } = await (await openers(t))(10);
    const held = labels.slice(0, 5);
    const others = Array.from({ length: 2500 }, (_, i) => 2 * i + 10_000);
    const [query = new Float32Array()] = QUERIES;
    const found = await index.search(query, 10, { subset: LabelSet.of([...held, ...others]) });
    assert.deepEqual(new Set(found.map(({ label }) => label)), new Set(held));
  });
});

describe('HnswIndexWriter', () => {
  it('makes the same bytes of the same vectors in the same order, and others with another seed', async (t) => {
    const sums: string[] = [];
    const entries = ENTRIES.slice(0, 500);
    for (const seed of [100, 100, 101]) {
      const folder = await temporaryFolder(t);
      const vectors = await writeExact(folder, entries, DIMENSIONS);
      const { sha256, bytes, file } = await writeHnsw(folder, entries, vectors, { seed });
      assert.equal((await readFile(join(folder, file))).length, bytes);
      assert.deepEqual((await readdir(folder)).sort(), [file, vectors.file].sort());
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
      const vectors = await writeExact(folder, entries, dimensions);
      const facts = await writeHnsw(folder, entries, vectors, {
        M,
        efConstruction: 10,
        capacity: count + 7,
        ef: 50,
      });
      const exact = await openExactIndex(folder, vectors);
      const index = await openHnswIndex(folder, facts, { exact, poolSize: 10 });
      const [query = new Float32Array()] = clustered(1, dimensions, 24);
      assert.equal((await index.search(query, 10)).length, Math.min(10, count));
    }
  });
});
