/** The passes of `nearpaper sync`: when one is due, what it imports, and what becomes of one that fails. */
import { EXAMPLES, type InputReport } from '../build/import-report.js';
import { type ErrorCode, messageOf, NearpaperError } from '../errors.js';
import type { Clock } from '../sources/clock.js';
import { runBuild } from './build.js';
import { type CommandContext, configOf, type SettingFlags } from './context.js';
import { changesSince, isSame, lookAt, type SourceFiles } from './source-files.js';
import type { SourceWatch } from './source-watch.js';
import type { SyncReport } from './sync-report.js';
import type { Deadline, Wake, Wakes } from './wakes.js';

export interface SyncFlags extends SettingFlags {
  watch?: boolean;
  every?: string;
  format?: string;
  strict?: boolean;
  prune?: boolean;
  force?: boolean;
  json?: boolean;
}

export interface SyncParts {
  names: readonly string[];
  flags: SyncFlags;
  clock: Clock;
  wakes: Wakes;
  report: SyncReport;
  /** Null where the clock decides. */
  watch: SourceWatch | null;
  /** Null where events decide. */
  everyMs: number | null;
  /** What is done between passes, for people. */
  next: string;
}

/** Files that are the same at two looks so far apart are taken to be written. */
export const SETTLED_MS = 1000;
/** So many looks at most: a file that grows for ever is imported as it is. */
const SETTLING_LOOKS = 60;
/** Between two looks where events are relied on: mounts, and queues that overflow, tell of nothing. */
export const LOOK_MS = 60_000;
/** After a failure that may pass by itself: the first time, and at most. */
const RETRY_MS = 5000;
const MOST_RETRY_MS = 300_000;

/** Failures of what the files say: only other files help. */
const NEEDS_CHANGE: ReadonlySet<ErrorCode> = new Set(['bad_record', 'input_empty', 'prune_refused']);
/** Failures that neither time nor files mend. */
const WRONG_USE: ReadonlySet<ErrorCode> = new Set(['usage', 'config_invalid']);

export class SyncPasses {
  readonly #context: CommandContext;
  readonly #parts: SyncParts;
  /** The files of the last pass that succeeded. */
  #imported: SourceFiles | null = null;
  /** The files of the last pass, whatever became of it. */
  #tried: SourceFiles | null = null;
  #failures = 0;
  /** As the clock's `now`; null where nothing is tried again by itself. */
  #retryAt: number | null = null;
  #nextLook = 0;
  /** Why the last look failed; null where it did not. */
  #lookFailure: string | null = null;
  /** Of what is watched, see `SourceFiles`; null where that ended. */
  #watched: string | null = null;

  constructor(context: CommandContext, parts: SyncParts) {
    this.#context = context;
    this.#parts = parts;
  }

