/** Rows in the order of their days: those of a range of days lie together, so a filter looks at no others. */
import { Pace } from '../pacing.js';
import { type PaperColumns, UNDATED } from './columns.js';

/** From the first day of a year to its last, as numbers that compare like days. */
const YEAR_SPAN = 1231 - 101;

/** Rows between two looks at the clock: some 100 microseconds. */
const ROWS_A_SLICE = 1 << 12;

/** The rows of one kind, by their first day. */
interface Order {
  /** Ascending. */
  days: Uint32Array;
  /** Of each day the place of its first row; one more at the end. */
  starts: Uint32Array;
  rows: Uint32Array;
}

export class DayOrder {
  /** Papers that know their day, and those that know their year alone, whose last day is `YEAR_SPAN` after the first. */
  readonly #ofDays: Order;
  readonly #ofYears: Order;

  private constructor(ofDays: Order, ofYears: Order) {
    this.#ofDays = ofDays;
    this.#ofYears = ofYears;
  }

  /** Gives way to the event loop. Some 0.1 microseconds a row. */
  static async of({ earliest, latest }: Pick<PaperColumns, 'earliest' | 'latest'>): Promise<DayOrder> {
    const ofDays = await orderOf(earliest, (row) => earliest[row] === latest[row]);
    const ofYears = await orderOf(earliest, (row) => earliest[row] !== latest[row]);
    return new DayOrder(ofDays, ofYears);
  }

  /** The rows that may be of a day from `first` to `last`; day numbers, `first` at most `last`. */
  within(first: number, last: number): Uint32Array[] {
    return [
      between(this.#ofDays, first, last),
      // A year is in the range when any of its days is.
      between(this.#ofYears, first - YEAR_SPAN, last),
    ];
  }
}

/** Sorts the rows of which `has` is true by counting; undated ones are left out. */
async function orderOf(earliest: Uint32Array, has: (row: number) => boolean): Promise<Order> {
  const pace = new Pace();
  const counts = new Map<number, number>();
  const each = async (visit: (row: number, day: number) => void) => {
    for (let from = 0; from < earliest.length; from += ROWS_A_SLICE) {
      if (pace.due()) await pace.turn();
      const end = Math.min(from + ROWS_A_SLICE, earliest.length);
      for (let row = from; row < end; row++) {
        const day = earliest[row] as number; // row < earliest.length
        if (day !== UNDATED && has(row)) visit(row, day);
      }
    }
  };
  await each((_, day) => void counts.set(day, (counts.get(day) ?? 0) + 1));
  const days = Uint32Array.from(counts.keys()).sort();
  const starts = new Uint32Array(days.length + 1);
  /** Of each day, where its next row goes. */
  const places = new Map<number, number>();
  let total = 0;
  for (const [i, day] of days.entries()) {
    places.set(day, total);
    total += counts.get(day) ?? 0;
    starts[i + 1] = total;
  }
  const rows = new Uint32Array(total);
  await each((row, day) => {
    const place = places.get(day) ?? 0;
    rows[place] = row;
    places.set(day, place + 1);
  });
  return { days, starts, rows };
}

function between({ days, starts, rows }: Order, first: number, last: number): Uint32Array {
  return rows.subarray(starts[lowerBound(days, first)], starts[lowerBound(days, last + 1)]);
}

/** The place of the first that is at least `least` in an ascending list. */
function lowerBound(days: Uint32Array, least: number): number {
  let low = 0;
  let high = days.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((days[middle] as number) < least)
      low = middle + 1; // middle < days.length
    else high = middle;
  }
  return low;
}
