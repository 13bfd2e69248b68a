/** Building over a damaged index, with another model, and over the sample. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { generationNames } from '../../src/generations/folder.js';
import { readManifest } from '../../src/generations/manifest.js';
import { openCorpus, openPublished } from '../../src/open-corpus.js';
import { packageRoot } from '../../src/package-root.js';
import {
  configFor,
  copyOf,
  currentFolder,
  failure,
  jsonFile,
  papersFrom,
  readCurrent,
  runBuild,
  servedPapers,
  snapshot,
  temporaryFolder,
} from './building.js';

/** An index of six papers and its input, made once; each test takes a copy. */
let index = '';
let input = '';
const undo: (() => void | Promise<void>)[] = [];
before(async () => {
  const folder = temporaryFolder({ after: (work) => undo.push(work) });
  index = join(folder, 'index');
  input = jsonFile(folder, papersFrom(0, 6));
  await runBuild(index, [input]);
});
after(async () => {
  for (const work of undo) await work();
});

function damage(path: string): void {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length / 2);
  writeFileSync(path, bytes.fill(0x5a, at, at + 64));
}

const AFRESH = /`nearpaper build --fresh <file>`/;

describe('a build over a damaged index', () => {
  const damages: [what: string, hurt: (copy: string) => void][] = [
    ['store', (copy) => damage(join(currentFolder(copy), 'papers.db'))],
    ['manifest', (copy) => writeFileSync(join(currentFolder(copy), 'manifest.json'), '{')],
    ['pointer', (copy) => writeFileSync(join(copy, 'CURRENT'), '../x')],
    ['folder', (copy) => rmSync(currentFolder(copy), { recursive: true })],
  ];
  for (const [what, hurt] of damages) {
    it(`refuses when its ${what} is, names --fresh, and --fresh mends it`, async (t) => {
      const copy = copyOf(index, t);
      hurt(copy);
      const before = snapshot(copy);
      for (const inputs of [[input], []]) {
        await assert.rejects(runBuild(copy, inputs), failure('index_damaged', AFRESH));
      }
      assert.deepEqual(snapshot(copy), before);
      await assert.rejects(openPublished(configFor(copy)), failure('index_damaged', AFRESH));
      const damaged = await generationNames(copy);
      const { papers, notes } = await runBuild(copy, [input], { fresh: true });
      assert.equal(papers, 6);
      for (const name of damaged)
        assert.ok(existsSync(join(copy, name)), `${name} may hold what can be saved`);
      assert.match(notes.join(), /Starting afresh beside a damaged index/);
      assert.equal(await servedPapers(copy), 6);
    });
  }

  for (const file of ['vectors.i16', 'vectors.graph', 'keywords.bin']) {
    for (const [what, hurt] of [
      ['damaged', damage],
      ['missing', (path: string) => rmSync(path)],
    ] as const) {
      it(`makes a ${what} ${file} again without embedding, with no input and with one`, async (t) => {
        for (const inputs of [[], [input]]) {
          const copy = copyOf(index, t);
          hurt(join(currentFolder(copy), file));
          const { kind, embedded, papers } = await runBuild(copy, inputs);
          assert.deepEqual({ kind, embedded, papers }, { kind: 'published', embedded: 0, papers: 6 });
          assert.ok(readCurrent(copy, file).equals(readCurrent(index, file)));
        }
      });
    }
  }

  it('brings an index of version 0.1, without keywords, up to date and embeds nothing', async (t) => {
    const copy = copyOf(index, t);
    const path = join(currentFolder(copy), 'manifest.json');
    const { keywords: _keywords, calibration: _calibration, ...old } = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...old, checksum: undefined }));
    rmSync(join(currentFolder(copy), 'keywords.bin'));
    await assert.rejects(openPublished(configFor(copy)), failure('index_outdated', /nearpaper build/));
    const { kind, embedded } = await runBuild(copy, []);
    assert.deepEqual({ kind, embedded }, { kind: 'published', embedded: 0 });
    assert.equal(await servedPapers(copy), 6);
  });

  it('afresh forgets the papers of a sound index, and keeps the embeddings of those that come again', async (t) => {
    const copy = copyOf(index, t);
    const folder = temporaryFolder(t);
    const { papers, added } = await runBuild(copy, [jsonFile(folder, papersFrom(50, 2))], { fresh: true });
    assert.deepEqual({ papers, added }, { papers: 2, added: 2 });
    const again = await runBuild(copy, [jsonFile(folder, papersFrom(50, 3))], { fresh: true });
    assert.deepEqual([again.papers, again.embedded], [3, 1]);
  });

  it('refuses a store that a newer version wrote', async (t) => {
    const copy = copyOf(index, t);
    writeFileSync(join(currentFolder(copy), 'manifest.json'), '{"version":2}');
    await assert.rejects(runBuild(copy, [input]), failure('schema_newer', /Update nearpaper/));
  });
});

