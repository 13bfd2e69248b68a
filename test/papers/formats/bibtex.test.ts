import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bibtex } from '../../../src/papers/formats/bibtex.js';
import { normalisePaper } from '../../../src/papers/formats/normalise.js';
import type { PaperInput } from '../../../src/papers/paper.js';
import { packagePath, papersOf, readAll, readPieces, summary } from './reading.js';

const FIXTURE = packagePath('test', 'fixtures', 'formats', 'references.bib');

async function paperOf(text: string): Promise<PaperInput | undefined> {
  const { outcomes } = await readPieces([text], { format: 'bibtex' });
  return papersOf(outcomes)[0];
}

describe('a file of entries from several programs', async () => {
  const reading = await readAll(FIXTURE);
  const byId = new Map(papersOf(reading.outcomes).map((paper) => [paper.id, paper]));

  test('is recognised, and gives the papers and what is none', () => {
    assert.equal(reading.thrown, undefined);
    assert.equal(reading.format, 'bibtex');
    assert.deepEqual(summary(reading.outcomes), [
      '9',
      '24 a volume, not a paper',
      '29',
      '40',
      '50',
      '50',
      '51',
      '55',
      '56 not BibTeX: something is missing or out of place in line 58',
      '60 not BibTeX: a brace or quote of the entry is never closed',
      '63',
      '66 no title',
    ]);
    const problems = reading.outcomes.flatMap((outcome) => (outcome.kind === 'bad' ? [outcome.problem] : []));
    assert.deepEqual(problems, ['not_a_paper', 'broken_record', 'broken_record', 'no_title']);
  });

  test('reads an export of the ACL Anthology', () => {
    assert.deepEqual(byId.get('rivera-etal-2021-quiet'), {
      id: 'rivera-etal-2021-quiet',
      title: 'Quiet Graphs: Breaking $O(n \\log n)$ with “Small” GNNs',
      authors: ['María Rivera', 'Jürgen von der Öl', 'Martin King Jr.', 'Barnes and Noble, Inc.'],
      abstract:
        'We say “quiet” and mean quiet: at 5% of the cost, i.e. $3,\n      a model of “Erdős” type with $\\alpha_{1} < \\beta$.',
      venue: 'Annual Meeting of the Association for Tests, Volume 1',
      year: 2021,
      url: 'https://anthology.example.org/2021.quiet-1.1/',
      doi: '10.18653/v1/2021.quiet-1.1',
    });
  });

  test('reads what arXiv writes, its id as the address', () => {
    assert.deepEqual(byId.get('ng2024fast'), {
      id: 'ng2024fast',
      title: 'Fast Things',
      authors: ['Ada Ng', 'Bo Li'],
      year: 2024,
      url: 'https://arxiv.org/abs/2401.01335',
      categories: ['cs.LG', 'learning', 'Naïve Bayes', 'graphs'],
    });
  });

  test('reads biblatex, with escapes of Zotero', () => {
    assert.deepEqual(byId.get('doe_2019'), {
      id: 'doe_2019',
      title: 'Money, $5 and Rock & Roll: A $x<y$ Story',
      authors: ['Mitzi van der Ham', 'Jo Doe'],
      venue: 'Journal of Møney',
      published: '2019-03-14',
      url: 'https://example.org/a_b/~doe',
      doi: 'https://doi.org/10.1000/m_5',
    });
  });

  test('reads entries on one line, in parentheses and without a key', () => {
    assert.deepEqual(byId.get('gs2017'), {
      id: 'gs2017',
      title: 'On Seeing',
      authors: ['A Seer'],
      venue: 'arXiv preprint arXiv:1706.03762',
      url: 'https://arxiv.org/abs/1706.03762',
    });
    assert.deepEqual(byId.get('paren'), {
      id: 'paren',
      title: 'Two "quotes" (and more)',
      published: '1999-03-14',
    });
    assert.deepEqual(byId.get(undefined), { title: 'Has an empty key', published: '2003-02-01' });
    assert.deepEqual(byId.get('DBLP:books/x/Ex20'), { id: 'DBLP:books/x/Ex20', title: '1984', year: 1949 });
  });

  test('gives papers that the corpus takes', () => {
    for (const paper of byId.values()) assert.equal(normalisePaper(paper).ok, true, paper.id);
  });
});

