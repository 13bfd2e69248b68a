/** A real `nearpaper serve` with writes on, in a process that can be killed, and requests to it. */
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { RunningCommand } from '../support/command.js';

export const ADMIN_KEY = 'crash-campaign-admin-key';

/** HNSW also for a few papers, so that graph, delta and mask are all in play. */
const ENVIRONMENT = {
  PORT: '0',
  NEARPAPER_WORKERS: '1',
  NEARPAPER_ADMIN_KEY: ADMIN_KEY,
  NEARPAPER_ENGINE: 'hnsw',
};

const READY = /"msg":"ready on ([^"]+)"/;

/** The service is gone, or was when the answer came: whether the request was heard is not known. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';

  constructor(asked: string, cause: unknown) {
    super(`no answer to ${asked}`, { cause });
  }
}

export interface Reply {
  status: number;
  text: string;
  /** Undefined where there is none, or it is no JSON. */
  body: unknown;
}

export class ServedProcess {
  readonly command: RunningCommand;
  readonly started = performance.now();
  #url = '';
  /** Set by `kill`, so that a death of its own is told apart. */
  #killed = false;

  constructor(indexFolder: string, environment: Record<string, string> = {}) {
    this.command = new RunningCommand(['serve', '--index', indexFolder], {
      cwd: tmpdir(),
      env: { ...ENVIRONMENT, ...environment },
    });
  }

  get isReady(): boolean {
    return this.#url !== '';
  }

  /** Resolves to the milliseconds that the start took. Errors: when the process ends before, or is not ready in time. */
  async ready(): Promise<number> {
    await this.command.shows('stdout', READY);
    this.#url = READY.exec(this.command.stdout)?.[1] ?? '';
    return performance.now() - this.started;
  }

  /** Ends with the process gone. Its children may live on for a moment. */
  async kill(): Promise<void> {
    this.#killed = true;
    this.command.kill('SIGKILL');
    await this.command.finished;
  }

  /** Whether it ended without being killed by us. */
  get died(): boolean {
    const { exitCode, signalCode } = this.command.child;
    return !this.#killed && (exitCode !== null || signalCode !== null);
  }

  /** Process ids of the children that its main thread has started; on Linux only. */
  children(): number[] {
    const { pid } = this.command.child;
    try {
      const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
      return list === '' ? [] : list.split(' ').map(Number);
    } catch {
      return [];
    }
  }

  /** Asks with the admin key. Errors: `Unanswered`. */
  async ask(method: string, path: string, body?: unknown): Promise<Reply> {
    const response = await this.send(method, path, body === undefined ? undefined : JSON.stringify(body));
    const text = await response.text().catch((thrown: unknown) => {
      throw new Unanswered(`${method} ${path}`, thrown);
    });
    return { status: response.status, text, body: jsonOf(text) };
  }

  /** Resolves once the head of the answer is there. Errors: `Unanswered`. */
  async send(method: string, path: string, body?: string, type = 'application/json'): Promise<Response> {
    const headers: Record<string, string> = { authorization: `Bearer ${ADMIN_KEY}` };
    if (body !== undefined) headers['content-type'] = type;
    try {
      return await fetch(`${this.#url}${path}`, {
        method,
        headers,
        signal: AbortSignal.timeout(20_000),
        ...(body === undefined ? {} : { body }),
      });
    } catch (thrown) {
      throw new Unanswered(`${method} ${path}`, thrown);
    }
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a process of this id runs; on Linux only. One that ended and that nobody waited for does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
