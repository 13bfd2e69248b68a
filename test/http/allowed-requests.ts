/** Requests that the OpenAPI document allows, made at random for each operation. */
import fc from 'fast-check';

/** Few, since the model reads each once. */
const TEXTS = ['agents', 'process rewards', '"nash equilibrium" of two players', 'lamb stew', '2401.01335'];
const UNKNOWN = ['nothing', 'arXiv:2401.99999'];

const limit = fc.integer({ min: 1, max: 100 });
const fields = fc.uniqueArray(
  fc.constantFrom('id', 'title', 'authors', 'abstract', 'year', 'doi', 'categories', 'updated'),
  { minLength: 1 },
);
const mode = fc.constantFrom('hybrid', 'semantic', 'keyword');
const strategy = fc.constantFrom('average', 'best_score');

/** Seldom: on the sample corpus, which has no dates or names, filters leave nothing. */
const filters = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        from: fc.constantFrom('1999', '2024-02', '2024-02-29'),
        to: fc.constantFrom('2024-03', '2025'),
        category: fc.uniqueArray(fc.constantFrom('cs.*', 'cs.LG', 'nothing'), { minLength: 1 }),
        venue: fc.constantFrom('ICLR', 'a workshop'),
        author: fc.constantFrom('Lovelace', 'Ö'),
      },
      { requiredKeys: [] },
    ),
  },
);
const filtered = (requests: fc.Arbitrary<object>): fc.Arbitrary<object> =>
  fc.tuple(requests, filters).map(([request, some]) => ({ ...request, ...some }));

/** Each key in some requests, the required ones in all. */
const some = <T extends object>(
  record: { [K in keyof T]: fc.Arbitrary<T[K]> },
  requiredKeys: (keyof T)[],
): fc.Arbitrary<object> => fc.record(record, { requiredKeys });

/** Operation id -> its parameters or its body, for a corpus of these papers. */
export function allowedRequests(papers: readonly string[]): Record<string, fc.Arbitrary<object>> {
  const id = fc.constantFrom(...papers, ...UNKNOWN);
  const ids = fc.uniqueArray(id, { minLength: 1, maxLength: 5 });
  const options = {
    limit,
    fields,
    ids,
    exclude: ids,
    minSimilarity: fc.integer({ min: -100, max: 100 }).map((hundredths) => hundredths / 100),
    diversity: fc.constantFrom(0, 0.25, 0.5, 1),
    explain: fc.boolean(),
    exact: fc.boolean(),
  };
  const weight = fc.constantFrom(0.5, 1, 7);
  const seed = fc.oneof(
    some({ id, weight }, ['id']),
    some({ text: fc.constantFrom(...TEXTS), weight }, ['text']),
  );
  const similar = some({ id, mode, ...options }, ['id']);
  const search = filtered(some({ q: fc.constantFrom(...TEXTS), mode, ...options }, ['q']));
  const seeds = {
    positives: fc.array(seed, { minLength: 1, maxLength: 6 }),
    negatives: fc.array(seed, { maxLength: 3 }),
  };
  const recommendations = filtered(some({ ...seeds, strategy, ...options }, ['positives']));
  const one = fc.oneof(fc.record({ similar }), fc.record({ search }), fc.record({ recommendations }));
  // Papers of their own, so that nothing goes that other requests are about.
  const own = fc.constantFrom('own 1', 'own/2', 'arXiv:2401.00009');
  const record = {
    title: fc.constantFrom('A paper of our own', 'Ein anderer Aufsatz'),
    abstract: fc.constantFrom('', 'We let trees grow.'),
    authors: fc.constantFrom([], ['Ada Lovelace']),
    published: fc.constantFrom(null, '2024-02-29'),
    year: fc.constantFrom(null, 2024),
    url: fc.constantFrom(null, 'https://example.org/'),
    categories: fc.constantFrom([], ['cs.LG']),
  };
  const line = fc.oneof(some({ id: own, ...record }, ['title']), fc.record({ delete: own }));
  const lines = fc.array(
    line.map((one) => JSON.stringify(one)),
    { minLength: 1, maxLength: 4 },
  );
  return {
    importPapers: fc.record({ lines: lines.map((all) => all.join('\n')) }),
    putPaper: some({ id: own, ...record }, ['id', 'title']),
    removePaper: fc.record({ id: own }),
    similarPapers: filtered(similar),
    searchByUrl: search,
    search,
    recommendByUrl: filtered(some({ positive: ids, negative: ids, strategy, ...options }, ['positive'])),
    recommend: recommendations,
    batch: fc.record({ requests: fc.array(one, { minLength: 1, maxLength: 4 }) }),
    listPapers: filtered(some({ limit, fields, cursor: fc.constantFrom('ZnJvbToxMA', 'ZnJvbToz') }, [])),
    getPaper: some({ id, fields }, ['id']),
    lookUpPapers: some({ ids, fields }, ['ids']),
  };
}
