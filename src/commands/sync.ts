/** `nearpaper sync`: files that are imported, and imported again whenever they change. */
import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { messageOf, NearpaperError } from '../errors.js';
import { findModel } from '../open-corpus.js';
import { parseFormatName } from '../papers/formats/format.js';
import { type Clock, systemClock } from '../sources/clock.js';
import { countOf } from './amounts.js';
import { type CommandContext, configOf } from './context.js';
import { SourceWatch } from './source-watch.js';
import { LOOK_MS, type SyncFlags, SyncPasses } from './sync-passes.js';
import { SyncReport } from './sync-report.js';
import { parseDuration, Wakes } from './wakes.js';

/**
 * Imports until it is stopped; resolves to the exit code. Errors: `usage`, `config_invalid`, `input_unreadable` for a name
 * that is not there at the start, those of the model that is set; `cancelled` when it is stopped within a pass. Any other
 * failure of a pass is told and tried again.
 */
export async function syncCommand(
  context: CommandContext,
  names: readonly string[],
  flags: SyncFlags,
  clock: Clock = systemClock,
): Promise<number> {
  const { signal } = context;
  const everyMs = checkFlags(flags);
  const folders = await checkNames(context, names, flags);
  if (!(await checkModel(context, flags))) return 0;
  const wakes = new Wakes(clock, signal);
  const report = new SyncReport(context, { json: flags.json ?? false, clock });
  const incomplete = `Watching is incomplete, so there is also a look every ${LOOK_MS / 1000} s`;
  const watch =
    everyMs === null
      ? new SourceWatch(names, {
          onChange: () => wakes.ring('change'),
          onError: (thrown) => report.tell(`${incomplete}: ${messageOf(thrown)}`),
        })
      : null;
  try {
    context.onReload(() => wakes.ring('asked'));
    const next =
      everyMs === null ? `Watching ${describe(names.length, folders)}` : `Looking every ${flags.every}`;
    await new SyncPasses(context, { names, flags, clock, wakes, report, watch, everyMs, next }).run();
    return 0;
  } finally {
    await watch?.close();
  }
}

/** The time of --every in ms; null for events. Errors: `usage`. */
function checkFlags({ every, watch, format }: SyncFlags): number | null {
  if (format !== undefined) parseFormatName(format);
  if (every === undefined) return null;
  if (watch)
    throw new NearpaperError('usage', 'Take one of --watch and --every: files are looked at either way.');
  const everyMs = parseDuration(every);
  if (everyMs === null) {
    throw new NearpaperError(
      'usage',
      `--every takes a time from 1s to 7d, such as 30s, 15m, 1h or 1d, not ${JSON.stringify(every)}.`,
    );
  }
  return everyMs;
}

/** How many of them are folders. Errors: `usage`, `config_invalid`, `input_unreadable`. */
async function checkNames(
  context: CommandContext,
  names: readonly string[],
  flags: SyncFlags,
): Promise<number> {
  const { indexFolder } = configOf(context, flags);
  let folders = 0;
  for (const name of names) {
    if (name === '-') {
      throw new NearpaperError(
        'usage',
        'Standard input does not change: `nearpaper build -` reads it. sync takes files and folders.',
      );
    }
    const found = await stat(name).catch((thrown: unknown) => {
      throw new NearpaperError('input_unreadable', `Cannot read ${name}: ${messageOf(thrown)}.`, {
        cause: thrown,
      });
    });
    if (found.isDirectory()) {
      folders++;
      await refuseAround(name, indexFolder);
    } else if (!found.isFile()) {
      throw new NearpaperError('usage', `${name} is neither a file nor a folder.`);
    }
  }
  return folders;
}

/** Each import would change the folder, and so begin the next one. */
async function refuseAround(folder: string, indexFolder: string): Promise<void> {
  const index = await realpath(indexFolder).catch(() => indexFolder);
  const path = relative(await realpath(folder), index);
  if (isAbsolute(path) || path.split(sep).some((part) => part.startsWith('.'))) return;
  throw new NearpaperError(
    'usage',
    `The index ${indexFolder} lies in ${folder}, so each import would begin another. Name a folder that holds papers only, ` +
      'or another index (--index).',
  );
}

/** A name that is wrong now will be wrong at each pass. False where it is stopped meanwhile. */
async function checkModel(context: CommandContext, flags: SyncFlags): Promise<boolean> {
  const config = configOf(context, flags);
  if (config.model === null) return true;
  try {
    await findModel(config.model, config, context.signal);
    return true;
  } catch (thrown) {
    if (context.signal.aborted && thrown instanceof NearpaperError && thrown.code === 'cancelled')
      return false;
    throw thrown;
  }
}

/** Such as "2 folders", "1 folder and 3 files". */
function describe(names: number, folders: number): string {
  const parts = [countOf(folders, 'folder'), countOf(names - folders, 'file')];
  return parts.filter((part) => !part.startsWith('0 ')).join(' and ');
}
