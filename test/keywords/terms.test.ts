import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { stemmer } from 'stemmer';
import { termsOf } from '../../src/keywords/terms.js';

const stemsOf = (text: string) => termsOf(text).map(({ stem }) => stem);
const writtenOf = (text: string) => termsOf(text).map(({ start, end }) => text.slice(start, end));

describe('termsOf', () => {
  it('knows more words than are kept apart from one another, met in any order', () => {
    const letters = 'bcdfghjklm';
    const word = (n: number) => `x${String(n).replace(/\d/g, (digit) => letters.charAt(Number(digit)))}`;
    const numbers = Array.from({ length: 100_000 }, (_, i) => i);
    for (const order of [numbers, numbers.toReversed(), numbers]) {
      for (const n of order) assert.deepEqual(stemsOf(word(n)), [stemmer(word(n))]);
    }
  });

  it('tells words apart that are looked for in the same place', () => {
    // FNV-1a, as the words are kept by.
    const placeOf = (word: string) => {
      let hash = 0x811c_9dc5;
      for (const letter of word) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x0100_0193);
      return (hash ^ (hash >>> 15)) & 0xffff;
    };
    const place = placeOf('galaxy');
    const alike: string[] = [];
    for (let n = 0; alike.length < 20; n++) if (placeOf(`q${n}`) === place) alike.push(`q${n}`);
    for (const word of [...alike, 'galaxy', ...alike, 'galaxy']) assert.ok(writtenOf(word).includes(word));
    assert.deepEqual(stemsOf('galaxy'), ['galaxi']);
    for (const word of alike) assert.ok(stemsOf(word).includes(word));
  });

  const cases: Record<string, string[]> = {
    'The retrieval of retrieved documents': ['retriev', 'retriev', 'document'],
    // Possessives, and apostrophes of other kinds.
    "Zipf's law, Zipf’s LAW": ['zipf', 'law', 'zipf', 'law'],
    "l'apprentissage": ['l', 'apprentissag'],
    // Accents and letters that no normalisation takes apart.
    'Erdős Łukasz Søren naïve': ['erdo', 'lukasz', 'soren', 'naiv'],
    'Straße STRASSE': ['strass', 'strass'],
    'e\u0301tude étude': ['etud', 'etud'],
    İstanbul: ['istanbul'],
    'Ελλάδα ΕΛΛΑΔΑ': ['ελλαδα', 'ελλαδα'],
    'ёлка Ёлка': ['елка', 'елка'],
    // Compatible forms.
    'eﬃcient ＧＰＴ': ['effici', 'gpt'],
    // Marks that carry meaning stay.
    'हिन्दी भाषा': ['हिन्दी', 'भाषा'],
    'co\u00adoperation': ['cooper'],
    // Names of models and methods.
    'GPT-4o': ['gpt', '4o', 'gpt4o'],
    GPT4o: ['gpt4o', 'gpt', '4o'],
    'Llama 2': ['llama', '2'],
    Llama2: ['llama2', 'llama', '2'],
    'k-means k‑means kmeans': ['k', 'mean', 'kmean', 'k', 'mean', 'kmean', 'kmean'],
    'DeepSeek-R1': ['deepseek', 'r1', 'deepseekr1'],
    'state-of-the-art': ['state', 'art', 'stateoftheart'],
    'C++ and C#, not C': ['c', 'c++', 'c', 'c#', 'c'],
    // No compounds: spaces, several hyphens.
    'a - b -- graph - tree': ['b', 'graph', 'tree'],
    // Scripts without spaces.
    机器学习: ['机器', '器学', '学习'],
    字: ['字'],
    BERT模型2: ['bert', '模型', '2'],
    ガイド: ['ガイ', 'イド'],
    𠀀𠀁x: ['𠀀𠀁', 'x'],
    // Digits stay as they are.
    'in 2024, 3.5%': ['2024', '3', '5'],
    '': [],
    '?! \ud800': [],
  };
  for (const [text, stems] of Object.entries(cases)) {
    it(`cuts ${JSON.stringify(text)}`, () => assert.deepEqual(stemsOf(text), stems));
  }

  it('leaves out words too long to be any', () => {
    assert.deepEqual(stemsOf(`a ${'acgt'.repeat(17)} gene`), ['gene']);
  });

  it('says where a term stands as it is written', () => {
    assert.deepEqual(writtenOf("Eﬃcient naïve GPT-4's 学习法"), [
      'Eﬃcient',
      'naïve',
      'GPT',
      '4',
      'GPT-4',
      '学习',
      '习法',
    ]);
  });

  it('gives terms that stand in the text and are equal when cut again', () => {
    const units = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom(
          'a',
          'B',
          'é',
          '-',
          '’',
          's',
          '4',
          ' ',
          '学',
          'ﬁ',
          '\u0301',
          '+',
          '#',
          '\ud800',
        ),
      }),
    );
    fc.assert(
      fc.property(units, (text) => {
        for (const { stem, start, end } of termsOf(text)) {
          assert.ok(stem.length > 0 && start >= 0 && start < end && end <= text.length);
          assert.ok(stemsOf(text.slice(start, end)).includes(stem), `${stem} at ${start}`);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('gives the same for a text again, and for its pieces one after the other', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        assert.deepEqual(stemsOf(`${a} \n ${b}`), [...stemsOf(a), ...stemsOf(b)]);
      }),
    );
  });
});
