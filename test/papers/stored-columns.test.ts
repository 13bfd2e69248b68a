/** Columns that are kept in the store answer as those made from the rows do. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3';
import { openStore } from '../../src/papers/store.js';
import { writeColumns } from '../../src/papers/stored-columns.js';
import { Corpus, paper, temporaryFolder } from './drafting.js';

const PAPERS = [
  paper({
    id: 'a',
    title: 'A',
    abstract: 'One two three four five six seven.',
    authors: ['Łukasz Kaiser', 'X'],
    categories: ['cs.CL', 'we"ird, \\ list'],
    venue: 'ACL Workshop',
    published: '2020-02-29',
    doi: '10.1000/a',
  }),
  paper({
    id: 'b',
    title: 'B',
    abstract: 'One two three four five six eight.',
    year: 2021,
    doi: '10.1000/A',
  }),
  paper({ id: 'c', title: 'C', abstract: '', authors: ['Kaiser, L.'], categories: ['stat.ML'] }),
  paper({ id: 'd', title: 'D', abstract: 'Nothing of the kind is written down here.', venue: '…' }),
];

/** What the store answers to every kind of clause and comparison, by ids. */
async function answers(path: string) {
  const store = await openStore(path);
  try {
    const all = [...(await store.subset([])).labels];
    const papers = await store.get(all, ['id']);
    const idOf = new Map(all.map((label, i) => [label, papers[i]?.id]));
    const found: unknown[] = [];
    for (const clause of [
      { kind: 'dates', from: '2020-03-01', to: null },
      { kind: 'dates', from: null, to: '2020-12-31' },
      { kind: 'categories', anyOf: ['CS.*'] },
      { kind: 'categories', anyOf: ['stat.ml', 'cs'] },
      { kind: 'categories', anyOf: ['we"ird, \\ list'] },
      { kind: 'categories', anyOf: ['ird, \\ list'] },
      { kind: 'categories', anyOf: ['*'] },
      { kind: 'venue', name: 'acl' },
      { kind: 'venue', name: '…' },
      { kind: 'author', name: 'L Kaiser' },
      { kind: 'author', name: 'x' },
      { kind: 'author', name: 'nobody' },
    ] as const) {
      const { labels, undated } = await store.subset([clause]);
      found.push([JSON.stringify(clause), [...labels].map((label) => idOf.get(label)), undated]);
    }
    for (const label of all) {
      const others = all.filter((other) => other !== label);
      found.push(
        [store.twins(label), store.resembling(label, others, 0.5)].map((some) =>
          some.map((one) => idOf.get(one)),
        ),
      );
    }
    return found;
  } finally {
    await store.close();
  }
}

describe('the columns of a store', () => {
  it('answer alike whether they are stored, made from the rows, or stored by another version', async (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build(PAPERS);
    const path = corpus.published ?? '';
    const change = (sql: string) => {
      const db = new Database(path);
      if (sql === '') writeColumns(db);
      else db.exec(sql);
      db.close();
    };
    change('DROP TABLE IF EXISTS columns');
    const made = await answers(path);
    assert.deepEqual(made, [
      ['{"kind":"dates","from":"2020-03-01","to":null}', ['b'], 2],
      ['{"kind":"dates","from":null,"to":"2020-12-31"}', ['a'], 2],
      ['{"kind":"categories","anyOf":["CS.*"]}', ['a'], 0],
      ['{"kind":"categories","anyOf":["stat.ml","cs"]}', ['c'], 0],
      ['{"kind":"categories","anyOf":["we\\"ird, \\\\ list"]}', ['a'], 0],
      ['{"kind":"categories","anyOf":["ird, \\\\ list"]}', [], 0],
      ['{"kind":"categories","anyOf":["*"]}', ['a', 'c'], 0],
      ['{"kind":"venue","name":"acl"}', ['a'], 0],
      ['{"kind":"venue","name":"…"}', [], 0],
      ['{"kind":"author","name":"L Kaiser"}', ['a', 'c'], 0],
      ['{"kind":"author","name":"x"}', ['a'], 0],
      ['{"kind":"author","name":"nobody"}', [], 0],
      [['b'], ['b']],
      [['a'], ['a']],
      [[], []],
      [[], []],
    ]);
    change('');
    assert.deepEqual(await answers(path), made);
    change(
      "UPDATE columns SET data = x'' WHERE name = 'names'; UPDATE columns SET data = x'ff000000' WHERE name = 'version'",
    );
    assert.deepEqual(await answers(path), made);
  });

  it('are made from the rows when the store has other papers than they were stored for', async (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build(PAPERS);
    const path = corpus.published ?? '';
    const db = new Database(path);
    writeColumns(db);
    db.exec("DELETE FROM papers WHERE id = 'd'");
    db.close();
    const store = await openStore(path);
    assert.equal(store.size, 3);
    assert.equal((await store.subset([])).labels.size, 3);
    await store.close();
  });
});
