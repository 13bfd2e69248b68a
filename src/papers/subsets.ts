/** Evaluates filters over the columns: each clause becomes a set of labels, and the sets are intersected. */
import QuickLRU from 'quick-lru';
import { type LabelSet, LabelSetBuilder } from '../label-set.js';
import { checkSignal, Pace } from '../pacing.js';
import { type PaperColumns, UNDATED } from './columns.js';
import { DayOrder } from './day-order.js';
import type { FilteredPapers, PaperFilter } from './filter.js';
import { authorAsked, categoriesAsked, daysAsked, type FactClause, venueAsked } from './paper-facts.js';
import { stringsOf } from './paper-row.js';

/** Sets that are kept: an eighth of a byte for each label in each. The cache may hold twice as many for a while. */
const CACHED_SETS = 64;

/** Rows, or entries of other columns, looked at between two looks at the clock: some 50 microseconds. */
const ROWS_A_SLICE = 1 << 15;

/** What filters are put together from. Errors of each: `cancelled`. */
export interface ClauseSets {
  everyPaper(signal?: AbortSignal): Promise<LabelSet>;
  /** The papers that know neither day nor year. */
  undated(signal?: AbortSignal): Promise<LabelSet>;
  passing(clause: FactClause, signal?: AbortSignal): Promise<LabelSet>;
}

/** The papers that pass every clause. Errors: `cancelled`. */
export async function papersPassing(
  filter: PaperFilter,
  sets: ClauseSets,
  signal?: AbortSignal,
): Promise<FilteredPapers> {
  checkSignal(signal);
  let others: LabelSet | undefined;
  let dates: LabelSet | undefined;
  for (const clause of filter) {
    if (clause.kind === 'labels') {
      others = (others ?? (await sets.everyPaper(signal))).and(clause.labels);
      continue;
    }
    const passing = await sets.passing(clause, signal);
    if (clause.kind === 'dates') dates = dates?.and(passing) ?? passing;
    else others = others?.and(passing) ?? passing;
  }
  if (dates === undefined) return { labels: others ?? (await sets.everyPaper(signal)), undated: 0 };
  const undated = await sets.undated(signal);
  if (others === undefined) return { labels: dates, undated: undated.size };
  return { labels: others.and(dates), undated: undated.size === 0 ? 0 : others.and(undated).size };
}

/** The filters of one open store. */
export class Subsets implements ClauseSets {
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
  of(filter: PaperFilter, signal?: AbortSignal): Promise<FilteredPapers> {
    return papersPassing(filter, this, signal);
  }

  async everyPaper(signal?: AbortSignal): Promise<LabelSet> {
    this.#all ??= await this.#rowsWhere(() => true, this.#columns.labels, signal);
    return this.#all;
  }

  async undated(signal?: AbortSignal): Promise<LabelSet> {
    this.#undated ??= await this.#rowsWhere(undatedRow, this.#columns.earliest, signal);
    return this.#undated;
  }

  async passing(clause: FactClause, signal?: AbortSignal): Promise<LabelSet> {
    const key = JSON.stringify(clause);
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const found = await this.#evaluate(clause, signal);
    this.#cache.set(key, found);
    return found;
  }

  #evaluate(clause: FactClause, signal: AbortSignal | undefined): Promise<LabelSet> {
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
    const passing = this.#builder();
    const days = daysAsked(from, to);
    if (days === undefined) return passing.build();
    // Made by whoever asks first, for all: nobody's leaving stops it.
    this.#days ??= DayOrder.of(this.#columns);
    for (const rows of (await this.#days).within(days.first, days.last)) {
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
    for (const { part, passes } of categoriesAsked(anyOf)) {
      found.push(...(await categoryLists.having(part, pace, (list) => stringsOf(list).some(passes))));
    }
    return this.#rowsOf(found, categories, categoryLists.count, signal);
  }

  async #inVenue(name: string, signal: AbortSignal | undefined): Promise<LabelSet> {
    const { venue, venues } = this.#columns;
    const asked = venueAsked(name);
    const found = asked === undefined ? [] : await venues.having(asked, new Pace(signal), () => true);
    return this.#rowsOf(found, venue, venues.count, signal);
  }

  async #byAuthor(name: string, signal: AbortSignal | undefined): Promise<LabelSet> {
    const { labels, names, authors, authorsFrom } = this.#columns;
    const asked = authorAsked(name);
    const found = asked === undefined ? [] : await names.having(asked.rare, new Pace(signal), asked.agrees);
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
