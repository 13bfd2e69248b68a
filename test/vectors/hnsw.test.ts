import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openExactIndex } from '../../src/vectors/exact-file.js';
import { type HnswIndex, openHnswIndex } from '../../src/vectors/hnsw.js';
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

  it('answers exactly when more is asked for than ef', async (t) => {
    const index = await (await openers(t))(20, 20);
    for (const query of QUERIES) {
      assertSameNeighbours(await index.search(query, 21), ENTRIES, bruteForce(ENTRIES, query, 21));
    }
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
