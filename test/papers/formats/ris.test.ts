import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalisePaper } from '../../../src/papers/formats/normalise.js';
import { ris } from '../../../src/papers/formats/ris.js';
import { packagePath, papersOf, readAll, readPieces, summary } from './reading.js';

const FIXTURE = packagePath('test', 'fixtures', 'formats', 'references.ris');

test('records of several programs are read, and what is none is told', async () => {
  const reading = await readAll(FIXTURE);
  assert.equal(reading.thrown, undefined);
  assert.equal(reading.format, 'ris');
  assert.deepEqual(summary(reading.outcomes), [
    '4',
    '30',
    '38',
    '44 not RIS: the record does not begin with TY',
    '47 a journal, not a paper',
    '50',
  ]);
  const papers = papersOf(reading.outcomes);
  assert.deepEqual(papers, [
    {
      id: 'Rivera2019',
      title: 'Effects of CO2 on Quiet Graphs: AI - a Review',
      authors: ['María Rivera', 'Martin King Jr.', 'World Health Organization'],
      abstract: 'First line of it - with a dash, continued here and here & there.',
      published: '2019-03-14',
      venue: 'Journal of Quiet',
      categories: ['graphs, directed', 'quiet', 'noise', 'sound'],
      url: 'https://example.org/1',
      doi: 'doi:10.1000/xyz.1',
    },
    {
      title: 'No End Tag',
      authors: ['Ada Ng'],
      abstract: 'Its abstract.',
      year: 2019,
      venue: 'Proceedings of Quiet',
      doi: 'http://dx.doi.org/10.1000/XYZ.2',
    },
    {
      title: 'A Chapter',
      year: 2019,
      url: 'https://doi.org/10.1000/xyz.3',
      doi: 'https://doi.org/10.1000/xyz.3',
    },
    { title: 'One Blank Before the Hyphen' },
  ]);
  const dois = papers
    .map((paper) => normalisePaper(paper))
    .map((made) => (made.ok ? made.paper.doi : made.reason));
  assert.deepEqual(dois, ['10.1000/xyz.1', '10.1000/XYZ.2', '10.1000/xyz.3', null]);
});

test('a date is the day where a tag has one, else the year', async () => {
  const dates: [string, string | number | undefined][] = [
    ['PY  - 2019\nDA  - 2019/03/14', '2019-03-14'],
    ['Y1  - 2019/03//', 2019],
    ['DA  - 2019-03-14', '2019-03-14'],
    ['PY  - 2019\nDA  - Mar 14', 2019],
    ['PY  - 2019\nDA  - 2019 Mar-Apr', 2019],
    ['PY  - ', undefined],
    ['PY  - forthcoming', undefined],
    ['Y2  - 2020/01/01', undefined],
  ];
  for (const [lines, expected] of dates) {
    const { outcomes } = await readPieces([`TY  - JOUR\nTI  - T\n${lines}\nER  - \n`]);
    const [paper] = papersOf(outcomes);
    assert.equal(paper?.published ?? paper?.year, expected, lines);
  }
});

test('a last record without its end is read', async () => {
  const { outcomes } = await readPieces(['TY  - JOUR\nTI  - Cut o']);
  assert.deepEqual(papersOf(outcomes), [{ title: 'Cut o' }]);
});

test('a record that is too long costs itself, and the next one is read', async () => {
  const line = `${'x '.repeat(500_000)}\n`;
  const next = 'ER  - \nTY  - JOUR\nTI  - T\nER  - \n';
  for (const pieces of [Array<string>(9).fill(line), ['x'.repeat(9_000_000), '\n']]) {
    const { outcomes } = await readPieces(['TY  - JOUR\nAB  - ', ...pieces, next], { format: 'ris' });
    assert.equal(outcomes.length, 2);
    assert.deepEqual(summary(outcomes)[0], '1 the record is longer than 8 MiB');
    assert.deepEqual(papersOf(outcomes), [{ title: 'T' }]);
  }
});

