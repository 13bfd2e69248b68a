/** Live changes become part of the corpus of the next generation. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import type { Change, PutChange } from '../../src/papers/change.js';
import type { Paper } from '../../src/papers/paper.js';
import { textHash } from '../../src/papers/paper-row.js';
import { openStore, storedEmbeddings } from '../../src/papers/store.js';
import { failure } from '../build/building.js';
import { Corpus, FINGERPRINT, paper, temporaryFolder, vectorOf } from './drafting.js';

function put(
  seq: number,
  label: number,
  fields: Partial<Paper> & { title: string },
  arxivVersion: number | null = null,
): PutChange {
  const whole: Paper = { ...paper(fields), id: fields.id ?? `p${label}` };
  return { kind: 'put', seq, label, paper: whole, arxivVersion, vector: vectorOf(textHash(whole)) };
}

function remove(seq: number, label: number, id = `p${label}`): Change {
  return { kind: 'remove', seq, label, id };
}

/** Folds the changes into what is published, and publishes. */
function fold(corpus: Corpus, changes: Iterable<Change>) {
  const draft = corpus.openDraft();
  const count = draft.applyChanges(FINGERPRINT, changes);
  return { count, ...corpus.publish(draft) };
}

/** Label and title of every paper that is published. */
function rows(corpus: Corpus): [number, string][] {
  const db = new Database(corpus.published ?? '', { readonly: true });
  const found = db
    .prepare<[], [number, string]>('SELECT label, title FROM papers ORDER BY label')
    .raw()
    .all();
  db.close();
  return found;
}

describe('changes folded into a draft', () => {
  it('put papers under their labels, remove them, and embed nothing again', async (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build([
      paper({ id: 'p1', title: 'A' }),
      paper({ id: 'p2', title: 'B' }),
      paper({ id: 'p3', title: 'C' }),
    ]);
    const changes = [
      put(1, 2, { title: 'B, changed' }),
      put(2, 7, { title: 'New', year: 2024 }),
      remove(3, 3),
    ];
    const folded = fold(corpus, changes);
    assert.equal(folded.count, 3);
    assert.deepEqual(folded.changes, { papers: 3, added: 1, changed: 1, removed: 1 });
    assert.deepEqual(folded.embedded, []);
    assert.deepEqual(rows(corpus), [
      [1, 'A'],
      [2, 'B, changed'],
      [7, 'New'],
    ]);
    const vectors = new Map(
      [...storedEmbeddings(corpus.published ?? '', FINGERPRINT)].map(({ label, vector }) => [label, vector]),
    );
    for (const change of changes.slice(0, 2) as PutChange[]) {
      assert.deepEqual(vectors.get(change.label), change.vector);
    }
    assert.deepEqual((await corpus.papers()).get('p7'), (changes[1] as PutChange).paper);
  });

  it('leave a paper as the same one brought by an input: aliases, versions and hashes', async (t) => {
    const [byInput, byChange] = [new Corpus(temporaryFolder(t)), new Corpus(temporaryFolder(t))];
    const fields = {
      id: 'arXiv:2401.01335v3',
      title: 'Same',
      doi: '10.1000/1',
      url: 'https://arxiv.org/abs/math/0309136',
    };
    byInput.build([paper({ id: 'first', title: 'First' }), paper(fields)]);
    byChange.build([
      paper({ id: 'first', title: 'First' }),
      paper({ ...fields, title: 'Old', doi: '10.1000/old' }),
    ]);
    fold(byChange, [put(1, 2, fields, 3)]);
    const dump = (corpus: Corpus) => {
      const db = new Database(corpus.published ?? '', { readonly: true });
      const tables = ['papers', 'aliases', 'embeddings', 'columns', 'highest_label'];
      const found = tables.map((table) => db.prepare(`SELECT * FROM ${table} ORDER BY 1`).all());
      db.close();
      return found;
    };
    assert.deepEqual(dump(byChange), dump(byInput));
    // The version counts for the next input.
    assert.equal(
      byChange.build([paper({ ...fields, id: '2401.01335v2', title: 'Older' })]).changes.changed,
      0,
    );
    assert.equal(
      byChange.build([paper({ ...fields, id: '2401.01335v4', title: 'Newer' })]).changes.changed,
      1,
    );
  });

  it('give an id that was removed to the paper that has it next', (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build([paper({ id: '2401.01335', title: 'A' }), paper({ id: 'p2', title: 'B' })]);
    fold(corpus, [remove(1, 1, '2401.01335'), put(2, 3, { id: '2401.01335v1', title: 'Again' }, 1)]);
    assert.deepEqual(rows(corpus), [
      [2, 'B'],
      [3, 'Again'],
    ]);
  });

  it('are refused where two labels would have one id, and change nothing then', (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build([paper({ id: 'p1', title: 'A' })]);
    const draft = corpus.openDraft();
    const wrong = [put(1, 5, { title: 'Five' }), put(2, 6, { id: 'p1', title: 'Again' })];
    assert.throws(() => draft.applyChanges(FINGERPRINT, wrong), failure('internal', /Change 2 .*p1/));
    assert.deepEqual(draft.labels(), [1]);
    draft.close();
  });

  it('end as the changes one after the other would, however many they are', (t) => {
    const anyChanges = fc.array(
      fc.record({ label: fc.integer({ min: 1, max: 12 }), title: fc.option(fc.integer({ min: 0, max: 5 })) }),
      { maxLength: 1200, minLength: 1 },
    );
    fc.assert(
      fc.property(anyChanges, (drawn) => {
        const corpus = new Corpus(temporaryFolder(t));
        corpus.build([1, 2, 3].map((label) => paper({ id: `p${label}`, title: `Base ${label}` })));
        const expected = new Map([1, 2, 3].map((label) => [label, `Base ${label}`]));
        const changes = drawn.map(({ label, title }, i): Change => {
          if (title === null) expected.delete(label);
          else expected.set(label, `Title ${title}`);
          return title === null ? remove(i + 1, label) : put(i + 1, label, { title: `Title ${title}` });
        });
        assert.equal(fold(corpus, changes).count, changes.length);
        assert.deepEqual(
          rows(corpus),
          [...expected].sort(([a], [b]) => a - b),
        );
      }),
      { numRuns: 15 },
    );
  });
});

