/** Evaluates filters over the columns: each clause becomes a set of labels, and the sets are intersected. */
import QuickLRU from 'quick-lru';
import { type LabelSet, LabelSetBuilder } from '../label-set.js';
import { checkSignal, Pace } from '../pacing.js';
import { dayNumber, type PaperColumns, UNDATED } from './columns.js';
import type { FilterClause, FilteredPapers, PaperFilter } from './filter.js';
import { isInitial, namesAgree, spelled, wordsOf } from './words.js';

/** Sets that are kept: an eighth of a byte for each label in each. The cache may hold twice as many for a while. */
const CACHED_SETS = 64;

/** Rows looked at between two looks at the clock: some 50 microseconds. */
const ROWS_A_SLICE = 1 << 14;
/** Names looked at between two looks at the clock: spelling one takes about a microsecond. */
const NAMES_A_SLICE = 64;

/** A clause that is answered from the columns. */
type ColumnClause = Exclude<FilterClause, { kind: 'labels' }>;

/** The filters of one open store. */
export class Subsets {
  readonly #columns: PaperColumns;
  /** By clause; sets never change, so they are handed out as they are. */
  readonly #cache = new QuickLRU<string, LabelSet>({ maxSize: CACHED_SETS });
  /** Every paper, and those without a date; made when first needed, as are the spellings. */
  #all: LabelSet | undefined;
  #undated: LabelSet | undefined;
  #spelledNames: readonly string[] | undefined;
  #spelledVenues: readonly string[] | undefined;

  constructor(columns: PaperColumns) {
    this.#columns = columns;
  }

  /** The papers that pass every clause. Gives way to the event loop. Errors: `cancelled`. */
  async of(filter: PaperFilter, signal?: AbortSignal): Promise<FilteredPapers> {
    checkSignal(signal);
    let others = await this.#everyPaper(signal);
    let dates: LabelSet | undefined;
    for (const clause of filter) {
      const passing = clause.kind === 'labels' ? clause.labels : await this.#cached(clause, signal);
      if (clause.kind === 'dates') dates = dates?.and(passing) ?? passing;
      else others = others.and(passing);
    }
    if (dates === undefined) return { labels: others, undated: 0 };
    this.#undated ??= await this.#rows((row) => this.#columns.earliest[row] === UNDATED, signal);
    return { labels: others.and(dates), undated: others.and(this.#undated).size };
  }

  async #everyPaper(signal: AbortSignal | undefined): Promise<LabelSet> {
    this.#all ??= await this.#rows(() => true, signal);
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

  #within(from: string | null, to: string | null, signal: AbortSignal | undefined): Promise<LabelSet> {
    const { earliest, latest } = this.#columns;
    // An undated paper is latest on day 0 and passes nothing, not even a range that is open at both ends.
    const first = from === null ? 1 : dayNumber(from);
    const last = to === null ? UNDATED - 1 : dayNumber(to);
    // No day is in a range that ends before it begins, though a whole year may reach over both its ends.
    if (first > last) return this.#rows(() => false, signal);
    // The casts here and below say that a row is one of the table.
    return this.#rows((row) => (latest[row] as number) >= first && (earliest[row] as number) <= last, signal);
  }

  async #inCategories(anyOf: readonly string[], signal: AbortSignal | undefined): Promise<LabelSet> {
    const lower = anyOf.map((category) => category.toLowerCase());
    const names = new Set(lower);
    const prefixes = lower
      .filter((category) => category.endsWith('*'))
      .map((category) => category.slice(0, -1));
    const passes = (category: string) =>
      names.has(category) || prefixes.some((prefix) => category.startsWith(prefix));
    const { categories, categoryLists } = this.#columns;
    const oneOf = (list: readonly string[]) => list.some((category) => passes(category.toLowerCase()));
    const passing = await choose(categoryLists, oneOf, signal);
    return this.#rows((row) => passing[categories[row] as number] === 1, signal);
  }

  async #inVenue(name: string, signal: AbortSignal | undefined): Promise<LabelSet> {
    const { venue, venues } = this.#columns;
    const asked = spelled(wordsOf(name));
    this.#spelledVenues ??= await spellings(venues, signal);
    const passing = await choose(this.#spelledVenues, (held) => asked !== '' && held.includes(asked), signal);
    return this.#rows((row) => passing[venue[row] as number] === 1, signal);
  }

  async #byAuthor(name: string, signal: AbortSignal | undefined): Promise<LabelSet> {
    const { names, authors, authorsFrom } = this.#columns;
    const asked = wordsOf(name);
    // Few names have the longest word: only those are taken apart.
    const longest = asked.reduce((long, word) => (word.length > long.length ? word : long), '');
    const rare = isInitial(longest) ? ` ${longest}` : spelled([longest]);
    this.#spelledNames ??= await spellings(names, signal);
    const agrees = (held: string) => held.includes(rare) && namesAgree(asked, held.trim().split(' '));
    const passing = await choose(this.#spelledNames, agrees, signal);
    return this.#rows((row) => {
      const end = authorsFrom[row + 1] as number;
      for (let at = authorsFrom[row] as number; at < end; at++) {
        if (passing[authors[at] as number] === 1) return true;
      }
      return false;
    }, signal);
  }

  /** The labels of the rows that pass. */
  async #rows(passes: (row: number) => boolean, signal: AbortSignal | undefined): Promise<LabelSet> {
    const { labels } = this.#columns;
    const passing = new LabelSetBuilder(labels.at(-1) ?? -1);
    const pace = new Pace(signal);
    for (let from = 0; from < labels.length; from += ROWS_A_SLICE) {
      if (pace.due()) await pace.turn();
      const to = Math.min(from + ROWS_A_SLICE, labels.length);
      for (let row = from; row < to; row++) if (passes(row)) passing.add(labels[row] as number);
    }
    return passing.build();
  }
}

/** Each text as ` word word `. Errors: `cancelled`. */
async function spellings(texts: readonly string[], signal: AbortSignal | undefined): Promise<string[]> {
  const spelt: string[] = [];
  const pace = new Pace(signal);
  for (const text of texts) {
    if (spelt.length % NAMES_A_SLICE === 0 && pace.due()) await pace.turn();
    spelt.push(spelled(wordsOf(text)));
  }
  return spelt;
}

/** 1 where one of `all` passes, otherwise 0. Errors: `cancelled`. */
async function choose<T>(
  all: readonly T[],
  passes: (one: T) => boolean,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const chosen = new Uint8Array(all.length);
  const pace = new Pace(signal);
  let at = 0;
  for (const one of all) {
    if (at % NAMES_A_SLICE === 0 && pace.due()) await pace.turn();
    chosen[at++] = passes(one) ? 1 : 0;
  }
  return chosen;
}
