import assert from 'node:assert/strict';
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { requireGeneration } from '../../src/generations/folder.js';
import { readManifest } from '../../src/generations/manifest.js';
import { type Generation, openGeneration } from '../../src/generations/open.js';
import {
  copyOf,
  currentFolder,
  failure,
  jsonFile,
  papersFrom,
  runBuild,
  temporaryFolder,
} from '../build/building.js';

/** An index of eight papers, built once and copied by each test. */
let index = '';
const undo: (() => void | Promise<void>)[] = [];
before(async () => {
  const folder = temporaryFolder({ after: (work) => undo.push(work) });
  index = join(folder, 'index');
  await runBuild(index, [jsonFile(folder, papersFrom(0, 8))]);
});
after(async () => {
  for (const work of undo) await work();
});

const AUTO = { engine: 'auto', exactBelow: 0, poolSize: 100 } as const;
const HNSW = { ...AUTO, engine: 'hnsw' } as const;

async function open(
  folder: string,
  options: Parameters<typeof openGeneration>[1] = AUTO,
): Promise<Generation> {
  return openGeneration(await requireGeneration(folder), options);
}

const DAMAGES: [what: string, damage: (path: string) => void][] = [
  ['has one byte changed', (path) => flip(path, 0.5)],
  ['has its first byte changed', (path) => flip(path, 0)],
  ['has its last byte changed', (path) => flip(path, 1)],
  ['is cut short', (path) => truncateSync(path, readFileSync(path).length - 1)],
  ['is empty', (path) => truncateSync(path, 0)],
  ['is longer', (path) => writeFileSync(path, '\0', { flag: 'a' })],
  ['is missing', (path) => rmSync(path)],
];

function flip(path: string, where: number): void {
  const bytes = readFileSync(path);
  const at = Math.floor((bytes.length - 1) * where);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

/** A copy of the index in which one file of the generation was changed. */
function damagedCopy(t: TestContext, file: string, damage: (path: string) => void): string {
  const copy = copyOf(index, t);
  damage(join(currentFolder(copy), file));
  return copy;
}

describe('opening a generation', () => {
  it('gives the papers, the vectors and the engine that fits', async () => {
    for (const [options, engine] of [
      [AUTO, 'hnsw'],
      [{ ...AUTO, exactBelow: 8 }, 'exact'],
    ] as const) {
      const generation = await open(index, options);
      assert.deepEqual([generation.store.size, generation.vectors.size], [8, 8]);
      assert.deepEqual([generation.vectors.engine, generation.note], [engine, null]);
      await generation.close();
    }
  });

  for (const [what, damage] of DAMAGES) {
    it(`is refused when papers.db ${what}, and names the build that mends it`, async (t) => {
      const copy = damagedCopy(t, 'papers.db', damage);
      await assert.rejects(
        open(copy),
        failure('index_damaged', /papers\.db.*`nearpaper build --fresh <file>`/),
      );
    });

    it(`is refused when vectors.i16 ${what}, and names the build that mends it`, async (t) => {
      const copy = damagedCopy(t, 'vectors.i16', damage);
      await assert.rejects(
        open(copy),
        failure('index_damaged', /vectors\.i16.*`nearpaper build` to make it again/),
      );
    });

    it(`goes on with exact search when vectors.graph ${what}, and says so`, async (t) => {
      const copy = damagedCopy(t, 'vectors.graph', damage);
      const generation = await open(copy);
      assert.equal(generation.vectors.engine, 'exact');
      assert.match(
        generation.note ?? '',
        /Exact search stands in for HNSW.*vectors\.graph.*`nearpaper build`/,
      );
      const [vector] = await generation.vectors.vectors([1]);
      assert.ok(vector);
      assert.equal((await generation.vectors.search(vector, 3))[0]?.label, 1);
      await generation.close();
      await assert.rejects(open(copy, HNSW), failure('index_damaged', /vectors\.graph.*`nearpaper build`/));
    });
  }

  it('is refused when the manifest tells of another number of papers', async (t) => {
    const copy = damagedCopy(t, 'manifest.json', (path) => edit(path, { papers: 7 }));
    await assert.rejects(open(copy), failure('index_damaged', /holds 8 papers.*--fresh/));
  });

  it('is refused when the folder that CURRENT names is gone', async (t) => {
    const copy = copyOf(index, t);
    rmSync(currentFolder(copy), { recursive: true });
    await assert.rejects(open(copy), failure('index_damaged', /manifest\.json is missing\. .*--fresh/));
  });
});

function edit(path: string, change: Record<string, unknown>): void {
  writeFileSync(
    path,
    JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), checksum: undefined, ...change }),
  );
}

describe('a manifest', () => {
  const hash = 'a'.repeat(64);
  const refused: [what: string, damage: (path: string) => void, message: RegExp][] = [
    ['is missing', (path) => rmSync(path), /is missing/],
    ['is empty', (path) => truncateSync(path, 0), /cannot be read/],
    ['is cut short', (path) => truncateSync(path, 200), /cannot be read/],
    ['is not JSON', (path) => writeFileSync(path, 'papers: 8'), /cannot be read/],
    ['is a list', (path) => writeFileSync(path, '[]'), /not a valid manifest/],
    ['is null', (path) => writeFileSync(path, 'null'), /not a valid manifest/],
    ['has no version', (path) => edit(path, { version: undefined }), /\(version\)/],
    ['is of an older version', (path) => edit(path, { version: 0 }), /\(version\)/],
    ['counts papers in words', (path) => edit(path, { papers: 'eight' }), /\(papers\)/],
    ['counts half papers', (path) => edit(path, { papers: 7.5 }), /\(papers\)/],
    ['has no model', (path) => edit(path, { model: undefined }), /\(model\)/],
    [
      'leads out of its folder',
      (path) => edit(path, { store: { file: '../x', sha256: hash, bytes: 1 } }),
      /\(store\.file\)/,
    ],
    [
      'has a short checksum',
      (path) => edit(path, { store: { file: 'papers.db', sha256: 'ab', bytes: 1 } }),
      /\(store\.sha256\)/,
    ],
    [
      'has vectors of no dimension',
      (path) => edit(path, { vectors: { exact: {}, hnsw: null } }),
      /\(vectors\.exact/,
    ],
  ];
  for (const [what, damage, message] of refused) {
    it(`is refused when it ${what}`, async (t) => {
      const copy = damagedCopy(t, 'manifest.json', damage);
      const refusal = failure('index_damaged', new RegExp(`manifest\\.json.*${message.source}.*--fresh`));
      await assert.rejects(readManifest(currentFolder(copy)), refusal);
    });
  }

  it('of a newer version is refused with the advice to update', async (t) => {
    const copy = damagedCopy(t, 'manifest.json', (path) =>
      writeFileSync(path, '{"version": 2, "new": true}'),
    );
    await assert.rejects(readManifest(currentFolder(copy)), failure('schema_newer', /Update nearpaper/));
  });

  it('tells what was built', async () => {
    const manifest = await readManifest(currentFolder(index));
    assert.equal(manifest.papers, 8);
    assert.equal(manifest.sample, false);
    assert.equal(manifest.model.setting, 'all-MiniLM-L6-v2');
    assert.deepEqual(
      [manifest.store.file, manifest.vectors.exact.file, manifest.vectors.hnsw?.file],
      ['papers.db', 'vectors.i16', 'vectors.graph'],
    );
    assert.ok(currentFolder(index).endsWith(manifest.generation));
  });
});
