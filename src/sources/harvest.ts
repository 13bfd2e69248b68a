/**
 * Follows a source: fetches what is missing of the days that are asked for, page after page into a folder. The state
 * of the folder is written after every page, so that a run that ends anywhere is taken up by the next.
 */
import { constants, createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { messageOf, NearpaperError } from '../errors.js';
import type { Clock } from './clock.js';
import { addDays, type Day, type DayRange, dayOf, FOREVER, gapsOf, joined } from './days.js';
import { type HarvestState, pageName, readState, STATE_FILE, writeState } from './harvest-state.js';
import type { Harvest, Page, Source } from './source.js';
import { makeFolder, writeWhole } from './whole-file.js';

/** How often a source may forget its cursor in one harvest. */
const MOST_EXPIRIES = 3;
/** A harvest taken up this soon after it began is not followed by another for what came since. */
const RECENT_MS = 24 * 60 * 60 * 1000;

export interface Asked {
  since: Day | null;
  until: Day | null;
}

export interface HarvestProgress {
  /** Of this run. */
  pages: number;
  /** Of the harvest, with what earlier runs of it received. */
  records: number;
  total: number | null;
  range: DayRange;
}

export interface HarvestSession {
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
  /** Pages in the folder that no build has taken in, in their order. */
  pending: string[];
}

/**
 * Errors: `usage` for days that cannot be asked for, `source_unreachable`, `source_refused`, `index_unwritable`,
 * `input_unreadable` for a folder whose state is damaged, the signal's reason. What was fetched by then is kept.
 */
export async function harvest(
  source: Source,
  folder: string,
  asked: Asked,
  session: HarvestSession,
): Promise<HarvestReport> {
  await makeFolder(folder);
  const state = await readState(folder, source.folder);
  await requirePages(folder, state.pending);
  return new Following({ source, folder, state, session }).run(asked);
}

/** Pages that no build has taken in must be there. Errors: `input_unreadable`. */
async function requirePages(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    try {
      await access(join(folder, name), constants.R_OK);
    } catch (thrown) {
      const message =
        `Cannot read ${join(folder, name)}, which is not in the index yet: ${messageOf(thrown)}. If it is gone, remove ` +
        `${STATE_FILE} beside it: everything is fetched again.`;
      throw new NearpaperError('input_unreadable', message, { cause: thrown });
    }
  }
}

/** To be called once a build has published them. */
export async function markBuilt(
  source: Pick<Source, 'folder'>,
  folder: string,
  paths: readonly string[],
): Promise<void> {
  const state = await readState(folder, source.folder);
  const built = new Set(paths);
  const pending = state.pending.filter((name) => !built.has(join(folder, name)));
  if (pending.length < state.pending.length) await writeState(folder, { ...state, pending });
}

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

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  async run(asked: Asked): Promise<HarvestReport> {
    const { state, session, folder } = this.#scope;
    const { since, range } = this.#rangeOf(asked);
    state.asked = { since, until: asked.until };
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
    await writeState(folder, state);
    return {
      folder,
      since,
      until: asked.until,
      pages: this.#pages,
      records: this.#records,
      pending: state.pending.toSorted(),
    };
  }

  #rangeOf({ since, until }: Asked): { since: Day; range: DayRange } {
    const { source, state, session } = this.#scope;
    const now = session.clock.now();
    const from = since ?? state.asked?.since ?? source.defaultSince(now);
    if (from === null) {
      const message = `From which day on? Nothing of ${source.folder} was fetched before: --since 2024-01-01, for instance.`;
      throw new NearpaperError('usage', message, { field: 'since' });
    }
    if (from > dayOf(now)) {
      throw new NearpaperError('usage', `--since ${from} is still to come.`, { field: 'since' });
    }
    if (until !== null && until < from) {
      throw new NearpaperError('usage', `--until ${until} is before ${from}, where it begins.`, {
        field: 'until',
      });
    }
    const last = source.lastDay(now);
    return { since: from, range: { from, to: until === null || until > last ? last : until } };
  }

  /** The harvest that an earlier run left in the middle, if it is part of what is asked for now. */
  #unfinished(range: DayRange): Harvest | null {
    const { state, source, session } = this.#scope;
    const left = state.harvest;
    if (left === null) return null;
    if (left.from >= range.from && left.to <= range.to && left.url === source.url) return left;
    state.harvest = null;
    session.onNote(
      `${source.label}: the harvest ${describeRange(left)} that was under way is given up, since other days or another ` +
        'address are asked for. Its pages are kept.',
    );
    return null;
  }

  #begin(range: DayRange): Harvest {
    const { state, source } = this.#scope;
    const begun = { ...range, url: source.url, began: null, cursor: null, records: 0, total: null };
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
      const page = await source.page(current, session.clock);
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
    current.cursor = null;
    current.records = 0;
    session.onNote(
      `${source.label} no longer knows where the harvest was: it begins again ${describeRange(current)}. Its pages are kept.`,
    );
  }

  async #keep(page: Page, current: Harvest): Promise<void> {
    const { state, source, folder, session } = this.#scope;
    if (page.body !== null) {
      const name = `${page.name ?? pageName(state.nextPage, source.extension)}.gz`;
      if (page.name === null) state.nextPage++;
      if (page.name === null || !(await holds(join(folder, name), page.body))) {
        await writeWhole(folder, name, page.body);
        // A page without a paper would be no input of a build.
        const others = state.pending.filter((other) => other !== name);
        state.pending = page.papers > 0 ? [...others, name] : others;
      }
      this.#pages++;
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

  /** What the harvest fetched is covered, but for the last days, which may get papers later. */
  #complete({ from, to, began }: Harvest): void {
    const { state, source, session } = this.#scope;
    const day = dayOf(began === null ? session.clock.now() : Date.parse(began));
    const settled = addDays(day, -source.growingDays - 1);
    const end = to < settled ? to : settled;
    if (from <= end) state.covered = joined([...state.covered, { from, to: end }]);
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

/** Whether a gzipped file is there and holds just this. */
async function holds(path: string, body: readonly Uint8Array[]): Promise<boolean> {
  const chunks: Uint8Array[] = [];
  try {
    await pipeline(createReadStream(path), createGunzip(), async (unpacked) => {
      for await (const chunk of unpacked) chunks.push(chunk);
    });
  } catch {
    return false;
  }
  return Buffer.concat(chunks).equals(Buffer.concat(body));
}
