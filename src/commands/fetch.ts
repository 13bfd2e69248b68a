/** `nearpaper fetch arxiv` and `nearpaper fetch daily-papers` */
import { join, resolve } from 'node:path';
import type { BuildResult, DryRunResult } from '../build/progress.js';
import { NearpaperError } from '../errors.js';
import { ARXIV_INTERVAL_MS, ARXIV_LABEL, ARXIV_URL, arxivSource } from '../sources/arxiv.js';
import { setOf } from '../sources/arxiv-sets.js';
import { type Clock, systemClock } from '../sources/clock.js';
import {
  DAILY_PAPERS_INTERVAL_MS,
  DAILY_PAPERS_LABEL,
  DAILY_PAPERS_URL,
  dailyPapersSource,
} from '../sources/daily-papers.js';
import { isDay } from '../sources/days.js';
import { withFetchFolder } from '../sources/fetch-folder.js';
import { type Asked, type HarvestReport, harvest, markBuilt } from '../sources/harvest.js';
import { PoliteClient } from '../sources/polite-client.js';
import type { Source } from '../sources/source.js';
import { printImport, runBuild, runDryRun } from './build.js';
import { type CommandContext, configOf, type SettingFlags } from './context.js';
import { describeFetch, FetchDisplay } from './fetch-display.js';
import { printJson, printLine } from './output.js';
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

/** Where papers are fetched, and how it wants to be asked. */
interface Service {
  label: string;
  url: string;
  intervalMs: number;
  accept: string;
  sources: (url: string, client: PoliteClient) => Source[];
}

export async function fetchArxivCommand(
  context: CommandContext,
  flags: FetchArxivFlags,
  clock: Clock = systemClock,
): Promise<void> {
  const categories = [...new Set(flags.category)];
  // Before anything is made or asked for.
  for (const category of categories) setOf(category);
  const arxiv: Service = {
    label: ARXIV_LABEL,
    url: ARXIV_URL,
    intervalMs: ARXIV_INTERVAL_MS,
    accept: 'text/xml, application/xml',
    sources: (url, client) => categories.map((category) => arxivSource(category, url, client)),
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
    sources: (url, client) => [dailyPapersSource(url, client)],
  };
  await fetchCommand(context, flags, dailyPapers, clock);
}

/** A source and what this run fetched of it. */
interface Fetched {
  source: Source;
  report: HarvestReport;
}

/** Everything is fetched first, then all of it is built in at once. */
async function fetchCommand(
  context: CommandContext,
  flags: FetchFlags,
  service: Service,
  clock: Clock,
): Promise<void> {
  const started = performance.now();
  const asked = askedOf(flags);
  const url = urlOf(flags.url ?? service.url);
  const folder = resolve(flags.to ?? join(configOf(context, flags).indexFolder, 'fetched'));
  await withFetchFolder(folder, async (times) => {
    const { signal, stdout } = context;
    const display = new FetchDisplay(context.stderr);
    const onWait = (message: string) => display.line(message);
    const { label, intervalMs, accept } = service;
    const userAgent = `nearpaper/${nearpaperVersion()}`;
    const client = new PoliteClient({ label, intervalMs, accept, userAgent, clock, signal, times, onWait });
    const fetched = await download(context, service.sources(url, client), { folder, asked, clock, display });
    if (!flags.json) {
      for (const { source, report } of fetched) printLine(stdout, describeFetch(source.label, report));
    }
    const result = flags.downloadOnly ? null : await buildIn(context, flags, fetched);
    report(context, flags, { fetched, result, started });
  });
}

interface Download {
  folder: string;
  asked: Asked;
  clock: Clock;
  display: FetchDisplay;
}

async function download(
  { signal, stderr }: CommandContext,
  sources: readonly Source[],
  { folder, asked, clock, display }: Download,
): Promise<Fetched[]> {
  const fetched: Fetched[] = [];
  try {
    for (const source of sources) {
      const report = await harvest(source, join(folder, source.folder), asked, {
        clock,
        signal,
        onPage: (progress) => display.page(source.label, progress),
        onNote: (message) => display.line(message),
      });
      fetched.push({ source, report });
    }
    return fetched;
  } catch (thrown) {
    display.end();
    if (signal.aborted)
      printLine(stderr, `Stopped. What was fetched is kept in ${folder}: the same command goes on.`);
    throw thrown;
  } finally {
    display.end();
  }
}

const STOPPED =
  'Stopped. What was fetched is kept, and so is what was embedded: the same command goes on. The index is as it was.';

/** Null when every page is in the index already. */
async function buildIn(
  context: CommandContext,
  flags: FetchFlags,
  fetched: readonly Fetched[],
): Promise<BuildResult | DryRunResult | null> {
  const inputs = fetched.flatMap(({ report }) => pathsOf(report));
  if (inputs.length === 0) return null;
  // One bad page must not keep all that come after it out.
  const choice = { inputs, passOver: true };
  if (flags.dryRun) return runDryRun(context, flags, choice);
  const result = await runBuild(context, flags, choice, STOPPED);
  for (const { source, report } of fetched) await markBuilt(source, report.folder, pathsOf(report));
  return result;
}

function pathsOf({ folder, pending }: HarvestReport): string[] {
  return pending.map((name) => join(folder, name));
}

interface Outcome {
  fetched: readonly Fetched[];
  result: BuildResult | DryRunResult | null;
  /** In ms of the process's clock. */
  started: number;
}

function report(
  { stdout }: CommandContext,
  { json, downloadOnly }: FetchFlags,
  { fetched, result, started }: Outcome,
): void {
  if (json) {
    const seconds = (performance.now() - started) / 1000;
    const isBuiltIn = result !== null && result.kind !== 'dry-run';
    const sources = fetched.map(({ source, report }) => {
      const pending = isBuiltIn ? [] : report.pending;
      return { source: source.folder, ...report, pending };
    });
    printJson(stdout, { sources, build: result, seconds });
  } else if (result !== null) {
    printImport({ stdout }, {}, result, started);
  } else if (downloadOnly) {
    const pages = fetched.reduce((sum, { report }) => sum + report.pending.length, 0);
    if (pages > 0)
      printLine(stdout, 'The index is as it was; the same command without --download-only adds them.');
  } else printLine(stdout, 'The index is as it was.');
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
