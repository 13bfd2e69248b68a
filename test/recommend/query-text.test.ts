import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { NearpaperError } from '../../src/errors.js';
import { checkText, isLonger } from '../../src/recommend/query-text.js';

/** The code that a text is refused with, or undefined. */
function refusal(text: string, longest = 100): string | undefined {
  try {
    checkText(text, 'q', longest);
    return undefined;
  } catch (thrown) {
    assert.ok(thrown instanceof NearpaperError);
    assert.equal(thrown.details.field, 'q');
    return thrown.code;
  }
}

describe('the length of a text', () => {
  it('is counted in code points', () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 });
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 70 }), (given, longest) => {
        assert.equal(isLonger(given, longest), [...given].length > longest);
      }),
    );
  });

  it('is not counted at all for a text that is surely too long', () => {
    assert.ok(isLonger('🙂'.repeat(10_000_000), 20_000));
  });
});

describe('a text', () => {
  it('is refused when it is blank, too long, or no text', () => {
    assert.equal(refusal(''), 'invalid_request');
    assert.equal(refusal(' \n\u00a0'), 'invalid_request');
    assert.equal(refusal('x'.repeat(101)), 'text_too_long');
    assert.equal(refusal('a\0b'), 'invalid_text');
    assert.equal(refusal('\ud800'), 'invalid_text');
    assert.equal(refusal('\udc00\ud800'), 'invalid_text');
  });

  it('is taken otherwise', () => {
    for (const text of ['x', '🙂'.repeat(100), ' padded ', 'ا', '\u0001'])
      assert.equal(refusal(text), undefined);
  });
});
