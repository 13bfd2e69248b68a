/** What every PaperStore must do, wherever its papers are. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { NearpaperError } from '../../src/errors.js';
import { LabelSet } from '../../src/label-set.js';
import type { FilterClause, PaperFilter } from '../../src/papers/filter.js';
import type { Paper } from '../../src/papers/paper.js';
import { contentHash, textHash } from '../../src/papers/paper-row.js';
import { type PaperStore, versionOf } from '../../src/papers/store.js';
import { paper, vectorOf } from '../papers/drafting.js';
import { filtered } from '../papers/filtering.js';
import type { LabelledPaper } from '../papers/labelled-store.js';

export interface PaperStoreUnderTest {
  name: string;
  /** A store of these papers; labels are below 10,000. */
  open(t: Pick<TestContext, 'after'>, papers: readonly LabelledPaper[]): Promise<PaperStore>;
}

/** A paper of which only these fields are its own. */
export function labelled(
  label: number,
  fields: Partial<Paper>,
  arxivVersion: number | null = null,
): LabelledPaper {
  const { id = `p${label}`, ...others } = fields;
  return { label, paper: { ...paper({ title: `T ${label}`, ...others }), id }, arxivVersion };
}

const ABSTRACT = 'We study how papers that change are laid over papers that stay as they are.';

/** Names: an arXiv paper that others link to, one DOI in three spellings, and ids that are other papers' aliases. */
const NAMED = [
  labelled(3, { id: 'blog', url: 'https://arxiv.org/abs/2401.01335', abstract: ABSTRACT }),
  labelled(4, { id: 'arXiv:2401.01335v2', title: 'It', authors: ['A, B', 'Ç'], abstract: ABSTRACT }, 2),
  labelled(6, { id: 'copy', doi: '10.1000/ABC', categories: ['cs.CL'] }),
  labelled(7, { id: 'doi:10.1000/abc', published: '2024-02-29', updated: '2024-03-01', year: 2024 }),
  labelled(9, { id: 'b "quoted" / ü', url: 'https://doi.org/10.1000/Abc', venue: 'V' }),
  labelled(40, { id: 'x', abstract: 'Nothing of all this is in here, and that is why it is.' }),
];

const FILTERED = [
  labelled(1, { published: '2024-06-01', year: 2024, venue: 'Proc. of NeurIPS 2023', categories: ['cs.CL'] }),
  labelled(2, { year: 2024, authors: ['LeCun, Yann', 'Émile Zola'], categories: ['CS.cl', 'stat.ML'] }),
  labelled(5, { venue: 'NeurIPS', authors: ['Y. LeCun'] }),
  labelled(8, { venue: 'Revista Española', authors: ['J. J. Zola'], categories: ['csx', 'cs.LG'] }),
  labelled(33, { published: '2023-12-31', year: 2023, authors: ['Someone Else', 'Zola'] }),
  labelled(64, { year: 2025, categories: ['math.*'] }),
];

const CLAUSES: readonly FilterClause[] = [
  { kind: 'dates', from: '2024-06-01', to: '2024-06-01' },
  { kind: 'dates', from: null, to: '2024-01-01' },
  { kind: 'dates', from: '2024-12-31', to: null },
  { kind: 'dates', from: null, to: null },
  { kind: 'dates', from: '2024-07-01', to: '2024-02-29' },
  { kind: 'categories', anyOf: ['CS.*'] },
  { kind: 'categories', anyOf: ['cs.lg', 'stat.ml'] },
  { kind: 'categories', anyOf: ['*'] },
  { kind: 'categories', anyOf: [] },
  { kind: 'venue', name: 'of neurips' },
  { kind: 'venue', name: 'revista espanola' },
  { kind: 'venue', name: '?' },
  { kind: 'author', name: 'Y LeCun' },
  { kind: 'author', name: 'zola' },
  { kind: 'author', name: 'É. Zola' },
  { kind: 'author', name: 'J J' },
  { kind: 'author', name: '' },
  { kind: 'labels', labels: LabelSet.of([1, 5, 7, 33, 5000]) },
  { kind: 'labels', labels: LabelSet.of([]) },
];

export function paperStoreContract(under: PaperStoreUnderTest): void {
  describe(`${under.name}, as a store of papers`, () => {
    namesContract(under);
    papersContract(under);
    filtersContract(under);
    relationsContract(under);
  });
}