  /** Resolves when it is stopped between two passes, rejects when within one, or for wrong use. */
  async run(): Promise<void> {
    const { clock, wakes, everyMs } = this.#parts;
    let wake: Wake = 'asked';
    while (wake !== 'stopped') {
      await this.#turn(wake);
      if (wake !== 'change' && wake !== 'retry') this.#nextLook = clock.now() + (everyMs ?? LOOK_MS);
      wake = await wakes.next(this.#deadlines());
    }
  }

  #deadlines(): Deadline[] {
    const look = { wake: this.#parts.everyMs === null ? 'look' : 'tick', at: this.#nextLook } as const;
    return this.#retryAt === null ? [look] : [look, { wake: 'retry', at: this.#retryAt }];
  }

  async #turn(wake: Wake): Promise<void> {
    const found = await this.#filesFor(wake);
    if (found === null) return;
    this.#tried = found;
    const { report, names, flags, next } = this.#parts;
    const changes = changesSince(this.#imported, found);
    if (found.files.size === 0) {
      report.tell(`No files in ${names.join(', ')}. ${flags.prune ? NOT_PRUNED : ''}`.trimEnd());
      this.#succeeded(found);
    } else if (wake !== 'asked' && !flags.prune && changes.added + changes.changed === 0) {
      report.tell('Files are gone. Their papers stay: --prune would remove them.');
      this.#succeeded(found);
    } else {
      report.begins(found.files.size, changes);
      if (!(await this.#pass(found))) return;
    }
    report.tell(`${next}; Ctrl-C ends.`);
  }

  /** The files to import, written to their end; null where nothing is due, where it is stopped, and after a failure. */
  async #filesFor(wake: Wake): Promise<SourceFiles | null> {
    const { signal } = this.#context;
    try {
      const found = await this.#look();
      if (signal.aborted) return null;
      // What failed for the files is not tried again on every event that tells of them.
      const before = wake === 'tick' || wake === 'retry' ? this.#imported : this.#tried;
      if (wake === 'asked' || !isSame(before, found)) return await this.#settled(found);
      if (isSame(this.#imported, found)) this.#recovered(found);
      return null;
    } catch (thrown) {
      // A name that is not there any more ended its watch.
      this.#watched = null;
      const isTold = (wake === 'change' || wake === 'look') && this.#lookFailure === messageOf(thrown);
      this.#lookFailure = messageOf(thrown);
      if (!signal.aborted && !isTold) this.#failed(thrown);
      return null;
    }
  }

  async #look(): Promise<SourceFiles> {
    const { names, watch } = this.#parts;
    const isFirst = this.#tried === null && this.#failures === 0;
    const found = await lookAt(names, configOf(this.#context, this.#parts.flags).indexFolder);
    if (!isFirst && this.#watched !== found.identity) await watch?.renew();
    this.#watched = found.identity;
    this.#lookFailure = null;
    return found;
  }

  /** Waits until nothing changes any more. Null when it is stopped. */
  async #settled(first: SourceFiles): Promise<SourceFiles | null> {
    const { signal } = this.#context;
    let before = first;
    for (let looks = 0; looks < SETTLING_LOOKS; looks++) {
      await this.#parts.clock.wait(SETTLED_MS, signal);
      const now = await this.#look();
      if (signal.aborted) return null;
      if (isSame(before, now)) return now;
      before = now;
    }
    return before;
  }

  /** Whether it succeeded. */
  async #pass(found: SourceFiles): Promise<boolean> {
    const { names, flags, report } = this.#parts;
    const { strict = false, force = false, format } = flags;
    const prune = (flags.prune ?? false) && found.emptyFolders.length === 0;
    if (flags.prune && !prune) report.tell(`No files in ${found.emptyFolders.join(', ')}. ${NOT_PRUNED}`);
    const started = performance.now();
    try {
      const choice = { inputs: names, strict, prune, force, ...(format === undefined ? {} : { format }) };
      const result = await runBuild(this.#context, flags, choice);
      report.passed(result, (performance.now() - started) / 1000);
      refuseUnavailable(result.inputs, found);
    } catch (thrown) {
      if (this.#context.signal.aborted) throw thrown;
      this.#failed(thrown);
      return false;
    }
    this.#succeeded(found);
    return true;
  }

  /** What failed has passed, and there is nothing to import. */
  #recovered(found: SourceFiles): void {
    const { report, next } = this.#parts;
    if (this.#failures > 0) report.tell(`The files are as they were imported. ${next}; Ctrl-C ends.`);
    this.#succeeded(found);
  }

  #succeeded(found: SourceFiles): void {
    this.#imported = found;
    this.#tried = found;
    this.#failures = 0;
    this.#retryAt = null;
  }

  /** Throws it on for wrong use. */
  #failed(thrown: unknown): void {
    const { report, clock, everyMs, flags } = this.#parts;
    const code = thrown instanceof NearpaperError ? thrown.code : 'internal';
    if (WRONG_USE.has(code)) throw thrown;
    const after = NEEDS_CHANGE.has(code) ? null : Math.min(MOST_RETRY_MS, RETRY_MS * 2 ** this.#failures++);
    this.#retryAt = after === null ? null : clock.now() + after;
    const next = everyMs === null ? 'when a file changes' : `every ${flags.every}`;
    report.failed(thrown, { retryAfter: after, next });
  }
}

/** A file that the system did not let be read may be there again without a change of it. Errors: `input_unreadable`. */
function refuseUnavailable(inputs: readonly InputReport[], { files }: SourceFiles): void {
  const reasons = inputs.flatMap(({ input, failure }) =>
    // What is not there at all is seen by a look once it is.
    failure?.kind === 'unavailable' && files.has(input) ? failure.message : [],
  );
  if (reasons.length > 0)
    throw new NearpaperError(
      'input_unreadable',
      `Not all could be read: ${reasons.slice(0, EXAMPLES).join(' ')}`,
    );
}

const NOT_PRUNED = 'Nothing is pruned while that is so: a folder that is not mounted looks the same.';