test('a long record is read in linear time', async () => {
  const megabytes = ['x', ';', '10.1000/', `${' '.repeat(999)}\n`].map((part) =>
    part.repeat(5_000_000 / part.length),
  );
  const lines = ['x\n', 'KW  - \n', 'KW  - a\nb\n', 'AB  - a  - b\n'];
  const start = process.cpuUsage();
  for (const body of [...megabytes, ...lines.map((line) => line.repeat(500_000 / line.length))]) {
    const text = `TY  - JOUR\nTI  - T\nUR  - ${body}\nER  - \nTY  - JOUR\nTI  - Z\n`;
    const { outcomes } = await readPieces([text], { format: 'ris' });
    assert.equal(papersOf(outcomes).at(-1)?.title, 'Z');
  }
  const { user } = process.cpuUsage(start);
  assert.ok(user / 1e6 < 30, `${user / 1e6} s`);
});

test('only a text with the first tag of a record looks like RIS', () => {
  for (const head of [
    'TY  - JOUR\r\n',
    'Provider: x\n\nTY - CONF \nTI - T',
    'TY  - Journal Article\n',
    'TY  - J\r',
  ])
    assert.ok(ris.looksLike(head), head);
  for (const head of [
    '',
    'TY',
    'TY  - ',
    'TI  - JOUR\n',
    '{"a": "TY  - JOUR"}',
    'XTY  - JOUR\n',
    'TY  - a',
    'TY  - A!',
    '@article{a,\n title = {T}\n}\nTY  - JOUR\n',
  ])
    assert.ok(!ris.looksLike(head), head);
});

test('an id of digits only is a number of EndNote, and none of the paper', async () => {
  const idOf = async (lines: string) =>
    papersOf((await readPieces([`TY  - JOUR\nTI  - T\n${lines}\nER  - \n`])).outcomes)[0]?.id;
  assert.equal(await idOf('ID  - 12'), undefined);
  assert.equal(await idOf('ID  - 12\nAN  - WOS:000123'), 'WOS:000123');
  assert.equal(await idOf('ID  - 12a'), '12a');
});

test('the end of a file is no record', async () => {
  for (const end of ['ER  - \nEF  - \n', 'EF  - \n', 'ER  - \nEF  - \nEF  -']) {
    const { outcomes } = await readPieces([`TY  - JOUR\nTI  - A\nER  - \nTY  - JOUR\nTI  - B\n${end}`]);
    assert.deepEqual(summary(outcomes), ['1', '4'], end);
  }
});

test('lines that end in a carriage return are lines', async () => {
  const { outcomes } = await readPieces(['TY  - JOUR\rTI  - A\rER  - \rTY  - JOUR\r', '\rTI  - B\rER  - \r']);
  assert.deepEqual(papersOf(outcomes), [{ title: 'A' }, { title: 'B' }]);
  assert.deepEqual(summary(outcomes), ['1', '4']);
});

test('keywords beyond what a paper may have are left out', async () => {
  const keywords = Array.from({ length: 300 }, (_, index) => `KW  - k${index}`).join('\n');
  const { outcomes } = await readPieces([
    `TY  - JOUR\nTI  - T\nKW  - ${'x'.repeat(501)}\n${keywords}\nER  - \n`,
  ]);
  const [paper] = papersOf(outcomes);
  assert.deepEqual([paper?.categories?.length, paper?.categories?.[0]], [200, 'k0']);
  assert.ok(paper !== undefined && normalisePaper(paper).ok);
});

test('a record in a cell of a table makes it no RIS', async () => {
  const text = 'id,title,abstract\na,One,"see\nTY  - JOUR\nTI  - x"\nb,Two,y\n';
  for (const each of [text, text.replaceAll('\n', '\r')]) {
    const { format, outcomes } = await readPieces([each]);
    assert.equal(format, 'csv');
    assert.deepEqual(
      papersOf(outcomes).map(({ id }) => id),
      ['a', 'b'],
    );
  }
});