test('a macro that is not defined, or that cannot be read, costs only itself', async () => {
  const text =
    '@string{bad = }\n@string{brace = "a } b"}\n@misc{k, title = {T}, journal = bad, note = brace # constructor}';
  assert.deepEqual(await paperOf(text), { id: 'k', title: 'T' });
});

test('an entry without a key has no id', async () => {
  assert.deepEqual(await paperOf('@misc{title = {T, of course}, year = 2020}'), {
    title: 'T, of course',
    year: 2020,
  });
});

test('a name is read in each of its orders', async () => {
  const authors =
    'Ada Ng and Ng, Ada AND de la Cruz, Jr, Ana and {van Gogh} and and  Ng{\\"o}, {\\"U}. and others';
  const paper = await paperOf(`@misc{k, title = {T}, author = {${authors}}}`);
  assert.deepEqual(paper?.authors, ['Ada Ng', 'Ada Ng', 'Ana de la Cruz Jr', 'van Gogh', 'Ü. Ngö']);
});

test('an arXiv id is not taken from another archive', async () => {
  const paper = await paperOf('@misc{k, title = {T}, eprint = {1234.5678}, eprinttype = {jstor}}');
  assert.equal(paper?.url, undefined);
});

test('an entry that is never closed at the end of the text is told', async () => {
  const { outcomes } = await readPieces(['@misc{a, title = {T}}\n@misc{b, title = {cut o'], {
    format: 'bibtex',
  });
  assert.deepEqual(summary(outcomes), ['1', '2 not BibTeX: a brace or quote of the entry is never closed']);
});

test('an entry that is too long costs itself, and the next one is read', async () => {
  const line = `${'x'.repeat(1_000_000)}\n`;
  const pieces = [
    '@misc{a, title = {',
    ...Array<string>(9).fill(line),
    '}} @misc{no, title={N}}\n@misc{b, title={T}}',
  ];
  const { outcomes } = await readPieces(pieces, { format: 'bibtex' });
  assert.deepEqual(summary(outcomes), ['1 the entry is longer than 8 MiB', '11']);
});

test('one long line is read or refused in linear time', async () => {
  const megabytes = ['x', '{', '\\'].map((part) => part.repeat(5_000_000));
  const parts = ['"', '{}', '@a{', ' and ', '= ', '\\"', '$', ', ', '\n', 'a=b,'];
  const start = process.cpuUsage();
  for (const body of [...megabytes, ...parts.map((part) => part.repeat(500_000 / part.length))]) {
    const text = `@misc{a, title = {T}, author = {${body}}}\n@misc{z, title = {T}}\n`;
    const { outcomes, thrown } = await readPieces([text], { format: 'bibtex' });
    assert.equal(thrown, undefined);
    assert.equal(papersOf(outcomes).at(-1)?.id, 'z', body.slice(0, 10));
  }
  const { user } = process.cpuUsage(start);
  assert.ok(user / 1e6 < 30, `${user / 1e6} s`);
});

test('only a text with an entry looks like BibTeX', () => {
  for (const head of [
    '@misc{a,',
    '% Encoding: UTF-8\n\n@Article{a-b:c/d,',
    '@string{a = "b"}',
    '@comment{x}',
    'x\n @misc(a,',
  ])
    assert.ok(bibtex.looksLike(head), head);
  for (const head of [
    '',
    '@',
    'mail me@b.org',
    '{"a": "@misc{a,"}',
    '[\n@misc{a,',
    '<p>\n@misc{a,',
    '@misc',
    'id,title\n1,@misc',
  ])
    assert.ok(!bibtex.looksLike(head), head);
});