describe('the label of a removed paper', () => {
  it('is never given again, neither in this build nor in a later one', async (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build([paper({ id: 'p1', title: 'A' }), paper({ id: 'p2', title: 'B' })]);
    const draft = corpus.openDraft();
    draft.applyChanges(FINGERPRINT, [put(1, 3, { title: 'C' }), remove(2, 3), remove(3, 2)]);
    draft.upsert([paper({ id: 'p4', title: 'D' })]);
    corpus.publish(draft);
    assert.deepEqual(rows(corpus), [
      [1, 'A'],
      [4, 'D'],
    ]);
    fold(corpus, [remove(4, 4)]);
    assert.equal(await highestLabelIn(corpus.published ?? ''), 4);
    corpus.build([paper({ id: 'p5', title: 'E' })]);
    assert.deepEqual(rows(corpus), [
      [1, 'A'],
      [5, 'E'],
    ]);
  });

  it('is not given again after --prune either', (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build([paper({ id: 'p1', title: 'A' }), paper({ id: 'p2', title: 'B' })]);
    const draft = corpus.openDraft();
    draft.upsert([paper({ id: 'p1', title: 'A' })]);
    draft.removeUnseen();
    corpus.publish(draft);
    corpus.build([paper({ id: 'p3', title: 'C' })]);
    assert.deepEqual(rows(corpus), [
      [1, 'A'],
      [3, 'C'],
    ]);
  });

  it('may be given again where no generation ever had it: after a stopped build', async (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build([paper({ id: 'p1', title: 'A' })]);
    const stopped = corpus.openDraft();
    stopped.upsert([paper({ id: 'p2', title: 'B' })]);
    stopped.close();
    corpus.build([paper({ id: 'p3', title: 'C' })]);
    assert.deepEqual(rows(corpus), [
      [1, 'A'],
      [2, 'C'],
    ]);
    assert.equal(await highestLabelIn(corpus.published ?? ''), 2);
  });
});

async function highestLabelIn(path: string): Promise<number> {
  const store = await openStore(path);
  await store.close();
  return store.highestLabel;
}
