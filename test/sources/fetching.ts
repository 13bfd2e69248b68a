/** Runs of fetch against a server of a test, with a clock that takes no time. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ARXIV_INTERVAL_MS, arxivSource } from '../../src/sources/arxiv.js';
import type { Clock } from '../../src/sources/clock.js';
import { DAILY_PAPERS_INTERVAL_MS, dailyPapersSource } from '../../src/sources/daily-papers.js';
import { withFetchFolder } from '../../src/sources/fetch-folder.js';
import { pendingPages, type TargetIndex } from '../../src/sources/fetched-pages.js';
import {
  type HarvestProgress,
  type HarvestReport,
  type HarvestSession,
  harvest,
} from '../../src/sources/harvest.js';
import { PoliteClient } from '../../src/sources/polite-client.js';
import type { Source } from '../../src/sources/source.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { DailyPapersServer } from './daily-papers-server.js';
import { type OaiRecord, OaiServer } from './oai-server.js';

/** Passes as it is waited for. */
export class TestClock implements Clock {
  /** Every wait that was asked for, in ms. */
  readonly waits: number[] = [];
  time: number;
  /** What happens in a wait; it has its signal. */
  onWait: () => void = () => undefined;

  constructor(start = '2024-03-10T12:00:00Z') {
    this.time = Date.parse(start);
  }

  now(): number {
    return this.time;
  }

  async wait(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.waits.push(ms);
    this.onWait();
    signal.throwIfAborted();
    this.time += ms;
  }
}

export interface FetchOptions {
  since?: string | null;
  until?: string | null;
  category?: string;
  url?: string;
  signal?: AbortSignal;
  silenceMs?: number;
  /** The index that pages are pending for. */
  index?: TargetIndex;
  onPage?: (progress: HarvestProgress) => void;
}

export const INDEX: TargetIndex = { folder: '/srv/index', isPublished: true };

/** What a run came to, with the pages that a build would take in. Rejects with what ended it early. */
export type Run = Omit<HarvestReport, 'failure'> & { pending: string[] };

async function runOf(
  source: Source,
  folder: string,
  { since, until, index = INDEX }: FetchOptions,
  session: HarvestSession,
): Promise<Run> {
  const asked = { since: since ?? null, until: until ?? null };
  const { failure, ...report } = await harvest(source, folder, asked, session);
  if (failure !== null) throw failure;
  return { ...report, pending: await pendingPages(source, folder, index) };
}

/** A folder, a clock and a server of arXiv's, which go with the test. */
export async function arxivScene(t: TestContext, records: OaiRecord[]) {
  const server = await new OaiServer(records).listen(t);
  const clock = new TestClock();
  server.now = () => clock.now();
  const folder = await temporaryFolder(t);
  /** What was told, in lines, by all runs. */
  const told: string[] = [];
  const fetch = (options: FetchOptions = {}): Promise<Run> => {
    const { category = 'cs.CL', url = server.url, since = '2024-03-01', onPage = () => undefined } = options;
    const { signal = new AbortController().signal, silenceMs } = options;
    return withFetchFolder(folder, (times) => {
      const onWait = (message: string) => told.push(message);
      const polite = {
        label: 'arXiv',
        intervalMs: ARXIV_INTERVAL_MS,
        accept: 'text/xml',
        userAgent: 'nearpaper/1',
      };
      const client = new PoliteClient({
        ...polite,
        clock,
        signal,
        times,
        onWait,
        random: () => 0.5,
        silenceMs,
      });
      const source = arxivSource(category, url);
      const session = { client, clock, signal, onPage, onNote: onWait };
      return runOf(source, join(folder, source.folder), { ...options, since }, session);
    });
  };
  return { server, clock, folder, told, fetch };
}

/** As `arxivScene`, for daily papers. */
export async function dailyScene(t: TestContext, lists: Record<string, string[]>) {
  const server = await new DailyPapersServer(lists).listen(t);
  const clock = new TestClock();
  const folder = await temporaryFolder(t);
  const told: string[] = [];
  const fetch = (options: FetchOptions = {}): Promise<Run> => {
    const { url = server.url, onPage = () => undefined } = options;
    const { signal = new AbortController().signal } = options;
    return withFetchFolder(folder, (times) => {
      const onWait = (message: string) => told.push(message);
      const polite = {
        label: 'Hugging Face',
        intervalMs: DAILY_PAPERS_INTERVAL_MS,
        accept: 'a',
        userAgent: 'nearpaper/1',
      };
      const client = new PoliteClient({ ...polite, clock, signal, times, onWait, random: () => 0.5 });
      const source = dailyPapersSource(url);
      const session = { client, clock, signal, onPage, onNote: onWait };
      return runOf(source, join(folder, source.folder), options, session);
    });
  };
  return { server, clock, folder: join(folder, 'daily-papers'), told, fetch };
}

/** The pages of a folder, unpacked, by name. */
export async function pagesIn(folder: string): Promise<Map<string, string>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.gz')).toSorted();
  const pages = names.map(
    async (name) => [name, gunzipSync(await readFile(join(folder, name))).toString()] as const,
  );
  return new Map(await Promise.all(pages));
}

/** The ids of the records on arXiv's pages, in their order. */
export async function idsIn(folder: string): Promise<string[]> {
  const pages = await pagesIn(join(folder, 'arxiv-cs.CL'));
  return [...pages.values()].flatMap((page) =>
    [...page.matchAll(/oai:arXiv\.org:([^<]+)</g)].map(([, id]) => id ?? ''),
  );
}
