import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { normalisePaper } from '../../../src/papers/formats/normalise.js';
import type { IncomingPaper, PaperInput } from '../../../src/papers/paper.js';

function paperOf(input: Partial<PaperInput>): IncomingPaper {
  const normalised = normalisePaper({ title: 'T', ...input });
  assert.ok(normalised.ok, normalised.ok ? '' : normalised.reason);
  return normalised.paper;
}

function reasonOf(input: Partial<PaperInput>): string {
  const normalised = normalisePaper({ title: 'T', ...input });
  return normalised.ok ? 'accepted' : normalised.reason;
}

test('a title is all that a paper needs', () => {
  assert.deepEqual(paperOf({}), {
    id: null,
    title: 'T',
    abstract: '',
    authors: [],
    published: null,
    updated: null,
    year: null,
    categories: [],
    venue: null,
    url: null,
    doi: null,
  });
});

test('empty optional fields count as absent', () => {
  const blank = {
    abstract: '',
    authors: ['', ' '],
    published: '',
    updated: ' ',
    categories: [''],
    venue: '',
    url: '',
    doi: '',
  };
  assert.deepEqual(paperOf(blank), paperOf({}));
});

test('texts become NFC on one line, without control characters and lone surrogates', () => {
  const paper = paperOf({
    title: '  Ca\u0301\t\r\n  b\u0000l\u0007\u00a0\u2028e\u0085x\ud800 ',
    authors: ['A\n B'],
    venue: 'V\u0000',
  });
  assert.deepEqual([paper.title, paper.authors, paper.venue], ['C\u00e1 bl e x\ufffd', ['A B'], 'V']);
});

test('an id stays byte for byte', () => {
  for (const id of ['0704.0001', ' a  b ', 'e\u0301', 'arXiv:x/y?z#', '𝒩'.repeat(256)])
    assert.equal(paperOf({ id }).id, id);
});

test('an id that cannot be used is refused', () => {
  assert.equal(reasonOf({ id: '' }), 'id: it is empty');
  assert.equal(reasonOf({ id: '  ' }), 'id: it is empty');
  assert.equal(reasonOf({ id: 'a\nb' }), 'id: it contains control characters');
  assert.match(reasonOf({ id: 'a\udc00' }), /^id: .*lone surrogate/);
  assert.equal(reasonOf({ id: 'x'.repeat(257) }), 'id: it is longer than 256 characters');
});

test('titles and abstracts have limits, counted in characters after cleaning', () => {
  assert.equal(reasonOf({ title: ' \0 ' }), 'title: there is none');
  assert.equal(paperOf({ title: `${'𝒩'.repeat(2000)}   ` }).title.length, 4000);
  assert.equal(reasonOf({ title: 'x'.repeat(2001) }), 'title: it is longer than 2,000 characters');
  assert.equal(reasonOf({ abstract: 'x'.repeat(100_000) }), 'accepted');
  assert.equal(reasonOf({ abstract: 'x'.repeat(100_001) }), 'abstract: it is longer than 100,000 characters');
});

describe('dates', () => {
  for (const published of [
    '2007-04-02',
    '2007-04-02T19:18:42Z',
    '2007-04-02T23:18:42.123456-05:00',
    '2007-04-02 19:18',
    '2007/04/02',
    'Mon, 2 Apr 2007 19:18:42 GMT',
    'Mon, 02 Apr 2007 19:18:42 +0000 (UTC)',
    '2 April 2007',
  ]) {
    test(`${published} is the day as written, and gives the year`, () => {
      const paper = paperOf({ published, updated: published });
      assert.deepEqual([paper.published, paper.updated, paper.year], ['2007-04-02', '2007-04-02', 2007]);
    });
  }

  test('a year or month alone gives only the year', () => {
    for (const published of ['2007', '2007-04', '2007/04']) {
      const paper = paperOf({ published, updated: published });
      assert.deepEqual([paper.published, paper.updated, paper.year], [null, null, 2007]);
    }
  });

  test('a year that is given wins over that of the date', () => {
    assert.equal(paperOf({ published: '2007-04-02', year: 2008 }).year, 2008);
  });

  for (const date of [
    '2024-02-31',
    '2023-02-29',
    '2024-13-01',
    '2024-00',
    'soon',
    '0099-01-01',
    '2024-02-03x',
    '31 Foo 2024',
    '2024-01/02',
  ]) {
    test(`${date} is refused, with the name of the field`, () => {
      assert.match(reasonOf({ published: date }), /^published: ".*" is not a date/);
      assert.match(reasonOf({ updated: date }), /^updated: /);
    });
  }

  test('a year must be a whole number from 1000 to 2200', () => {
    for (const year of [999, 2201, 2000.5, Number.NaN]) assert.match(reasonOf({ year }), /^year: /);
    for (const year of [1000, 2200]) assert.equal(paperOf({ year }).year, year);
  });
});

