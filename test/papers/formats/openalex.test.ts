import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { textFromInvertedIndex } from '../../../src/papers/formats/inverted-index.js';
import { packagePath, papersOf, readAll, readPieces, summary } from './reading.js';

const work = (more: object) => ({
  id: 'https://openalex.org/W1',
  display_name: 'T',
  authorships: [],
  ...more,
});
async function paperOf(more: object) {
  return papersOf((await readPieces([JSON.stringify(work(more))])).outcomes)[0];
}
const indexOf = (text: string) =>
  Object.fromEntries(
    text.split(' ').map((word, _, words) => [word, words.flatMap((other, at) => (other === word ? at : []))]),
  );

test('works of OpenAlex are mapped to papers', async () => {
  const { format, outcomes, notes } = await readAll(
    packagePath('test', 'fixtures', 'formats', 'openalex.jsonl'),
  );
  assert.deepEqual([format, notes], ['openalex', []]);
  assert.deepEqual(summary(outcomes), [
    '1',
    '2',
    '3 paratext, such as a cover or a table of contents',
    '4 no title',
  ]);
  assert.deepEqual(papersOf(outcomes), [
    {
      id: 'W2741809807',
      title: 'The state of CO2 in E. coli',
      abstract: 'Despite growing interest the interest is low.',
      authors: ['Zoë Ångström', 'Raw Name'],
      published: '2018-02-13',
      year: 2018,
      categories: ['Computer Science', 'Scholarly publishing', 'Open access'],
      venue: 'PeerJ & Co',
      url: 'http://arxiv.org/abs/2401.01335',
      doi: 'https://doi.org/10.7717/peerj.4375',
    },
    {
      id: 'W42',
      title: 'Older',
      year: 1998,
      categories: ['Biology'],
      venue: 'An older place',
      url: 'https://openalex.org/W42',
    },
  ]);
});

test('works come as a page, as an array, alone, and over several lines', async () => {
  const one = work({ authorships: [{ author: { display_name: 'A' } }] });
  for (const value of [one, [one], { meta: { count: 1 }, results: [one], group_by: [] }]) {
    for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2)]) {
      const { format, outcomes } = await readPieces([text]);
      assert.deepEqual([format, papersOf(outcomes).map(({ id }) => id)], ['openalex', ['W1']], text);
    }
  }
});

test('somebody else’s records with ids of OpenAlex are left to other readers', async () => {
  const text = '{"id":"https://openalex.org/W1","title":"T","abstract":"A"}';
  assert.equal((await readPieces([text])).format, 'jsonl');
});

test('the first of January is a year of which no more is known', async () => {
  const dates = async (more: object) => {
    const { published, year } = (await paperOf(more)) ?? {};
    return [published, year];
  };
  assert.deepEqual(await dates({ publication_date: '2020-01-01', publication_year: 2020 }), [
    undefined,
    2020,
  ]);
  assert.deepEqual(await dates({ publication_date: '2020-01-01' }), [undefined, 2020]);
  assert.deepEqual(await dates({ publication_date: '2020-01-02' }), ['2020-01-02', undefined]);
});

test('a heading before an abstract goes, and no word of its first sentence', async () => {
  for (const [given, read] of [
    ['Abstract The work is', 'The work is'],
    ['ABSTRACT Deep nets', 'Deep nets'],
    ['Abstract: deep nets', 'deep nets'],
    ['Abstract Meaning Representation is', 'Abstract Meaning Representation is'],
    ['Abstract interpretation', 'Abstract interpretation'],
    ['Abstractive methods', 'Abstractive methods'],
    ['Abstract-level models', 'Abstract-level models'],
    ['p &lt; 0.05 &amp;amp; <jats:italic>x</jats:italic>', 'p < 0.05 & x'],
  ] as const) {
    assert.equal((await paperOf({ abstract_inverted_index: indexOf(given) }))?.abstract, read);
  }
});

describe('the text of an inverted index', () => {
  test('has every word at its positions', () => {
    const words = fc.array(
      fc.string({ minLength: 1 }).filter((word) => !/\s/.test(word)),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(words, (all) => {
        const index: Record<string, number[]> = Object.create(null);
        for (const [at, word] of all.entries()) index[word] = [...(index[word] ?? []), at];
        assert.equal(textFromInvertedIndex({ ...index }), all.join(' '));
        assert.equal(
          textFromInvertedIndex(JSON.stringify({ IndexLength: all.length, InvertedIndex: index })),
          all.join(' '),
        );
      }),
    );
  });

  test('passes over positions that are none', () => {
    assert.equal(
      textFromInvertedIndex({ a: [0, 1e9, -1, 2 ** 53, 0.5, '7', null], b: 'x', c: [0, 3], d: [1e300] }),
      'a c',
    );
    for (const none of [null, undefined, {}, [], 'x', '"', 5, { a: [] }, { a: [-1] }, { a: { 0: 0 } }]) {
      assert.equal(textFromInvertedIndex(none), undefined);
    }
  });

  test('never throws, whatever the value', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void textFromInvertedIndex(value)));
  });
});

test('a work of 5 MB in one line, and one longer than a record may be', async () => {
  const index = Object.fromEntries(Array.from({ length: 300_000 }, (_, at) => [`word${at}`, [at]]));
  const big = JSON.stringify(work({ abstract_inverted_index: index }));
  const tooLong = JSON.stringify(work({ ids: 'x'.repeat(8 * 1024 * 1024) }));
  assert.ok(big.length > 5_000_000);
  const { format, outcomes } = await readPieces([`${big}\n${tooLong}\n${JSON.stringify(work({}))}\n`]);
  assert.deepEqual([format, ...summary(outcomes)], ['openalex', '1', '2 the line is longer than 8 MiB', '3']);
});

describe('works of OpenAlex that are much', () => {
  const work = (n: number, authors: number) => ({
    id: `https://openalex.org/W${n}`,
    doi: null,
    title: `T${n}`,
    display_name: `T${n}`,
    authorships: Array.from({ length: authors }, (_, k) => ({
      author: { id: `https://openalex.org/A${k}`, display_name: `Name ${k}` },
      institutions: [{ id: 'https://openalex.org/I1', display_name: 'Some University', type: 'education' }],
      raw_affiliation_strings: ['Some University of Somewhere, at a long address'],
    })),
  });
  const idsOf = async (text: string) => {
    const { format, outcomes } = await readPieces([text]);
    return [format, ...outcomes.map((found) => (found.kind === 'paper' ? found.paper.id : found.kind))];
  };

  test('are known by the beginning of a single one', async () => {
    const [first, second] = [work(1, 6000), work(2, 1)];
    assert.ok(JSON.stringify(first).length > 1024 * 1024);
    for (const indent of [0, 2]) {
      const written = [first, second].map((value) => JSON.stringify(value, null, indent));
      assert.deepEqual(await idsOf(written[0] ?? ''), ['openalex', 'W1']);
      assert.deepEqual(await idsOf(written.join('\n')), ['openalex', 'W1', 'W2']);
    }
  });

  test('are read from several pages in one file', async () => {
    const pages = [[work(1, 300), work(2, 1)], [], [work(3, 1)]].map((results) => ({
      meta: { count: 3, page: 1 },
      results,
      group_by: [],
    }));
    for (const indent of [0, 2]) {
      for (const between of ['', '\n']) {
        const text = pages.map((value) => JSON.stringify(value, null, indent)).join(between);
        assert.deepEqual(await idsOf(text), ['openalex', 'W1', 'W2', 'W3']);
      }
    }
  });
});
