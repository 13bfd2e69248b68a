import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { dayNumber, UNDATED } from '../../src/papers/columns.js';
import { DayOrder } from '../../src/papers/day-order.js';

const day = fc
  .date({ min: new Date('1998-12-20'), max: new Date('2001-01-10'), noInvalidDate: true })
  .map((date) => dayNumber(date.toISOString().slice(0, 10)));
/** What a row may know: its day, its year, or neither. */
const row = fc.oneof(
  day.map((number) => ({ earliest: number, latest: number })),
  fc.integer({ min: 1998, max: 2001 }).map((year) => ({
    earliest: year * 10_000 + 101,
    latest: year * 10_000 + 1231,
  })),
  fc.constant({ earliest: UNDATED, latest: 0 }),
);

describe('rows by day', () => {
  it('are those that comparing every row with the range finds, each once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 60 }), day, day, async (rows, a, b) => {
        const [first, last] = [Math.min(a, b), Math.max(a, b)];
        const order = await DayOrder.of({
          earliest: Uint32Array.from(rows, ({ earliest }) => earliest),
          latest: Uint32Array.from(rows, ({ latest }) => latest),
        });
        const found = order.within(first, last).flatMap((part) => [...part]);
        const expected = rows.flatMap(({ earliest, latest }, i) =>
          latest >= first && earliest <= last ? [i] : [],
        );
        assert.deepEqual(
          found.sort((x, y) => x - y),
          expected,
        );
      }),
    );
  });

  it('leave out the undated even where a range has no ends', async () => {
    const order = await DayOrder.of({
      earliest: Uint32Array.of(UNDATED, 20000101),
      latest: Uint32Array.of(0, 20000101),
    });
    assert.deepEqual(
      order.within(1, UNDATED - 1).flatMap((part) => [...part]),
      [1],
    );
  });
});