function namesContract({ open }: PaperStoreUnderTest): void {
  it('finds a paper by id, else by arXiv id, else the first that has the alias', async (t) => {
    const store = await open(t, NAMED);
    const expected: [asked: string, label: number | undefined][] = [
      ['blog', 3],
      ['arXiv:2401.01335v2', 4],
      ['2401.01335', 4],
      ['https://arxiv.org/abs/2401.01335v9', 4],
      ['10.48550/arXiv.2401.01335', 4],
      ['doi:10.1000/abc', 7],
      ['10.1000/abc', 6],
      ['https://doi.org/10.1000/ABC', 6],
      ['b "quoted" / ü', 9],
      ['Blog', undefined],
      ['10.1000/abcd', undefined],
      ['2401.01336', undefined],
      ['', undefined],
    ];
    for (const [asked, label] of expected) {
      const there = NAMED.find((one) => one.label === label)?.paper;
      const { id, title, abstract } = there ?? {};
      assert.deepEqual(
        await store.resolve(asked),
        there && { label, id, hasAbstract: abstract !== '' },
        asked,
      );
      assert.deepEqual(await store.find(asked), there && { label, id, title, abstract }, asked);
      assert.deepEqual(await store.read(asked, ['doi', 'id']), there && { id, doi: there.doi }, asked);
      assert.equal(
        await store.version(asked),
        there && versionOf({ id: there.id, contentHash: contentHash(there) }),
        asked,
      );
    }
  });

  it('says what is held of a paper under its id or another version of it, and not under an alias', async (t) => {
    const store = await open(t, NAMED);
    for (const { label, paper, arxivVersion } of NAMED) {
      const held = {
        label,
        id: paper.id,
        arxivVersion,
        contentHash: contentHash(paper),
        textHash: textHash(paper),
      };
      assert.deepEqual(await store.held(paper.id), held);
      if (arxivVersion !== null)
        assert.deepEqual(await store.held('https://arxiv.org/pdf/2401.01335v7'), held);
    }
    for (const id of ['10.1000/abc', 'https://doi.org/10.1000/abc', '2401.01336', 'Blog', '']) {
      assert.equal(await store.held(id), undefined, id);
    }
  });

  it('has the embedding of each text', async (t) => {
    const store = await open(t, NAMED);
    for (const { paper } of NAMED) {
      assert.deepEqual(await store.embeddingOf(textHash(paper)), vectorOf(textHash(paper)));
    }
    assert.equal(await store.embeddingOf(textHash({ title: 'another', abstract: '' })), undefined);
  });
}

function papersContract({ open }: PaperStoreUnderTest): void {
  it('gives papers by label in the order asked, with these fields or all', async (t) => {
    const store = await open(t, NAMED);
    const labels = [40, 4, 5, 3, 9, 4, -1, 7, 6, 9999];
    const papers = labels.map((label) => NAMED.find((one) => one.label === label)?.paper);
    assert.deepEqual(await store.get(labels), papers);
    assert.deepEqual(
      await store.get(labels, ['title', 'authors']),
      papers.map((paper) => paper && { title: paper.title, authors: paper.authors }),
    );
    assert.deepEqual(await store.get([]), []);
  });

  it('knows how many papers there are and their highest label', async (t) => {
    const store = await open(t, NAMED);
    assert.equal(store.size, NAMED.length);
    assert.ok(store.highestLabel >= 40);
    assert.equal((await open(t, [])).size, 0);
  });

  it('lists every paper once by label, whatever the size of a page', async (t) => {
    const store = await open(t, NAMED);
    for (const limit of [1, 2, 5, 6, 100]) {
      const papers: Paper[] = [];
      for (let from: number | null = 0; from !== null; ) {
        const page = await store.list([], from, limit);
        assert.ok(page.papers.length <= limit);
        papers.push(...page.papers);
        from = page.next;
      }
      assert.deepEqual(
        papers,
        NAMED.map(({ paper }) => paper),
      );
    }
    assert.deepEqual(await store.list([], 1_000_000, 10), { papers: [], next: null });
  });
}

function filtersContract({ open }: PaperStoreUnderTest): void {
  it('leaves of a filter of one clause or two what a plain reading leaves', async (t) => {
    const store = await open(t, FILTERED);
    const held = FILTERED.map(({ label, paper }) => [label, paper] as const);
    const filters: PaperFilter[] = [[], ...CLAUSES.flatMap((one) => CLAUSES.map((other) => [one, other]))];
    for (const filter of filters) {
      const { labels, undated } = await store.subset(filter);
      assert.deepEqual({ labels: [...labels], undated }, filtered(held, filter), JSON.stringify(filter));
    }
  });

  it('does not look for a subset or a page under a signal that has aborted', async (t) => {
    const store = await open(t, FILTERED);
    const signal = AbortSignal.abort(new Error('gone'));
    const stopped = (thrown: unknown) =>
      thrown instanceof NearpaperError && thrown.code === 'cancelled' && thrown.cause === signal.reason;
    await assert.rejects(store.subset([], signal), stopped);
    await assert.rejects(store.list([], 0, 5, signal), stopped);
  });
}

function relationsContract({ open }: PaperStoreUnderTest): void {
  it('knows the papers with the same DOI or arXiv id', async (t) => {
    const store = await open(t, NAMED);
    const twins = [3, 4, 6, 7, 9, 40, 5, -1].map((label) => store.twins(label));
    assert.deepEqual(twins, [[4], [3], [7, 9], [6, 9], [6, 7], [], [], []]);
  });

  it('takes an id that more than eight papers share for that of a volume', async (t) => {
    const sharing = Array.from({ length: 9 }, (_, i) => labelled(2 * i + 1, { doi: '10.1000/volume' }));
    const most = sharing.slice(1).map(({ label }) => label);
    const store = await open(t, sharing.slice(1));
    for (const label of most) {
      assert.deepEqual(
        store.twins(label),
        most.filter((other) => other !== label),
      );
    }
    const volume = await open(t, sharing);
    for (const { label } of sharing) assert.deepEqual(volume.twins(label), []);
  });

  it('never rules out papers of the same abstract, in the order asked, and rules out others', async (t) => {
    const store = await open(t, NAMED);
    assert.deepEqual(store.resembling(3, [40, 4, 6, 5, 3, 4], 0.9), [4, 3, 4]);
    assert.deepEqual(store.resembling(4, [3, 40], 0.9), [3]);
    assert.deepEqual(store.resembling(6, [7, 9], 0.1), [], 'without an abstract');
    assert.deepEqual(store.resembling(5, [3, 4], 0.1), [], 'no such paper');
  });
}
