/** `nearpaper build` */
import { join } from 'node:path';
import { build } from '../build/build.js';
import { dryRun } from '../build/dry-run.js';
import type { BuildResult, DryRunResult } from '../build/progress.js';
import type { BuildRequest } from '../build/request.js';
import { NearpaperError } from '../errors.js';
import { requireGeneration } from '../generations/folder.js';
import { findModel } from '../open-corpus.js';
import { packageRoot } from '../package-root.js';
import { parseFormatName } from '../papers/formats/format.js';
import { BuildDisplay } from './build-display.js';
import { type CommandContext, configOf, type SettingFlags } from './context.js';
import { describeImport } from './import-text.js';
import { printJson, printLine } from './output.js';

export interface BuildFlags extends SettingFlags {
  format?: string;
  strict?: boolean;
  prune?: boolean;
  force?: boolean;
  fresh?: boolean;
  sample?: boolean;
  discardChanges?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/** What a build is asked for besides its settings; the rest is off. */
export type BuildChoice = Partial<
  Pick<
    BuildRequest,
    'inputs' | 'passOver' | 'strict' | 'prune' | 'force' | 'fresh' | 'sample' | 'discardChanges' | 'rebuild'
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
  const choice = { ...flags, inputs };
  const result = await (flags.dryRun ? runDryRun : runBuild)(context, flags, choice);
  printImport(context, flags, result, started);
}

/** The next generation from what is stored alone. Errors: `index_missing` where nothing is. */
export async function buildAnew(
  context: CommandContext,
  flags: SettingFlags & { json?: boolean },
  choice: Pick<BuildChoice, 'rebuild'>,
): Promise<void> {
  const started = performance.now();
  await requireGeneration(configOf(context, flags).indexFolder);
  printImport(context, flags, await runBuild(context, flags, choice), started);
}

/** Prints what an import did. `started`: in ms of the process's clock. */
export function printImport(
  { stdout }: Pick<CommandContext, 'stdout'>,
  { json }: { json?: boolean },
  result: BuildResult | DryRunResult,
  started: number,
): void {
  const seconds = (performance.now() - started) / 1000;
  if (json) printJson(stdout, { ...result, seconds });
  else for (const line of describeImport(result, seconds)) printLine(stdout, line);
}

const STOPPED = 'Stopped. What was embedded is kept: the same command resumes. The index is as it was.';

/** Runs a build with its progress on standard error, which `whenStopped` ends after Ctrl-C. */
export function runBuild(
  context: CommandContext,
  flags: SettingFlags,
  choice: BuildChoice,
  whenStopped = STOPPED,
): Promise<BuildResult> {
  return withProgress(context, whenStopped, (onEvent) => build(requestOf(context, flags, choice, onEvent)));
}

/** Finds out what a build would do. */
export function runDryRun(
  context: CommandContext,
  flags: SettingFlags,
  choice: BuildChoice,
): Promise<DryRunResult> {
  const stopped = 'Stopped. Nothing was written.';
  return withProgress(context, stopped, (onEvent) => dryRun(requestOf(context, flags, choice, onEvent)));
}

function requestOf(
  context: CommandContext,
  flags: SettingFlags,
  choice: BuildChoice,
  onEvent: BuildRequest['onEvent'],
): BuildRequest {
  const config = configOf(context, flags);
  return {
    indexFolder: config.indexFolder,
    inputs: choice.inputs ?? [],
    stdin: context.stdin,
    format: choice.format === undefined ? undefined : parseFormatName(choice.format),
    passOver: choice.passOver ?? false,
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
    onEvent,
  };
}

async function withProgress<T>(
  { stderr, signal }: CommandContext,
  whenStopped: string,
  work: (onEvent: BuildRequest['onEvent']) => Promise<T>,
): Promise<T> {
  const display = new BuildDisplay(stderr);
  try {
    return await work((event) => display.show(event));
  } catch (thrown) {
    display.end();
    if (signal.aborted) printLine(stderr, whenStopped);
    throw thrown;
  } finally {
    display.end();
  }
}
