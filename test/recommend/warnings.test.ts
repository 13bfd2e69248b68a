/** Never silently empty: what callers are told, and what is refused. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { NearpaperError } from '../../src/errors.js';
import { type Answer, DEFAULT_OPTIONS, type Warning } from '../../src/recommend/answer.js';
import type { SearchableCorpus } from '../../src/recommend/corpus.js';
import { SEARCH_MODES, type SearchMode } from '../../src/recommend/mode.js';
import { type RecommendationQuery, recommend, STRATEGIES } from '../../src/recommend/recommend.js';
import { search } from '../../src/recommend/search.js';
import { similar } from '../../src/recommend/similar.js';
import { samplePairs } from '../support/corpus.js';
import { afterFile } from '../support/temporary-folder.js';
import { codesOf, idsOf, openedCorpus, signal } from './opened.js';

const file = afterFile();
let corpus: SearchableCorpus;
before(async () => {
  const pairs = samplePairs().slice(0, 9);
  corpus = await openedCorpus(file, [
    ...pairs.map((pair, i) => ({
      id: `p${i}`,
      ...pair,
      ...(i % 3 === 0 ? {} : { published: `2023-0${1 + (i % 9)}-10` }),
      categories: [i < 6 ? 'cs.LG' : 'cs.CL'],
    })),
    { id: 'bare-1', title: 'A title without an abstract', doi: '10.1000/bare' },
    { id: 'bare-2', title: 'One more title alone' },
    {
      id: 'pie',
      title: 'Baking an apple pie',
      abstract: 'Peel the apples. Roll the pastry out thinly and bake it.',
    },
    {
      id: 'pie-copy',
      title: 'Baking an apple pie',
      abstract: 'Peel the apples. Roll the pastry out thinly and bake it.',
    },
  ]);
});

const ask = (given: Partial<RecommendationQuery>, on: SearchableCorpus = corpus): Promise<Answer> =>
  recommend(
    on,
    { ...DEFAULT_OPTIONS, positives: [{ id: 'p1' }], negatives: [], strategy: 'average', ...given },
    signal,
  );
const find = (text: string, given: object = {}) =>
  search(corpus, { ...DEFAULT_OPTIONS, text, mode: 'hybrid', ...given }, signal);
/** Warnings without their words for people. */
const told = ({ warnings }: Answer) =>
  warnings.map(({ detail, ...rest }: Warning) => {
    assert.ok(detail);
    return rest;
  });

async function refusal(asked: Promise<unknown>): Promise<NearpaperError> {
  try {
    await asked;
  } catch (thrown) {
    assert.ok(thrown instanceof NearpaperError);
    return thrown;
  }
  return assert.fail('it was answered');
}

describe('unknown ids', () => {
  it('are named with the parameter that named them, each once', async () => {
    const answer = await ask({
      positives: [{ id: 'p1' }, { id: 'x2' }, { id: 'x1' }, { id: 'x2' }],
      negatives: [{ id: 'x3' }, { id: 'p2' }],
      ids: ['p3', 'x4', 'p4', 'x4'],
      exclude: ['x5', 'p4'],
    });
    assert.deepEqual(idsOf(answer), ['p3']);
    assert.deepEqual(told(answer), [
      { code: 'unknown_ids', field: 'positives', ids: ['x1', 'x2'] },
      { code: 'unknown_ids', field: 'negatives', ids: ['x3'] },
      { code: 'unknown_ids', field: 'exclude', ids: ['x5'] },
      { code: 'unknown_ids', field: 'ids', ids: ['x4'] },
    ]);
    for (const { detail } of answer.warnings) assert.match(detail, /x\d/);
  });

  it('are a refusal that lists them all when no positive is left', async () => {
    const many = Array.from({ length: 7 }, (_, i) => ({ id: `x${i}` }));
    for (const strategy of STRATEGIES) {
      const refused = await refusal(
        ask({ positives: many, negatives: [{ id: 'x8' }, { id: 'p2' }], strategy }),
      );
      assert.equal(refused.code, 'unknown_paper');
      assert.deepEqual(refused.details.ids, [...many.map(({ id }) => id), 'x8']);
    }
    const refused = await refusal(similar(corpus, { ...DEFAULT_OPTIONS, id: 'x1' }, signal));
    assert.deepEqual([refused.code, refused.details.ids], ['unknown_paper', ['x1']]);
  });

  it('do no harm beside a text', async () => {
    const answer = await ask({ positives: [{ id: 'x1' }, { text: 'language models' }] });
    assert.equal(answer.results.length, 10);
    assert.deepEqual(codesOf(answer), ['unknown_ids']);
  });

  it('alone in `ids` leave nothing, which is said too', async () => {
    assert.deepEqual(told(await ask({ ids: ['x1'] })), [
      { code: 'unknown_ids', field: 'ids', ids: ['x1'] },
      { code: 'nothing_matches' },
    ]);
  });
});

