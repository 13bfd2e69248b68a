import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { keywordIndexOf } from '../../src/keywords/keyword-file.js';
import type { KeywordIndex } from '../../src/keywords/keyword-index.js';
import { KeywordOverlay } from '../../src/keywords/overlay.js';
import { paperTerms } from '../../src/keywords/paper-terms.js';
import type { KeywordPaper } from '../../src/keywords/postings.js';
import { LabelSet } from '../../src/label-set.js';
import { rejectsWith } from '../contract/keyword-index.js';

type Papers = ReadonlyMap<number, KeywordPaper>;

const WORDS = [
  'graph',
  'neural',
  'protein',
  'cluster',
  'judge',
  'model',
  'zebra',
  'quark',
  'lattic',
  'tensor',
];
const MEAN = 6;
const MOST_LABEL = 30;

const word = fc.constantFrom(...WORDS);
/** All of one length, so that the mean never changes and scores must be those of a new index to the last bit. */
const paper = fc
  .array(word, { minLength: MEAN, maxLength: MEAN })
  .map((words): KeywordPaper => ({ title: words.slice(0, 2).join(' '), abstract: words.slice(2).join(' ') }));
const label = fc.nat(MOST_LABEL);
const change = fc.record({ label, paper: fc.option(paper, { freq: 2 }) });

async function indexOf(papers: Papers): Promise<KeywordIndex> {
  return keywordIndexOf([...papers].sort(([a], [b]) => a - b));
}

function apply(overlay: KeywordOverlay, changes: readonly { label: number; paper: KeywordPaper | null }[]) {
  for (const { label, paper } of changes) {
    if (paper === null) overlay.remove(label);
    else overlay.put(label, paper);
  }
}

/** All that an index tells of these papers. */
async function assertSame(
  view: KeywordIndex,
  expected: KeywordIndex,
  texts: readonly string[],
): Promise<void> {
  assert.equal(view.size, expected.size);
  const labels = Array.from({ length: MOST_LABEL + 2 }, (_, at) => at);
  const subset = LabelSet.of(labels.filter((at) => at % 3 > 0));
  for (const text of texts) {
    for (const k of [100, 3]) {
      assert.deepEqual(await view.search(text, k, { labels }), await expected.search(text, k, { labels }));
      assert.deepEqual(await view.search(text, k, { subset }), await expected.search(text, k, { subset }));
    }
    assert.deepEqual([...(await view.having(text))], [...(await expected.having(text))]);
  }
  for (const stem of WORDS) {
    assert.equal(view.documentFrequency(stem), expected.documentFrequency(stem));
    assert.equal(view.idf(stem), expected.idf(stem));
  }
}

