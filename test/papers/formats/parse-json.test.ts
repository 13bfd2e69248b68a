import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJson } from '../../../src/papers/formats/parse-json.js';

test('any JSON is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      assert.deepEqual(parseJson(text), { ok: true, value: JSON.parse(text) });
    }),
  );
});

for (const [text, reason] of [
  ['{"a":NaN}', 'unexpected "N" at position 6'],
  ['{"a":1,}', 'unexpected "}" at position 8'],
  ["{'a':1}", 'unexpected "\'" at position 2'],
  ['{"a":"x\ty"}', 'unexpected "\\t" at position 8'],
  ['{"a":"\\x"}', 'unexpected "\\\\" at position 7'],
  ['{"a":tru}', 'unexpected "t" at position 6'],
  ['{"a":1} x', 'unexpected "x" at position 9'],
  ['{"a":"x', 'it breaks off at position 8'],
  ['[1,2', 'it breaks off at position 5'],
  ['', 'it breaks off at position 1'],
] as const) {
  test(`${JSON.stringify(text)} is refused: ${reason}`, () => {
    assert.deepEqual(parseJson(text), { ok: false, reason: `not JSON: ${reason}` });
  });
}

test('a broken text always has a position within it or right after it', () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(), fc.constantFrom('', '"', '}', '\n', 'x'), (text, at, instead) => {
      const place = at % (text.length + 1);
      const broken = text.slice(0, place) + instead + text.slice(place + 1);
      const parsed = parseJson(broken);
      fc.pre(!parsed.ok);
      const position = Number(/ at position (\d+)$/.exec(parsed.reason)?.[1]);
      assert.ok(position >= 1 && position <= broken.length + 1, parsed.reason);
    }),
  );
});