test('only http and https addresses are kept', () => {
  assert.equal(paperOf({ url: ' https://arxiv.org/abs/0704.0001 ' }).url, 'https://arxiv.org/abs/0704.0001');
  for (const url of [
    'javascript:alert(1)',
    ' java\nscript:alert(1)',
    '\u0001javascript:x',
    'data:text/html,x',
    'arxiv.org',
    'ftp://x/y',
    '//x',
  ]) {
    assert.equal(paperOf({ url }).url, null);
  }
});

test('a DOI loses its prefix', () => {
  for (const doi of [
    '10.1/x',
    'doi:10.1/x',
    'DOI: 10.1/x',
    'https://doi.org/10.1/x',
    'http://dx.doi.org/10.1/x',
    'doi.org/10.1/x',
  ]) {
    assert.equal(paperOf({ doi }).doi, '10.1/x');
  }
  assert.equal(paperOf({ doi: 'https://doi.org/' }).doi, null);
});

describe('for any input', () => {
  const unit = fc.oneof(
    fc.constantFrom(
      '\0',
      '\ud800',
      '\udc00',
      '\u0301',
      '\u0085',
      '\u2028',
      '\u2000',
      ' ',
      '\n',
      'e',
      'ﬁ',
      '\u212b',
      'ᄀ',
      'ᅡ',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  );
  const text = fc.array(unit, { maxLength: 30 }).map((all) => all.join(''));
  const input: fc.Arbitrary<PaperInput> = fc.record(
    {
      title: text.map((value) => `${value}x`),
      id: fc.string({ minLength: 1 }),
      abstract: text,
      authors: fc.array(text),
      published: fc.constantFrom('2024-02-29', '2024', '2024-02', 'Mon, 2 Apr 2007 19:18:42 GMT', ''),
      updated: fc.constantFrom('2024/2/9', '2023-01-01T00:00:00Z'),
      year: fc.integer({ min: 1000, max: 2200 }),
      categories: fc.array(text),
      venue: text,
      url: fc.oneof(
        text,
        fc.webUrl({ withQueryParameters: true, withFragments: true }),
        text.map((path) => `https://x.org/${path}`),
      ),
      doi: text.map((value) => `doi:${value}`),
    },
    { requiredKeys: ['title'] },
  );

  test('normalising twice is normalising once', () => {
    fc.assert(
      fc.property(input, (given) => {
        const once = normalisePaper(given);
        fc.pre(once.ok);
        const present = Object.fromEntries(Object.entries(once.paper).filter(([, value]) => value !== null));
        assert.deepEqual(normalisePaper({ ...present, title: once.paper.title }), once);
      }),
      { numRuns: 1000 },
    );
  });

  test('what comes out is clean', () => {
    fc.assert(
      fc.property(input, (given) => {
        const normalised = normalisePaper(given);
        fc.pre(normalised.ok);
        const { title, abstract, authors, venue, categories, url } = normalised.paper;
        for (const value of [title, abstract, venue ?? '', ...authors, ...categories]) {
          assert.ok(value.isWellFormed() && value === value.trim() && value === value.normalize('NFC'));
          assert.doesNotMatch(value, /\p{Cc}|\s\s|[^\S ]/u);
        }
        if (url !== null) assert.match(url, /^https?:\/\/[^\s\p{Cc}]+$/u);
      }),
      { numRuns: 1000 },
    );
  });
});
