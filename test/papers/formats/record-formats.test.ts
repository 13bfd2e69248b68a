import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { NearpaperError } from '../../../src/errors.js';
import type { PaperInput } from '../../../src/papers/paper.js';
import { fileOf, packagePath, papersOf, readAll, readPieces, summary } from './reading.js';

const KIB = 1024;
const lineOf = (fields: object) => `${JSON.stringify(fields)}\n`;
const reasonsOf = async (...texts: string[]) => summary((await readPieces(texts)).outcomes);

/** Text as corpora have it: any Unicode, and often what a format must escape. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc
    .array(fc.constantFrom('"', ',', '\n', '\t', ';', "'", '\\', '{', '}', '[', ']', 'a', ' ', 'é'), {
      maxLength: 20,
    })
    .map((all) => all.join('')),
);
const title = text.filter((value) => value.trim() !== '');
const paper: fc.Arbitrary<PaperInput> = fc.record(
  {
    title,
    id: text,
    abstract: text,
    authors: fc.array(text),
    categories: fc.array(text),
    venue: text,
    year: fc.nat(3000),
  },
  { requiredKeys: ['title'], noNullPrototype: true },
);
const papers = fc.array(paper, { minLength: 1, maxLength: 8 });

describe('JSON records', () => {
  test('come back as they were written, a line each', async () => {
    await fc.assert(
      fc.asyncProperty(papers, fc.integer({ min: 1, max: 40 }), async (given, size) => {
        const bytes = Buffer.from(given.map(lineOf).join(''));
        const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
          bytes.subarray(n * size, (n + 1) * size),
        );
        assert.deepEqual(papersOf((await readPieces(pieces, { format: 'jsonl' })).outcomes), given);
      }),
    );
  });

  test('come back as they were written, in an array or wrapped, indented or not', async () => {
    await fc.assert(
      fc.asyncProperty(papers, fc.nat(2), fc.boolean(), async (given, indent, wrapped) => {
        const value = wrapped ? { meta: { tags: ['a]', '{'] }, empty: [], papers: given, more: [{}] } : given;
        const written = JSON.stringify(value, null, indent);
        const { outcomes, thrown } = await readPieces([written], { format: 'json-array' });
        assert.deepEqual([papersOf(outcomes), thrown], [given, undefined]);
        if (indent > 0) {
          const lines = written.split('\n');
          for (const { line } of outcomes) assert.match(lines[line - 1] ?? '', /^\s*\{$/);
        }
      }),
    );
  });

  test('may write authors, categories, years and ids in several ways', async () => {
    const given = [
      { authors: ['A', { name: 'B', id: 7 }], categories: 'cs.CL, cs.LG stat.ML', year: '2024', id: 42 },
      { authors: 'A B; C, D', year: '2024.0', source: { any: 'thing' } },
      { authors: 'A B, C D, and E F' },
      { authors: 'Last, First and Other, Name', id: null, year: '' },
      { authors: 'Sammy Davis, Jr., Ray Brown' },
    ].map((fields) => lineOf({ title: 'T', ...fields }));
    assert.deepEqual(papersOf((await readPieces(given)).outcomes), [
      { title: 'T', id: '42', authors: ['A', 'B'], categories: ['cs.CL', 'cs.LG', 'stat.ML'], year: 2024 },
      { title: 'T', authors: ['A B', 'C, D'], year: 2024 },
      { title: 'T', authors: ['A B', 'C D', 'E F'] },
      { title: 'T', authors: ['Last, First', 'Other, Name'] },
      { title: 'T', authors: ['Sammy Davis, Jr.', 'Ray Brown'] },
    ]);
  });

  test('are bad when a field has the wrong type, which is named', async () => {
    const wrong = [
      { title: 7 },
      { title: ' ' },
      { title: null },
      { title: 'T', abstract: ['x'] },
      { title: 'T', authors: ['A', 3] },
      { title: 'T', authors: { name: 'A' } },
      { title: 'T', categories: [null] },
      { title: 'T', year: 'soon' },
      { title: 'T', id: 2401.0133 },
      { title: 'T', id: true },
    ].map(lineOf);
    assert.deepEqual(await reasonsOf(...wrong), [
      '1 title: expected a string, got a number',
      '2 no title',
      '3 no title',
      '4 abstract: expected a string, got an array',
      '5 authors[1]: expected a string or an object with a name, got a number',
      '6 authors: expected an array or a string, got an object',
      '7 categories[0]: expected a string, got null',
      '8 year: "soon" is not a year',
      '9 id: the number 2401.0133 may have lost digits; write the id as a string',
      '10 id: expected a string, got a boolean',
    ]);
  });

  test('are bad when they are not JSON or no object, with the position', async () => {
    assert.deepEqual(
      await reasonsOf('{"title":"a"}\n{"title":"b\n[1]\n"x"\n{"title":NaN}\n{"title":"𝒩"} 𝒩\n'),
      [
        '1',
        '2 not JSON: it breaks off at position 12',
        '3 not an object but an array',
        '4 not an object but a string',
        '5 not JSON: unexpected "N" at position 10',
        '6 not JSON: unexpected "𝒩" at position 16',
      ],
    );
  });
});

describe('a record of more than 8 MiB', () => {
  const long = 'x'.repeat(512 * KIB);

  test('is a bad line of JSON Lines, and what follows is read', async () => {
    const pieces = ['{"title":"a"}\n{"title":"', ...Array(17).fill(long), '"}\n{"title":"b"}\n'];
    assert.deepEqual(await reasonsOf(...pieces), ['1', '2 the line is longer than 8 MiB', '3']);
  });

  test('is a bad element of a JSON array, and what follows is read', async () => {
    const pieces = ['[{"title":"a"},\n\n{"title":"', ...Array(17).fill(long), '"},\n{"title":"b"}]'];
    assert.deepEqual(await reasonsOf(...pieces), ['1', '3 the record is longer than 8 MiB', '4']);
  });

  test('is a bad row of a table, and what follows is read', async () => {
    const pieces = ['title,abstract\na,\nb,', ...Array(17).fill(long), ',x\nc,d\n'];
    assert.deepEqual(await reasonsOf(...pieces), ['2', '3 the row is longer than 8 MiB', '4']);
  });
});

describe('a JSON array', () => {
  test('goes on after an element that holds a raw line break or a missing comma', async () => {
    assert.deepEqual(await reasonsOf('[\n{"title":"a\nb"},\n{"title":"c" "d":1},\n{"title":"e"}\n]'), [
      '2 not JSON: unexpected "\\n" at position 12 of the record',
      '4 not JSON: unexpected "\\"" at position 14 of the record',
      '5',
    ]);
  });

  test('may have a comma too many at its end, and be empty', async () => {
    assert.deepEqual(await reasonsOf('[{"title":"a"},\n]'), ['1']);
    assert.deepEqual(await reasonsOf('[]'), []);
    const { outcomes, thrown } = await readPieces(['{"papers": []}'], { format: 'json-array' });
    assert.deepEqual([outcomes, thrown], [[], undefined]);
  });

  for (const [fault, array, message, read] of [
    [
      'is not closed',
      '[{"title":"a"},\n{"title":"b"',
      /line 2: .* the text ends before .* the record that begins there/,
      1,
    ],
    [
      'closes what was not open',
      '[{"title":"a"},\n\n{"title":"b"]}]',
      /line 3: .* a "]" closes .* begins at line 3/,
      1,
    ],
    ['goes on after its end', '[{"title":"a"}]\n[{"title":"b"}]', /line 2: .* something follows/, 1],
    ['is not there', '{"a": 1}', /no array of records/, 0],
    ['is not even begun', 'hello', /no array of records/, 0],
  ] as const) {
    test(`that ${fault} is unreadable from there, with the line`, async (t) => {
      const path = fileOf(t, 'papers.json', array);
      const { outcomes, thrown } = await readAll(path, { format: 'json-array' });
      assert.equal(outcomes.length, read);
      assert.ok(thrown instanceof NearpaperError && thrown.code === 'input_unreadable');
      assert.match(thrown.message, message);
      assert.ok(thrown.message.startsWith(path));
    });
  }

  test('may be one of several, each in an object of its own', async () => {
    const pages = [[{ title: 'a' }, { title: 'b' }], [], [{ title: 'c' }]].map((papers) => ({
      n: 3,
      papers,
    }));
    for (const indent of [0, 2]) {
      for (const between of ['', '\n']) {
        const text = pages.map((value) => JSON.stringify(value, null, indent)).join(between);
        const { format, outcomes } = await readPieces([text]);
        assert.deepEqual([format, ...papersOf(outcomes)], ['json-array', ...pages.flatMap((p) => p.papers)]);
      }
    }
  });

  test('is told from JSON Lines', async () => {
    const formatOf = async (head: string) => (await readPieces([head])).format;
    assert.equal(await formatOf('{"papers":[{"title":"a"}]}'), 'json-array');
    assert.equal(await formatOf('{\n "data": [\n  {"title":"a"}\n ]\n}'), 'json-array');
    assert.equal(await formatOf('{"authors":[{"name":"x"}],"title":"a"}'), 'jsonl');
    assert.equal(await formatOf('{"title":"a","references":[{"title":"b"}]}\n{"title":"c"}'), 'jsonl');
    assert.equal(await formatOf('{"title":NaN,"references":[{"title":"b"}]}\n{"title":"c"}'), 'jsonl');
    const references = Array(90_000).fill({ title: 'b' });
    assert.equal(await formatOf(JSON.stringify({ title: 'a', references })), 'jsonl');
  });
});

describe('JSON objects over several lines', () => {
  const indented = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

  test('are records, one or many, and come back as they were written', async () => {
    await fc.assert(
      fc.asyncProperty(
        papers,
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        async (given, lineBreak, gaps) => {
          const written = given.map(indented).join(gaps ? '\n' : '');
          const { format, outcomes, thrown } = await readPieces([written.replaceAll('\n', lineBreak)]);
          assert.deepEqual([format, papersOf(outcomes), thrown], ['jsonl', given, undefined]);
          const lines = written.split('\n');
          for (const { line } of outcomes) assert.equal(lines[line - 1], '{');
        },
      ),
    );
  });

  test('may be written by hand, and hold brackets in their texts', async () => {
    const first = '{"title": "a }",\n "abstract":\n "\\"{[", "authors": [\n{"name": "x"},\n{"name": "y"}\n]}';
    assert.deepEqual(papersOf((await readPieces([`${first}\n\n{ "title":\n"b" }`])).outcomes), [
      { title: 'a }', abstract: '"{[', authors: ['x', 'y'] },
      { title: 'b' },
    ]);
  });

  test('go on after a broken one', async () => {
    const broken = '{\n  "title": "b\n}\n{\n  "title": NaN\n}\n{\n  "title": ["c"\n}\n{\n  "title": "e",\n';
    assert.deepEqual(
      await reasonsOf(indented({ title: 'a' }), broken, indented({ title: 'd' }), '{\n "tit'),
      [
        '1',
        '4 not JSON: unexpected "\\n" at position 16 of the record',
        '7 not JSON: unexpected "N" at position 14 of the record',
        '10 not JSON: unexpected "}" at position 19 of the record',
        '13 not JSON: it breaks off at position 18 of the record',
        '15',
        '18 not JSON: it breaks off at position 8 of the record',
      ],
    );
  });

  test('of more than 8 MiB are bad, and what follows is read', async () => {
    const long = [
      '{\n "title": "x",\n',
      ...Array(17).fill(` "abstract": "${'x'.repeat(512 * KIB)}",\n`),
      ' "id": 1\n}\n',
    ];
    assert.deepEqual(await reasonsOf(indented({ title: 'a' }), ...long, indented({ title: 'b' })), [
      '1',
      '4 the record is longer than 8 MiB',
      '25',
    ]);
  });

  test('are told from one object around an array of records', async () => {
    const read = async (value: object) => {
      const { format, outcomes } = await readPieces([indented(value)]);
      return [format, ...papersOf(outcomes).map((found) => found.title)];
    };
    const cited = { id: '1', title: 'a', references: [{ title: 'b' }] };
    assert.deepEqual(await read(cited), ['jsonl', 'a']);
    assert.deepEqual(await read({ title: 'Mine', papers: [{ title: 'b' }] }), ['json-array', 'b']);
    assert.deepEqual(await read({ authors: [], title: 'a' }), ['jsonl', 'a']);
  });

  test('and an object around no records is an empty input', async () => {
    for (const written of ['{"papers": []}', '{"total":0,"papers":[]}\n', '{\n  "papers": [\n  ]\n}\n']) {
      const { format, outcomes, thrown } = await readPieces([written]);
      assert.deepEqual([format, outcomes, thrown], ['json-array', [], undefined]);
    }
    assert.deepEqual(await reasonsOf('{"id":"x","authors":[]}'), ['1 no title']);
  });

  test('of the arXiv snapshot are mapped as its lines are', async () => {
    const fields = { submitter: 'X', id: '0704.0001', title: 'a', versions: [], update_date: '2008-11-26' };
    const { format, outcomes } = await readPieces([indented(fields), indented(fields)]);
    assert.deepEqual(
      [format, ...papersOf(outcomes).map(({ url }) => url)],
      ['arxiv-snapshot', 'https://arxiv.org/abs/0704.0001', 'https://arxiv.org/abs/0704.0001'],
    );
  });
});

describe('a table', () => {
  const cellOf = (value: string) => `"${value.replaceAll('"', '""')}"`;

  for (const [name, delimiter] of [
    ['commas', ','],
    ['tabs', '\t'],
    ['semicolons', ';'],
    ['bars', '|'],
  ] as const) {
    test(`with ${name} gives back quotes, delimiters and line breaks, with the line of each row`, async () => {
      const row = fc.record({ id: text, title, abstract: text }, { noNullPrototype: true });
      await fc.assert(
        fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 8 }), async (rows) => {
          const header = ['Id', ' TITLE', '"Abstract"'].join(delimiter);
          let written = `${header}\n`;
          const lines: number[] = [];
          for (const { id, title, abstract } of rows) {
            lines.push(written.split('\n').length);
            written += `${[id, title, abstract].map(cellOf).join(delimiter)}\n`;
          }
          const { outcomes, format } = await readPieces([written]);
          assert.equal(format, 'csv');
          assert.deepEqual(
            outcomes.map(({ line }) => line),
            lines,
          );
          // A line break inside a cell comes back as LF, whatever it was.
          const unix = (value: string) => value.replaceAll(/\r\n?/g, '\n');
          const expected = rows.map(({ id, title, abstract }) => ({
            title: unix(title),
            ...(id === '' ? {} : { id: unix(id) }),
            ...(abstract === '' ? {} : { abstract: unix(abstract) }),
          }));
          assert.deepEqual(papersOf(outcomes), expected);
        }),
      );
    });
  }

  test('counts a quoted CRLF as one line', async () => {
    assert.deepEqual(await reasonsOf('title\r\n"a\r\nb\r\nc"\r\n\r\nd\r\n'), ['2', '6']);
  });

  test('keeps quotes that stand inside a cell', async () => {
    const { outcomes } = await readPieces(['title\tabstract\nthe "best" one\t5" disks\n']);
    assert.deepEqual(papersOf(outcomes), [{ title: 'the "best" one', abstract: '5" disks' }]);
  });

  test('has a bad row where a quote is never closed, which says what is lost with it', async () => {
    assert.deepEqual(await reasonsOf('title,venue\na,x\n"b,x\nc,x\n'), [
      '2',
      '3 a quoted cell is never closed; lines 3 to 5 are lost with it',
    ]);
  });

  test('of Zotero is read by its own names of columns', async () => {
    const { outcomes, notes } = await readPieces([
      '"Key","Item Type","Publication Year","Author","Title","Publication Title","DOI","Url","Abstract Note","Date","Manual Tags"\n',
      '"ABCD1234","journalArticle","2019","Gogh, Vincent van; Lovelace, Ada","One","A Journal","10.1/x","https://example.org","Text.","2019-03-14","stars; night"\n',
      '"EFGH5678","book","2018","Lovelace, Ada","Two","","","","","March 2018",""\n',
    ]);
    assert.deepEqual(papersOf(outcomes), [
      {
        id: 'ABCD1234',
        year: 2019,
        authors: ['Vincent van Gogh', 'Ada Lovelace'],
        title: 'One',
        venue: 'A Journal',
        doi: '10.1/x',
        url: 'https://example.org',
        abstract: 'Text.',
        published: '2019-03-14',
        categories: ['stars', 'night'],
      },
      { id: 'EFGH5678', year: 2018, authors: ['Ada Lovelace'], title: 'Two' },
    ]);
    assert.match(notes[0] ?? '', /^Columns not used in .*: Item Type \(known/);
  });

  test('has the columns of our own names where there are both', async () => {
    const { outcomes } = await readPieces(['Title,Author,Authors,Date\nOne,Not Meant,Ada Lovelace,soon\n']);
    assert.deepEqual(papersOf(outcomes), [{ title: 'One', authors: ['Ada Lovelace'] }]);
  });

  test('without a title column is unreadable, and its columns are named', async () => {
    const { thrown } = await readPieces(['name,year\nx,1\n'], { format: 'csv' });
    assert.ok(thrown instanceof NearpaperError && thrown.code === 'input_unreadable');
    assert.match(thrown.message, /line 1: the header has no column "title" \(its columns are: name, year\)/);
  });

  test('without a title column is known by its other columns', async () => {
    for (const [header, columns] of [
      ['id,name,abstract', 'id, name, abstract'],
      ['"Authors";"Name, in full";"DOI"', 'authors, name, in full, doi'],
      ['Article Title\tAuthors\tYear', 'article title, authors, year'],
    ] as const) {
      const { thrown } = await readPieces([`${header}\nx\n`]);
      assert.ok(thrown instanceof NearpaperError && thrown.code === 'input_unreadable');
      assert.ok(
        thrown.message.includes(`line 1: the header has no column "title" (its columns are: ${columns})`),
      );
    }
    for (const prose of ['abstract\nWe look at ids.\n', 'Names, years, and titles\n']) {
      const { thrown } = await readPieces([prose]);
      assert.ok(thrown instanceof NearpaperError && /not recognised/.test(thrown.message));
    }
  });
});

test('a page that ends with a title has a bad record there', async () => {
  const header =
    'new\nGet trending papers in your email inbox!\nSubscribe\nbyAK and the research community\nMar 11\n';
  assert.deepEqual(await reasonsOf(`${header}T\n\nabstract\n\nU\n`), [
    '6',
    '10 a title without an abstract: the page ends after it',
  ]);
});

test('a record of the arXiv snapshot is mapped to the fields of a paper', async () => {
  const { format, outcomes } = await readAll(
    packagePath('test', 'fixtures', 'formats', 'arxiv-snapshot.jsonl'),
  );
  assert.equal(format, 'arxiv-snapshot');
  const [first, second] = papersOf(outcomes);
  assert.deepEqual(first, {
    id: '0704.0001',
    version: 2,
    title: 'Calculation of prompt diphoton production cross sections at Tevatron and   LHC energies',
    abstract:
      'A fully differential calculation in perturbative quantum chromodynamics is presented for the production of massive photon pairs at hadron colliders.',
    authors: ['C. Balázs', 'E. L. Berger', 'P. M. Nadolsky', 'C. -P. Yuan'],
    published: 'Mon, 2 Apr 2007 19:18:42 GMT',
    updated: '2008-11-26',
    categories: ['hep-ph'],
    venue: 'Phys.Rev.D76:013009,2007',
    url: 'https://arxiv.org/abs/0704.0001',
    doi: '10.1103/PhysRevD.76.013009',
  });
  assert.deepEqual(second?.authors, ['Ileana Streinu', 'Louis Theran Jr.']);
  assert.equal('venue' in (second ?? {}), false);
});
