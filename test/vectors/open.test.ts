import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { loadHnswlib } from '../../src/vectors/native.js';
import { openVectorIndex, type VectorManifest } from '../../src/vectors/open.js';
import { rejectsWith } from '../contract/vector-index.js';
import { clustered } from './clustered.js';
import { temporaryFolder, withLabels, writeExact, writeHnsw } from './files.js';

const DIMENSIONS = 8;
const ENTRIES = withLabels(clustered(100, DIMENSIONS, 51));
const [QUERY = new Float32Array()] = clustered(1, DIMENSIONS, 52);
const SETTINGS = { engine: 'auto', exactBelow: 50, poolSize: 20 } as const;

async function generation(t: TestContext): Promise<{ folder: string; manifest: VectorManifest }> {
  const folder = await temporaryFolder(t);
  const exact = await writeExact(folder, ENTRIES, DIMENSIONS);
  return { folder, manifest: { exact, hnsw: await writeHnsw(folder, ENTRIES, exact) } };
}

describe('loadHnswlib', () => {
  it('loads hnswlib-node', async () => {
    assert.equal((await loadHnswlib()).ok, true);
  });

  it('tells in one line why there is none', async () => {
    for (const specifier of ['no-such-package', 'node:path', './nowhere.js']) {
      const loaded = await loadHnswlib(specifier);
      assert.ok(!loaded.ok && /^[^\n]+$/.test(loaded.reason), specifier);
    }
  });
});

describe('openVectorIndex', () => {
  it('chooses the graph for more than exactBelow vectors', async (t) => {
    const { folder, manifest } = await generation(t);
    for (const [exactBelow, engine] of [
      [99, 'hnsw'],
      [100, 'exact'],
    ] as const) {
      const { index, note } = await openVectorIndex(folder, manifest, { ...SETTINGS, exactBelow });
      assert.deepEqual([index.engine, note, index.size], [engine, null, 100]);
      await index.close();
    }
  });

  it('uses the engine that is asked for', async (t) => {
    const { folder, manifest } = await generation(t);
    for (const engine of ['hnsw', 'exact'] as const) {
      const { index, note } = await openVectorIndex(folder, manifest, {
        ...SETTINGS,
        engine,
        exactBelow: 1000,
      });
      assert.deepEqual([index.engine, note], [engine, null]);
    }
  });

  it('searches exactly without a graph, or with a damaged one, and says what to do', async (t) => {
    const { folder, manifest } = await generation(t);
    const without = await openVectorIndex(folder, { ...manifest, hnsw: null }, SETTINGS);
    assert.equal(without.index.engine, 'exact');
    assert.match(without.note ?? '', /apt-get install build-essential python3.*npm ci.*nearpaper build/);
    assert.equal((await without.index.search(QUERY, 5)).length, 5);
    const small = await openVectorIndex(
      folder,
      { ...manifest, hnsw: null },
      { ...SETTINGS, exactBelow: 1000 },
    );
    assert.equal(small.note, without.note?.replace('Exact search stands in for HNSW. ', ''));
    const demanded = { ...SETTINGS, engine: 'hnsw' } as const;
    await assert.rejects(
      openVectorIndex(folder, { ...manifest, hnsw: null }, demanded),
      rejectsWith('index_missing'),
    );

    await writeFile(join(folder, 'vectors.graph'), 'damaged');
    const beside = await openVectorIndex(folder, manifest, SETTINGS);
    assert.equal(beside.index.engine, 'exact');
    assert.match(beside.note ?? '', /vectors\.graph.*7 bytes.*nearpaper build/);
    await assert.rejects(openVectorIndex(folder, manifest, demanded), rejectsWith('index_damaged'));
  });

  it('refuses settings that make no sense, whatever the engine falls back to', async (t) => {
    const { folder, manifest } = await generation(t);
    await assert.rejects(
      openVectorIndex(folder, manifest, { ...SETTINGS, poolSize: 0 }),
      rejectsWith('config_invalid'),
    );
  });

  it('cannot do without the exact file', async (t) => {
    const { folder, manifest } = await generation(t);
    await rm(join(folder, manifest.exact.file));
    for (const engine of ['auto', 'hnsw', 'exact'] as const) {
      await assert.rejects(
        openVectorIndex(folder, manifest, { ...SETTINGS, engine }),
        rejectsWith('index_damaged'),
      );
    }
  });
});
