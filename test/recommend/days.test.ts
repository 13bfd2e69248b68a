import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { firstDay, lastDay } from '../../src/recommend/days.js';

describe('a day', () => {
  it('is itself, from the first to the last', () => {
    for (const day of ['2024-05-31', '2024-02-29', '2000-02-29', '2023-12-01', '0004-02-29', '9999-12-31']) {
      assert.deepEqual([firstDay(day), lastDay(day)], [day, day]);
    }
    assert.equal(firstDay(' 2024-05-31 '), '2024-05-31');
  });

  it('that the calendar has is taken, any other is none', () => {
    const numbers = fc.tuple(
      fc.integer({ min: 1, max: 9999 }),
      fc.integer({ min: 0, max: 14 }),
      fc.integer({ min: 0, max: 33 }),
    );
    const padded = (value: number, length: number) => String(value).padStart(length, '0');
    fc.assert(
      fc.property(numbers, ([year, month, day]) => {
        const text = `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`;
        const parsed = new Date(`${text}T00:00:00Z`);
        const exists = !Number.isNaN(parsed.getTime()) && parsed.toISOString().slice(0, 10) === text;
        assert.equal(firstDay(text), exists ? text : undefined);
        assert.equal(lastDay(text), exists ? text : undefined);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a month and a year', () => {
  it('go from their first to their last day, in leap years too', () => {
    const months: [string, string, string][] = [
      ['2024-02', '2024-02-01', '2024-02-29'],
      ['2023-02', '2023-02-01', '2023-02-28'],
      ['1900-02', '1900-02-01', '1900-02-28'],
      ['2000-02', '2000-02-01', '2000-02-29'],
      ['0096-02', '0096-02-01', '0096-02-29'],
      ['2024-04', '2024-04-01', '2024-04-30'],
      ['2024-12', '2024-12-01', '2024-12-31'],
      ['2024', '2024-01-01', '2024-12-31'],
    ];
    for (const [text, first, last] of months)
      assert.deepEqual([firstDay(text), lastDay(text)], [first, last]);
  });
});

describe('nonsense', () => {
  it('is no day', () => {
    for (const text of [
      '',
      ' ',
      '24',
      '20240531',
      '2024-5-3',
      '2024-13',
      '2024-00',
      '2024-02-30',
      '2023-02-29',
      '1900-02-29',
      '2024-05-31T00:00:00Z',
      '2024-05-',
      '2024/05/31',
      '-2024',
      '12024',
      'yesterday',
      '２０２４',
      '2024-05-31; --',
    ]) {
      assert.equal(firstDay(text), undefined, text);
      assert.equal(lastDay(text), undefined, text);
    }
  });
});
