/** What filters look at, of every paper, in arrays: a filter never fetches a row. */
import type { Database } from 'better-sqlite3';
import { Pace } from '../pacing.js';
import { stringsOf } from './paper-row.js';

/** Papers are rows here, in the order of their labels. Days are numbers that compare like days: 20240229. */
export interface PaperColumns {
  /** Ascending, with gaps where papers were removed. */
  readonly labels: Uint32Array;
  /** The first and the last day that a paper may be of; `UNDATED` and 0 when it knows neither day nor year. */
  readonly earliest: Uint32Array;
  readonly latest: Uint32Array;
  /** Numbers of entries of `venues`. */
  readonly venue: Uint32Array;
  /** Distinct venues as the corpus spells them; the first is empty and stands for none. */
  readonly venues: readonly string[];
  /** Numbers of entries of `categoryLists`. */
  readonly categories: Uint32Array;
  /** Distinct lists of categories. */
  readonly categoryLists: readonly (readonly string[])[];
  /** Row r has the authors `authors[authorsFrom[r]]` up to `authors[authorsFrom[r + 1]]`: numbers of entries of `names`. */
  readonly authorsFrom: Uint32Array;
  readonly authors: Uint32Array;
  /** Distinct names as the corpus spells them. */
  readonly names: readonly string[];
}

/** The first day of an undated paper: no day is as late, so it passes no condition on days. */
export const UNDATED = 0xffff_ffff;

/** YYYY-MM-DD as a number that compares like the day. */
export function dayNumber(day: string): number {
  return Number(day.slice(0, 4)) * 10_000 + Number(day.slice(5, 7)) * 100 + Number(day.slice(8, 10));
}

/** Rows read between two looks at the clock: some 0.5 ms. */
const ROWS_A_SLICE = 100;

type ColumnRow = [
  label: number,
  published: string | null,
  year: number | null,
  categories: string,
  venue: string | null,
  authors: string,
];

/** Reads the columns of all papers, in slices that leave the event loop free. `count`: how many papers there are. */
export async function loadColumns(db: Database, count: number): Promise<PaperColumns> {
  const slice = db
    .prepare<[number, number], ColumnRow>(
      `SELECT label, published, year, categories, venue, authors FROM papers
       WHERE label > ? ORDER BY label LIMIT ?`,
    )
    .raw();
  const loading = new Loading(count);
  const pace = new Pace();
  for (let last = -1; ; ) {
    if (pace.due()) await pace.turn();
    const rows = slice.all(last, ROWS_A_SLICE);
    for (const row of rows) loading.add(row);
    const end = rows.at(-1);
    if (end === undefined) return loading.columns();
    last = end[0];
  }
}

/** Numbers distinct strings in the order of their first coming. */
class Distinct {
  readonly #numbers = new Map<string, number>();

  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  all(): string[] {
    return [...this.#numbers.keys()];
  }
}

class Loading {
  readonly #labels: Uint32Array;
  readonly #earliest: Uint32Array;
  readonly #latest: Uint32Array;
  readonly #venue: Uint32Array;
  readonly #categories: Uint32Array;
  readonly #authorsFrom: Uint32Array;
  readonly #authors: number[] = [];
  readonly #venues = new Distinct();
  /** Lists as JSON: few lists come again and again, so few are parsed. */
  readonly #categoryLists = new Distinct();
  readonly #names = new Distinct();
  #row = 0;

  constructor(count: number) {
    this.#labels = new Uint32Array(count);
    this.#earliest = new Uint32Array(count);
    this.#latest = new Uint32Array(count);
    this.#venue = new Uint32Array(count);
    this.#categories = new Uint32Array(count);
    this.#authorsFrom = new Uint32Array(count + 1);
    this.#venues.numberOf('');
  }

  add([label, published, year, categories, venue, authors]: ColumnRow): void {
    const row = this.#row++;
    this.#labels[row] = label;
    if (published !== null) {
      this.#earliest[row] = dayNumber(published);
      this.#latest[row] = dayNumber(published);
    } else {
      this.#earliest[row] = year === null ? UNDATED : year * 10_000 + 101;
      this.#latest[row] = year === null ? 0 : year * 10_000 + 1231;
    }
    this.#venue[row] = this.#venues.numberOf(venue ?? '');
    this.#categories[row] = this.#categoryLists.numberOf(categories);
    for (const name of stringsOf(authors)) this.#authors.push(this.#names.numberOf(name));
    this.#authorsFrom[row + 1] = this.#authors.length;
  }

  columns(): PaperColumns {
    return {
      labels: this.#labels,
      earliest: this.#earliest,
      latest: this.#latest,
      venue: this.#venue,
      venues: this.#venues.all(),
      categories: this.#categories,
      categoryLists: this.#categoryLists.all().map(stringsOf),
      authorsFrom: this.#authorsFrom,
      authors: Uint32Array.from(this.#authors),
      names: this.#names.all(),
    };
  }
}
