/** `nearpaper sync` within the test's process: real files, events and builds; the time is the test's own. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { CommandContext } from '../../src/commands/context.js';
import { syncCommand } from '../../src/commands/sync.js';
import { SETTLED_MS, type SyncFlags } from '../../src/commands/sync-passes.js';
import type { Clock } from '../../src/sources/clock.js';
import { type CleanUp, temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

/** Stands still but for `advance`. Whether files settle costs no time, and runs `onSettling` instead. */
class TestClock implements Clock {
  #elapsed = 0;
  #waiting: { until: number; go: () => void } | null = null;
  settlings = 0;
  /** Waits that were begun, but for those. */
  waits = 0;
  onSettling: () => Promise<void> = async () => undefined;

  now(): number {
    return Date.UTC(2026, 0, 1) + this.#elapsed;
  }

  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (ms === SETTLED_MS) {
      this.settlings++;
      await this.onSettling();
      return signal.throwIfAborted();
    }
    signal.throwIfAborted();
    this.waits++;
    await new Promise<void>((resolve) => {
      const go = () => {
        this.#waiting = null;
        resolve();
      };
      this.#waiting = { until: this.#elapsed + ms, go };
      signal.addEventListener('abort', go, { once: true });
    });
    signal.throwIfAborted();
  }

  /** Whether nothing is done until time passes or something is told. */
  get isIdle(): boolean {
    return this.#waiting !== null;
  }

  /** Ms until something is done. */
  get left(): number {
    return (this.#waiting?.until ?? Number.NaN) - this.#elapsed;
  }

  /** To be called while idle. Resolves when it is idle again. */
  async advance(ms: number): Promise<void> {
    this.#elapsed += ms;
    if (this.#waiting !== null && this.#waiting.until <= this.#elapsed) this.#waiting.go();
    await until('nothing to do', () => this.isIdle);
  }
}

export class Syncing {
  readonly clock = new TestClock();
  readonly ended: Promise<number>;
  stdout = '';
  stderr = '';
  readonly #stop = new AbortController();
  #reload: () => void = () => undefined;

  constructor(index: string, names: readonly string[], flags: SyncFlags) {
    const context: CommandContext = {
      arguments: [],
      environment: { NEARPAPER_INDEX: index, NEARPAPER_WORKERS: '1' },
      stdin: process.stdin,
      stdout: this.#stream('stdout'),
      stderr: this.#stream('stderr'),
      signal: this.#stop.signal,
      stoppedBy: () => 'SIGINT',
      onReload: (listener) => {
        this.#reload = listener;
      },
    };
    this.ended = syncCommand(context, names, flags, this.clock);
    // Whoever waits for it is told.
    this.ended.catch(() => undefined);
  }

  #stream(name: 'stdout' | 'stderr'): NodeJS.WriteStream {
    const stream = new PassThrough({ encoding: 'utf8' });
    stream.on('data', (text: string) => {
      this[name] += text;
      this.onOutput(text);
    });
    // Commands use of it what a pipe has too: no terminal.
    return stream as unknown as NodeJS.WriteStream;
  }

  /** Sees everything that is printed. */
  onOutput: (text: string) => void = () => undefined;

  /** SIGHUP. */
  ask(): void {
    this.#reload();
  }

  stop(): void {
    this.#stop.abort();
  }

  /** How often that was printed. */
  count(pattern: RegExp): number {
    return [...`${this.stdout}${this.stderr}`.matchAll(new RegExp(pattern, 'g'))].length;
  }

  /** Resolves once it was printed so often and nothing is left to do. */
  async shows(pattern: RegExp, times = 1): Promise<void> {
    await until(`${pattern} ${times} times in ${this.stdout}${this.stderr}`, () => {
      return this.count(pattern) >= times && this.clock.isIdle;
    });
  }
}

export interface SyncScene {
  index: string;
  /** Of papers; empty at first. */
  folder: string;
  start(names: readonly string[], flags?: SyncFlags): Syncing;
}

/** An index folder and a folder of papers; what is started is stopped when the test ends. */
export async function scene(t: CleanUp): Promise<SyncScene> {
  const root = await temporaryFolder(t);
  const folder = join(root, 'papers');
  await mkdir(folder);
  const index = join(root, 'index');
  const start = (names: readonly string[], flags: SyncFlags = {}) => {
    const syncing = new Syncing(index, names, flags);
    t.after(async () => {
      syncing.stop();
      await syncing.ended.catch(() => undefined);
    });
    return syncing;
  };
  return { index, folder, start };
}
