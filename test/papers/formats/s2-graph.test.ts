import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packagePath, papersOf, readAll, readPieces, summary } from './reading.js';

const first = {
  paperId: 'ab'.repeat(20),
  externalIds: { ArXiv: '2401.01335', CorpusId: 5, DOI: '10.1/X' },
  title: 'One &amp; two',
  abstract: null,
  tldr: { model: 'tldr@v2.0.0', text: 'Two.' },
  authors: [{ authorId: '1', name: 'É. A' }],
};

test('a page of a search of Semantic Scholar is mapped to papers', async () => {
  const { format, outcomes, notes } = await readAll(
    packagePath('test', 'fixtures', 'formats', 's2-graph.json'),
  );
  assert.deepEqual([format, notes], ['s2-graph', []]);
  assert.deepEqual(summary(outcomes), ['6', '30', '40 no title']);
  assert.deepEqual(papersOf(outcomes), [
    {
      id: '204e3073870fae3d05bcbc2f6a8e263d9b72e776',
      title: 'E. coli & friends',
      abstract: 'A first line. A second.',
      authors: ['Zoë Ångström'],
      published: '2023-05-01',
      year: 2023,
      categories: ['Biology', 'Biology', 'Computer Science'],
      venue: 'Nature Notes',
      url: 'https://www.semanticscholar.org/paper/204e3073870fae3d05bcbc2f6a8e263d9b72e776',
      doi: '10.1000/XYZ',
    },
    { id: 'CorpusId:99', title: 'Only cited', venue: 'J. Cited' },
  ]);
});

test('one paper, batches, recommendations and citations are read alike, in one line and over several', async () => {
  for (const [value, lines] of [
    [first, 1],
    [{ ...first, references: [{ paperId: 'cd', title: 'not this' }] }, 1],
    [[null, first], 2],
    [{ recommendedPapers: [first] }, 1],
    [
      {
        offset: 0,
        next: 1,
        data: [{ contexts: ['c'], intents: [], isInfluential: false, citingPaper: first }],
      },
      1,
    ],
    [{ offset: 0, data: [{ citedPaper: first }] }, 1],
    [{ total: 1, token: null, data: [first] }, 1],
  ] as const) {
    for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2)]) {
      const { format, outcomes } = await readPieces([text]);
      assert.deepEqual([format, outcomes.length], ['s2-graph', lines], text);
      assert.deepEqual(papersOf(outcomes), [
        {
          id: first.paperId,
          title: 'One & two',
          authors: ['É. A'],
          url: 'https://arxiv.org/abs/2401.01335',
          doi: '10.1/X',
        },
      ]);
    }
  }
});

test('an id without a paper in a batch is no paper, and no fault', async () => {
  const { outcomes } = await readPieces([JSON.stringify([null, first])]);
  assert.deepEqual(outcomes[0], {
    kind: 'bad',
    line: 1,
    problem: 'not_a_paper',
    reason: 'null: the service found no paper for this id',
  });
});

test('papers that are no answers of the service are left to other readers', async () => {
  const { format } = await readPieces(['{"title":"a","references":[{"paperId":"x"}]}\n{"title":"b"}\n']);
  assert.equal(format, 'jsonl');
});

test('a paper with more citations than is looked at, and several pages in one file, are those of this format', async () => {
  const paper = (digit: string) => ({ paperId: digit.repeat(40), title: `T${digit}` });
  const citations = Array.from({ length: 2000 }, () => paper('b'));
  const page = (offset: number, digit: string) => ({ total: 2, offset, data: [paper(digit)] });
  const error = { message: 'Too Many Requests', code: '429' };
  for (const indent of [0, 2]) {
    const write = (...values: object[]) =>
      values.map((value) => JSON.stringify(value, null, indent)).join('\n');
    const one = await readPieces([write({ ...paper('a'), citations })]);
    assert.deepEqual([one.format, ...papersOf(one.outcomes).map(({ title }) => title)], ['s2-graph', 'Ta']);
    const two = await readPieces([write(page(0, 'a'), error, page(1, 'c'))]);
    assert.deepEqual(
      [two.format, ...two.outcomes.map((found) => (found.kind === 'paper' ? found.paper.title : found.kind))],
      ['s2-graph', 'Ta', 'bad', 'Tc'],
    );
  }
});

test('a paper of another source that lists papers of this one is not theirs', async () => {
  const lines = ['a', 'b'].map((title) =>
    JSON.stringify({ title, citations: [{ paperId: 'c'.repeat(40), title: 'c' }] }),
  );
  const { format, outcomes } = await readPieces([lines.join('\n')]);
  assert.deepEqual([format, ...papersOf(outcomes).map(({ title }) => title)], ['jsonl', 'a', 'b']);
});
