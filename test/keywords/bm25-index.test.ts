import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keywordIndexOf } from '../../src/keywords/bm25-index.js';
import { rejectsWith } from '../contract/keyword-index.js';

describe('Bm25Index', () => {
  // Some millions of postings for one text, so that adding them up takes more than one turn of the event loop.
  const paper = { title: Array.from({ length: 60 }, (_, at) => `w${at}`).join(' '), abstract: '' };
  const alike = keywordIndexOf(Array.from({ length: 50_000 }, (_, label) => [label, paper] as const));

  it('searches for the 64 terms of a text that weigh most', async () => {
    const words = Array.from({ length: 70 }, (_, at) => `x${at}`);
    const index = keywordIndexOf(words.map((title, label) => [label, { title, abstract: '' }] as const));
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

  it('gives way to others while it cuts a long text, and while it adds up long lists of postings', async () => {
    const long = Array.from({ length: 40_000 }, (_, at) => `new${at}`).join(' ');
    for (const text of [long, paper.title]) {
      let turns = 0;
      const count = () => {
        turns += 1;
        counting = setImmediate(count);
      };
      let counting = setImmediate(count);
      await alike.search(text, 10);
      clearImmediate(counting);
      assert.ok(turns >= 1, `${turns} turns`);
    }
  });

  it('leaves no trace of a search that was stopped while it added up', async () => {
    const expected = await alike.search('w1', 3, { labels: [49_999] });
    const controller = new AbortController();
    const search = alike.search(paper.title, 10, { signal: controller.signal });
    setImmediate(() => controller.abort());
    await assert.rejects(search, rejectsWith('cancelled'));
    assert.deepEqual(await alike.search('w1', 3, { labels: [49_999] }), expected);
  });

  it('refuses papers whose labels do not ascend', () => {
    const paper = { title: 'a', abstract: '' };
    assert.throws(
      () =>
        keywordIndexOf([
          [2, paper],
          [1, paper],
        ]),
      rejectsWith('bad_record'),
    );
  });
});
