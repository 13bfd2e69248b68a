import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { firstValue } from '../../../src/papers/formats/json-shape.js';
import { normalisePaper } from '../../../src/papers/formats/normalise.js';
import { outcomeOf, paperFromFields } from '../../../src/papers/formats/record-fields.js';
import type { IncomingPaper } from '../../../src/papers/paper.js';

/** What a build and a write make of a record. */
function read(fields: object): IncomingPaper | string {
  const outcome = outcomeOf(1, { title: 'T', ...fields }, paperFromFields);
  if (outcome.kind === 'bad') return outcome.reason;
  const normalised = normalisePaper(outcome.paper);
  return normalised.ok ? normalised.paper : normalised.reason;
}

function paperOf(fields: object): IncomingPaper {
  const paper = read(fields);
  assert.ok(typeof paper === 'object', `${paper}`);
  return paper;
}

const namesOf = (count: number, length = 16) =>
  Array.from({ length: count }, (_, i) => `${i} `.padEnd(length, 'x'));

describe('authors', () => {
  test('may be as many as sign the largest papers, in an array or in one text', () => {
    const authors = namesOf(5154);
    assert.deepEqual(paperOf({ authors }).authors, authors);
    for (const between of ['; ', ', ', ' and ']) {
      assert.deepEqual(paperOf({ authors: authors.join(between) }).authors, authors);
    }
    assert.equal(paperOf({ authors: namesOf(10_000) }).authors.length, 10_000);
  });

  test('beyond every real list make the record bad', () => {
    assert.equal(read({ authors: namesOf(10_001, 1) }), 'authors: there are more than 10,000');
    assert.equal(read({ authors: 'A;'.repeat(10_001) }), 'authors: there are more than 10,000');
    const together = 'authors: it is longer than 200,000 characters';
    assert.equal(paperOf({ authors: namesOf(400, 500) }).authors.length, 400);
    assert.equal(read({ authors: namesOf(401, 500) }), together);
    assert.equal(read({ authors: `A; ${' '.repeat(200_000)}` }), together);
  });

  test('have names of at most 500 characters', () => {
    assert.deepEqual(paperOf({ authors: ['𝒩'.repeat(500)] }).authors, ['𝒩'.repeat(500)]);
    const reason = 'authors[1]: it is longer than 500 characters';
    assert.equal(read({ authors: ['A', 'x'.repeat(501)] }), reason);
    assert.equal(read({ authors: `A; ${'x'.repeat(501)}` }), reason);
  });
});

test('categories are at most 200, of 500 characters each and 20,000 together', () => {
  const categories = namesOf(200, 100).map((name) => name.replace(' ', '.'));
  assert.deepEqual(paperOf({ categories }).categories, categories);
  assert.equal(read({ categories: namesOf(201) }), 'categories: there are more than 200');
  assert.equal(read({ categories: 'x '.repeat(201) }), 'categories: there are more than 200');
  assert.equal(read({ categories: ['x'.repeat(501)] }), 'categories[0]: it is longer than 500 characters');
  const together = 'categories: it is longer than 20,000 characters';
  assert.equal(read({ categories: namesOf(200, 101) }), together);
  assert.equal(read({ categories: ' '.repeat(20_001) }), together);
});

test('venue, DOI and dates are refused when they are too long, a DOI without its prefix', () => {
  assert.equal(paperOf({ venue: 'x'.repeat(1000) }).venue?.length, 1000);
  assert.equal(read({ venue: 'x'.repeat(1001) }), 'venue: it is longer than 1,000 characters');
  const doi = `10.1/${'x'.repeat(495)}`;
  assert.equal(paperOf({ doi: `https://doi.org/${doi}` }).doi, doi);
  assert.equal(read({ doi: `${doi}x` }), 'doi: it is longer than 500 characters');
  const day = '2 Apr 2007 (as printed)'.padEnd(99);
  assert.equal(paperOf({ published: `${day})` }).published, '2007-04-02');
  assert.equal(
    read({ published: `2 Apr 2007 (${'x'.repeat(100)})` }),
    'published: it is longer than 100 characters',
  );
});

test('an address that is too long is dropped, and the record kept', () => {
  const url = `https://x.org/${'x'.repeat(1986)}`;
  assert.equal(paperOf({ url }).url, url);
  assert.equal(paperOf({ url: `${url}x` }).url, null);
  // In the standard form each of these letters takes six characters.
  assert.equal(paperOf({ url: `https://x.org/${'é'.repeat(400)}` }).url, null);
});

