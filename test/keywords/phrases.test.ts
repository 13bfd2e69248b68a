import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { containsPhrase, quotedPhrases } from '../../src/keywords/phrases.js';

describe('quotedPhrases', () => {
  const cases: Record<string, string[]> = {
    'about "graph neural networks" and "GPT-4"': ['graph neural networks', 'GPT-4'],
    '“curly quotes” and «angles», „low ones“': ['curly quotes', 'angles', 'low ones'],
    '" spaced out "': ['spaced out'],
    'no partner " here': [],
    '"one" and " none': ['one'],
    '"" "?!" " "': [],
    "it’s ‘single’ and 5' quotes": [],
    '': [],
  };
  for (const [text, phrases] of Object.entries(cases)) {
    it(`finds those in ${JSON.stringify(text)}`, () => assert.deepEqual(quotedPhrases(text), phrases));
  }
});

describe('containsPhrase', () => {
  const text =
    'We present Attention-Based naïve Networks (GPT-4, K-means): the model’s output. 机器学习模型 Straße';
  for (const phrase of [
    'attention based',
    'NAIVE NETWORKS',
    'networks gpt 4 k means the',
    "model's output",
    '学习',
    '模型 strasse',
    'we',
    'Attention–based, naïve',
  ]) {
    it(`finds ${JSON.stringify(phrase)}`, () => assert.ok(containsPhrase(text, phrase)));
  }
  for (const phrase of [
    'network',
    'tention',
    'based attention',
    'present based',
    'the output',
    '器习',
    'strasse x',
    '',
    '?!',
  ]) {
    it(`does not find ${JSON.stringify(phrase)}`, () => assert.ok(!containsPhrase(text, phrase)));
  }

  it('goes on after a beginning that comes to nothing', () => {
    assert.ok(containsPhrase('a a b a a c', 'a a c'));
    assert.ok(!containsPhrase('a a b a a', 'a a c'));
    assert.ok(containsPhrase('cat concat cat scan', 'cat scan'));
  });

  it('finds exactly the runs of words that a text has', () => {
    const words = fc.array(fc.constantFrom('a', 'ab', 'b', 'ba', '学', 'é'), { minLength: 1, maxLength: 8 });
    const folded = (list: readonly string[]) => ` ${list.join(' ').replaceAll('é', 'e')} `;
    fc.assert(
      fc.property(
        words,
        words.map((list) => list.slice(0, 3)),
        (list, phrase) => {
          const expected = folded(list).includes(folded(phrase));
          assert.equal(containsPhrase(list.join(', '), phrase.join('-').toUpperCase()), expected);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