describe('KeywordOverlay', () => {
  it('answers as a new index of the papers that stand would, after any changes and in every earlier view', async () => {
    const texts = fc.array(
      fc.array(word, { maxLength: 3 }).map((words) => words.join(' ')),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    const first = fc.uniqueArray(fc.tuple(label, paper), { selector: ([at]) => at, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(
        first,
        fc.array(fc.array(change, { maxLength: 8 })),
        texts,
        async (base, steps, texts) => {
          const papers = new Map(base);
          const overlay = new KeywordOverlay(await indexOf(papers), MEAN);
          const views = [{ view: overlay.view(), papers: new Map(papers) }];
          for (const changes of steps) {
            apply(overlay, changes);
            for (const { label, paper } of changes) {
              if (paper === null) papers.delete(label);
              else papers.set(label, paper);
            }
            views.push({ view: overlay.view(), papers: new Map(papers) });
          }
          for (const { view, papers } of views) await assertSame(view, await indexOf(papers), texts);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('scores papers as a new index would but for the mean length, which stays that of the base', async () => {
    // Lengths of 5 to 65 words, some of which only every hundredth paper has.
    const text = (seed: number): KeywordPaper => ({
      title: `${WORDS[seed % 7]} every${seed % 100}`,
      abstract: Array.from({ length: 3 + (seed % 61) }, (_, at) => WORDS[(seed * (at + 3)) % 10]).join(' '),
    });
    const papers = new Map(Array.from({ length: 4000 }, (_, at) => [at, text(at)]));
    const base = await indexOf(papers);
    const lengths = [...papers.values()].map((each) => paperTerms(each).length);
    const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
    // Where it is not known another stands in, four times as long here: all is found, and ranked a little differently.
    for (const [meanTerms, most] of [[mean, 0.01] as const, [null, 0.4] as const]) {
      const overlay = new KeywordOverlay(base, meanTerms);
      const changed = new Map(papers);
      for (let at = 0; at < 120; at++) {
        overlay.put(3950 + at, text(7 * at));
        changed.set(3950 + at, text(7 * at));
        overlay.remove(20 * at);
        changed.delete(20 * at);
      }
      const view = overlay.view();
      const expected = await indexOf(changed);
      for (const query of ['every7', 'every50 quark', 'zebra every13 judge']) {
        const truth = await expected.search(query, 5000);
        const labels = truth.best.map(({ label }) => label);
        const { best, scores } = await view.search(query, 5000, { labels });
        assert.deepEqual(new Set(best.map(({ label }) => label)), new Set(labels), query);
        truth.best.forEach(({ score }, i) => {
          assert.ok(Math.abs((scores[i] ?? 0) / score - 1) < most, `${query}: ${scores[i]} for ${score}`);
        });
      }
    }
  });

  it('keeps what stands through thousands of changes of a few papers, and every view of it', async () => {
    const overlay = new KeywordOverlay(await indexOf(new Map()), MEAN);
    const papers = new Map<number, KeywordPaper>();
    const views: { view: KeywordIndex; papers: Papers }[] = [];
    for (let at = 0; at < 9000; at++) {
      // Labels 20 to 30 stay from the beginning on, and are moved again and again.
      const label = at < 31 ? at : at % 20;
      const title = [0, 1, 3, 7, 11, 13].map((step) => WORDS[(at * step + label) % 10]).join(' ');
      if (at % 7 === 6 && label < 20) {
        overlay.remove(label);
        papers.delete(label);
      } else {
        overlay.put(label, { title, abstract: '' });
        papers.set(label, { title, abstract: '' });
      }
      if (at % 500 === 0 || (at > 1000 && at < 1050)) {
        views.push({ view: overlay.view(), papers: new Map(papers) });
      }
    }
    views.push({ view: overlay.view(), papers: new Map(papers) });
    for (const { view, papers } of views) {
      await assertSame(view, await indexOf(papers), ['graph', 'zebra quark', 'neural model judge tensor']);
    }
  });

  it('never takes a place among the best for what is masked', async () => {
    const often = { title: 'quark quark quark', abstract: '' };
    const once = { title: 'quark lattic tensor', abstract: '' };
    const papers = Array.from({ length: 40_000 }, (_, at) => [at, at % 2 === 0 ? often : once] as const);
    const overlay = new KeywordOverlay(await indexOf(new Map(papers)), 3);
    for (let at = 0; at < 40_000; at += 2) overlay.remove(at);
    const { best, scores } = await overlay.view().search('quark', 5, { labels: [0, 1, 39_998] });
    assert.deepEqual(
      best.map(({ label }) => label),
      [1, 3, 5, 7, 9],
    );
    assert.deepEqual([...scores], [0, best[0]?.score, 0]);
    assert.equal(overlay.view().documentFrequency('quark'), 20_000);
  });

  it('orders papers of the same text by label, wherever they are', async () => {
    const same = { title: 'quark', abstract: '' };
    const overlay = new KeywordOverlay(await indexOf(new Map([2, 4, 6, 8].map((at) => [at, same]))), 1);
    for (const at of [9, 4, 1, 5]) overlay.put(at, same);
    const { best } = await overlay.view().search('quark', 6);
    assert.deepEqual(
      best.map(({ label }) => label),
      [1, 2, 4, 5, 6, 8],
    );
  });

  it('forgets a term with its last paper, so that it weighs nothing any more', async () => {
    const base = await indexOf(new Map([[1, { title: 'quark graph', abstract: '' }]]));
    const overlay = new KeywordOverlay(base, 2);
    overlay.put(2, { title: 'zebra graph', abstract: '' });
    const before = overlay.view();
    overlay.remove(2);
    overlay.put(1, { title: 'graph lattic', abstract: '' });
    const view = overlay.view();
    for (const stem of ['zebra', 'quark']) {
      assert.equal(view.documentFrequency(stem), 0);
      assert.deepEqual((await view.search(stem, 5)).best, []);
      assert.deepEqual([...(await view.having(stem))], []);
      assert.equal((await before.search(stem, 5)).best.length, 1);
    }
    assert.deepEqual(await view.search('zebra graph', 5), await view.search('graph', 5));
    assert.equal(before.documentFrequency('lattic'), 0);
  });

  it('is not touched by changes while a search of an earlier view takes turns', async () => {
    const words = Array.from({ length: 60 }, (_, at) => `w${at}`);
    const paperOf = (at: number): KeywordPaper => ({
      title: words.filter((_, bit) => (at >> (bit % 12)) % 2 === 0).join(' '),
      abstract: '',
    });
    const half = Array.from({ length: 3000 }, (_, at) => [at, paperOf(at)] as const);
    const overlay = new KeywordOverlay(await indexOf(new Map(half)), 30);
    for (let at = 2000; at < 5000; at++) overlay.put(at, paperOf(at + 17));
    const view = overlay.view();
    const texts = Array.from({ length: 60 }, (_, at) => words.slice(at % 30).join(' '));
    const labels = [0, 1999, 2000, 4999];
    const searchAll = () => Promise.all(texts.map((text) => view.search(text, 10, { labels })));
    const expected = await searchAll();
    let turns = 0;
    const changeOne = () => {
      overlay.put(turns * 31, { title: 'w1 w2 w3 w59 novel', abstract: '' });
      overlay.remove(2000 + turns);
      turns += 1;
      next = setImmediate(changeOne);
    };
    let next = setImmediate(changeOne);
    const found = await searchAll();
    clearImmediate(next);
    assert.ok(turns > 1, `${turns} turns`);
    assert.deepEqual(found, expected);
    assert.deepEqual(await searchAll(), expected);
  });

  it('closes only the view, and answers no more once the base is closed', async () => {
    const base = await indexOf(new Map([[1, { title: 'quark', abstract: '' }]]));
    const overlay = new KeywordOverlay(base, 1);
    const view = overlay.view();
    await view.close();
    for (const closed of [() => view.idf('quark'), () => view.documentFrequency('quark')]) {
      assert.throws(closed, rejectsWith('not_ready'));
    }
    const other = overlay.view();
    assert.equal((await other.search('quark', 1)).best.length, 1);
    await base.close();
    await assert.rejects(other.search('quark', 1), rejectsWith('not_ready'));
    assert.throws(() => overlay.put(2, { title: 'quark', abstract: '' }), rejectsWith('not_ready'));
  });

  it('refuses labels that are no whole numbers of 32 bits, and does nothing for labels that nobody has', async () => {
    const overlay = new KeywordOverlay(await indexOf(new Map([[1, { title: 'quark', abstract: '' }]])), 1);
    for (const label of [-1, 0.5, Number.NaN, 2 ** 32]) {
      assert.throws(() => overlay.put(label, { title: 'quark', abstract: '' }), rejectsWith('bad_record'));
      overlay.remove(label);
    }
    overlay.remove(2);
    assert.equal(overlay.view().size, 1);
    // Papers of the base that are removed can be put again.
    overlay.remove(1);
    overlay.remove(1);
    assert.equal(overlay.view().size, 0);
    overlay.put(1, { title: 'zebra', abstract: '' });
    assert.deepEqual([...(await overlay.view().having('zebra'))], [1]);
  });
});
