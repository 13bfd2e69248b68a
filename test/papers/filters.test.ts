import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { NearpaperError } from '../../src/errors.js';
import { LabelSet } from '../../src/label-set.js';
import type { FilterClause, PaperFilter } from '../../src/papers/filter.js';
import type { IncomingPaper } from '../../src/papers/paper.js';
import type { PaperStore } from '../../src/papers/store.js';
import { Corpus, paper, temporaryFolder } from './drafting.js';
import { filtered, type Labelled } from './filtering.js';

const NAMES = [
  'Yann LeCun',
  'Y. LeCun',
  'LeCun, Yann',
  'Émile Zola',
  'Emile L. Zola',
  'J. J. Zola',
  '李 明',
  '',
];
const VENUES = ['Proc. of NeurIPS 2023', 'NeurIPS', 'Neur', 'Revista Española', 'ACL: Findings', '…'];
const CATEGORIES = ['cs.CL', 'cs.LG', 'CS.cl', 'csx', 'stat.ML', 'cs', 'math.*'];
const DAYS = ['2023-12-31', '2024-01-01', '2024-02-29', '2024-12-31', '2025-06-15'];

const somePaper = fc.record({
  published: fc.option(fc.constantFrom(...DAYS)),
  year: fc.option(fc.constantFrom(2023, 2024, 2025)),
  categories: fc.subarray(CATEGORIES),
  venue: fc.option(fc.constantFrom(...VENUES)),
  authors: fc.subarray(NAMES),
});

const day = fc.option(fc.constantFrom(...DAYS, '1000-01-01', '2024-07-01', '2200-12-31'));
const someClause: fc.Arbitrary<FilterClause> = fc.oneof(
  fc.record({ kind: fc.constant('dates' as const), from: day, to: day }),
  fc.record({
    kind: fc.constant('categories' as const),
    anyOf: fc.subarray([...CATEGORIES, 'cs.*', 'CS.*', 'c*', '*', 'q-bio.*', 'STAT.ml'], { maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('venue' as const),
    name: fc.constantFrom(...VENUES, 'neurips', 'of neurips', 'NeurIPS 2023', 'revista espanola', 'ips', ''),
  }),
  fc.record({
    kind: fc.constant('author' as const),
    name: fc.constantFrom(
      ...NAMES,
      'lecun yann',
      'L. LeCun',
      'lecun y',
      'É. Zola',
      'zola',
      'J J J Zola',
      'Cun',
      '明',
      '.',
    ),
  }),
  fc.record({
    kind: fc.constant('labels' as const),
    labels: fc.array(fc.nat(40), { maxLength: 30 }).map((labels) => LabelSet.of(labels)),
  }),
);
const someFilter = fc.array(someClause, { maxLength: 3 });

/** A published store of these papers without every `gap`th, and what it holds by label. */
async function storeOf(
  t: Pick<TestContext, 'after'>,
  fields: readonly Partial<IncomingPaper>[],
  gap = Number.POSITIVE_INFINITY,
): Promise<{ store: PaperStore; held: Labelled[] }> {
  const corpus = new Corpus(temporaryFolder(t));
  const papers = fields.map((given, i) => paper({ id: `p${i}`, title: `T ${i}`, ...given }));
  corpus.build(papers);
  const kept = papers.filter((_, i) => (i + 1) % gap !== 0);
  if (kept.length < papers.length) {
    const draft = corpus.openDraft();
    draft.upsert(kept);
    draft.removeUnseen();
    corpus.publish(draft);
  }
  const store = await corpus.openStore();
  const held: Labelled[] = [];
  for (const one of kept) {
    const resolved = await store.resolve(one.id ?? '');
    held.push([resolved?.label ?? -1, one]);
  }
  return { store, held: held.sort(([a], [b]) => a - b) };
}

async function titles(store: PaperStore, filter: PaperFilter): Promise<string[]> {
  const { labels } = await store.subset(filter);
  return (await store.get([...labels])).map((found) => found?.title ?? '');
}

describe('a subset', () => {
  it('is what a plain reading of the filter leaves, of any papers, with gaps between labels or without', async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(somePaper, { minLength: 1, maxLength: 30 }),
        fc.constantFrom(2, 3, 7, 100),
        fc.array(someFilter, { minLength: 40, maxLength: 40 }),
        async (papers, gap, filters) => {
          const { store, held } = await storeOf(t, papers, gap);
          // Twice, the second time from the cache.
          for (const filter of [...filters, ...filters]) {
            const { labels, undated } = await store.subset(filter);
            assert.deepEqual(
              { labels: [...labels], undated },
              filtered(held, filter),
              JSON.stringify(filter),
            );
          }
          await store.close();
        },
      ),
      { numRuns: 12 },
    );
  });

  it('counts a paper that knows only its year as all of that year, and undated ones apart', async (t) => {
    const { store } = await storeOf(t, [
      { title: 'day', published: '2024-06-01', year: 2024 },
      { title: 'year', year: 2024 },
      { title: 'undated', venue: 'V' },
      { title: 'undated too' },
    ]);
    const between = (from: string | null, to: string | null) => [{ kind: 'dates' as const, from, to }];
    assert.deepEqual(await titles(store, between('2024-12-31', null)), ['year']);
    assert.deepEqual(await titles(store, between(null, '2024-01-01')), ['year']);
    assert.deepEqual(await titles(store, between('2024-06-01', '2024-06-01')), ['day', 'year']);
    assert.deepEqual(await titles(store, between('2025-01-01', null)), []);
    assert.deepEqual(await titles(store, between('2024-07-01', '2024-02-29')), []);
    assert.deepEqual(await titles(store, between(null, null)), ['day', 'year']);
    const venue = { kind: 'venue' as const, name: 'v' };
    assert.equal((await store.subset(between('2024-01-01', null))).undated, 2);
    assert.equal((await store.subset([...between('2024-01-01', null), venue])).undated, 1);
    assert.equal((await store.subset([venue])).undated, 0);
    await store.close();
  });

  it('knows authors under initials, in any order, without accents, and no others', async (t) => {
    const { store } = await storeOf(t, [
      { title: 'a', authors: ['Someone Else', 'Yann LeCun'] },
      { title: 'b', authors: ['Łukasz Kaiser'] },
      { title: 'c', authors: ['Søren Ørsted', "Conan O'Brien"] },
    ]);
    const by = (name: string) => titles(store, [{ kind: 'author', name }]);
    for (const name of ['LeCun', 'Y. LeCun', 'lecun yann', 'LECUN, Y.', 'Y L']) {
      assert.deepEqual(await by(name), ['a'], name);
    }
    assert.deepEqual(await by('lukasz kaiser'), ['b']);
    for (const name of ['Soren Orsted', 'Ø. Soren', 'obrien', 'O’Brien'])
      assert.deepEqual(await by(name), ['c'], name);
    for (const name of ['Else Yann', 'L. LeCun', 'Cun', 'Yan LeCun', '', '*', '%']) {
      assert.deepEqual(await by(name), [], name);
    }
    await store.close();
  });

  it('stops when the signal aborts', async (t) => {
    const { store } = await storeOf(t, [{ title: 'a' }]);
    const signal = AbortSignal.abort(new Error('gone'));
    await assert.rejects(
      store.subset([], signal),
      (thrown) =>
        thrown instanceof NearpaperError && thrown.code === 'cancelled' && thrown.cause === signal.reason,
    );
    await store.close();
  });

  it('lets the event loop turn while it is found', async (t) => {
    const names = Array.from({ length: 60_000 }, (_, i) => `Ñame${i} of an author`);
    const { store } = await storeOf(t, [{ authors: names }]);
    const stop = new AbortController();
    setImmediate(() => stop.abort());
    await assert.rejects(store.subset([{ kind: 'author', name: 'Name7' }], stop.signal), /stopped/);
    // What was stopped halfway is no answer to the next.
    assert.equal((await store.subset([{ kind: 'author', name: 'Name59999' }])).labels.size, 1);
    await store.close();
  });
});