describe('filters', () => {
  it('by date tell how many undated papers pass all the others', async () => {
    const undated = 2; // p0 and p3
    for (const given of [{ from: '2020-01-01' }, { to: '2030-01-01' }]) {
      assert.deepEqual(told(await ask({ ...given, category: ['cs.LG'] })), [
        { code: 'undated_papers', count: undated },
      ]);
      assert.deepEqual(told(await find('models', { ...given, category: ['cs.LG'] })), [
        { code: 'undated_papers', count: undated },
      ]);
    }
    assert.deepEqual(told(await ask({ from: '2020-01-01', ids: ['p1', 'p2', 'p4'] })), []);
  });

  it('that leave nothing are said to, with every kind of query', async () => {
    for (const given of [
      { venue: 'nowhere' },
      { category: ['math.*'] },
      { author: 'Nobody' },
      { from: '2029-01-01' },
    ]) {
      for (const answer of [
        await ask(given),
        await ask({ ...given, strategy: 'best_score' }),
        await similar(corpus, { ...DEFAULT_OPTIONS, id: 'p1', ...given }, signal),
        await find('models', given),
        await find('models', { ...given, mode: 'keyword' }),
        await find('"models"', { ...given, mode: 'semantic' }),
        await find('p1', given),
      ]) {
        assert.deepEqual(answer.results, []);
        assert.equal(answer.noGoodMatch, true);
        assert.equal(codesOf(answer).filter((code) => code === 'nothing_matches').length, 1);
      }
    }
  });

  it('that leave only seeds, their copies and excluded papers are said to leave nothing', async () => {
    for (const given of [
      { ids: ['p1'] },
      { ids: ['p1', 'p2'], exclude: ['p2'] },
      { positives: [{ id: 'pie' }], ids: ['pie', 'pie-copy'] },
    ]) {
      for (const strategy of STRATEGIES) {
        const answer = await ask({ ...given, strategy });
        assert.deepEqual(answer.results, []);
        assert.equal(answer.noGoodMatch, true);
        assert.deepEqual(codesOf(answer), ['nothing_matches']);
      }
    }
  });

  it('by similarity that leave nothing name the similarity', async () => {
    for (const answer of [
      await ask({ minSimilarity: 0.999 }),
      await find('apple', { minSimilarity: 0.999 }),
    ]) {
      assert.deepEqual(answer.results, []);
      assert.equal(answer.noGoodMatch, true);
      assert.deepEqual(codesOf(answer), ['nothing_matches']);
      assert.match(String(answer.warnings[0]?.detail), /0\.999/);
    }
  });
});

describe('several seeds in keyword mode', () => {
  it('are compared by words among the papers that are near enough, when a similarity is asked for', async () => {
    const positives = [{ id: 'p1' }, { id: 'p2' }];
    const near = await ask({ positives, mode: 'semantic', strategy: 'best_score', limit: 3 });
    const minSimilarity = near.results.at(-1)?.similarity ?? 1;
    for (const strategy of STRATEGIES) {
      const { results } = await ask({ positives, mode: 'keyword', strategy, minSimilarity: 0 });
      assert.ok(results.length > 0, strategy);
    }
    const answer = await ask({ positives, mode: 'keyword', strategy: 'best_score', minSimilarity });
    assert.ok(answer.results.length > 0);
    assert.ok(answer.results.every(({ similarity }) => similarity >= minSimilarity));
  });

  it('without a word of any paper are said to find none', async () => {
    const answer = await ask({ positives: [{ text: 'to be' }, { text: 'or not to be' }], mode: 'keyword' });
    assert.deepEqual(told(answer), [{ code: 'nothing_matches' }]);
    assert.match(answer.warnings[0]?.detail ?? '', /has a word of what was asked/);
  });
});

