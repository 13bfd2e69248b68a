import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { addDays, type DayRange, FOREVER, gapsOf, isDay, joined } from '../../src/sources/days.js';

/** Ranges within forty days, some of them without an end. */
const ranges = fc.tuple(fc.nat(39), fc.nat(12), fc.boolean()).map(([start, length, isOpen]): DayRange => {
  const from = addDays('2024-02-10', start);
  return { from, to: isOpen && length === 0 ? FOREVER : addDays(from, length) };
});

const DAYS = Array.from({ length: 60 }, (_, i) => addDays('2024-02-10', i));
const daysOf = (parts: readonly DayRange[]) =>
  DAYS.filter((day) => parts.some(({ from, to }) => from <= day && day <= to));

describe('ranges of days', () => {
  it('have as gaps what is asked for and not covered, in order, apart from each other', () => {
    fc.assert(
      fc.property(ranges, fc.array(ranges, { maxLength: 6 }), (range, covered) => {
        const gaps = gapsOf(range, covered);
        const taken = new Set(daysOf(covered));
        assert.deepEqual(
          daysOf(gaps),
          daysOf([range]).filter((day) => !taken.has(day)),
        );
        assert.deepEqual(joined(gaps), gaps);
      }),
    );
  });

  it('joined are the same days, as the fewest ranges', () => {
    fc.assert(
      fc.property(fc.array(ranges, { maxLength: 6 }), (parts) => {
        const whole = joined(parts);
        assert.deepEqual(daysOf(whole), daysOf(parts));
        for (const [i, { from }] of whole.entries())
          if (i > 0) assert.ok(from > addDays(whole[i - 1]?.to ?? '', 1));
      }),
    );
  });

  it('of no end stay so', () => {
    assert.deepEqual(
      gapsOf({ from: '2024-01-01', to: FOREVER }, [{ from: '2023-01-01', to: '2024-05-05' }]),
      [{ from: '2024-05-06', to: FOREVER }],
    );
    assert.equal(addDays(FOREVER, 1), FOREVER);
  });
});

describe('a day', () => {
  it('is one that there is, written YYYY-MM-DD', () => {
    for (const day of ['2024-02-29', '1999-12-31', FOREVER]) assert.ok(isDay(day), day);
    for (const day of ['2023-02-29', '2024-1-1', '2024-13-01', 'today', '', '2024-01-01T00:00:00Z'])
      assert.ok(!isDay(day), day);
  });
});
