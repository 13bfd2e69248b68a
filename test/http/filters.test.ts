/** Filters over HTTP: the same with every route, and exactly what a plain look at the papers leaves. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { VARIED_PAPERS } from '../recommend/varied-papers.js';
import { indexOf } from '../support/corpus.js';
import { assertProblem } from '../support/problems.js';
import { serveIndex, type TestService } from '../support/service.js';
import { afterFile } from '../support/temporary-folder.js';

const file = afterFile();
let served: TestService;
before(async () => {
  served = await serveIndex(file, await indexOf(file, VARIED_PAPERS));
});

interface Held {
  id: string;
  title: string;
  authors: string[];
  categories: string[];
  venue: string;
  /** First and last day that it may be of; empty for an undated paper. */
  first: string;
  last: string;
}
const HELD: readonly Held[] = VARIED_PAPERS.map(
  ({ id, title, authors, categories, venue, published, year }) => ({
    id,
    title,
    authors: (authors ?? []) as string[],
    categories: (categories ?? []) as string[],
    venue: String(venue ?? ''),
    first: published ? String(published).slice(0, 10) : year ? `${year}-01-01` : '',
    last: published ? String(published).slice(0, 10) : year ? `${year}-12-31` : '',
  }),
);

/** A query string, and the papers it leaves by a rule of the test's own. */
const FILTERS: [query: string, keeps: (paper: Held) => boolean][] = [
  ['from=2021', ({ last }) => last >= '2021-01-01'],
  ['to=2020', ({ first }) => first !== '' && first <= '2020-12-31'],
  [
    'from=2020-12&to=2021-02',
    ({ first, last }) => last >= '2020-12-01' && first !== '' && first <= '2021-02-28',
  ],
  [
    'from=2021-06-15&to=2021-06-15',
    ({ first, last }) => last >= '2021-06-15' && first !== '' && first <= '2021-06-15',
  ],
  ['category=cs.*', ({ categories }) => categories.some((one) => /^cs\./i.test(one))],
  ['category=CS.lg', ({ categories }) => categories.includes('cs.LG')],
  ['category=cs.DS,q-bio', ({ categories }) => categories.includes('CS.DS') || categories.includes('q-bio')],
  [
    'category=astro-ph.*&category=cs.CL',
    ({ categories }) => categories.some((one) => /^astro|^cs.CL/.test(one)),
  ],
  ['venue=tests', ({ venue }) => /\btests\b/i.test(venue)],
  ['venue=tests+trials', ({ venue }) => venue.startsWith('Tests &')],
  ['venue=d%27ete', ({ venue }) => venue.startsWith('Revue')],
  ['author=turing', ({ authors }) => authors.some((one) => one.includes('Turing'))],
  ['author=Alan+Turing', ({ authors }) => authors.includes('Alan M. Turing')],
  ['author=muller', ({ authors }) => authors.includes('Léa Müller')],
  [
    'author=Turing&category=cs.*&from=2020&to=2021',
    ({ authors, categories, first }) =>
      authors.some((one) => one.includes('Turing')) &&
      categories.some((one) => /^cs\./i.test(one)) &&
      first !== '',
  ],
  ['ids=v3&ids=v5&ids=v8', ({ id }) => ['v3', 'v5', 'v8'].includes(id)],
  ['exclude=v3&exclude=v5', ({ id }) => !['v3', 'v5'].includes(id)],
  ['ids=v3&ids=v5&exclude=v3', ({ id }) => id === 'v5'],
];

const idsAt = async (path: string): Promise<string[]> => {
  const { body } = await served.http.get(path).expect(200);
  return body.results.flatMap((result: { paper: { id: string }; also: string[] }) => [
    result.paper.id,
    ...result.also,
  ]);
};

describe('a filter', () => {
  for (const [query, keeps] of FILTERS) {
    it(`${query} leaves the same papers with every route`, async () => {
      const expected = HELD.filter(keeps).map(({ id }) => id);
      assert.ok(expected.length > 0 && expected.length < HELD.length);
      const paths = [
        `/v1/search?q=studies+of+things&limit=100&${query}`,
        `/v1/search?q=studies+of+things&mode=semantic&limit=100&${query}`,
        `/v1/papers/v0/similar?limit=100&exact=true&${query}`,
        `/v1/recommendations?positive=v0&positive=v0&limit=100&${query}`,
        `/v1/recommendations?positive=v0&strategy=average&limit=100&${query}`,
      ];
      for (const path of paths) {
        const mayShow = path.includes('search') ? expected : expected.filter((id) => id !== 'v0');
        assert.deepEqual((await idsAt(path)).toSorted(), mayShow.toSorted(), path);
      }
      if (/ids=|exclude=/.test(query)) return;
      const list = await served.http.get(`/v1/papers?limit=100&${query}`).expect(200);
      assert.deepEqual(
        list.body.papers.map(({ id }: { id: string }) => id),
        expected,
        'in the order of the corpus',
      );
    });
  }

  it('by date counts the undated papers that pass all others, in a warning', async () => {
    const { body } = await served.http.get('/v1/search?q=studies&from=2020&category=cs.*').expect(200);
    const count = HELD.filter(
      ({ first, categories }) => first === '' && categories.some((one) => /^cs\./i.test(one)),
    );
    assert.ok(count.length > 0);
    assert.equal(body.warnings[0].code, 'undated_papers');
    assert.equal(body.warnings[0].count, count.length);
  });

  it('that leaves nothing answers with a warning, not with silence', async () => {
    const { body } = await served.http.get('/v1/recommendations?positive=v1&venue=Nowhere').expect(200);
    assert.deepEqual([body.results, body.noGoodMatch], [[], true]);
    assert.deepEqual(
      body.warnings.map(({ code }: { code: string }) => code),
      ['nothing_matches'],
    );
  });
});

describe('a filter that makes no sense', () => {
  const REFUSED: [query: string, field: string][] = [
    ['from=yesterday', 'from'],
    ['to=2023-02-29', 'to'],
    ['from=2021&to=2020', 'from'],
    ['category=', 'category'],
    ['venue=%20', 'venue'],
    ['author=..', 'author'],
    ['minSimilarity=2', 'minSimilarity'],
    ['diversity=-0.1', 'diversity'],
    ['ids=', 'ids'],
    ['from=2020&from=2021', 'from'],
  ];
  for (const [query, field] of REFUSED) {
    it(`is refused by its name: ${query}`, async () => {
      for (const path of [
        '/v1/search?q=x',
        '/v1/papers/v0/similar?limit=3',
        '/v1/recommendations?positive=v0',
      ]) {
        const problem = assertProblem(await served.http.get(`${path}&${query}`), 'invalid_request');
        assert.equal(String(problem.field).split('.')[0], field, path);
        assert.ok(problem.accepted);
      }
    });
  }
});
