import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keywordIndexOf } from '../../src/keywords/keyword-file.js';
import { type LabelledPaper, naiveBm25, rejectsWith } from '../contract/keyword-index.js';

describe('Bm25Index', () => {
  // Two blocks of rows; every paper has half of 60 words.
  const words = Array.from({ length: 60 }, (_, at) => `w${at}`);
  const papers = Array.from({ length: 50_000 }, (_, label) => {
    const title = words.filter((__, at) => (label >> (at % 16)) % 2 === 0).join(' ');
    return [label, { title, abstract: '' }] as const;
  });
  const large = keywordIndexOf(papers);
  /** Together they take many turns of the event loop. */
  const texts = Array.from({ length: 100 }, (_, at) => words.slice(at % 30).join(' '));

  it('searches for the 64 terms of a text that weigh most', async () => {
    const words = Array.from({ length: 70 }, (_, at) => `x${at}`);
    const index = await keywordIndexOf(
      words.map((title, label) => [label, { title, abstract: '' }] as const),
    );
    const labels = async (text: string) => (await index.search(text, 100)).best.map(({ label }) => label);
    const often = words.slice(6);
    assert.deepEqual(
      await labels([...words, ...often].join(' ')),
      often.map((_, at) => at + 6),
    );
    // Without that difference the order of the words decides nothing either.
    assert.deepEqual(await labels(words.toReversed().join(' ')), await labels(words.join(' ')));
    assert.equal((await labels(words.join(' '))).length, 64);
  });

  it('gives the same over several blocks of rows as the formula, columns and postings alike', async () => {
    const lengths = [1, 2, 3, 4, 5, 7, 11, 1009, 40_000];
    const some = Array.from({ length: 70_000 }, (_, row): LabelledPaper => {
      const title = lengths.filter((every) => row % every === 0).map((every) => `every${every}`);
      return [2 * row, { title: title.join(' '), abstract: row % 9 === 0 ? 'every5 every7' : '' }];
    });
    const index = await keywordIndexOf(some);
    const text = lengths.map((every) => `every${every}`).join(' ');
    const expected = naiveBm25(some, text);
    const labels = [0, 65_534, 65_536, 65_538, 131_070, 131_072, 139_998];
    const { best, scores } = await index.search(text, 1000, { labels });
    const truth = new Map(expected.map(({ label, score }) => [label, score]));
    best.forEach(({ label, score }, place) => {
      assert.ok(Math.abs(score - (truth.get(label) ?? Number.NaN)) < 1e-9, `label ${label}`);
      assert.ok(Math.abs(score - (expected[place]?.score ?? Number.NaN)) < 1e-9, `place ${place}`);
    });
    labels.forEach((label, i) => {
      assert.ok(Math.abs((scores[i] ?? Number.NaN) - (truth.get(label) ?? 0)) < 1e-9, `label ${label}`);
    });
    assert.equal(best.length, 1000);
    assert.equal(
      index.documentFrequency('every5'),
      some.filter(([, { title, abstract }]) => /every5\b/.test(`${title} ${abstract}`)).length,
    );
  });

  it('gives way to others while it cuts a long text, and while it adds up for many', async () => {
    const long = Array.from({ length: 40_000 }, (_, at) => `new${at}`).join(' ');
    const index = await large;
    for (const work of [[long], texts]) {
      let turns = 0;
      const count = () => {
        turns += 1;
        counting = setImmediate(count);
      };
      let counting = setImmediate(count);
      await Promise.all(work.map((text) => index.search(text, 10)));
      clearImmediate(counting);
      assert.ok(turns >= 1, `${turns} turns`);
    }
  });

  it('finds the same in searches that take turns as in one alone', async () => {
    const index = await large;
    const labels = [0, 32_767, 32_768, 49_999];
    const together = await Promise.all(texts.map((text) => index.search(text, 10, { labels })));
    for (const [at, text] of texts.slice(0, 30).entries()) {
      assert.deepEqual(together[at], await index.search(text, 10, { labels }), `search ${at}`);
    }
  });

  it('leaves no trace of searches that were stopped while they added up', async () => {
    const index = await large;
    const expected = await index.search('w1', 3, { labels: [49_999] });
    const controller = new AbortController();
    const { signal } = controller;
    const searches = texts.map((text) => index.search(text, 10, { signal }));
    setImmediate(() => controller.abort());
    const stopped = (await Promise.allSettled(searches)).filter(({ status }) => status === 'rejected');
    assert.ok(stopped.length > 0);
    for (const outcome of stopped)
      await assert.rejects(async () => {
        throw (outcome as PromiseRejectedResult).reason;
      }, rejectsWith('cancelled'));
    assert.deepEqual(await index.search('w1', 3, { labels: [49_999] }), expected);
  });

  it('refuses papers whose labels do not ascend', async () => {
    const paper = { title: 'a', abstract: '' };
    await assert.rejects(
      keywordIndexOf([
        [2, paper],
        [1, paper],
      ]),
      rejectsWith('bad_record'),
    );
  });
});
