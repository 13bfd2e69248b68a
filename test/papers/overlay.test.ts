import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LabelSet } from '../../src/label-set.js';
import type { Change } from '../../src/papers/change.js';
import type { FilterClause, PaperFilter } from '../../src/papers/filter.js';
import { parseArxivId } from '../../src/papers/ids.js';
import { StoreOverlay } from '../../src/papers/overlay.js';
import type { Paper } from '../../src/papers/paper.js';
import { textHash } from '../../src/papers/paper-row.js';
import type { PaperStore } from '../../src/papers/store.js';
import { labelled } from '../contract/paper-store.js';
import { temporaryFolder } from './drafting.js';
import { type LabelledPaper, labelledStore, put, removal } from './labelled-store.js';

const IDS = [
  'a',
  'b',
  'c',
  '10.1000/abc',
  'doi:10.1000/other',
  'arXiv:2401.00001v1',
  '2401.00001',
  'https://arxiv.org/abs/2401.00001v3',
  '2401.00002v2',
  'cs/0112017',
  ...Array.from({ length: 6 }, (_, i) => `p${i}`),
];
const DOIS = ['10.1000/ABC', 'https://doi.org/10.1000/abc', 'doi:10.1000/Abc', '10.1000/other'];
const URLS = [
  'https://arxiv.org/abs/2401.00001v2',
  'https://doi.org/10.1000/abc',
  'https://example.org/2401',
];
const UNHELD = ['10.48550/arXiv.2401.00001', 'cs.CL/0112017', 'A', '10.1000/none', ''];

const WORDS = 'papers that change are laid over papers that stay as they are and found as if they were'.split(
  ' ',
);
const someText = fc
  .record({ from: fc.nat(WORDS.length), to: fc.nat(WORDS.length) })
  .map(({ from, to }) => WORDS.slice(from, to).join(' '));

/** A content of a paper; as so few names are shared, also by many. */
const someContent = fc.record({
  title: fc.constantFrom('One', 'Two', 'Three'),
  abstract: someText,
  authors: fc.subarray(['Yann LeCun', 'LeCun, Y.', 'Émile Zola', 'J. J. Zola', '']),
  published: fc.option(fc.constantFrom('2023-12-31', '2024-02-29', '2025-06-15')),
  year: fc.option(fc.constantFrom(2023, 2024)),
  categories: fc.subarray(['cs.CL', 'CS.cl', 'csx', 'stat.ML']),
  venue: fc.option(fc.constantFrom('Proc. of NeurIPS', 'Neur', 'Española', '…')),
  url: fc.option(fc.constantFrom(...URLS), { freq: 1 }),
  doi: fc.option(fc.constantFrom(...DOIS), { freq: 2 }),
});

/** What a caller writes: a paper under an id, or, one time of four, its removal. */
const someWrite = fc.record({
  id: fc.constantFrom(...IDS),
  content: fc.option(someContent, { freq: 3 }),
});
type Write = typeof someWrite extends fc.Arbitrary<infer Value> ? Value : never;

const CLAUSES: readonly FilterClause[] = [
  { kind: 'dates', from: '2024-01-01', to: '2024-12-31' },
  { kind: 'dates', from: '2024-02-29', to: null },
  { kind: 'categories', anyOf: ['cs.*'] },
  { kind: 'categories', anyOf: ['cs.cl'] },
  { kind: 'venue', name: 'neurips' },
  { kind: 'venue', name: 'espanola' },
  { kind: 'author', name: 'Y LeCun' },
  { kind: 'author', name: 'zola j' },
  { kind: 'labels', labels: LabelSet.of([1, 2, 3, 5, 8, 13, 21]) },
];

/** The papers of a corpus by label, with the changes that led there. */
class Writes {
  readonly papers = new Map<number, LabelledPaper>();
  highestLabel = 0;
  #seq = 0;

