/** What `nearpaper sync` says: of each pass the report of a build, with the time of day, and what comes next. */
import type { BuildResult } from '../build/progress.js';
import { messageOf, NearpaperError } from '../errors.js';
import type { Clock } from '../sources/clock.js';
import { countOf } from './amounts.js';
import { duration } from './build-display.js';
import type { CommandContext } from './context.js';
import { describeImport } from './import-text.js';
import { printLine } from './output.js';
import type { FileChanges } from './source-files.js';

/** Milliseconds until it is tried again by itself; null: when something changes. */
export type RetryAfter = number | null;

export class SyncReport {
  readonly #context: CommandContext;
  readonly #json: boolean;
  readonly #clock: Clock;

  constructor(context: CommandContext, { json, clock }: { json: boolean; clock: Clock }) {
    this.#context = context;
    this.#json = json;
    this.#clock = clock;
  }

  /** A line with the time of day; of what is not the result of a pass. */
  tell(text: string): void {
    const { stdout, stderr } = this.#context;
    // With --json the output is the machine's.
    printLine(this.#json ? stderr : stdout, `${timeOf(new Date(this.#clock.now()))} ${text}`);
  }

  /** What a pass begins with. */
  begins(files: number, { added, changed, gone }: FileChanges): void {
    const kinds = [
      [added, 'new'],
      [changed, 'changed'],
      [gone, 'gone'],
    ] as const;
    const told = kinds.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`]));
    this.tell(`Importing ${countOf(files, 'file')}${told.length === 0 ? '' : ` (${told.join(', ')})`}`);
  }

  passed(result: BuildResult, seconds: number): void {
    const { kind: outcome, ...counts } = result;
    if (this.#json) this.#line({ outcome, ...counts, seconds });
    else for (const line of describeImport(result, seconds)) printLine(this.#context.stdout, line);
  }

  failed(thrown: unknown, { retryAfter, next }: { retryAfter: RetryAfter; next: string }): void {
    const message = thrown instanceof NearpaperError ? thrown.message : unexpected(thrown);
    const code = thrown instanceof NearpaperError ? thrown.code : 'internal';
    const again =
      retryAfter === null
        ? `Tried again ${next}.`
        : `Tried again in ${duration(retryAfter / 1000)}, or ${next}.`;
    const retryInSeconds = retryAfter === null ? null : retryAfter / 1000;
    if (this.#json) this.#line({ outcome: 'failed', code, message, retryInSeconds });
    printLine(this.#context.stderr, `${timeOf(new Date(this.#clock.now()))} Failed: ${message} ${again}`);
  }

  #line(value: Record<string, unknown>): void {
    this.#context.stdout.write(
      `${JSON.stringify({ at: new Date(this.#clock.now()).toISOString(), ...value })}\n`,
    );
  }
}

/** Not one of the failures we know: the stack helps whoever mends it. */
function unexpected(thrown: unknown): string {
  return `unexpected failure: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : messageOf(thrown)}\n`;
}

/** Such as 14:03:05, where the process runs. */
export function timeOf(moment: Date): string {
  return moment.toTimeString().slice(0, 8);
}
