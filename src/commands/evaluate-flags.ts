/** The flags of `nearpaper evaluate`, checked. */
import { existsSync } from 'node:fs';
import { NearpaperError } from '../errors.js';
import type { Rival } from '../evaluation/evaluate.js';
import type { JudgedFiles } from '../evaluation/judged-data.js';
import { readRun } from '../evaluation/trec-run.js';
import { SEARCH_MODES, type SearchMode } from '../recommend/mode.js';
import type { SettingFlags } from './context.js';

export interface EvaluateFlags extends SettingFlags, JudgedFiles {
  corpus?: string[];
  keep?: string;
  mode?: string;
  against?: string;
  threshold?: string;
  depth?: string;
  run?: string;
  perQuery?: string;
  json?: boolean;
}

export interface ParsedOptions {
  mode: SearchMode;
  threshold: number;
  depth: number;
  /** A mode, or the path of a run file. */
  against: string | undefined;
}

/** Recall@100 is of 100 results. */
const LEAST_DEPTH = 100;
/** Each result is compared with all below it to find copies, so time grows with the square of the depth. */
const MOST_DEPTH = 1_000;

/** Errors: `usage`, also for flags that contradict each other. */
export function optionsOf(flags: EvaluateFlags): ParsedOptions {
  const { corpus, keep, index, model, against, mode = 'hybrid' } = flags;
  if (corpus === undefined && keep !== undefined)
    throw wrong('--keep keeps what --corpus builds. Add --corpus.');
  if (corpus === undefined && model !== undefined) {
    throw wrong(
      '--model chooses what --corpus is embedded with; an index has its model. Add --corpus, or drop it.',
    );
  }
  if (corpus !== undefined && index !== undefined) {
    throw wrong(
      '--index names an index that exists, --corpus papers to build one of. Give one of them, or --keep.',
    );
  }
  if (!isMode(mode)) throw wrong(`--mode must be one of ${SEARCH_MODES.join(', ')}.`);
  if (against === mode) throw wrong(`--against ${against} compares the mode ${mode} with itself.`);
  return {
    mode,
    against,
    threshold: numberOf(flags.threshold ?? '1', '--threshold must be a number above 0', (n) => n > 0),
    depth: numberOf(
      flags.depth ?? String(LEAST_DEPTH),
      `--depth must be a whole number from ${LEAST_DEPTH} to ${MOST_DEPTH}`,
      (n) => Number.isInteger(n) && n >= LEAST_DEPTH && n <= MOST_DEPTH,
    ),
  };
}

/**
 * What --against names. `hasPools`: pools are ranked, where papers of one score keep their order.
 * Errors: `input_unreadable`.
 */
export async function readRival(
  against: string | undefined,
  hasPools: boolean,
  signal: AbortSignal,
): Promise<Rival | undefined> {
  if (against === undefined) return undefined;
  if (isMode(against)) return { mode: against };
  if (!existsSync(against)) {
    throw wrong(
      `--against ${JSON.stringify(against)} is neither a mode (${SEARCH_MODES.join(', ')}) nor a run file that is there.`,
    );
  }
  return { name: against, run: await readRun(against, hasPools, signal) };
}

export function isMode(text: string): text is SearchMode {
  return SEARCH_MODES.some((mode) => mode === text);
}

function numberOf(given: string, rule: string, holds: (value: number) => boolean): number {
  const value = given.trim() === '' ? Number.NaN : Number(given);
  if (!Number.isFinite(value) || !holds(value)) throw wrong(`${rule}, not ${JSON.stringify(given)}.`);
  return value;
}

function wrong(message: string): NearpaperError {
  return new NearpaperError('usage', message);
}
