/**
 * Follows a source: fetches what is missing of the days that are asked for, page after page into a folder. The state
 * of the folder is written after every page, so that a run that ends anywhere is taken up by the next.
 */
import { type ErrorCode, NearpaperError } from '../errors.js';
import { type Asked, type AskedDays, askedDays } from './asked-days.js';
import type { Clock } from './clock.js';
import { addDays, type Day, type DayRange, dayOf, FOREVER, gapsOf, joined } from './days.js';
import { writePage } from './fetched-pages.js';
import { type HarvestState, pageName, readState, writeState } from './harvest-state.js';
import type { PoliteClient } from './polite-client.js';
import type { Harvest, Page, Source } from './source.js';
import { makeFolder } from './whole-file.js';

/** How often a source may forget its cursor in one harvest. */
const MOST_EXPIRIES = 3;
/** A harvest taken up this soon after it began is not followed by another for what came since. */
const RECENT_MS = 24 * 60 * 60 * 1000;

export interface HarvestProgress {
  /** Of this run. */
  pages: number;
  /** Of the harvest, with what earlier runs of it received. */
  records: number;
  total: number | null;
  range: DayRange;
}

export interface HarvestSession {
  client: PoliteClient;
  clock: Clock;
  signal: AbortSignal;
  onPage: (progress: HarvestProgress) => void;
  /** Told what is worth a line. */
  onNote: (message: string) => void;
}

export interface HarvestReport {
  folder: string;
  since: Day;
  until: Day | null;
  /** Fetched by this run. */
  pages: number;
  records: number;
  /** Why it ended early, `source_refused` or `source_unreachable`; null where it did not. */
  failure: NearpaperError | null;
}

/** The days that a harvest would ask for. Makes and asks for nothing. Errors: `usage`, `input_unreadable`. */
export async function daysOf(source: Source, folder: string, asked: Asked, clock: Clock): Promise<AskedDays> {
  const { since } = await readState(folder, source.folder);
  return askedDays(source, asked, since, clock.now());
}

/**
 * Errors: `usage` for days that cannot be asked for, `index_unwritable`, `input_unreadable` for a folder whose state is
 * damaged, the signal's reason. What was fetched by then is kept.
 */
export async function harvest(
  source: Source,
  folder: string,
  asked: Asked,
  session: HarvestSession,
): Promise<HarvestReport> {
  await makeFolder(folder);
  const state = await readState(folder, source.folder);
  return new Following({ source, folder, state, session }).run(asked);
}

const OF_THE_SOURCE: ReadonlySet<ErrorCode> = new Set(['source_refused', 'source_unreachable']);

/** What a run of `harvest` works on. */
interface Scope {
  source: Source;
  folder: string;
  state: HarvestState;
  session: HarvestSession;
}

class Following {
  readonly #scope: Scope;
  #pages = 0;
  #records = 0;
  #answers = 0;
  #missing = 0;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  async run(asked: Asked): Promise<HarvestReport> {
    const { source, state, session, folder } = this.#scope;
    const { since, range } = askedDays(source, asked, state.since, session.clock.now());
    // Days with an end are for once.
    if (asked.until === null || state.since === null) state.since = since;
    this.#turnTo(source.url);
    let failure: NearpaperError | null = null;
    try {
      await this.#fetch(range);
    } catch (thrown) {
      if (!(thrown instanceof NearpaperError) || !OF_THE_SOURCE.has(thrown.code)) throw thrown;
      failure = thrown;
    }
    await writeState(folder, state);
    return { folder, since, until: asked.until, pages: this.#pages, records: this.#records, failure };
  }

