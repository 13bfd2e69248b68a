/** Indexes that older versions built are refused to serve, and brought up to date by a build without files. */
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openPublished } from '../../src/open-corpus.js';
import { packageRoot } from '../../src/package-root.js';
import type { Paper } from '../../src/papers/paper.js';
import { openStore, storedEmbeddings } from '../../src/papers/store.js';
import {
  configFor,
  currentFolder,
  failure,
  readCurrent,
  runBuild,
  servedPapers,
  snapshot,
  temporaryFolder,
} from './building.js';

const INDEXES = join(packageRoot(), 'test', 'fixtures', 'indexes');
/** Every index that an older version built, and how many texts a build embeds again: none where the model's texts are the same. */
const OLDER: [folder: string, embedded: number][] = [
  ['0.1.0', 5],
  ['0.2.0-dev', 0],
];

/** The records of papers.jsonl as papers, in the order of their labels; the later version of the arXiv paper. */
function expectedPapers(): Paper[] {
  const lines = readFileSync(join(INDEXES, 'papers.jsonl'), 'utf8').trim().split('\n');
  const records = lines.map((line): Partial<Paper> => JSON.parse(line));
  const newest = records.filter(({ id }) => id !== '2401.01335v1');
  return newest.map((record) => ({
    ...{ title: '', abstract: '', authors: [], published: null, updated: null, year: null, categories: [] },
    ...{ venue: null, url: null, doi: null },
    ...record,
    ...(record.published === undefined ? {} : { year: 2021 }),
    // The id under which a paper came first stays.
    id: record.id === '2401.01335v2' ? '2401.01335v1' : (record.id ?? 'a-paper-without-an-id'),
  }));
}

function older(t: TestContext, name: string): string {
  const index = join(temporaryFolder(t), 'index');
  cpSync(join(INDEXES, name), index, { recursive: true });
  return index;
}

async function publishedPapers(index: string): Promise<Paper[]> {
  const overlay = await openPublished(configFor(index));
  const { papers } = await overlay.view().store.list([], 0, 100);
  await overlay.close();
  return papers;
}

function embeddings(index: string) {
  const { model } = JSON.parse(readCurrent(index, 'manifest.json').toString());
  return [...storedEmbeddings(join(currentFolder(index), 'papers.db'), model.fingerprint)];
}

for (const [name, embedded] of OLDER) {
  describe(`an index of ${name}`, () => {
    it('is refused to serve, with the command that mends it, and stays as it is', async (t) => {
      const index = older(t, name);
      const before = snapshot(index);
      await assert.rejects(openPublished(configFor(index)), failure('index_outdated', /`nearpaper build`/));
      assert.deepEqual(snapshot(index), before);
    });

    it('is brought up to date by a build without files, with the same papers under the same labels', async (t) => {
      const index = older(t, name);
      const before = embeddings(index);
      const built = await runBuild(index, []);
      assert.deepEqual([built.kind, built.papers, built.embedded], ['published', 5, embedded]);
      assert.deepEqual(await publishedPapers(index), expectedPapers());
      const after = embeddings(index);
      assert.deepEqual(
        after.map(({ label }) => label),
        before.map(({ label }) => label),
      );
      assert.ok(after.every(({ vector }) => vector !== undefined));
      if (embedded === 0) assert.deepEqual(after, before);
      assert.equal(await highestLabelIn(join(currentFolder(index), 'papers.db')), 5);
      assert.equal((await runBuild(index, [])).kind, 'unchanged');
    });

    it('takes the files that it was built from as unchanged papers', async (t) => {
      const index = older(t, name);
      const again = await runBuild(index, [join(INDEXES, 'papers.jsonl')]);
      assert.deepEqual([again.added, again.changed, again.removed], [0, 0, 0]);
      assert.equal(await servedPapers(index), 5);
    });
  });
}

it('every folder of an older index is tested', () => {
  const folders = readdirSync(INDEXES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.deepEqual(
    folders.map((entry) => entry.name).sort(),
    OLDER.map(([name]) => name),
  );
});

async function highestLabelIn(path: string): Promise<number> {
  const store = await openStore(path);
  await store.close();
  return store.highestLabel;
}
