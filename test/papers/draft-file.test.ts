/** The draft's file: what a stopped build leaves, and what is published of it. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3';
import { openDraft } from '../../src/papers/draft.js';
import { Corpus, EMPTY, FINGERPRINT, from, paper, temporaryFolder, vectorOf } from './drafting.js';

const papers = ['A', 'B', 'C', 'D'].map((title) => paper({ id: title.toLowerCase(), title }));

/** Leaves a draft with papers a and b, of which a is embedded, as a killed build would. */
function leaveDraft(path: string, base: string | null): void {
  const draft = openDraft(path, from(base));
  draft.upsert(papers.slice(0, 2));
  const [first] = draft.texts(draft.pendingLabels(FINGERPRINT));
  assert.ok(first);
  draft.putEmbeddings(FINGERPRINT, [{ textHash: first.textHash, vector: vectorOf(first.textHash) }]);
  draft.close();
}

describe('a draft that a stopped build left', () => {
  it('gives its embeddings to the next build, and none of its papers', (t) => {
    const path = join(temporaryFolder(t), 'papers.db');
    leaveDraft(path, null);
    const draft = openDraft(path, EMPTY);
    assert.equal(draft.resumed, true);
    assert.equal(draft.changes().papers, 0);
    draft.upsert(papers.slice(0, 3));
    assert.deepEqual(
      draft.texts(draft.pendingLabels(FINGERPRINT)).map(({ title }) => title),
      ['B', 'C'],
    );
    draft.close();
  });

  it('gives no vector on whose bits have flipped since', (t) => {
    const path = join(temporaryFolder(t), 'papers.db');
    leaveDraft(path, null);
    const db = new Database(path);
    db.prepare('UPDATE embeddings SET vector = ?').run(Buffer.alloc(32, 0x7f));
    db.close();
    const draft = openDraft(path, EMPTY);
    draft.upsert(papers.slice(0, 1));
    assert.equal(draft.pendingLabels(FINGERPRINT).length, 1);
    draft.close();
  });

  it('starts over from what is published by then', async (t) => {
    const folder = temporaryFolder(t);
    const corpus = new Corpus(folder);
    corpus.build(papers.slice(2));
    const path = join(folder, 'draft.db');
    leaveDraft(path, corpus.published);
    corpus.build([paper({ id: 'c', title: 'C, changed' })]);
    const draft = openDraft(path, from(corpus.published));
    assert.deepEqual(draft.changes(), { papers: 2, added: 0, changed: 0, removed: 0 });
    assert.deepEqual(draft.pendingLabels(FINGERPRINT), []);
    draft.close();
  });

  const damages: [what: string, damage: (path: string) => void][] = [
    ['is garbage', (path) => writeFileSync(path, Buffer.alloc(5000, 'garbage '))],
    ['is empty', (path) => truncateSync(path, 0)],
    ['is cut short', (path) => truncateSync(path, 8192)],
    ['has garbage in its pages', (path) => writeFileSync(path, readFileSync(path).fill(0x5a, 4096, 12_288))],
    ['is the database of something else', (path) => writeFileSync(path, otherDatabase())],
  ];
  for (const [what, damage] of damages) {
    it(`is discarded when it ${what}`, async (t) => {
      const folder = temporaryFolder(t);
      const corpus = new Corpus(folder);
      corpus.build(papers.slice(2));
      const path = join(folder, 'draft.db');
      leaveDraft(path, corpus.published);
      // What is only in the log would mend the file.
      const merged = new Database(path);
      merged.pragma('journal_mode = DELETE');
      merged.close();
      damage(path);
      const draft = openDraft(path, from(corpus.published));
      assert.equal(draft.resumed, false);
      assert.equal(draft.changes().papers, 2);
      draft.upsert(papers);
      assert.equal(draft.pendingLabels(FINGERPRINT).length, 2);
      draft.close();
    });
  }

  it('keeps the log of a build that was killed', (t) => {
    const folder = temporaryFolder(t);
    const path = join(folder, 'papers.db');
    leaveDraft(path, null);
    const killed = join(folder, 'killed.db');
    // As after kill -9: the log was never merged into the file.
    const writer = openDraft(path, EMPTY);
    writer.upsert(papers);
    const [, second] = writer.texts(writer.pendingLabels(FINGERPRINT));
    assert.ok(second);
    writer.putEmbeddings(FINGERPRINT, [{ textHash: second.textHash, vector: vectorOf(second.textHash) }]);
    for (const suffix of ['', '-wal']) writeFileSync(killed + suffix, readFileSync(path + suffix));
    writer.close();
    const draft = openDraft(killed, EMPTY);
    assert.equal(draft.resumed, true);
    draft.upsert(papers);
    assert.equal(draft.pendingLabels(FINGERPRINT).length, 2);
    draft.close();
  });
});

describe('a sealed draft', () => {
  it('is one file out of WAL mode, so that read-only media can hold it', (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build(papers);
    const path = corpus.published ?? '';
    // Bytes 18 and 19 are the write and read versions of the file format: 1 is a rollback journal, 2 is WAL.
    const header = readFileSync(path).subarray(0, 20);
    assert.deepEqual([header[18], header[19]], [1, 1]);
    for (const suffix of ['-wal', '-shm', '-journal']) assert.equal(existsSync(path + suffix), false, suffix);
  });

  it('holds no embedding that no paper needs', (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build(papers);
    corpus.build([paper({ id: 'a', title: 'A, changed' })]);
    const draft = corpus.openDraft();
    draft.upsert([paper({ id: 'a', title: 'A' })]);
    assert.equal(draft.pendingLabels(FINGERPRINT).length, 1);
    draft.close();
  });

  it('gives back the space of what was removed', (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    const many = Array.from({ length: 200 }, (_, i) =>
      paper({ id: `p${i}`, title: `T ${i}`, abstract: 'x'.repeat(2000) }),
    );
    corpus.build(many);
    const before = readFileSync(corpus.published ?? '').length;
    const draft = corpus.openDraft();
    draft.upsert(many.slice(0, 10));
    draft.removeUnseen();
    corpus.publish(draft);
    assert.ok(readFileSync(corpus.published ?? '').length < before / 4);
  });

  it('leaves the store that it began as untouched', (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build(papers);
    const base = corpus.published ?? '';
    const before = readFileSync(base);
    corpus.build([paper({ id: 'e', title: 'E' })]);
    assert.deepEqual(readFileSync(base), before);
  });
});

function otherDatabase(): Buffer {
  const db = new Database(':memory:');
  db.exec('CREATE TABLE notes (text)');
  const bytes = db.serialize();
  db.close();
  return bytes;
}
