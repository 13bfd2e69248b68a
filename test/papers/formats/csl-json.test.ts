import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cslJson } from '../../../src/papers/formats/csl-json.js';
import { packagePath, papersOf, readAll, readPieces, summary } from './reading.js';

const FIXTURE = packagePath('test', 'fixtures', 'formats', 'references.json');

test('items of several programs are read, and what is none is told', async () => {
  const reading = await readAll(FIXTURE);
  assert.equal(reading.thrown, undefined);
  assert.equal(reading.format, 'csl-json');
  assert.deepEqual(summary(reading.outcomes), [
    '2',
    '18 an empty place, not a record',
    '19',
    '26',
    '27',
    '34',
    '41 author: expected an array, got a string',
    '42 DOI: expected a string, got a number',
    '43',
  ]);
  assert.deepEqual(papersOf(reading.outcomes), [
    {
      id: 'http://zotero.org/users/1/items/ABC',
      title: 'CO2 and the iPhone',
      authors: ['Vincent van Gogh', 'Ludwig van Beethoven Jr.', 'World Health Organization'],
      abstract: 'We find that p < 0.05.',
      venue: 'Journal of Quiet & Noise',
      categories: ['graphs', 'quiet', 'noise'],
      published: '2024-03-14',
      url: 'https://example.org/1',
      doi: 'https://doi.org/10.1000/xyz.1',
    },
    { id: '12', title: 'A Preprint', year: 2024, url: 'https://arxiv.org/abs/2401.01335' },
    { id: 'lit', title: 'A Book', year: 2019 },
    { id: 'raw', title: 'Another Book', published: '2019-03-14', doi: 'doi:10.1000/b' },
    { id: 'press', title: 'No Date', url: 'https://arxiv.org/abs/cs/0112017' },
    { title: 'As Crossref Writes It', venue: 'Venue', authors: ['A Group'] },
  ]);
});

const ITEM = '{"id": "a", "title": "T", "issued": {"date-parts": [[2024]]}}';

test('items are read however they are held', async () => {
  for (const text of [`${ITEM}\n${ITEM}\n`, `{"items": [${ITEM}, ${ITEM}]}`]) {
    const reading = await readPieces([text]);
    assert.equal(reading.format, 'csl-json', text);
    assert.deepEqual(
      papersOf(reading.outcomes).map(({ year }) => year),
      [2024, 2024],
      text,
    );
  }
});

test('a date that does not exist, or no year of a paper, is passed over', async () => {
  const dates: [string, unknown][] = [
    ['{"date-parts": [[2024, 2, 31]]}', 2024],
    ['{"date-parts": [[2024, 1, 5], [2024, 1, 9]]}', '2024-01-05'],
    ['{"date-parts": [[-300]]}', undefined],
    ['{"date-parts": []}', undefined],
    ['{"date-parts": [["2024", "", ""]], "season": 2}', 2024],
    ['{"raw": "14 March 2024"}', '2024-03-14'],
    ['"2024-03-14"', '2024-03-14'],
    ['2024', 2024],
    ['[2024]', undefined],
  ];
  for (const [issued, expected] of dates) {
    const { outcomes } = await readPieces([
      `{"id": "a", "title": "T", "container-title": "V", "issued": ${issued}}`,
    ]);
    const [paper] = papersOf(outcomes);
    assert.equal(paper?.published ?? paper?.year, expected, issued);
  }
});

test('records of another format do not look like items', () => {
  for (const record of [
    '{"id": "a", "title": "T", "abstract": "A", "authors": ["A", "B"], "year": 2020}',
    '{"id": "a", "title": "T", "type": "article", "author": "A and B"}',
    '{"title": "T", "authors": [{"family": "A"}], "issued": {"date-parts": [[2020]]}}',
    '{"title": "T"}',
  ]) {
    for (const head of [record, `[${record}]`, `{"items": [${record}]}`])
      assert.ok(!cslJson.looksLike(head), head);
  }
  assert.ok(cslJson.looksLike(`[${ITEM}`));
  assert.ok(cslJson.looksLike(`[{"id": "a", "type": "article-journal", "abstract": "${'x'.repeat(70_000)}`));
});

test('keywords beyond what a paper may have are left out', async () => {
  const keyword = Array.from({ length: 300 }, (_, index) => `k${index}`).join(',');
  const text = JSON.stringify([{ id: 'a', title: 'T', keyword, issued: { 'date-parts': [[2024]] } }]);
  assert.equal(
    papersOf((await readPieces([text], { format: 'csl-json' })).outcomes)[0]?.categories?.length,
    200,
  );
});
