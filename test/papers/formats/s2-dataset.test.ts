import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packagePath, papersOf, readAll, readPieces, summary } from './reading.js';

const fixture = () => readAll(packagePath('test', 'fixtures', 'formats', 's2-dataset.jsonl'));

test('papers and abstracts of the datasets of Semantic Scholar have one id', async () => {
  const { format, outcomes, notes } = await fixture();
  assert.deepEqual([format, notes], ['s2-dataset', []]);
  assert.deepEqual(summary(outcomes), [
    '1',
    '2',
    '3 no title',
    '4',
    '5 an abstract without text',
    '6 a record of neither the papers nor the abstracts',
    '7 corpusid: expected a number',
  ]);
  assert.deepEqual(outcomes[0], {
    kind: 'paper',
    line: 1,
    abstractElsewhere: true,
    paper: {
      id: 'CorpusId:266725672',
      title: 'Learning H2O & CO2 at 10⁻³: <mask> tokens',
      authors: ['Zoë Ångström', '李 雷'],
      published: '2024-01-02',
      year: 2024,
      categories: ['Computer Science', 'Mathematics', 'Computer Science'],
      venue: 'Trans. Mach. Learn. Res.',
      url: 'https://arxiv.org/abs/2401.01335',
      doi: '10.48550/arXiv.2401.01335',
    },
  });
  assert.deepEqual(papersOf(outcomes)[1], {
    id: 'CorpusId:7',
    title: 'A note',
    year: 1998,
    venue: 'J. Notes',
    url: 'https://www.semanticscholar.org/paper/00ff',
  });
  assert.deepEqual(outcomes[3], {
    kind: 'abstract',
    line: 4,
    id: 'CorpusId:266725672',
    abstract: 'We show p < 0.05 & more.',
  });
  assert.deepEqual(
    outcomes.flatMap((outcome) => (outcome.kind === 'bad' ? [outcome.problem] : [])),
    ['no_title', 'not_a_paper', 'not_a_paper', 'bad_id'],
  );
});

test('abstracts by themselves are recognised, also when the first is 5 MB', async () => {
  const text = `{"corpusid":1,"openaccessinfo":{"externalids":{}},"abstract":"${'word '.repeat(1_000_000)}"}\n`;
  const { format, outcomes } = await readPieces([text, '{"corpusid":2,"abstract":"b"}']);
  assert.equal(format, 's2-dataset');
  assert.deepEqual(
    outcomes.map(({ kind, line }) => `${kind} ${line}`),
    ['abstract 1', 'abstract 2'],
  );
});

test('a truncated file gives what is whole', async () => {
  const { outcomes } = await readPieces(['{"corpusid":1,"title":"a"}\n{"corpusid":2,"tit']);
  assert.match(summary(outcomes).join(), /^1,2 not JSON: it breaks off/);
});

test('a paper with more authors than is looked at is one, on a line or over several', async () => {
  const authors = Array.from({ length: 3000 }, (_, n) => ({ authorId: `${n}`, name: `Author Number ${n}` }));
  const record = { corpusid: 1, externalids: {}, url: 'u', title: 'T', authors };
  for (const indent of [0, 2]) {
    const { format, outcomes } = await readPieces([JSON.stringify(record, null, indent)]);
    assert.deepEqual([format, ...papersOf(outcomes).map(({ id }) => id)], ['s2-dataset', 'CorpusId:1']);
  }
});
