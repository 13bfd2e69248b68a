/** What filters and comparisons of texts look at, of every paper, in arrays: neither ever fetches a row. */
import type { Database } from 'better-sqlite3';
import { Pace } from '../pacing.js';
import { Lines } from './lines.js';
import { stringsOf } from './paper-row.js';
import { SKETCH_WORDS, writeSketch } from './text-sketch.js';
import { spelled, wordsOf } from './words.js';

/** Papers are rows here, in the order of their labels. Days are numbers that compare like days: 20240229. */
export interface PaperColumns {
  /** Ascending, with gaps where papers were removed. */
  readonly labels: Uint32Array;
  /** The first and the last day that a paper may be of; `UNDATED` and 0 when it knows neither day nor year. */
  readonly earliest: Uint32Array;
  readonly latest: Uint32Array;
  /** Numbers of entries of `venues`. */
  readonly venue: Uint32Array;
  /** Distinct venues as ` word word `: see words.ts. The first is empty and stands for none. */
  readonly venues: Lines;
  /** Numbers of entries of `categoryLists`. */
  readonly categories: Uint32Array;
  /** Distinct lists of categories in lower case, as JSON. */
  readonly categoryLists: Lines;
  /** Row r has the authors `authors[authorsFrom[r]]` up to `authors[authorsFrom[r + 1]]`: numbers of entries of `names`. */
  readonly authorsFrom: Uint32Array;
  readonly authors: Uint32Array;
  /** Distinct names as ` word word `. */
  readonly names: Lines;
  /** `SKETCH_WORDS` numbers for each row: the sketch of its abstract. */
  readonly sketches: Uint32Array;
}

/** The columns in the form in which they are stored: a paper's part in them is 100 bytes, 64 of them the sketch. */
export interface RawColumns {
  numbers: Record<(typeof NUMBER_COLUMNS)[number], Uint32Array>;
  /** Each entry ends in a line break. */
  texts: Record<(typeof TEXT_COLUMNS)[number], string>;
}

export const NUMBER_COLUMNS = [
  'labels',
  'earliest',
  'latest',
  'venue',
  'categories',
  'authorsFrom',
  'authors',
  'sketches',
] as const;
export const TEXT_COLUMNS = ['venues', 'categoryLists', 'names'] as const;

export function columnsOf({ numbers, texts }: RawColumns): PaperColumns {
  const { venues, categoryLists, names } = texts;
  return {
    ...numbers,
    venues: new Lines(venues),
    categoryLists: new Lines(categoryLists),
    names: new Lines(names),
  };
}

/** The first day of an undated paper: no day is as late, so it passes no condition on days. */
export const UNDATED = 0xffff_ffff;

/** YYYY-MM-DD as a number that compares like the day. */
export function dayNumber(day: string): number {
  return Number(day.slice(0, 4)) * 10_000 + Number(day.slice(5, 7)) * 100 + Number(day.slice(8, 10));
}

/** The first day that a paper may be of; `UNDATED` when it knows neither day nor year. */
export function earliestDay(published: string | null, year: number | null): number {
  if (published !== null) return dayNumber(published);
  return year === null ? UNDATED : year * 10_000 + 101;
}

/** The last day that a paper may be of; 0 when it knows neither day nor year. */
export function latestDay(published: string | null, year: number | null): number {
  if (published !== null) return dayNumber(published);
  return year === null ? 0 : year * 10_000 + 1231;
}

/** Rows read between two looks at the clock: some 0.5 ms. */
const ROWS_A_SLICE = 32;

type ColumnRow = [
  label: number,
  published: string | null,
  year: number | null,
  categories: string,
  venue: string | null,
  authors: string,
  abstract: string,
];

/** Makes the columns of all papers from their rows: some 20 microseconds a paper. `count`: how many papers there are. */
export function makeColumns(db: Database, count: number): RawColumns {
  const making = new Making(count);
  for (const rows of slicesOf(db)) for (const row of rows) making.add(row);
  return making.columns();
}

/** The same in slices that leave the event loop free. */
export async function makeColumnsInTurns(db: Database, count: number): Promise<RawColumns> {
  const making = new Making(count);
  const pace = new Pace();
  for (const rows of slicesOf(db)) {
    for (const row of rows) making.add(row);
    if (pace.due()) await pace.turn();
  }
  return making.columns();
}

function* slicesOf(db: Database): Generator<ColumnRow[]> {
  const slice = db
    .prepare<[number, number], ColumnRow>(
      `SELECT label, published, year, categories, venue, authors, abstract FROM papers
       WHERE label > ? ORDER BY label LIMIT ?`,
    )
    .raw();
  for (let last: number | undefined = -1; last !== undefined; ) {
    const rows: ColumnRow[] = slice.all(last, ROWS_A_SLICE);
    yield rows;
    last = rows.at(-1)?.[0];
  }
}

/** Numbers distinct texts in the order of their first coming, by what is made of them. */
class Distinct {
  readonly #made: (text: string) => string;
  readonly #numbers = new Map<string, number>();
  readonly #numbersOfMade = new Map<string, number>();

  constructor(made: (text: string) => string) {
    this.#made = made;
  }

  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const made = this.#made(text);
    const number = this.#numbersOfMade.get(made) ?? this.#numbersOfMade.size;
    this.#numbers.set(text, number);
    this.#numbersOfMade.set(made, number);
    return number;
  }

  lines(): string {
    let lines = '';
    for (const made of this.#numbersOfMade.keys()) lines += `${made}\n`;
    return lines;
  }
}

/** A venue or a name as ` word word `. */
export const spelling = (text: string) => spelled(wordsOf(text));
export const categoryInLowerCase = (category: string) => category.toLowerCase();
const inLowerCase = (json: string) => JSON.stringify(stringsOf(json).map(categoryInLowerCase));

class Making {
  readonly #numbers: RawColumns['numbers'];
  readonly #authors: number[] = [];
  readonly #venues = new Distinct(spelling);
  /** Lists as JSON: few lists come again and again, so few are parsed. */
  readonly #categoryLists = new Distinct(inLowerCase);
  readonly #names = new Distinct(spelling);
  #row = 0;

  constructor(count: number) {
    this.#numbers = {
      labels: new Uint32Array(count),
      earliest: new Uint32Array(count),
      latest: new Uint32Array(count),
      venue: new Uint32Array(count),
      categories: new Uint32Array(count),
      authorsFrom: new Uint32Array(count + 1),
      authors: new Uint32Array(0),
      sketches: new Uint32Array(count * SKETCH_WORDS),
    };
    this.#venues.numberOf('');
  }

  add([label, published, year, categories, venue, authors, abstract]: ColumnRow): void {
    const row = this.#row++;
    const numbers = this.#numbers;
    numbers.labels[row] = label;
    numbers.earliest[row] = earliestDay(published, year);
    numbers.latest[row] = latestDay(published, year);
    numbers.venue[row] = this.#venues.numberOf(venue ?? '');
    numbers.categories[row] = this.#categoryLists.numberOf(categories);
    for (const name of stringsOf(authors)) this.#authors.push(this.#names.numberOf(name));
    numbers.authorsFrom[row + 1] = this.#authors.length;
    writeSketch(abstract, numbers.sketches, row * SKETCH_WORDS);
  }

  columns(): RawColumns {
    return {
      numbers: { ...this.#numbers, authors: Uint32Array.from(this.#authors) },
      texts: {
        venues: this.#venues.lines(),
        categoryLists: this.#categoryLists.lines(),
        names: this.#names.lines(),
      },
    };
  }
}
