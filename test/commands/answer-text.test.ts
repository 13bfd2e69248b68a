/** Answers as lines for people. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeAnswer } from '../../src/commands/answer-text.js';
import { broken } from '../../src/commands/output.js';
import type { Answer, Result } from '../../src/recommend/answer.js';

const WHOLE = { width: Number.POSITIVE_INFINITY, severalPositives: true };

const RESULT: Result = {
  paper: {
    id: 'arXiv:2401.00001',
    title: 'Self-play fine-tuning converts weak language models to strong language models',
    authors: ['Ada Lovelace', 'Alan Turing', 'Grace Hopper', 'Barbara Liskov'],
    published: null,
    year: 2024,
    venue: 'ICML',
  },
  similarity: 0.7312,
  score: 0.5,
  percentile: 99.98,
  also: ['a', 'b'],
  reasons: {
    nearestSeed: { id: 'seed', similarity: 0.81 },
    terms: ['self-play', 'fine-tuning'],
    sentence: 'At the heart of our method lies a self-play mechanism, where the model plays against itself.',
  },
};

const answerWith = (result: Partial<Result>, rest: Partial<Answer> = {}): Answer => ({
  results: [{ ...RESULT, ...result }],
  noGoodMatch: false,
  warnings: [],
  index: { generation: 'g', size: 1, model: 'm', exact: true },
  ...rest,
});

describe('an answer for people', () => {
  it('shows similarity, title, how unusual, who, when, where, id, copies and reasons', () => {
    assert.deepEqual(describeAnswer(answerWith({}), WHOLE), [
      '  1  0.731  Self-play fine-tuning converts weak language models to strong language models',
      '            top 0.02 % · Ada Lovelace and 3 others · 2024 · ICML · arXiv:2401.00001',
      '            also a, b',
      '            nearest to seed (0.810)',
      '            shares self-play, fine-tuning',
      '            > At the heart of our method lies a self-play mechanism, where the model plays against itself.',
    ]);
  });

  it('breaks lines for a narrow terminal, under what they continue', () => {
    assert.deepEqual(describeAnswer(answerWith({ also: [] }), { width: 72, severalPositives: false }), [
      '  1  0.731  Self-play fine-tuning converts weak language models to',
      '            strong language models',
      '            top 0.02 % · Ada Lovelace and 3 others · 2024 · ICML ·',
      '            arXiv:2401.00001',
      '            shares self-play, fine-tuning',
      '            > At the heart of our method lies a self-play mechanism,',
      '            where the model plays against itself.',
    ]);
  });

  it('tells percentiles without the noise of binary fractions, and what has no number', () => {
    for (const [percentile, shown] of [
      [99.98, /^ +top 0\.02 % · Ada/],
      [99.9971, /^ +top 0\.0029 % · Ada/],
      [38, /^ +top 62 % · Ada/],
      [100, /^ +above every random pair · Ada/],
      [null, /^ +Ada/],
    ] as const) {
      assert.match(describeAnswer(answerWith({ percentile }), WHOLE)[1] ?? '', shown);
    }
  });

  it('keeps columns for a negative similarity', () => {
    const [line] = describeAnswer(answerWith({ similarity: -0.0312 }), WHOLE);
    assert.match(line ?? '', /^ {2}1 {2}-0\.031 {2}Self-play/);
  });

  it('says first when there is no good match, and notes last', () => {
    const warnings: Answer['warnings'] = [
      { code: 'text_truncated', detail: 'Too long.' },
      { code: 'unknown_ids', detail: 'ids: the corpus has no paper x.', field: 'ids', ids: ['x'] },
    ];
    const lines = describeAnswer(answerWith({}, { noGoodMatch: true, warnings }), WHOLE);
    assert.match(lines[0] ?? '', /^No good match: /);
    assert.match(lines[1] ?? '', /^ {2}1 {2}0\.731/);
    assert.deepEqual(lines.slice(-2), [
      'Note: Too long.',
      'Note: The corpus has no paper x. `nearpaper papers` lists the ids.',
    ]);
    const none = describeAnswer(answerWith({}, { results: [], noGoodMatch: true, warnings: [] }), WHOLE);
    assert.deepEqual(none, ['No paper found.']);
  });
});

describe('a line that is broken', () => {
  it('keeps every word, and is longer than the width only for one that is', () => {
    const text = 'a bb ccc dddd 😀😀😀 eeeeeeeeeeeeeeeeeeeeeee f';
    for (let width = 6; width < 60; width++) {
      const lines = broken(text, '> ', width);
      assert.equal(lines.map((line) => line.slice(2)).join(' '), text);
      for (const line of lines) {
        const length = [...line].length;
        assert.ok(length <= width || !line.trim().slice(2).includes(' '), `${width}: ${line}`);
      }
    }
    assert.deepEqual(broken(text, '> ', 14), [
      '> a bb ccc',
      '  dddd 😀😀😀',
      '  eeeeeeeeeeeeeeeeeeeeeee',
      '  f',
    ]);
  });
});