describe('a build with another model', () => {
  it('embeds all again, once, and stays with that model', async (t) => {
    const folder = temporaryFolder(t);
    const copy = join(folder, 'index');
    const three = jsonFile(folder, papersFrom(0, 3));
    await runBuild(copy, [three]);
    const bge = await runBuild(copy, [], { model: 'bge-small-en-v1.5' });
    assert.deepEqual([bge.kind, bge.embedded, bge.papers, bge.added], ['published', 3, 3, 0]);
    assert.equal((await readManifest(currentFolder(copy))).model.name, 'bge-small-en-v1.5');
    assert.equal((await runBuild(copy, [three])).kind, 'unchanged');
    const mismatch = failure(
      'model_mismatch',
      /built with bge-small-en-v1\.5.*`nearpaper build --model all-MiniLM-L6-v2`/,
    );
    await assert.rejects(openCorpus(configFor(copy, { NEARPAPER_MODEL: 'all-MiniLM-L6-v2' })), mismatch);
    const {
      overlay: { generation },
      embedder,
    } = await openCorpus(configFor(copy));
    assert.equal(embedder.model, 'bge-small-en-v1.5');
    await Promise.all([generation.close(), embedder.close()]);
  });

  it('remembers a folder so that it is found from wherever the service runs', async (t) => {
    const folder = temporaryFolder(t);
    const path = join(packageRoot(), 'models', 'all-MiniLM-L6-v2');
    const model = `./${relative(process.cwd(), path)}`;
    await runBuild(join(folder, 'index'), [jsonFile(folder, papersFrom(0, 1))], { model });
    assert.equal((await readManifest(currentFolder(join(folder, 'index')))).model.setting, path);
  });
});

describe('the sample', () => {
  const isSample = async (copy: string) => (await readManifest(currentFolder(copy))).sample;

  it("is replaced by a user's first build, which says so, and only by that", async (t) => {
    const folder = temporaryFolder(t);
    const copy = join(folder, 'index');
    await runBuild(copy, [input], { sample: true });
    assert.equal(await isSample(copy), true);
    const first = await runBuild(copy, [jsonFile(folder, papersFrom(50, 2))]);
    assert.deepEqual([first.papers, first.sample], [2, false]);
    assert.match(first.notes.join(), /Your papers replace the sample corpus/);
    const second = await runBuild(copy, [jsonFile(folder, papersFrom(52, 2))]);
    assert.deepEqual([second.papers, second.notes], [4, []]);
  });

  it('stays when the first build of a user fails', async (t) => {
    const folder = temporaryFolder(t);
    const copy = join(folder, 'index');
    await runBuild(copy, [input], { sample: true });
    await assert.rejects(runBuild(copy, [jsonFile(folder, [])]), failure('input_empty', /empty/));
    assert.deepEqual([await isSample(copy), await servedPapers(copy)], [true, 6]);
  });

  it('stays marked when its index is mended, or built with another model', async (t) => {
    const copy = join(temporaryFolder(t), 'index');
    await runBuild(copy, [input], { sample: true });
    assert.equal((await runBuild(copy, [])).kind, 'unchanged');
    damage(join(currentFolder(copy), 'vectors.graph'));
    const mended = await runBuild(copy, []);
    assert.deepEqual([mended.kind, mended.sample, await isSample(copy)], ['published', true, true]);
  });

  it("never marks a user's papers", async (t) => {
    const copy = copyOf(index, t);
    const sample = [jsonFile(temporaryFolder(t), papersFrom(50, 1))];
    await assert.rejects(
      runBuild(copy, sample, { sample: true }),
      failure('usage', /papers of your own.*--fresh/),
    );
    assert.deepEqual([await servedPapers(copy), await isSample(copy)], [6, false]);
    const replaced = await runBuild(copy, sample, { sample: true, fresh: true });
    assert.deepEqual([replaced.papers, replaced.sample], [1, true]);
  });
});