test('blanks around and within a text do not count, unless they are most of it', () => {
  assert.equal(paperOf({ title: `${'x '.padEnd(5000)}y` }).title, 'x y');
  assert.equal(read({ title: `${'x '.padEnd(16_000)}y` }), 'title: it is longer than 2,000 characters');
});

test('a letter keeps 30 combining marks, in the order of Unicode', () => {
  // Of 30 marks, 15 below come before 15 above, the first of which makes a letter of the `a`.
  const marks = '\u0301\u0323'.repeat(15);
  assert.equal(paperOf({ title: `a${marks}b` }).title, `a${marks}b`.normalize('NFC'));
  assert.equal(paperOf({ title: `a${marks.repeat(60)}b` }).title, `a${marks}b`.normalize('NFC'));
  // Each of these marks becomes two: what is clean stays as it is all the same.
  for (const count of [14, 15, 40]) {
    const once = paperOf({ title: `q${'\u0344'.repeat(count)}` }).title;
    assert.equal(once, `q${'\u0308\u0301'.repeat(Math.min(count, 15))}`);
    assert.equal(paperOf({ title: once }).title, once);
  }
});

describe('of a text that repeats', () => {
  const repeated = {
    ...{ blanks: ' ', 'hard blanks': '\u00a0', 'line breaks': '\n', commas: ',', semicolons: ';', dots: '.' },
    ...{ 'commas and blanks': ', ', and: ' and ', 'many blanks, and': `${' '.repeat(99)}and` },
    ...{
      'DOI prefixes': 'doi:',
      'a DOI prefix and blanks': `doi:${' '.repeat(99)}`,
      slashes: '/',
      marks: '?',
    },
    ...{
      brackets: '(',
      'closing brackets': ')',
      digits: '1',
      zeros: '0',
      letters: 'A',
      syllables: '\u1100\u1161',
    },
    ...{
      'combining marks': '\u0301\u0323',
      'composed marks': '\u0344',
      'short runs of marks': `a${'\u0301'.repeat(14)}`,
      'half pairs': '\ud800',
      NUL: '\0',
    },
    ...{ 'letters beyond the basic plane': '𝒩', 'letters of domains': 'é' },
  };
  const heads = { published: '2 Apr 2007 10:00', year: '1.', url: 'http://', doi: 'https://doi.org/' };
  const fields = ['authors', 'categories', 'title', 'abstract', 'venue', 'published', 'year', 'url', 'doi'];
  const record = (field: string, unit: string, length: number) => {
    const head = field in heads ? heads[field as keyof typeof heads] : 'a'; // a key, as just asked
    return { [field]: `${head}${unit.repeat(Math.ceil(length / unit.length))}!` };
  };

  /** Milliseconds, the least of some. */
  const timeOf = (work: () => unknown) =>
    Math.min(
      ...Array.from({ length: 3 }, () => {
        const began = performance.now();
        work();
        return performance.now() - began;
      }),
    );
  // A text as people write it, though not in ASCII, for which there is a short cut.
  const usual = timeOf(() => paperOf({ abstract: 'हिन्दी में लिखा हुआ पाठ, '.repeat(4000) }));

  for (const [name, unit] of Object.entries(repeated)) {
    test(`${name}, 1,000,000 characters are in no field of a paper`, () => {
      for (const field of fields) {
        const result = read(record(field, unit, 1_000_000));
        if (field === 'url') assert.equal(typeof result === 'object' && result.url, null);
        else assert.match(`${result}`, new RegExp(`^${field}: (it is longer than|".*" is not a year)`, 's'));
      }
    });

    test(`${name}, none takes much longer than a usual text of its length`, () => {
      for (const field of fields) {
        // As long as is looked into.
        const long = record(field, unit, 99_000);
        const took = timeOf(() => read(long));
        assert.ok(took < 50 * usual, `${field}: ${took.toFixed(1)} ms against ${usual.toFixed(1)}`);
      }
    });
  }

  test('escaped quotes, none takes much longer, where objects over several lines are looked for', () => {
    const took = timeOf(() => firstValue(`{\n${'\\"'.repeat(50_000)}`));
    assert.ok(took < 50 * usual, `${took.toFixed(1)} ms against ${usual.toFixed(1)}`);
  });
});
