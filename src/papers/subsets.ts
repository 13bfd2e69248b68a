/** Evaluates filters over the columns: each clause becomes a set of labels, and the sets are intersected. */
import QuickLRU from 'quick-lru';
import { type LabelSet, LabelSetBuilder } from '../label-set.js';
import { checkSignal, Pace } from '../pacing.js';
import { dayNumber, type PaperColumns, UNDATED } from './columns.js';
import { DayOrder } from './day-order.js';
import type { FilterClause, FilteredPapers, PaperFilter } from './filter.js';
import { stringsOf } from './paper-row.js';
import { isInitial, namesAgree, spelled, wordsOf } from './words.js';

/** Sets that are kept: an eighth of a byte for each label in each. The cache may hold twice as many for a while. */
const CACHED_SETS = 64;

/** Rows, or entries of other columns, looked at between two looks at the clock: some 50 microseconds. */
const ROWS_A_SLICE = 1 << 15;

/** A clause that is answered from the columns. */
type ColumnClause = Exclude<FilterClause, { kind: 'labels' }>;

/** The filters of one open store. */
export class Subsets {
  readonly #columns: PaperColumns;
  /** By clause; sets never change, so they are handed out as they are. */
  readonly #cache = new QuickLRU<string, LabelSet>({ maxSize: CACHED_SETS });
  /** Made when first needed, as are every paper, and those without a date. */
  #days: Promise<DayOrder> | undefined;
  #all: LabelSet | undefined;
  #undated: LabelSet | undefined;

  constructor(columns: PaperColumns) {
    this.#columns = columns;
  }

  /** The papers that pass every clause. Gives way to the event loop. Errors: `cancelled`. */
  async of(filter: PaperFilter, signal?: AbortSignal): Promise<FilteredPapers> {
    checkSignal(signal);
    let others: LabelSet | undefined;
    let dates: LabelSet | undefined;
    for (const clause of filter) {
      if (clause.kind === 'labels') {
        others = (others ?? (await this.#everyPaper(signal))).and(clause.labels);
        continue;
      }
      const passing = await this.#cached(clause, signal);
      if (clause.kind === 'dates') dates = dates?.and(passing) ?? passing;
      else others = others?.and(passing) ?? passing;
    }
    if (dates === undefined) return { labels: others ?? (await this.#everyPaper(signal)), undated: 0 };
    this.#undated ??= await this.#rowsWhere(undatedRow, this.#columns.earliest, signal);
    if (others === undefined) return { labels: dates, undated: this.#undated.size };
    const undated = this.#undated.size === 0 ? 0 : others.and(this.#undated).size;
    return { labels: others.and(dates), undated };
  }

  async #everyPaper(signal: AbortSignal | undefined): Promise<LabelSet> {
    this.#all ??= await this.#rowsWhere(() => true, this.#columns.labels, signal);
    return this.#all;
  }

  async #cached(clause: ColumnClause, signal: AbortSignal | undefined): Promise<LabelSet> {
    const key = JSON.stringify(clause);
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const found = await this.#evaluate(clause, signal);
    this.#cache.set(key, found);
    return found;
  }

  #evaluate(clause: ColumnClause, signal: AbortSignal | undefined): Promise<LabelSet> {
    switch (clause.kind) {
      case 'dates':
        return this.#within(clause.from, clause.to, signal);
      case 'categories':
        return this.#inCategories(clause.anyOf, signal);
      case 'venue':
        return this.#inVenue(clause.name, signal);
      case 'author':
        return this.#byAuthor(clause.name, signal);
    }
  }

  async #within(from: string | null, to: string | null, signal: AbortSignal | undefined): Promise<LabelSet> {
    const { labels } = this.#columns;
    const first = from === null ? 1 : dayNumber(from);
    const last = to === null ? UNDATED - 1 : dayNumber(to);
    const passing = this.#builder();
    // No day is in a range that ends before it begins, though a whole year may reach over both its ends.
    if (first > last) return passing.build();
    // Made by whoever asks first, for all: nobody's leaving stops it.
    this.#days ??= DayOrder.of(this.#columns);
    for (const rows of (await this.#days).within(first, last)) {
      // The casts here and below say that a row is one of the table.
      await inSlices(rows.length, signal, (at, end) => {
        for (; at < end; at++) passing.add(labels[rows[at] as number] as number);
      });
    }
    return passing.build();
  }

  async #inCategories(anyOf: readonly string[], signal: AbortSignal | undefined): Promise<LabelSet> {
    const { categories, categoryLists } = this.#columns;
    const pace = new Pace(signal);
    const found: number[] = [];
    for (const asked of new Set(anyOf.map((category) => category.toLowerCase()))) {
      const prefix = asked.endsWith('*') ? asked.slice(0, -1) : undefined;
      const passes = (category: string) =>
        category === asked || (prefix !== undefined && category.startsWith(prefix));
      // As JSON writes it: with a quotation mark before it, and one after it unless more may follow.
      const part = JSON.stringify(prefix ?? asked);
      const lists = await categoryLists.having(
        prefix === undefined ? part : part.slice(0, -1),
        pace,
        (list) => stringsOf(list).some(passes),
      );
      found.push(...lists);
    }
    return this.#rowsOf(found, categories, categoryLists.count, signal);
  }

  async #inVenue(name: string, signal: AbortSignal | undefined): Promise<LabelSet> {
    const { venue, venues } = this.#columns;
    const asked = spelled(wordsOf(name));
    const found = asked === '' ? [] : await venues.having(asked, new Pace(signal), () => true);
    return this.#rowsOf(found, venue, venues.count, signal);
  }

