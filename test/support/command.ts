/** The real command, `dist/src/cli.js`, in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CleanUp } from './temporary-folder.js';
import { until } from './until.js';

const CLI = fileURLToPath(new URL('../../src/cli.js', import.meta.url));

export interface CommandOptions {
  /** Working folder; keep it off the repository, whose .env and index-data would count. */
  cwd: string;
  /** Added to an environment that holds nothing but PATH and HOME. */
  env?: Record<string, string>;
  /** Standard input; without it, it is empty. `'open'` leaves it open. */
  input?: string;
}

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A command under way. */
export class RunningCommand {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  stdout = '';
  stderr = '';
  #ended = false;

  constructor(args: readonly string[], { cwd, env = {}, input = '' }: CommandOptions) {
    this.child = spawn(process.execPath, [CLI, ...args], {
      cwd,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.child.stdin?.on('error', () => undefined);
    if (input !== 'open') this.child.stdin?.end(input);
    this.finished = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        this.#ended = true;
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Resolves once the output matches; fails when the command ends before. */
  async shows(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<void> {
    await until(`${pattern} on ${stream}`, () => {
      if (pattern.test(this[stream])) return true;
      if (this.#ended) throw new Error(`the command ended before ${pattern}: ${this.stderr}${this.stdout}`);
      return false;
    });
  }

  /** Resolves to the address once a service says that it is ready. */
  async ready(): Promise<string> {
    await this.shows('stdout', /"msg":"ready on [^"]+"/);
    return /"msg":"ready on ([^"]+)"/.exec(this.stdout)?.[1] ?? '';
  }

  /** The lines of a service's log. */
  log(): Record<string, unknown>[] {
    return this.stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
  }
}

/** Starts a command; it is killed if it still runs when the test ends. */
export function startCommand(t: CleanUp, args: readonly string[], options: CommandOptions): RunningCommand {
  const running = new RunningCommand(args, options);
  t.after(async () => {
    running.child.kill('SIGKILL');
    await running.finished;
  });
  return running;
}

/** Runs a command to its end. */
export function runCommand(args: readonly string[], options: CommandOptions): Promise<Finished> {
  return new RunningCommand(args, options).finished;
}

/**
 * For NODE_OPTIONS: the process writes "handlers in place" to standard error as soon as cli.ts has registered its
 * signal handlers, before anything else of nearpaper is loaded. A signal that comes earlier can only kill.
 */
export const ANNOUNCE_HANDLERS = `--import=data:text/javascript,${encodeURIComponent(`
  process.on('newListener', function seen(name) {
    if (name !== 'SIGHUP') return;
    process.off('newListener', seen);
    queueMicrotask(() => process._rawDebug('handlers in place'));
  });
`)}`;

/** A service's environment in tests: a free port, one embedding worker. */
export const SERVE_ENV = { PORT: '0', NEARPAPER_WORKERS: '1' };
