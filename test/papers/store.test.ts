import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import type { NearpaperError } from '../../src/errors.js';
import type { IncomingPaper } from '../../src/papers/draft.js';
import { openStore, type PaperStore, storedEmbeddings } from '../../src/papers/store.js';
import { Corpus, FINGERPRINT, paper, temporaryFolder } from './drafting.js';

/** Resolves ids in a store of these papers; what is not found is null. */
async function resolveIn(
  t: Parameters<typeof temporaryFolder>[0],
  papers: IncomingPaper[],
  asked: string[],
): Promise<(string | null)[]> {
  const corpus = new Corpus(temporaryFolder(t));
  corpus.build(papers);
  const store = await corpus.openStore();
  const found = await Promise.all(asked.map((id) => store.resolve(id)));
  for (const [i, id] of asked.entries()) {
    const resolved = found[i]?.id;
    assert.equal((await store.read(id, ['id']))?.id, resolved);
    assert.equal((await store.find(id))?.id, resolved);
  }
  await store.close();
  return found.map((resolved) => resolved?.id ?? null);
}

async function listAll(store: PaperStore, limit: number): Promise<string[]> {
  const ids: string[] = [];
  for (let from: number | null = 0; from !== null; ) {
    const page = await store.list([], from, limit);
    assert.ok(page.papers.length <= limit);
    assert.ok(page.next === null || page.next > from);
    ids.push(...page.papers.map(({ id }) => id));
    from = page.next;
  }
  return ids;
}

describe('a store', () => {
  it('gives back every field of a paper', async (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    const full = paper({
      id: 'x "quoted" / ü',
      title: 'Title',
      abstract: 'Text.\u2028More.',
      authors: ['A, B', 'Ç'],
      published: '2024-02-29',
      updated: '2024-03-01',
      year: 2024,
      categories: ['cs.CL', 'stat.ML'],
      venue: 'V',
      url: 'https://example.org/a?b=c',
      doi: '10.1000/182',
    });
    corpus.build([full]);
    const store = await corpus.openStore();
    assert.equal(store.size, 1);
    assert.deepEqual(await store.get([1, 2]), [full, undefined]);
    const { doi, title } = full;
    const id = 'x "quoted" / ü';
    assert.deepEqual(await store.read(id, ['doi', 'title']), { doi, title });
    assert.deepEqual(await store.resolve(full.id ?? ''), { label: 1, id: full.id, hasAbstract: true });
    await store.close();
  });

  it('finds an arXiv paper under every spelling', async (t) => {
    const spellings = [
      'arXiv:2401.01335',
      'ARXIV:2401.01335v9',
      'https://arxiv.org/abs/2401.01335v1',
      '10.48550/arXiv.2401.01335',
      '2401.01335',
    ];
    const found = await resolveIn(
      t,
      [paper({ id: '2401.01335v2', title: 'A' })],
      [...spellings, '2401.01336'],
    );
    assert.deepEqual(found, [...spellings.map(() => '2401.01335v2'), null]);
  });

  it('finds a paper by its DOI and by the arXiv address in its URL', async (t) => {
    const papers = [
      paper({ id: 'a', title: 'A', doi: '10.1000/ABC' }),
      paper({ id: 'b', title: 'B', url: 'https://arxiv.org/abs/2401.01335' }),
    ];
    const found = await resolveIn(t, papers, [
      'https://doi.org/10.1000/abc',
      'arXiv:2401.01335',
      '10.1000/abcd',
    ]);
    assert.deepEqual(found, ['a', 'b', null]);
  });

  it('prefers the paper with exactly this id to one that it is an alias of', async (t) => {
    const papers = [
      paper({ id: 'copy', title: 'Copy', doi: '10.1000/abc' }),
      paper({ id: '10.1000/abc', title: 'Original' }),
    ];
    assert.deepEqual(await resolveIn(t, papers, ['10.1000/abc']), ['10.1000/abc']);
  });

  it('prefers the paper with this arXiv id to an earlier one that links to it', async (t) => {
    const papers = [
      paper({ id: 'blog', title: 'About it', url: 'https://arxiv.org/abs/2401.01335' }),
      paper({ id: 'arXiv:2401.01335v1', title: 'It' }),
    ];
    assert.deepEqual(await resolveIn(t, papers, ['2401.01335']), ['arXiv:2401.01335v1']);
  });

  it('takes an id literally, wildcards, quotes and case included', async (t) => {
    const papers = ['a%', "b'c", 'D'].map((id) => paper({ id, title: id }));
    assert.deepEqual(await resolveIn(t, papers, ['ab', 'a%', "b'c", 'd', '', 'x\0y']), [
      null,
      'a%',
      "b'c",
      null,
      null,
      null,
    ]);
  });

  it('lists every paper exactly once, whatever the page size and the gaps between labels', async (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    const all = Array.from({ length: 23 }, (_, i) => paper({ id: `p${i}`, title: `T ${i}` }));
    corpus.build(all);
    const draft = corpus.openDraft();
    const kept = all.filter((_, i) => i % 3 !== 0);
    draft.upsert(kept);
    draft.removeUnseen();
    corpus.publish(draft);
    const store = await corpus.openStore();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), async (limit) => {
        assert.deepEqual(
          await listAll(store, limit),
          kept.map(({ id }) => id),
        );
      }),
      { numRuns: 30 },
    );
    assert.deepEqual(await store.list([], 1_000_000, 10), { papers: [], next: null });
    await store.close();
  });

  it('tells which papers have no embedding by a model', (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build([paper({ id: 'a', title: 'A' })]);
    const path = corpus.published ?? '';
    assert.deepEqual(
      [...storedEmbeddings(path, FINGERPRINT)].map(({ vector }) => vector?.length),
      [8],
    );
    assert.deepEqual([...storedEmbeddings(path, 'another')], [{ label: 1, vector: undefined }]);
  });
});

describe('opening a store', () => {
  const refusal = (code: string, message: RegExp) => (thrown: NearpaperError) =>
    thrown.code === code && message.test(thrown.message);

  it('refuses one that a newer version wrote', async (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build([paper({ title: 'A' })]);
    const path = corpus.published ?? '';
    const db = new Database(path);
    db.pragma('user_version = 2');
    db.close();
    await assert.rejects(openStore(path), refusal('schema_newer', /Update nearpaper/));
  });

  it('refuses what is no store', async (t) => {
    const folder = temporaryFolder(t);
    const files: [name: string, make: (path: string) => void][] = [
      ['text', (path) => writeFileSync(path, 'id,title\n1,A\n'.repeat(500))],
      ['empty', (path) => writeFileSync(path, '')],
      ['folder', (path) => mkdirSync(path)],
      ['missing', () => undefined],
      [
        'other',
        (path) => {
          const db = new Database(path);
          db.exec('CREATE TABLE papers (label)');
          db.close();
        },
      ],
    ];
    for (const [name, make] of files) {
      const path = join(folder, name);
      make(path);
      await assert.rejects(openStore(path), refusal('index_damaged', new RegExp(name)), name);
    }
  });

  it('lets others read it at the same time', async (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build([paper({ title: 'A' })]);
    const first = await corpus.openStore();
    const second = await corpus.openStore();
    assert.deepEqual(await first.get([1]), await second.get([1]));
    await first.close();
    assert.equal((await second.get([1])).length, 1);
    await second.close();
  });
});
