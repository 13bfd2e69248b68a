/** `nearpaper build` */
import { join } from 'node:path';
import { build } from '../build/build.js';
import type { BuildResult } from '../build/progress.js';
import type { BuildRequest } from '../build/request.js';
import { NearpaperError } from '../errors.js';
import { requireGeneration } from '../generations/folder.js';
import { findModel } from '../open-corpus.js';
import { packageRoot } from '../package-root.js';
import { parseFormatName } from '../papers/formats/format.js';
import { BuildDisplay } from './build-display.js';
import { type CommandContext, configOf, type SettingFlags } from './context.js';
import { printJson, printLine } from './output.js';

export interface BuildFlags extends SettingFlags {
  format?: string;
  strict?: boolean;
  prune?: boolean;
  force?: boolean;
  fresh?: boolean;
  sample?: boolean;
  discardChanges?: boolean;
  json?: boolean;
}

/** What a build is asked for besides its settings; the rest is off. */
export type BuildChoice = Partial<
  Pick<
    BuildRequest,
    'inputs' | 'strict' | 'prune' | 'force' | 'fresh' | 'sample' | 'discardChanges' | 'rebuild'
  >
> & { format?: string };

/** The sample corpus: 47 papers of a saved page. */
export const SAMPLE_CORPUS = join(packageRoot(), 'index-data', 'sample-page.txt');

export async function buildCommand(
  context: CommandContext,
  files: string[],
  flags: BuildFlags,
): Promise<void> {
  const started = performance.now();
  if (flags.sample && files.length > 0) {
    throw new NearpaperError(
      'usage',
      '--sample builds the corpus that ships with nearpaper and takes no files.',
    );
  }
  const inputs = flags.sample ? [SAMPLE_CORPUS] : files;
  const result = await runBuild(context, flags, { ...flags, inputs });
  report(context, flags, result, started);
}

/** The next generation from what is stored alone. Errors: `index_missing` where nothing is. */
export async function buildAnew(
  context: CommandContext,
  flags: SettingFlags & { json?: boolean },
  choice: Pick<BuildChoice, 'rebuild'>,
): Promise<void> {
  const started = performance.now();
  await requireGeneration(configOf(context, flags).indexFolder);
  report(context, flags, await runBuild(context, flags, choice), started);
}

/** `started`: in ms of the process's clock. */
function report(
  { stdout }: CommandContext,
  { json }: { json?: boolean },
  result: BuildResult,
  started: number,
): void {
  const seconds = (performance.now() - started) / 1000;
  if (json) printJson(stdout, { ...result, seconds });
  else for (const line of describeResult(result, seconds)) printLine(stdout, line);
}

const STOPPED = 'Stopped. What was embedded is kept: the same command resumes. The index is as it was.';

/** Runs a build with its progress on standard error, which `whenStopped` ends after Ctrl-C. */
export async function runBuild(
  context: CommandContext,
  flags: SettingFlags,
  choice: BuildChoice,
  whenStopped = STOPPED,
): Promise<BuildResult> {
  const config = configOf(context, flags);
  const display = new BuildDisplay(context.stderr);
  try {
    return await build({
      indexFolder: config.indexFolder,
      inputs: choice.inputs ?? [],
      stdin: context.stdin,
      format: choice.format === undefined ? undefined : parseFormatName(choice.format),
      strict: choice.strict ?? false,
      prune: choice.prune ?? false,
      force: choice.force ?? false,
      fresh: choice.fresh ?? false,
      sample: choice.sample ?? false,
      rebuild: choice.rebuild ?? false,
      discardChanges: choice.discardChanges ?? false,
      model: config.model,
      resolveModel: (setting) => findModel(setting, config, context.signal),
      workers: config.workers,
      signal: context.signal,
      onEvent: (event) => display.show(event),
    });
  } catch (thrown) {
    display.end();
    if (context.signal.aborted) printLine(context.stderr, whenStopped);
    throw thrown;
  } finally {
    display.end();
  }
}

/** The report for people. */
export function describeResult(result: BuildResult, seconds: number): string[] {
  const lines: string[] = [];
  const skipped = [
    ['Bad records skipped', result.bad],
    ['Records whose id came before (the last one won)', result.repeated],
    ['Older versions of papers left out', result.olderVersions],
  ] as const;
  for (const [what, count] of skipped) if (count > 0) lines.push(`${what}: ${count}.`);
  const { withoutAbstract, records, bad } = result;
  if (withoutAbstract > 0) {
    lines.push(
      `Papers without an abstract (their title alone is embedded): ${withoutAbstract} of ${records - bad}.`,
    );
  }
  const took = `${seconds.toFixed(1)} s`;
  if (result.kind === 'unchanged') {
    lines.push(`Nothing changed: ${result.papers} papers, generation ${result.generation} stays (${took}).`);
    return lines;
  }
  const { papers, added, changed, removed, embedded } = result;
  lines.push(
    `${papers} papers: ${added} added, ${changed} changed, ${removed} removed; ${embedded} texts embedded.`,
  );
  if (result.recall !== null) {
    const { recall, k, queries } = result.recall;
    lines.push(
      `Recall@${k} of the HNSW index against exact search, over ${queries} papers: ${recall.toFixed(4)}.`,
    );
  } else {
    lines.push(
      'No HNSW index: hnswlib-node is not installed, search is exact. `nearpaper doctor` says more.',
    );
  }
  lines.push(`Published as ${result.generation} (${took}). A running service takes it up on SIGHUP.`);
  return lines;
}
