import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packagePath, papersOf, readAll, readPieces, summary } from './reading.js';

test('the daily papers are mapped to papers of arXiv', async () => {
  const { format, outcomes } = await readAll(packagePath('test', 'fixtures', 'formats', 'daily-papers.json'));
  assert.equal(format, 'daily-papers');
  assert.deepEqual(summary(outcomes), ['2', '23', '24 id: expected an id of arXiv', '25 no title']);
  assert.deepEqual(papersOf(outcomes), [
    {
      id: '2401.01335',
      title: 'Self-Play\n  of Models',
      abstract: 'We write $x < y$\nand <mask>.',
      authors: ['Zoë Ångström', 'Hidden Author'],
      published: '2024-01-02T18:53:13.000Z',
      url: 'https://arxiv.org/abs/2401.01335',
    },
    { id: '2401.00001', title: 'Short', url: 'https://arxiv.org/abs/2401.00001', version: 2 },
  ]);
});

test('single papers are read, one, one a line, and over several lines', async () => {
  const one = {
    id: '2401.01335',
    authors: [{ _id: 'x', name: 'A', hidden: false }],
    title: 'T',
    summary: 'S',
    upvotes: 1,
  };
  const [line, indented] = [JSON.stringify(one), JSON.stringify(one, null, 2)];
  for (const [text, count] of [
    [line, 1],
    [`${line}\n${line}\n`, 2],
    [indented, 1],
    [`[${line}]`, 1],
    [JSON.stringify({ paper: one, numComments: 2 }), 1],
  ] as const) {
    const { format, outcomes } = await readPieces([text]);
    assert.equal(format, 'daily-papers', text);
    assert.deepEqual(
      papersOf(outcomes).map(({ id, authors }) => [id, authors]),
      Array(count).fill(['2401.01335', ['A']]),
    );
  }
});

test('a summary of 5 MB in one line is read', async () => {
  const paper = { id: '2401.01335', title: 'T', summary: 'word '.repeat(1_000_000) };
  const { format, outcomes } = await readPieces([JSON.stringify([{ paper }])]);
  assert.deepEqual([format, papersOf(outcomes)[0]?.abstract?.length], ['daily-papers', 5_000_000]);
});

test('papers of others that have an id of arXiv are left to other readers', async () => {
  assert.equal((await readPieces(['{"id":"2401.01335","title":"T","abstract":"A"}'])).format, 'jsonl');
});

test('a single paper with more authors than is looked at is one, on a line or over several', async () => {
  const authors = Array.from({ length: 2000 }, (_, n) => ({
    _id: 'f'.repeat(24),
    name: `A${n}`,
    hidden: false,
  }));
  const paper = { id: '2401.00001', authors, title: 'T', summary: 'S', upvotes: 3 };
  for (const indent of [0, 2]) {
    const { format, outcomes } = await readPieces([JSON.stringify(paper, null, indent)]);
    assert.deepEqual([format, ...papersOf(outcomes).map(({ abstract }) => abstract)], ['daily-papers', 'S']);
  }
});
