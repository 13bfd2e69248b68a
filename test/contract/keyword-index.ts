/** What every KeywordIndex must do, wherever its postings come from. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { type ErrorCode, NearpaperError } from '../../src/errors.js';
import type { KeywordIndex, KeywordMatch } from '../../src/keywords/keyword-index.js';
import { termsOf } from '../../src/keywords/terms.js';
import { LabelSet } from '../../src/label-set.js';

export type LabelledPaper = readonly [label: number, paper: { title: string; abstract: string }];

export interface KeywordIndexUnderTest {
  name: string;
  open(t: Pick<TestContext, 'after'>, papers: readonly LabelledPaper[]): Promise<KeywordIndex>;
}

export function rejectsWith(code: ErrorCode) {
  return (thrown: unknown): boolean => {
    assert.ok(thrown instanceof NearpaperError, String(thrown));
    assert.equal(thrown.code, code, thrown.message);
    return true;
  };
}

const stemsOf = (text: string) => termsOf(text).map(({ stem }) => stem);

/** How the truth rounds: impacts to 255ths, weights to 65,535ths of the heaviest, neither to 0; or not at all. */
type Rounding = 'rounded' | 'exact';

/** The truth: BM25 as its formula stands, over all papers; those above 0, best first, ties by label. */
export function naiveBm25(
  papers: readonly LabelledPaper[],
  text: string,
  rounding: Rounding = 'rounded',
): KeywordMatch[] {
  return naiveBm25OfTerms(papers, countsOf(stemsOf(text)), rounding);
}

/** The same for several texts: the square root of how often they have a term, by weight. */
function naiveBm25OfSeveral(
  papers: readonly LabelledPaper[],
  texts: readonly { text: string; weight: number }[],
): KeywordMatch[] {
  const sums = new Map<string, number>();
  for (const { text, weight } of texts) {
    for (const stem of stemsOf(text)) sums.set(stem, (sums.get(stem) ?? 0) + weight);
  }
  const roots = new Map([...sums].map(([stem, sum]) => [stem, Math.sqrt(sum)]));
  return naiveBm25OfTerms(papers, roots, 'rounded');
}

function countsOf(stems: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const stem of stems) counts.set(stem, (counts.get(stem) ?? 0) + 1);
  return counts;
}

function naiveBm25OfTerms(
  papers: readonly LabelledPaper[],
  counts: ReadonlyMap<string, number>,
  rounding: Rounding,
): KeywordMatch[] {
  const documents = papers.map(([label, { title, abstract }]) => {
    const stems = [...stemsOf(title), ...stemsOf(abstract)];
    return { label, length: stems.length, times: countsOf(stems) };
  });
  const mean = documents.reduce((sum, { length }) => sum + length, 0) / documents.length;
  const weights = [...counts].flatMap(([stem, weight]): [string, number][] => {
    const having = documents.filter(({ times }) => times.has(stem)).length;
    return having === 0
      ? []
      : [[stem, weight * Math.log(1 + (documents.length - having + 0.5) / (having + 0.5))]];
  });
  const unit = Math.max(...weights.map(([, weight]) => weight)) / 65_535;
  return documents
    .map(({ label, length, times }) => {
      let score = 0;
      for (const [stem, weight] of weights) {
        const often = times.get(stem) ?? 0;
        if (often === 0) continue;
        const norm = 1.2 * (1 - 0.4 + (0.4 * length) / mean);
        const impact = Math.max(1, Math.round((255 * often) / (often + norm))) / 255;
        score +=
          rounding === 'exact'
            ? (weight * often) / (often + norm)
            : unit * Math.max(1, Math.round(weight / unit)) * impact;
      }
      return { label, score };
    })
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.label - b.label);
}

/** Words that repeat and overlap, some of them stop words and none of some papers. */
const word = fc.constantFrom(
  ...[
    'graph',
    'graphs',
    'neural',
    'the',
    'of',
    'k-means',
    'kmeans',
    'GPT-4',
    'gpt4',
    'protein',
    'Erdős',
    '学习',
  ],
);
const someText = fc.array(word, { maxLength: 12 }).map((words) => words.join(' '));
const somePapers = fc
  .uniqueArray(fc.record({ label: fc.nat(500), title: someText, abstract: someText }), {
    selector: ({ label }) => label,
    maxLength: 15,
  })
  .map((papers) =>
    papers.sort((a, b) => a.label - b.label).map(({ label, ...paper }): LabelledPaper => [label, paper]),
  );

export function keywordIndexContract(subject: KeywordIndexUnderTest): void {
  describe(`KeywordIndex: ${subject.name}`, () => {
    rankingContract(subject);
    optionsContract(subject);
    statisticsContract(subject);
    havingContract(subject);
    refusalContract(subject);
  });
}