  async #fetch(range: DayRange): Promise<void> {
    const { state, session, source } = this.#scope;
    /** What this run need not ask for again, though it may still grow. */
    const fetched: DayRange[] = [];
    const unfinished = this.#unfinished(range);
    if (unfinished !== null) {
      await this.#finish(unfinished);
      const began = Date.parse(unfinished.began ?? '');
      if (session.clock.now() - began < RECENT_MS) fetched.push(unfinished);
    }
    for (;;) {
      const [gap] = gapsOf(range, [...state.covered, ...fetched]);
      if (gap === undefined) break;
      await this.#finish(this.#begin(gap));
      fetched.push(gap);
    }
    if (this.#missing > 0 && this.#missing === this.#answers) {
      const message = `${source.label} refused every day that it was asked for. Check --url and --since.`;
      throw new NearpaperError('source_refused', message);
    }
  }

  /** What was fetched at one address says nothing of what there is at another. */
  #turnTo(url: string): void {
    const { state, source, session } = this.#scope;
    const isOther = state.url !== null && state.url !== url;
    if (isOther && (state.covered.length > 0 || state.harvest !== null)) {
      session.onNote(
        `${source.label} was fetched from ${state.url} before: all days are asked for at ${url} again. The pages are kept.`,
      );
      state.covered = [];
      state.harvest = null;
    }
    state.url = url;
  }

  /** The harvest that an earlier run left in the middle, if it is part of what is asked for now. */
  #unfinished(range: DayRange): Harvest | null {
    const { state, source, session } = this.#scope;
    const left = state.harvest;
    if (left === null) return null;
    if (left.from >= range.from && left.to <= range.to) return left;
    state.harvest = null;
    session.onNote(
      `${source.label}: the harvest ${describeRange(left)} that was under way is given up, since other days are asked for. ` +
        'Its pages are kept.',
    );
    return null;
  }

  #begin(range: DayRange): Harvest {
    const { state } = this.#scope;
    const begun = { ...range, began: null, cursor: null, records: 0, total: null, missing: [] };
    state.harvest = begun;
    return begun;
  }

  /** Fetches what is left of a harvest. */
  async #finish(current: Harvest): Promise<void> {
    const { source, state, folder, session } = this.#scope;
    let expiries = 0;
    // So that the folder of a first page knows of it, whenever the process dies.
    await writeState(folder, state);
    for (let isLast = false; !isLast; ) {
      session.signal.throwIfAborted();
      const page = await source.page(current, session.client, session.clock);
      if (page === 'expired') {
        expiries++;
        this.#beginAgain(current, expiries);
      } else {
        await this.#keep(page, current);
        isLast = page.next === null;
        if (isLast) this.#complete(current);
      }
      await writeState(folder, state);
    }
  }

  #beginAgain(current: Harvest, expiries: number): void {
    const { source, session } = this.#scope;
    if (expiries > MOST_EXPIRIES) {
      const message = `${source.label} forgot ${expiries} times where this harvest was. Its pages are kept; try again later.`;
      throw new NearpaperError('source_refused', message);
    }
    Object.assign(current, { cursor: null, records: 0, missing: [] });
    session.onNote(
      `${source.label} no longer knows where the harvest was: it begins again ${describeRange(current)}. Its pages are kept.`,
    );
  }

  async #keep(page: Page, current: Harvest): Promise<void> {
    const { state, source, folder, session } = this.#scope;
    if (page.body !== null) {
      const name = `${page.name ?? pageName(state.nextPage, source.extension)}.gz`;
      await writePage(folder, state, name, page.body);
      if (page.name === null) state.nextPage++;
      this.#pages++;
    }
    this.#answers++;
    if (page.missing !== null) {
      this.#missing++;
      current.missing.push(page.missing);
    }
    this.#records += page.records;
    current.records += page.records;
    current.total = page.total ?? current.total;
    current.cursor = page.next;
    current.began = earlier(current.began, page.answered);
    if (page.note !== null) session.onNote(page.note);
    const { records, total, from, to } = current;
    session.onPage({ pages: this.#pages, records, total, range: { from, to } });
  }

  /** What the harvest fetched is covered, but for what is missing and the last days, which may get papers later. */
  #complete({ from, to, began, missing }: Harvest): void {
    const { state, source, session } = this.#scope;
    const day = dayOf(began === null ? session.clock.now() : Date.parse(began));
    const settled = addDays(day, -source.growingDays - 1);
    const end = to < settled ? to : settled;
    if (from <= end) state.covered = joined([...state.covered, ...gapsOf({ from, to: end }, missing)]);
    state.harvest = null;
    state.completed = began;
  }
}

/** Answers may come from caches: the oldest of them says what the harvest can be trusted to hold. */
function earlier(a: string | null, b: string): string {
  return a === null || Date.parse(b) < Date.parse(a) ? b : a;
}

function describeRange({ from, to }: DayRange): string {
  return to === FOREVER ? `from ${from} on` : `from ${from} to ${to}`;
}