describe('a seed', () => {
  it('without an abstract is named, once and under its own id', async () => {
    const answer = await ask({
      positives: [{ id: 'bare-2' }, { id: 'doi:10.1000/BARE' }, { id: 'bare-1' }, { id: 'p1' }],
      negatives: [{ id: 'bare-2' }],
    });
    assert.deepEqual(told(answer), [{ code: 'no_abstract', ids: ['bare-1', 'bare-2'] }]);
    assert.deepEqual(told(await similar(corpus, { ...DEFAULT_OPTIONS, id: '10.1000/bare' }, signal)), [
      { code: 'no_abstract', ids: ['bare-1'] },
    ]);
  });

  it("that is a text beyond the model's window is said to be cut, once", async () => {
    const long = (word: string) => ({ text: `${word} models are used for everything. `.repeat(80) });
    const given = { positives: [long('Large'), long('Small')], negatives: [{ text: 'brief' }] };
    assert.deepEqual(codesOf(await ask(given)), ['text_truncated']);
    assert.deepEqual(codesOf(await ask({ positives: [{ text: 'brief' }] })), []);
  });
});

describe('noGoodMatch', () => {
  /** The corpus with the floor of a larger one: two dozen papers are too few to say what is usual. */
  const strict = (): SearchableCorpus => ({
    ...corpus,
    calibration: {
      ...corpus.calibration,
      floor: { title: { words: 8, similarity: 0.3 }, abstract: { words: 150, similarity: 0.4 } },
    },
  });

  it('is true for a text that has nothing to do with the corpus, false for one of its own', async () => {
    const marked = async (text: string, mode: SearchMode) =>
      (await search(strict(), { ...DEFAULT_OPTIONS, text, mode, exclude: ['pie', 'pie-copy'] }, signal))
        .noGoodMatch;
    for (const mode of SEARCH_MODES) {
      assert.equal(
        await marked('Knead the dough with butter, cinnamon and eggs, then let it rest', mode),
        true,
      );
      assert.equal(await marked('training language models with reinforcement learning', mode), false, mode);
    }
  });

  it('is not hidden by a copy of the seed, which does not come back', async () => {
    for (const strategy of STRATEGIES) {
      const on = strict();
      const answer = await ask({ positives: [{ id: 'pie' }], strategy }, on);
      assert.equal(answer.results.length, 10);
      assert.equal(answer.noGoodMatch, true, strategy);
      assert.equal((await ask({ positives: [{ id: 'p1' }], strategy }, on)).noGoodMatch, false);
      const either = await ask({ positives: [{ id: 'pie' }, { id: 'p1' }], strategy }, on);
      assert.equal(either.noGoodMatch, false, 'one of the seeds has a good match');
    }
  });

  it('does not depend on the limit', async () => {
    for (const id of ['p1', 'pie', 'bare-2']) {
      const marks = [1, 3, 100].map(
        async (limit) => (await ask({ positives: [{ id }], limit }, strict())).noGoodMatch,
      );
      assert.equal(new Set(await Promise.all(marks)).size, 1);
    }
  });
});

describe('a corpus of', () => {
  it('one paper answers by text, and says that there is nothing like the paper', async () => {
    const one = await openedCorpus(file, [
      { id: 'only-1', title: 'The only paper', abstract: 'It is alone.' },
    ]);
    for (const mode of SEARCH_MODES) {
      const { results, warnings } = await search(
        one,
        { ...DEFAULT_OPTIONS, text: 'a lone paper', mode },
        signal,
      );
      assert.deepEqual(
        results.map(({ paper, percentile }) => [paper.id, percentile]),
        [['only-1', null]],
      );
      assert.deepEqual(warnings, []);
    }
    const answer = await similar(one, { ...DEFAULT_OPTIONS, id: 'only-1' }, signal);
    assert.deepEqual([answer.results, answer.noGoodMatch, codesOf(answer)], [[], true, ['nothing_matches']]);
    const typed = await search(
      one,
      { ...DEFAULT_OPTIONS, text: 'only-1', mode: 'hybrid', explain: true },
      signal,
    );
    assert.equal(typed.results[0]?.similarity, 1);
  });

  it('two papers gives each for the other, with every option', async () => {
    const two = await openedCorpus(file, [
      { id: 'a', title: 'Sheep', abstract: 'Sheep graze on hills.' },
      { id: 'b', title: 'Goats', abstract: 'Goats graze on steeper hills.' },
    ]);
    for (const strategy of STRATEGIES) {
      for (const [id, other] of [
        ['a', 'b'],
        ['b', 'a'],
      ] as const) {
        const asked = { positives: [{ id }], negatives: [{ text: 'snakes' }], diversity: 0.5, explain: true };
        const answer = await recommend(two, { ...DEFAULT_OPTIONS, ...asked, strategy }, signal);
        assert.deepEqual(idsOf(answer), [other]);
        assert.equal(typeof answer.results[0]?.percentile, 'number');
        assert.deepEqual(answer.results[0]?.reasons?.terms.toSorted(), ['graze', 'hills']);
        assert.equal(answer.noGoodMatch, false);
      }
    }
  });
});
