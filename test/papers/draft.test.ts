import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Corpus, FINGERPRINT, paper, temporaryFolder } from './drafting.js';

describe('a draft', () => {
  it('tells new, changed and unchanged papers apart', (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    const a = paper({ id: 'a', title: 'A' });
    const b = paper({ id: 'b', title: 'B' });
    assert.deepEqual(corpus.build([a, b]).changes, { papers: 2, added: 2, changed: 0, removed: 0 });
    assert.deepEqual(corpus.build([b, a]).changes, { papers: 2, added: 0, changed: 0, removed: 0 });
    const changed = corpus.build([{ ...a, venue: 'ICML' }, paper({ id: 'c', title: 'C' })]);
    assert.deepEqual(changed.changes, { papers: 3, added: 1, changed: 1, removed: 0 });
  });

  it('sees a change in every field', (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    const before = paper({ id: 'a', title: 'A' });
    corpus.build([before]);
    const changes = [
      { title: 'A2' },
      { abstract: 'Text.' },
      { authors: ['X'] },
      { published: '2024-01-01' },
      { updated: '2024-01-02' },
      { year: 2024 },
      { categories: ['cs.CL'] },
      { venue: 'V' },
      { url: 'https://example.org/' },
      { doi: '10.1000/1' },
    ];
    for (const change of changes) {
      const draft = corpus.openDraft();
      draft.upsert([{ ...before, ...change }]);
      assert.equal(draft.changes().changed, 1, JSON.stringify(change));
      draft.close();
    }
  });

  it('counts the same id twice and keeps the last', async (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    const input = [
      paper({ id: 'a', title: 'First' }),
      paper({ id: 'b', title: 'B' }),
      paper({ id: 'a', title: 'Last' }),
    ];
    const { outcomes, changes } = corpus.build(input, 1);
    const replaced = { id: 'a', before: 'First', after: 'Last' };
    assert.deepEqual(outcomes, [
      { kind: 'stored' },
      { kind: 'stored' },
      { kind: 'repeated', id: 'a', replaced },
    ]);
    assert.equal(changes.papers, 2);
    assert.equal((await corpus.papers()).get('a')?.title, 'Last');
    assert.deepEqual(corpus.build(input).changes, { papers: 2, added: 0, changed: 0, removed: 0 });
  });

  it('keeps ids byte for byte, and apart when they differ only in case or form', async (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    const ids = ['A', 'a', 'caf\u00e9', 'cafe\u0301', ' a', 'a/b%2F', '\u{1F600}'];
    corpus.build(ids.map((id) => paper({ id, title: `Of ${id}` })));
    assert.deepEqual([...(await corpus.papers()).keys()], ids);
  });

  it('embeds only the text of a changed title, and no text for another venue', (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    const a = paper({ id: 'a', title: 'A', abstract: 'One.' });
    const b = paper({ id: 'b', title: 'B', abstract: 'Two.' });
    assert.deepEqual(corpus.build([a, b]).embedded, ['A', 'B']);
    assert.deepEqual(
      corpus.build([
        { ...a, title: 'A again' },
        { ...b, venue: 'V' },
      ]).embedded,
      ['A again'],
    );
  });

  it('embeds equal texts once, whoever has them', (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    const twins = ['a', 'b', 'c'].map((id) => paper({ id, title: 'Same', abstract: 'Text.' }));
    assert.deepEqual(corpus.build(twins).embedded, ['Same']);
    const later = corpus.build([paper({ id: 'd', title: 'Same', abstract: 'Text.' })]);
    assert.deepEqual([later.changes.added, later.embedded], [1, []]);
  });

  it('does not take a boundary between title and abstract for another', (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    const input = [paper({ id: 'a', title: 'A B' }), paper({ id: 'b', title: 'A', abstract: 'B' })];
    assert.equal(corpus.build(input).embedded.length, 2);
  });

  it('gives every paper its vector, by label', (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build([paper({ id: 'a', title: 'A' }), paper({ id: 'b', title: 'B' })]);
    const draft = corpus.openDraft();
    draft.upsert([paper({ id: 'c', title: 'A' })]);
    const rows = [...draft.vectors(FINGERPRINT)];
    assert.deepEqual(
      rows.map(({ label }) => label),
      [1, 2, 3],
    );
    assert.deepEqual(rows[0]?.vector, rows[2]?.vector);
    assert.notDeepEqual(rows[0]?.vector, rows[1]?.vector);
    draft.close();
  });

  it('removes what the input did not name, and its aliases', async (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build([
      paper({ id: 'a', title: 'A', doi: '10.1000/a' }),
      paper({ id: 'b', title: 'B' }),
      paper({ id: 'arXiv:2401.00001v2', title: 'C' }),
    ]);
    const draft = corpus.openDraft();
    // An older version names its paper too.
    draft.upsert([paper({ id: 'b', title: 'B' }), paper({ id: '2401.00001v1', title: 'C, early' })]);
    draft.settleIds();
    assert.equal(draft.countUnseen(), 1);
    draft.removeUnseen();
    assert.deepEqual(corpus.publish(draft).changes, { papers: 2, added: 0, changed: 0, removed: 1 });
    const store = await corpus.openStore();
    assert.equal(await store.resolve('10.1000/a'), undefined);
    await store.close();
    assert.deepEqual([...(await corpus.papers()).keys()], ['b', 'arXiv:2401.00001v2']);
  });
});