test('a day is taken where it is told which number it is', async () => {
  const dates: [string, string | number | undefined][] = [
    ['year = 2019, month = 3, day = 14', '2019-03-14'],
    ['year = 2019, month = mar, day = 14', '2019-03-14'],
    ['year = 2019, month = {March 14}', '2019-03-14'],
    ['year = 2019, month = "Sept."', 2019],
    ['year = 2019, month = mar # "~4"', 2019],
    ['year = 2019, month = 2, day = 31', 2019],
    ['year = {{[2019]}}', 2019],
    ['year = {2019a}', 2019],
    ['year = {n.d.}, month = mar', undefined],
    ['date = {2024-08}', 2024],
    ['date = {2024-08-14T10:00:00}', '2024-08-14'],
    ['date = {}, year = 2019', 2019],
  ];
  for (const [fields, expected] of dates) {
    const paper = await paperOf(`@misc{k, title = {T}, ${fields}}`);
    assert.equal(paper?.published ?? paper?.year, expected, fields);
  }
});

test('a lone quote or brace in a comment costs nothing behind it', async () => {
  const comments = [
    '@comment{of 5" wide}',
    '@comment{a { b}',
    '@comment{a\n" { b\n}',
    '@comment("x {)',
    '@comment{x',
  ];
  for (const comment of comments) {
    const { outcomes } = await readPieces([`${comment}\n@misc{a, title = {T}}\n@misc{b, title = {U}}\n`]);
    const lines = comment.split('\n').length;
    assert.deepEqual(summary(outcomes), [`${lines + 1}`, `${lines + 2}`], comment);
  }
});

test('entries in a comment are commented out', async () => {
  const text = '@comment{\n@misc{a, title = {5" T}}\n\n@misc{b, title = {U}}\n}\n@misc{c, title = {V}}\n';
  const { outcomes } = await readPieces([text], { format: 'bibtex' });
  assert.deepEqual(summary(outcomes), ['6']);
});

test('lines that end in a carriage return are counted', async () => {
  const { outcomes } = await readPieces([
    '% a @misc{x, \r@misc{a,\r title = {T}}\r\r@misc{b, title = {U}}\r',
  ]);
  assert.deepEqual(summary(outcomes), ['2', '5']);
});

test('keywords beyond what a paper may have are left out', async () => {
  const keywords = Array.from({ length: 300 }, (_, index) => `k${index}`).join(', ');
  const paper = await paperOf(`@misc{k, title = {T}, keywords = {${'x'.repeat(501)}, ${keywords}}}`);
  assert.deepEqual([paper?.categories?.length, paper?.categories?.[0]], [200, 'k0']);
  assert.ok(paper !== undefined && normalisePaper(paper).ok);
  const long = await paperOf(`@misc{k, title = {T}, keywords = {${`${'x'.repeat(490)},y,`.repeat(2)}}}`);
  assert.equal(long?.categories?.length, 2);
});

test('an entry in a cell of a table makes it no BibTeX, and a table in a comment no table', async () => {
  const entry = '@article{foo,\n title = {x}}';
  const table = await readPieces([`title;abstract\nOne;"cite\n${entry}"\nTwo;y\n`]);
  assert.equal(table.format, 'csv');
  assert.deepEqual(
    papersOf(table.outcomes).map(({ title }) => title),
    ['One', 'Two'],
  );
  assert.equal((await readPieces([`% key, title, year\n${entry}\n`])).format, 'bibtex');
});

test('braces that protect words go, whatever they hold', async () => {
  const paper = await paperOf('@misc{k, title = {{A}ttention, {LSTM}s and {Deep, Old} {N}ets^{2}}}');
  assert.equal(paper?.title, 'Attention, LSTMs and Deep, Old Nets^{2}');
});
