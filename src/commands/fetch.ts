/** `nearpaper fetch arxiv` and `nearpaper fetch daily-papers` */
import { join, resolve } from 'node:path';
import type { InputReport } from '../build/import-report.js';
import type { BuildResult, DryRunResult } from '../build/progress.js';
import { NearpaperError } from '../errors.js';
import { currentGeneration } from '../generations/folder.js';
import { ARXIV_INTERVAL_MS, ARXIV_LABEL, ARXIV_URL, arxivSource } from '../sources/arxiv.js';
import type { Asked, AskedDays } from '../sources/asked-days.js';
import { type Clock, systemClock } from '../sources/clock.js';
import {
  DAILY_PAPERS_INTERVAL_MS,
  DAILY_PAPERS_LABEL,
  DAILY_PAPERS_URL,
  dailyPapersSource,
} from '../sources/daily-papers.js';
import { isDay } from '../sources/days.js';
import { withFetchFolder } from '../sources/fetch-folder.js';
import { markBuilt, pendingPages, type TargetIndex } from '../sources/fetched-pages.js';
import { daysOf, type HarvestReport, harvest } from '../sources/harvest.js';
import { STATE_FILE } from '../sources/harvest-state.js';
import { PoliteClient } from '../sources/polite-client.js';
import type { Source } from '../sources/source.js';
import { runBuild, runDryRun } from './build.js';
import { type CommandContext, configOf, type SettingFlags } from './context.js';
import { describeFetch, FetchDisplay, type Fetched, printFetch, type SourceReport } from './fetch-display.js';
import { printLine } from './output.js';
import { nearpaperVersion } from './version.js';