describe('versions of an arXiv paper', () => {
  const version = (id: string, title: string) => paper({ id, title });

  it('are one paper: the highest wins, under the first id seen, in any order', async (t) => {
    for (const order of [
      [1, 2, 3],
      [3, 2, 1],
      [2, 3, 1],
    ]) {
      const corpus = new Corpus(temporaryFolder(t));
      const input = order.map((n) => version(`arXiv:2401.01335v${n}`, `Version ${n}`));
      corpus.build(input);
      const [only, ...others] = (await corpus.papers()).values();
      assert.deepEqual(others, []);
      assert.equal(only?.title, 'Version 3');
      assert.equal(only?.id, `arXiv:2401.01335v${order[0]}`);
      assert.deepEqual(corpus.build(input).changes, { papers: 1, added: 0, changed: 0, removed: 0 });
    }
  });

  it('are counted when an older one follows a newer', (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    const { outcomes } = corpus.build([version('2401.01335v2', 'Two'), version('2401.01335v1', 'One')]);
    assert.deepEqual(outcomes, [{ kind: 'stored' }, { kind: 'older_version', id: '2401.01335v1' }]);
  });

  it('count as the latest where the id names none', async (t) => {
    const input = [
      version('2401.01335v7', 'Seven'),
      version('https://arxiv.org/abs/2401.01335', 'Latest'),
      version('2401.01335v8', 'Eight'),
    ];
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build(input);
    assert.deepEqual(
      [...(await corpus.papers()).values()].map(({ id, title }) => [id, title]),
      [['2401.01335v7', 'Latest']],
    );
    assert.equal(corpus.build(input).changes.changed, 0);
  });

  it('replace an older one of an earlier build, and not the other way round', async (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build([version('arXiv:2401.01335v1', 'One')]);
    assert.equal(corpus.build([version('2401.01335v2', 'Two')]).changes.changed, 1);
    assert.equal(corpus.build([version('2401.01335v1', 'One')]).changes.changed, 0);
    assert.equal((await corpus.papers()).get('arXiv:2401.01335v1')?.title, 'Two');
  });

  it('are found among old ids, with and without a subject class', async (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build([version('math.GT/0309136v1', 'One'), version('math/0309136v2', 'Two')]);
    assert.deepEqual(
      [...(await corpus.papers()).values()].map(({ title }) => title),
      ['Two'],
    );
  });
});
