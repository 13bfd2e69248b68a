import type { TestContext } from 'node:test';
import { StoreOverlay } from '../../src/papers/overlay.js';
import type { PaperStore } from '../../src/papers/store.js';
import { temporaryFolder } from '../papers/drafting.js';
import { type LabelledPaper, labelledStore, put, removal } from '../papers/labelled-store.js';
import { labelled, paperStoreContract } from './paper-store.js';

type Opener = (t: Pick<TestContext, 'after'>, papers: readonly LabelledPaper[]) => Promise<PaperStore>;

const openSqlite: Opener = async (t, papers) => {
  const store = await labelledStore(temporaryFolder(t), 'papers.db', papers);
  t.after(() => store.close());
  return store;
};

/** What a paper may have been before: other names, other facts, in the way of every other paper. */
function formerly({ label, paper }: LabelledPaper): LabelledPaper {
  return labelled(label, {
    id: paper.id,
    doi: '10.1000/abc',
    url: 'https://arxiv.org/abs/2401.01335',
    abstract: 'We study how papers that change are laid over papers that stay as they are.',
    authors: ['Yann LeCun', 'Zola'],
    venue: 'NeurIPS',
    year: 2024,
    categories: ['cs.LG'],
  });
}

/** Every fourth paper is beneath as it is, one with another content, one is new; and some beneath are removed. */
function overlaid(open: Opener): Opener {
  return async (t, papers) => {
    const removed = [100, 2, 0].map((label) => labelled(label, { id: `removed ${label}` }));
    const taken = new Set(papers.map(({ label }) => label));
    const gone = removed.filter(({ label }) => !taken.has(label)).map(formerly);
    const beneath = papers.flatMap((one, i) => [[one], [formerly(one)], [], [one]][i % 4] ?? []);
    const overlay = new StoreOverlay(await open(t, [...beneath, ...gone]));
    let seq = 0;
    for (const one of gone) await overlay.apply(removal(++seq, one));
    for (const [i, one] of papers.entries()) {
      if (i % 4 !== 0) await overlay.apply(put(++seq, i % 8 < 4 ? one : formerly(one)));
      if (i % 8 > 4) await overlay.apply(put(++seq, one));
    }
    return overlay.view();
  };
}

paperStoreContract({ name: 'SQLite', open: openSqlite });

paperStoreContract({
  name: 'changes alone',
  async open(t, papers) {
    const overlay = new StoreOverlay(await openSqlite(t, []));
    for (const [i, one] of papers.entries()) await overlay.apply(put(i + 1, one));
    return overlay.view();
  },
});

paperStoreContract({ name: 'changes over SQLite', open: overlaid(openSqlite) });

paperStoreContract({ name: 'changes over changes over SQLite', open: overlaid(overlaid(openSqlite)) });