describe('a filtered list', () => {
  it('is the subset in the order of the corpus, page by page', async (t) => {
    const papers = Array.from({ length: 23 }, (_, i) => ({ year: i % 3 === 0 ? 2023 : 2024 }));
    const { store, held } = await storeOf(t, papers, 5);
    const filter: PaperFilter = [{ kind: 'dates', from: '2024-01-01', to: null }];
    const wanted = held.flatMap(([, { id, year }]) => (year === 2024 ? [id] : []));
    for (const limit of [1, 2, 5, 100]) {
      const ids: string[] = [];
      let pages = 0;
      for (let from: number | null = 0; from !== null; pages++) {
        const page = await store.list(filter, from, limit);
        ids.push(...page.papers.map(({ id }) => id));
        from = page.next;
      }
      assert.deepEqual(ids, wanted);
      assert.equal(pages, Math.ceil(wanted.length / limit));
    }
    await store.close();
  });
});

describe('twins', () => {
  it('are the papers that share a DOI or an arXiv id, from id, DOI or URL', async (t) => {
    const { store } = await storeOf(t, [
      { id: 'arXiv:2401.01335v2' },
      { id: 'b', url: 'https://arxiv.org/abs/2401.01335', doi: '10.1000/ABC' },
      { id: 'c', doi: '10.1000/abc' },
      { id: 'd', doi: '10.48550/arXiv.2401.01335' },
      { id: 'e', doi: '10.1000/other' },
      { id: 'f' },
    ]);
    const twins = [1, 2, 3, 4, 5, 6, 7, -1].map((label) => store.twins(label));
    assert.deepEqual(twins, [[2, 4], [1, 3, 4], [2], [1, 2], [], [], [], []]);
    await store.close();
  });

  it('are found among as many aliases as it takes to read several slices', async (t) => {
    const papers = Array.from({ length: 1000 }, (_, i) => ({
      doi: `10.1000/${String(i % 500).padStart(4, '0')}`,
    }));
    const { store } = await storeOf(t, papers);
    for (let label = 1; label <= 1000; label++) {
      assert.deepEqual(store.twins(label), [label <= 500 ? label + 500 : label - 500]);
    }
    await store.close();
  });

  it('leave out what was removed', async (t) => {
    const { store } = await storeOf(t, [{ doi: '10.1000/a' }, { doi: '10.1000/a' }, { doi: '10.1000/a' }], 2);
    assert.deepEqual(
      [1, 2, 3].map((label) => store.twins(label)),
      [[3], [], [1]],
    );
    await store.close();
  });
});