  /** The change that a writer makes of it; none for the removal of what is not there. */
  change({ id, content }: Write): Change[] {
    const arxiv = parseArxivId(id);
    const same = (other: string) => other === id || (arxiv && parseArxivId(other)?.base === arxiv.base);
    const held = [...this.papers.values()].find(({ paper }) => same(paper.id));
    if (content === null) {
      if (held === undefined) return [];
      this.papers.delete(held.label);
      return [removal(++this.#seq, held)];
    }
    const label = held?.label ?? this.highestLabel + 1;
    this.highestLabel = Math.max(this.highestLabel, label);
    const paper: Paper = { ...labelled(label, content).paper, id: held?.paper.id ?? id };
    const one = { label, paper, arxivVersion: arxiv?.version ?? null };
    this.papers.set(label, one);
    return [put(++this.#seq, one)];
  }

  inOrder(): LabelledPaper[] {
    return [...this.papers.values()].sort((a, b) => a.label - b.label);
  }
}

/** What it costs little to ask at every moment. */
async function quickAnswers(store: PaperStore, highest: number) {
  const subsets = [];
  for (const clause of CLAUSES) subsets.push([...(await store.subset([clause])).labels]);
  return {
    size: store.size,
    subsets,
    twins: Array.from({ length: highest + 2 }, (_, label) => store.twins(label)),
  };
}

/** What a store says to every question that can be put to it about these papers. */
async function answers(store: PaperStore, papers: readonly LabelledPaper[], highest: number) {
  const labels = Array.from({ length: highest + 2 }, (_, label) => label);
  const names = [...IDS, ...DOIS, ...URLS, ...UNHELD];
  const named = await Promise.all(
    names.map(async (name) => ({
      name,
      resolved: await store.resolve(name),
      found: await store.find(name),
      read: await store.read(name, ['id', 'doi', 'authors']),
      held: await store.held(name),
      version: await store.version(name),
    })),
  );
  const filters: PaperFilter[] = [[], ...CLAUSES.flatMap((one) => CLAUSES.map((other) => [one, other]))];
  const subsets = [];
  for (const filter of filters) {
    const { labels, undated } = await store.subset(filter);
    const { papers, next } = await store.list(filter, 2, 3);
    subsets.push({ filter: JSON.stringify(filter), labels: [...labels], undated, papers, next });
  }
  return {
    named,
    subsets,
    papers: await store.get(labels.toReversed()),
    some: await store.get(labels, ['id', 'categories']),
    resembling: labels.map((label) => [0.05, 0.5, 1].map((least) => store.resembling(label, labels, least))),
    embeddings: await Promise.all(papers.map(({ paper }) => store.embeddingOf(textHash(paper)))),
  };
}

describe('a store with changes', () => {
  it('answers at every moment as a store made of the papers of that moment, whatever came later', async (t) => {
    const folder = temporaryFolder(t);
    let stores = 0;
    const storeOf = (papers: readonly LabelledPaper[]) => labelledStore(folder, `${++stores}.db`, papers);
    const writes = (maxLength: number) => fc.array(someWrite, { maxLength, size: 'max' });
    await fc.assert(
      fc.asyncProperty(writes(25), writes(30), async (before, after) => {
        const corpus = new Writes();
        for (const write of before) corpus.change(write);
        const base = await storeOf(corpus.inOrder());
        corpus.highestLabel = base.highestLabel;
        const overlay = new StoreOverlay(base);
        // Every second view is asked at once: those that are not must not know later what came after them.
        const momentOf = async (view: PaperStore, asked: boolean) => {
          const highest = corpus.highestLabel;
          const quick = asked ? await quickAnswers(view, highest) : undefined;
          return { view, papers: corpus.inOrder(), highest, quick };
        };
        const moments = [await momentOf(overlay.view(), false)];
        for (const write of after) {
          for (const change of corpus.change(write)) await overlay.apply(change);
          moments.push(await momentOf(overlay.view(), moments.length % 2 === 0));
        }
        const some = [0, 0.5, 1].map((part) => moments[Math.floor(part * (moments.length - 1))]);
        for (const moment of some.toReversed()) {
          assert.ok(moment !== undefined);
          const { view, papers, highest, quick } = moment;
          assert.equal(view.highestLabel, highest);
          const fresh = await storeOf(papers);
          assert.deepEqual(await answers(view, papers, highest), await answers(fresh, papers, highest));
          const expected = await quickAnswers(fresh, highest);
          assert.deepEqual(quick ?? expected, expected, 'at the moment');
          assert.deepEqual(await quickAnswers(view, highest), expected, 'after what came later');
          await fresh.close();
        }
        await base.close();
      }),
      { numRuns: 40 },
    );
  });

  it('finds another holder of an alias however many before it are changed or removed', async (t) => {
    const papers = Array.from({ length: 100 }, (_, i) => labelled(i + 1, { doi: '10.1000/volume' }));
    const base = await labelledStore(temporaryFolder(t), 'papers.db', papers);
    const overlay = new StoreOverlay(base);
    for (const one of papers.slice(0, 60)) {
      await overlay.apply(
        one.label % 2 === 0 ? removal(one.label, one) : put(one.label, labelled(one.label, {})),
      );
      assert.equal((await overlay.view().resolve('10.1000/volume'))?.label, one.label + 1);
    }
    await base.close();
  });

  it('leaves out of twins what is removed, and lets who links to a removed arXiv paper have its id', async (t) => {
    const papers = [
      labelled(1, { id: '2401.01335v1', doi: '10.1000/a' }, 1),
      labelled(2, { url: 'https://arxiv.org/abs/2401.01335', doi: '10.1000/b' }),
      labelled(3, { doi: '10.1000/b' }),
    ];
    const [first] = papers;
    assert.ok(first !== undefined);
    const base = await labelledStore(temporaryFolder(t), 'papers.db', papers);
    const overlay = new StoreOverlay(base);
    const before = overlay.view();
    await overlay.apply(removal(1, first));
    const after = overlay.view();
    assert.deepEqual(
      [before, after].map((view) => [1, 2, 3].map((label) => view.twins(label))),
      [
        [[2], [1, 3], [2]],
        [[], [3], [2]],
      ],
    );
    assert.equal((await before.resolve('arXiv:2401.01335'))?.label, 1);
    assert.equal((await after.resolve('arXiv:2401.01335'))?.label, 2);
    assert.equal(await after.held('2401.01335v2'), undefined);
    await base.close();
  });

  it('does not show in a subset under way what is applied meanwhile', async (t) => {
    const base = await labelledStore(temporaryFolder(t), 'papers.db', []);
    const overlay = new StoreOverlay(base);
    const papers = Array.from({ length: 3000 }, (_, i) =>
      labelled(i + 1, { authors: Array.from({ length: 20 }, (_, at) => `Ñame${i} of author ${at}`) }),
    );
    for (const [i, one] of papers.entries()) await overlay.apply(put(i + 1, one));
    const view = overlay.view();
    const underWay = view.subset([{ kind: 'author', name: 'author' }]);
    let turns = 0;
    const done = new AbortController();
    const change = () => {
      if (done.signal.aborted) return;
      for (const one of papers.slice(turns * 20, (turns + 1) * 20)) void overlay.apply(removal(1, one));
      turns++;
      setImmediate(change);
    };
    setImmediate(change);
    assert.equal((await underWay).labels.size, 3000);
    done.abort();
    assert.ok(turns > 0, 'the event loop has its turn meanwhile');
    assert.equal(
      (await overlay.view().subset([{ kind: 'author', name: 'author' }])).labels.size,
      overlay.view().size,
    );
    assert.equal((await view.list([], 0, 2)).papers.length, 2);
    await base.close();
  });

  it('gives way to the event loop while many changes are applied, in their order', async (t) => {
    const base = await labelledStore(temporaryFolder(t), 'papers.db', []);
    const overlay = new StoreOverlay(base);
    const abstract = 'word '.repeat(2000);
    let turns = 0;
    const applied: Promise<void>[] = [];
    setImmediate(() => turns++);
    for (let seq = 1; seq <= 200; seq++) {
      const change = put(seq, labelled(1, { abstract, title: `T ${seq}` }));
      if (seq <= 100) await overlay.apply(change);
      else applied.push(overlay.apply(change));
    }
    assert.ok(turns > 0);
    await Promise.all(applied);
    assert.equal((await overlay.view().get([1]))[0]?.title, 'T 200');
    await base.close();
  });

  it('keeps the store beneath open when a view is closed', async (t) => {
    const base = await labelledStore(temporaryFolder(t), 'papers.db', [labelled(1, {})]);
    const overlay = new StoreOverlay(base);
    await overlay.view().close();
    assert.equal((await overlay.view().get([1])).length, 1);
    assert.equal((await base.get([1])).length, 1);
    await base.close();
  });
});
