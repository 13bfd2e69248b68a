import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDate } from '../../../src/papers/formats/dates.js';

test('a day is one where the calendar has it, and is no date elsewhere', () => {
  const year = fc.oneof(fc.constantFrom(1900, 2000, 2023, 2024, 2100), fc.integer({ min: 1000, max: 2200 }));
  fc.assert(
    fc.property(year, fc.nat(14), fc.nat(33), (y, m, d) => {
      const text = `${y}-${`${m}`.padStart(2, '0')}-${`${d}`.padStart(2, '0')}`;
      const isDay = !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);
      assert.deepEqual(parseDate(text), isDay ? { day: text, year: y } : null);
    }),
  );
});
