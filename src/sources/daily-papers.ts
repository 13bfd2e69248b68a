/** The daily papers of Hugging Face: one list a day, which still grows for a day or two. */
import { NearpaperError } from '../errors.js';
import { addDays, dayOf } from './days.js';
import type { Answer } from './exchange.js';
import type { Page, Source } from './source.js';
import { Transient } from './transient.js';

export const DAILY_PAPERS_URL = 'https://huggingface.co/api/daily_papers';
export const DAILY_PAPERS_LABEL = 'Hugging Face';
export const DAILY_PAPERS_INTERVAL_MS = 1000;

/** The most that one answer holds; no day has had so many. */
const LIMIT = 100;
/** Fetched at first where nobody says from when. */
const DEFAULT_DAYS = 7;

export function dailyPapersSource(url: string): Source {
  return {
    label: DAILY_PAPERS_LABEL,
    url,
    folder: 'daily-papers',
    extension: 'json',
    growingDays: 2,
    firstDay: null,
    lastDay: dayOf,
    defaultSince: (now) => addDays(dayOf(now), -DEFAULT_DAYS),
    /** The cursor is the day to ask for. */
    async page(harvest, client, clock) {
      const day = harvest.cursor ?? harvest.from;
      const asked = new URL(url);
      asked.searchParams.set('date', day);
      asked.searchParams.set('limit', String(LIMIT));
      const list = await client.ask(asked, understand);
      return {
        ...pageOf(day, list),
        total: null,
        answered: new Date(clock.now()).toISOString(),
        next: day < harvest.to ? addDays(day, 1) : null,
      };
    },
  };
}

/** The list of a day, or why there is none. */
type DayList = { body: Uint8Array[]; papers: number } | { status: number };

/** Errors: `Transient` for what is no list, `source_refused` for refusals that are not about this day. */
async function understand({ status, chunks }: Answer): Promise<DayList> {
  if (status === 400 || status === 404) return { status };
  if (status !== 200) {
    throw new NearpaperError(
      'source_refused',
      `${DAILY_PAPERS_LABEL} refused (HTTP ${status}). What was fetched is kept.`,
    );
  }
  let list: unknown;
  try {
    list = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (thrown) {
    throw new Transient('an answer that is not JSON', { cause: thrown });
  }
  if (!Array.isArray(list)) throw new Transient('an answer that is no list of papers');
  return { body: chunks, papers: list.length };
}

function pageOf(day: string, list: DayList): Pick<Page, 'body' | 'name' | 'records' | 'missing' | 'note'> {
  if ('status' in list) {
    const note = `${DAILY_PAPERS_LABEL} has no list of ${day} (HTTP ${list.status}).`;
    return { body: null, name: day, records: 0, missing: { from: day, to: day }, note };
  }
  const { body, papers } = list;
  const note =
    papers < LIMIT ? null : `The list of ${day} is full with ${LIMIT} papers; there may be more that day.`;
  return { body: papers === 0 ? null : body, name: `${day}.json`, records: papers, missing: null, note };
}
