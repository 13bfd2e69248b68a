/** What a source of papers has to say to be followed: `harvest.ts` does the rest. */
import type { Clock } from './clock.js';
import type { Day, DayRange } from './days.js';
import type { PoliteClient } from './polite-client.js';

/** A harvest under way. */
export interface Harvest extends DayRange {
  /** When the source began to answer, an ISO date-time: what changed later may not be in it. Null before. */
  began: string | null;
  /** Where the next page begins, as the source says; null for the first. */
  cursor: string | null;
  /** Records received, and how many there are in all where the source says so. */
  records: number;
  total: number | null;
  /** Days that the source would not give: they are asked for again another time. */
  missing: DayRange[];
}

/** A page of a harvest. */
export interface Page {
  /** As received, to be kept; null where there is no paper in it. */
  body: readonly Uint8Array[] | null;
  /** The file to keep it in, without .gz; null: numbered, in the order of arrival. */
  name: string | null;
  /** Records in it. */
  records: number;
  /** All records of the harvest, where the source says so. */
  total: number | null;
  /** When the source made this answer, an ISO date-time. */
  answered: string;
  /** Where the next page begins; null after the last. */
  next: string | null;
  /** The days of this page, where the source would not give them. */
  missing: DayRange | null;
  /** What else to tell, in one line. */
  note: string | null;
}

export interface Source {
  /** How messages call it. */
  readonly label: string;
  readonly url: string;
  /** The folder for its pages, below the one of all sources. */
  readonly folder: string;
  /** Of numbered pages, such as "xml". */
  readonly extension: string;
  /** How many days before the one on which a harvest began may still get papers: they are asked for again. */
  readonly growingDays: number;
  /** The first day of which there is anything; null where that is not known. */
  readonly firstDay: Day | null;
  /** The last day that can be asked for. */
  lastDay(now: number): Day;
  /** From when to fetch where nobody says; null: it must be said. */
  defaultSince(now: number): Day | null;
  /** The page at the cursor; "expired" when the source no longer knows the cursor. */
  page(harvest: Harvest, client: PoliteClient, clock: Clock): Promise<Page | 'expired'>;
}