  async #byAuthor(name: string, signal: AbortSignal | undefined): Promise<LabelSet> {
    const { labels, names, authors, authorsFrom } = this.#columns;
    const asked = wordsOf(name);
    // Few names have the longest word: only those are taken apart.
    const longest = asked.reduce((long, word) => (word.length > long.length ? word : long), '');
    const rare = isInitial(longest) ? ` ${longest}` : spelled([longest]);
    const agrees = (held: string) => namesAgree(asked, held.trim().split(' '));
    const found = asked.length === 0 ? [] : await names.having(rare, new Pace(signal), agrees);
    const passing = this.#builder();
    if (found.length === 0) return passing.build();
    const chosen = marked(found, names.count);
    let row = 0;
    await inSlices(authors.length, signal, (at, end) => {
      for (; at < end; at++) {
        if (chosen[authors[at] as number] === 0) continue;
        while ((authorsFrom[row + 1] as number) <= at) row++;
        passing.add(labels[row] as number);
      }
    });
    return passing.build();
  }

  /** The labels of the rows whose number in `column` is one of `found`; `count`: how many numbers there are. */
  async #rowsOf(
    found: readonly number[],
    column: Uint32Array,
    count: number,
    signal: AbortSignal | undefined,
  ): Promise<LabelSet> {
    const { labels } = this.#columns;
    const passing = this.#builder();
    if (found.length === 0) return passing.build();
    const chosen = marked(found, count);
    // One loop for each clause: through a function that is told the test, a row costs three times as much.
    await inSlices(labels.length, signal, (row, end) => {
      for (; row < end; row++) if (chosen[column[row] as number] !== 0) passing.add(labels[row] as number);
    });
    return passing.build();
  }

  async #rowsWhere(
    passes: (value: number) => boolean,
    column: Uint32Array,
    signal: AbortSignal | undefined,
  ): Promise<LabelSet> {
    const { labels } = this.#columns;
    const passing = this.#builder();
    await inSlices(labels.length, signal, (row, end) => {
      for (; row < end; row++) if (passes(column[row] as number)) passing.add(labels[row] as number);
    });
    return passing.build();
  }

  #builder(): LabelSetBuilder {
    return new LabelSetBuilder(this.#columns.labels.at(-1) ?? -1);
  }
}

function undatedRow(earliest: number): boolean {
  return earliest === UNDATED;
}

/** 1 at each of these numbers, otherwise 0. */
function marked(numbers: readonly number[], count: number): Uint8Array {
  const marks = new Uint8Array(count);
  for (const number of numbers) marks[number] = 1;
  return marks;
}

/** Runs `work` from 0 up to `count`, a slice at a time. Errors: `cancelled`. */
async function inSlices(
  count: number,
  signal: AbortSignal | undefined,
  work: (from: number, to: number) => void,
): Promise<void> {
  const pace = new Pace(signal);
  for (let from = 0; from < count; from += ROWS_A_SLICE) {
    if (pace.due()) await pace.turn();
    work(from, Math.min(from + ROWS_A_SLICE, count));
  }
}