const PAPERS: LabelledPaper[] = [
  [3, { title: 'Graph neural networks', abstract: 'We study networks that learn from graphs.' }],
  [5, { title: 'Protein folding', abstract: 'Folding proteins with a neural network.' }],
  [9, { title: 'K-means clustering', abstract: 'Clusters of graphs, and of nothing else.' }],
  [40, { title: 'GPT-4 as a judge', abstract: '' }],
];

const labelsOf = (matches: readonly KeywordMatch[]) => matches.map(({ label }) => label);

/** Equal but for floating point, which may exchange papers whose scores are equal but for it. */
function assertSameRanking(best: readonly KeywordMatch[], expected: readonly KeywordMatch[]): void {
  assert.equal(best.length, expected.length);
  const truth = new Map(expected.map(({ label, score }) => [label, score]));
  best.forEach(({ label, score }, place) => {
    assert.ok(Math.abs(score - (truth.get(label) ?? Number.NaN)) < 1e-9, `label ${label}`);
    assert.ok(Math.abs(score - (expected[place]?.score ?? Number.NaN)) < 1e-9, `place ${place}`);
  });
}

function rankingContract({ open }: KeywordIndexUnderTest): void {
  it('ranks as BM25 says, whatever the papers and the text', async (t) => {
    await fc.assert(
      fc.asyncProperty(somePapers, someText, async (papers, text) => {
        const index = await open(t, papers);
        const { best } = await index.search(text, 100);
        assertSameRanking(best, naiveBm25(papers, text));
        await index.close();
      }),
      { numRuns: 60 },
    );
  });

  it('gives scores that are BM25 to the 255th part of the most that the text could score', async (t) => {
    await fc.assert(
      fc.asyncProperty(somePapers, someText, async (papers, text) => {
        const index = await open(t, papers);
        const most = stemsOf(text)
          .filter((stem) => index.documentFrequency(stem) > 0)
          .reduce((sum, stem) => sum + index.idf(stem), 0);
        const truth = naiveBm25(papers, text, 'exact');
        const labels = truth.map(({ label }) => label);
        const { scores } = await index.search(text, 0, { labels });
        truth.forEach(({ score }, i) => {
          assert.ok(Math.abs((scores[i] ?? Number.NaN) - score) <= most / 255, `label ${labels[i]}`);
        });
        await index.close();
      }),
      { numRuns: 60 },
    );
  });

  it('ranks for several texts by the roots of how often they have a term together, in any order', async (t) => {
    const weighted = fc.record({ text: someText, weight: fc.constantFrom(0.5, 1, 2) });
    await fc.assert(
      fc.asyncProperty(somePapers, fc.array(weighted, { maxLength: 6 }), async (papers, texts) => {
        const index = await open(t, papers);
        const expected = naiveBm25OfSeveral(papers, texts);
        assertSameRanking((await index.search(texts, 100)).best, expected);
        assertSameRanking((await index.search(texts.toReversed(), 100)).best, expected);
        const twice = texts.flatMap(({ text, weight }) => [
          { text, weight: weight / 2 },
          { text, weight: weight / 2 },
        ]);
        assertSameRanking((await index.search(twice, 100)).best, expected);
        await index.close();
      }),
      { numRuns: 60 },
    );
  });

  it('gives the first k of the first k + 1, best first and ties by label', async (t) => {
    await fc.assert(
      fc.asyncProperty(somePapers, someText, async (papers, text) => {
        const index = await open(t, papers);
        let longer = (await index.search(text, papers.length + 1)).best;
        for (let k = papers.length; k >= 0; k--) {
          const { best } = await index.search(text, k);
          assert.deepEqual(best, longer.slice(0, k));
          longer = best;
        }
        const { best } = await index.search(text, papers.length);
        for (const [place, match] of best.entries()) {
          const next = best[place + 1] ?? { label: Number.POSITIVE_INFINITY, score: 0 };
          assert.ok(match.score > next.score || (match.score === next.score && match.label < next.label));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('orders papers of the same text by label', async (t) => {
    const same = { title: 'Graph', abstract: 'neural' };
    const papers = Array.from({ length: 50 }, (_, at): LabelledPaper => [7 * at, same]);
    const index = await open(t, papers);
    assert.deepEqual(labelsOf((await index.search('graph', 9)).best), [0, 7, 14, 21, 28, 35, 42, 49, 56]);
    // Better ones that come last push the last of the equal ones out.
    const better = [1000, 1001, 1002].map(
      (label): LabelledPaper => [label, { ...same, title: 'Graph graph' }],
    );
    const more = await open(t, [...papers, ...better]);
    assert.deepEqual(labelsOf((await more.search('graph', 7)).best), [1000, 1001, 1002, 0, 7, 14, 21]);
  });

  it('finds other spellings, inflections and accents of a word', async (t) => {
    const index = await open(t, PAPERS);
    for (const [text, label] of [
      ['gpt4', 40],
      ['GPT 4', 40],
      ['kmeans', 9],
      ['k means', 9],
      ['PROTEÍNS', 5],
    ] as const) {
      assert.equal((await index.search(text, 1)).best[0]?.label, label, text);
    }
  });

  it('does not depend on the order of words in the text', async (t) => {
    const index = await open(t, PAPERS);
    const there = await index.search('neural graph clustering network folding', 10);
    assert.deepEqual(await index.search('folding network clustering graph neural', 10), there);
  });

  it('counts a word of the text as often as it stands there', async (t) => {
    const index = await open(t, PAPERS);
    const once = await index.search('clustering', 1);
    const twice = await index.search('clustering clustering', 1);
    assert.equal(twice.best[0]?.score, 2 * (once.best[0]?.score ?? Number.NaN));
  });

  it('finds nothing for a text without a word that papers have', async (t) => {
    const index = await open(t, PAPERS);
    for (const text of ['', ' ', 'the of and', 'zebra', '?!', '\ud800', "' - ' s"]) {
      assert.deepEqual((await index.search(text, 10)).best, [], JSON.stringify(text));
    }
  });

  it('ranks for a long text by the words of it that tell most, and finds those at its end', async (t) => {
    const words = Array.from(
      { length: 3000 },
      (_, at) => `filler${String.fromCharCode(97 + (at % 26))}${at}`,
    );
    const index = await open(t, [[1, { title: words.join(' '), abstract: '' }], ...PAPERS]);
    const text = `${'network '.repeat(5000)}\n${'protein '.repeat(5000)}`;
    assert.deepEqual(labelsOf((await index.search(text, 9)).best), [5, 3]);
    assert.deepEqual(labelsOf((await index.search(words.join('\n'), 9)).best), [1]);
  });

  it('holds papers without text, a word hundreds of times, and no paper at all', async (t) => {
    const often = { title: 'graph '.repeat(1000), abstract: '' };
    const papers: LabelledPaper[] = [
      [0, { title: '', abstract: '' }],
      [1, often],
      [0xffff_ffff, { title: 'graph', abstract: '' }],
    ];
    const index = await open(t, papers);
    assert.equal(index.size, 3);
    assert.deepEqual(labelsOf((await index.search('graph', 9)).best).sort(), [1, 0xffff_ffff]);
    const none = await open(t, []);
    assert.deepEqual(await none.search('graph', 9, { labels: [4] }), {
      best: [],
      scores: Float64Array.of(0),
    });
    const wordless = await open(t, [[4, { title: '', abstract: '?' }]]);
    assert.deepEqual((await wordless.search('graph', 9)).best, []);
  });

  it('answers searches at the same time as one after the other', async (t) => {
    const index = await open(t, PAPERS);
    const texts = ['graph', 'protein folding', 'neural networks', 'k-means', 'judge', 'zebra'];
    const together = await Promise.all(texts.map((text) => index.search(text, 5)));
    for (const [at, text] of texts.entries()) assert.deepEqual(together[at], await index.search(text, 5));
  });
}

function optionsContract({ open }: KeywordIndexUnderTest): void {
  it('ranks within a subset as over all papers, the others left out', async (t) => {
    await fc.assert(
      fc.asyncProperty(somePapers, someText, fc.array(fc.nat(500)), async (papers, text, others) => {
        const index = await open(t, papers);
        const subset = LabelSet.of([
          ...others,
          ...papers.filter((_, at) => at % 2 === 0).map(([label]) => label),
        ]);
        const { best } = await index.search(text, 100);
        const within = best.filter(({ label }) => subset.has(label));
        assert.deepEqual((await index.search(text, 100, { subset })).best, within);
        assert.deepEqual((await index.search(text, 2, { subset })).best, within.slice(0, 2));
      }),
      { numRuns: 30 },
    );
  });

  it('finds nothing within an empty subset', async (t) => {
    const index = await open(t, PAPERS);
    assert.deepEqual((await index.search('graph', 5, { subset: LabelSet.of([]) })).best, []);
  });

  it('gives the scores of papers asked for, among the best or not, in the subset or not', async (t) => {
    const index = await open(t, PAPERS);
    const { best } = await index.search('graph network', 10);
    assert.deepEqual(labelsOf(best), [3, 5, 9]);
    const score = new Map(best.map((match) => [match.label, match.score]));
    const labels = [40, 9, 4, 3, 5, 3, 1e6, -1, 0.5];
    for (const options of [{}, { subset: LabelSet.of([40]) }]) {
      for (const k of [0, 1, 10]) {
        const { scores } = await index.search('graph network', k, { ...options, labels });
        assert.deepEqual(
          [...scores],
          labels.map((label) => score.get(label) ?? 0),
        );
      }
    }
  });
}

function statisticsContract({ open }: KeywordIndexUnderTest): void {
  it('tells in how many papers a term occurs, and how much it tells', async (t) => {
    const index = await open(t, PAPERS);
    const expected: Record<string, number> = {
      graph: 2,
      neural: 2,
      kmean: 1,
      gpt4: 1,
      judg: 1,
      the: 0,
      zebra: 0,
      '': 0,
    };
    for (const [stem, papers] of Object.entries(expected)) {
      assert.equal(index.documentFrequency(stem), papers, stem);
      assert.ok(Math.abs(index.idf(stem) - Math.log(1 + (4 - papers + 0.5) / (papers + 0.5))) < 1e-12, stem);
    }
    assert.equal(index.size, 4);
  });
}

/** Words that a paper has as they stand, one after the other: what `having` must never lose a paper of. */
function runsOf(text: string): string[] {
  const words = text.split(' ').filter(Boolean);
  return words.flatMap((_, from) =>
    words.slice(from).map((__, length) => words.slice(from, from + length + 1).join(' ')),
  );
}

function havingContract({ open }: KeywordIndexUnderTest): void {
  it('has every paper that has a phrase among those that have its words', async (t) => {
    await fc.assert(
      fc.asyncProperty(somePapers, async (papers) => {
        const index = await open(t, papers);
        for (const [label, { title, abstract }] of papers) {
          for (const phrase of [...runsOf(title), ...runsOf(abstract)].slice(0, 20)) {
            assert.ok((await index.having(phrase)).has(label), `${phrase} of ${label}`);
          }
        }
        await index.close();
      }),
      { numRuns: 30 },
    );
  });

  it('has only papers with every word, and all of them for a text of stop words alone', async (t) => {
    const index = await open(t, PAPERS);
    const having = async (text: string) => [...(await index.having(text))];
    assert.deepEqual(await having('neural network'), [3, 5]);
    assert.deepEqual(await having('graph'), [3, 9]);
    assert.deepEqual(await having('graph of clusters'), [9]);
    assert.deepEqual(await having("GPT-4's judge"), [40]);
    assert.deepEqual(await having('graph zebra'), []);
    assert.deepEqual(await having('to be or not to be'), [3, 5, 9, 40]);
  });

  it('is not looked up under a signal that has aborted, or once closed', async (t) => {
    const index = await open(t, PAPERS);
    await assert.rejects(index.having('graph', AbortSignal.abort()), rejectsWith('cancelled'));
    await index.close();
    await assert.rejects(index.having('graph'), rejectsWith('not_ready'));
  });
}

function refusalContract({ open }: KeywordIndexUnderTest): void {
  it('refuses a k that is no whole number of at least 0', async (t) => {
    const index = await open(t, PAPERS);
    for (const k of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await assert.rejects(index.search('graph', k), rejectsWith('invalid_request'));
    }
  });

  it('does not search under a signal that has aborted', async (t) => {
    const index = await open(t, PAPERS);
    const reason = new Error('gone');
    await assert.rejects(index.search('graph', 5, { signal: AbortSignal.abort(reason) }), (thrown) => {
      assert.equal((thrown as NearpaperError).cause, reason);
      return rejectsWith('cancelled')(thrown);
    });
  });

  it('stops when the signal aborts under way, and searches as before after that', async (t) => {
    // More text than is cut into terms in one turn of the event loop.
    const text = Array.from({ length: 60_000 }, (_, at) => `graph word${at}`).join(' ');
    const index = await open(t, PAPERS);
    const before = await index.search('graph', 5);
    const controller = new AbortController();
    const search = index.search(text, 5, { signal: controller.signal });
    setImmediate(() => controller.abort());
    await assert.rejects(search, rejectsWith('cancelled'));
    assert.deepEqual(await index.search('graph', 5), before);
  });

  it('finishes what has begun and refuses the rest once closed', async (t) => {
    const index = await open(t, PAPERS);
    const expected = await index.search('graph', 5);
    const underWay = index.search('graph', 5);
    await index.close();
    assert.deepEqual(await underWay, expected);
    await assert.rejects(index.search('graph', 5), rejectsWith('not_ready'));
    await index.close();
  });
}
