import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fold, withFewMarks } from '../src/text-folding.js';

describe('long runs of combining marks', () => {
  // Hebrew points of two classes in turn: normalising would sort all of them.
  const run = '\u05b0\u0591'.repeat(10_000);

  it('are cut before a text is normalised, which takes time quadratic in their length', () => {
    assert.equal(withFewMarks(`a${run}b`).length, 32);
    assert.ok(fold(`a${run}b`).length <= 32);
  });

  it('are the only thing that is cut', () => {
    for (const text of ['Ünïcödé', 'שָׁלוֹם', 'ก็ที่นั่น', '한국어 논문의 제목입니다 여기에', 'Ελληνικά κείμενα'])
      assert.equal(withFewMarks(text), text);
  });
});