export interface FetchFlags extends SettingFlags {
  since?: string;
  until?: string;
  to?: string;
  url?: string;
  downloadOnly?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

export interface FetchArxivFlags extends FetchFlags {
  category: string[];
}

/** Pages that could not be read are named up to so many. */
const SHOWN_PATHS = 3;

/** Where papers are fetched, and how it wants to be asked. */
interface Service {
  label: string;
  url: string;
  intervalMs: number;
  accept: string;
  sources: (url: string) => Source[];
}

export async function fetchArxivCommand(
  context: CommandContext,
  flags: FetchArxivFlags,
  clock: Clock = systemClock,
): Promise<void> {
  const categories = [...new Set(flags.category)];
  const arxiv: Service = {
    label: ARXIV_LABEL,
    url: ARXIV_URL,
    intervalMs: ARXIV_INTERVAL_MS,
    accept: 'text/xml, application/xml',
    sources: (url) => categories.map((category) => arxivSource(category, url)),
  };
  await fetchCommand(context, flags, arxiv, clock);
}

export async function fetchDailyPapersCommand(
  context: CommandContext,
  flags: FetchFlags,
  clock: Clock = systemClock,
): Promise<void> {
  const dailyPapers: Service = {
    label: DAILY_PAPERS_LABEL,
    url: DAILY_PAPERS_URL,
    intervalMs: DAILY_PAPERS_INTERVAL_MS,
    accept: 'application/json',
    sources: (url) => [dailyPapersSource(url)],
  };
  await fetchCommand(context, flags, dailyPapers, clock);
}

/** A source, where its pages are kept, and which of its days are asked for. */
interface Followed {
  source: Source;
  folder: string;
  days: AskedDays;
}

/** Everything is fetched first, then all of it is built in at once, also what is there when a source fails. */
async function fetchCommand(
  context: CommandContext,
  flags: FetchFlags,
  service: Service,
  clock: Clock,
): Promise<void> {
  const started = performance.now();
  const asked = askedOf(flags);
  const sources = service.sources(urlOf(flags.url ?? service.url));
  const { indexFolder } = configOf(context, flags);
  const folder = resolve(flags.to ?? join(indexFolder, 'fetched'));
  // What cannot be asked for is told before anything is made.
  const followed: Followed[] = [];
  for (const source of sources) {
    const own = join(folder, source.folder);
    followed.push({ source, folder: own, days: await daysOf(source, own, asked, clock) });
  }
  await withFetchFolder(folder, async (times) => {
    const { signal, stdout, stderr } = context;
    const display = new FetchDisplay(stderr);
    const onWait = (message: string) => display.line(message);
    const { label, intervalMs, accept } = service;
    const userAgent = `nearpaper/${nearpaperVersion()}`;
    const client = new PoliteClient({ label, intervalMs, accept, userAgent, clock, signal, times, onWait });
    const reports = await download(context, followed, { folder, asked, client, clock, display });
    if (!flags.json) for (const line of reports.flatMap(describeFetch)) printLine(stdout, line);
    const fetched = await withPending(reports, indexFolder);
    const failures = reports.flatMap(({ report: { failure } }) => failure ?? []);
    const { result, unread } = await buildIn(context, flags, fetched).catch((thrown: unknown) => {
      for (const { message } of failures) printLine(stderr, message);
      throw thrown;
    });
    printFetch(context, flags, { fetched, result, started });
    if (unread.length > 0) failures.push(notRead(unread));
    const [first, ...others] = failures;
    for (const { message } of others) printLine(stderr, message);
    if (first !== undefined) throw first;
  });
}

interface Download {
  folder: string;
  asked: Asked;
  client: PoliteClient;
  clock: Clock;
  display: FetchDisplay;
}

/** What came of every source. One that refuses keeps none of the others; one that cannot be reached is the last. */
async function download(
  { signal, stderr }: CommandContext,
  followed: readonly Followed[],
  { folder, asked, client, clock, display }: Download,
): Promise<SourceReport[]> {
  const reports: SourceReport[] = [];
  try {
    for (const { source, folder: own, days } of followed) {
      const isCut = reports.at(-1)?.report.failure?.code === 'source_unreachable';
      const report = isCut
        ? notAsked(source, { folder: own, since: days.since, until: asked.until })
        : await harvest(source, own, asked, {
            client,
            clock,
            signal,
            onPage: (progress) => display.page(source.label, progress),
            onNote: (message) => display.line(message),
          });
      reports.push({ source, report });
    }
    return reports;
  } catch (thrown) {
    display.end();
    if (signal.aborted)
      printLine(stderr, `Stopped. What was fetched is kept in ${folder}: the same command goes on.`);
    throw thrown;
  } finally {
    display.end();
  }
}

function notAsked(
  { label }: Source,
  range: Pick<HarvestReport, 'folder' | 'since' | 'until'>,
): HarvestReport {
  const message = `${label} was not asked, since the one before could not be reached.`;
  return { ...range, pages: 0, records: 0, failure: new NearpaperError('source_unreachable', message) };
}

/** With the pages that are not in the index, of this run and of earlier ones. */
async function withPending(reports: readonly SourceReport[], indexFolder: string): Promise<Fetched[]> {
  const index: TargetIndex = {
    folder: indexFolder,
    // What is wrong with a damaged one the build says.
    isPublished: (await currentGeneration(indexFolder).catch(() => undefined)) !== null,
  };
  const fetched: Fetched[] = [];
  for (const { source, report } of reports)
    fetched.push({ source, report, pending: await pendingPages(source, report.folder, index) });
  return fetched;
}

const STOPPED =
  'Stopped. What was fetched is kept, and so is what was embedded: the same command goes on. The index is as it was.';

interface Built {
  /** Null where every page is in the index already, or nothing was to be built. */
  result: BuildResult | DryRunResult | null;
  /** Paths of the pages that could not be read, and stay pending. */
  unread: string[];
}

/** What the index takes in is pending no more. */
async function buildIn(context: CommandContext, flags: FetchFlags, fetched: Fetched[]): Promise<Built> {
  const inputs = fetched.flatMap(pathsOf);
  if (flags.downloadOnly || inputs.length === 0) return { result: null, unread: [] };
  // One bad page must not keep all that come after it out.
  const choice = { inputs, passOver: true };
  const result = flags.dryRun
    ? await runDryRun(context, flags, choice)
    : await runBuild(context, flags, choice, STOPPED);
  const read = new Set(result.inputs.filter(isRead).map(({ input }) => input));
  if (result.kind !== 'dry-run') {
    const { indexFolder } = configOf(context, flags);
    for (const each of fetched) {
      const { source, report, pending } = each;
      const isIn = (name: string) => read.has(join(report.folder, name));
      await markBuilt(source, report.folder, indexFolder, pending.filter(isIn));
      each.pending = pending.filter((name) => !isIn(name));
    }
  }
  return { result, unread: inputs.filter((path) => !read.has(path)) };
}

/** A page without anything good in it was read all the same: nothing will come of it another time. */
function isRead({ failure }: InputReport): boolean {
  return failure === null || failure.kind === 'empty';
}

function pathsOf({ report, pending }: Fetched): string[] {
  return pending.map((name) => join(report.folder, name));
}

function notRead(paths: readonly string[]): NearpaperError {
  const shown = paths.slice(0, SHOWN_PATHS).join(', ');
  const more = paths.length > SHOWN_PATHS ? ` and ${paths.length - SHOWN_PATHS} more` : '';
  return new NearpaperError(
    'input_unreadable',
    `Some of what was fetched is not in the index, since it could not be read: ${shown}${more}. The same command tries again. What stays so is ` +
      `damaged: remove it and ${STATE_FILE} beside it, and everything is fetched again.`,
  );
}

function askedOf({ since, until, downloadOnly, dryRun }: FetchFlags): Asked {
  for (const [field, day] of Object.entries({ since, until })) {
    if (day === undefined || isDay(day)) continue;
    const accepted = 'a day as YYYY-MM-DD, such as 2024-01-01';
    throw new NearpaperError('usage', `--${field} takes ${accepted}, not ${JSON.stringify(day)}.`, {
      field,
      accepted,
    });
  }
  if (downloadOnly && dryRun) {
    throw new NearpaperError(
      'usage',
      'Take one of --download-only and --dry-run: neither changes the index.',
    );
  }
  return { since: since ?? null, until: until ?? null };
}

function urlOf(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new NearpaperError('usage', `--url takes an address of HTTP or HTTPS, not ${JSON.stringify(text)}.`, {
    field: 'url',
  });
}
