/** A service in a process of its own, as its users start it, and what can be known of it from outside. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../src/package-root.js';

export interface ServiceProcess {
  url: string;
  /** From starting the process to the log line that says it is ready. */
  readySeconds: number;
  /** Resident memory, in bytes. */
  rss(): Promise<number>;
  /** Forgets the delays of the event loop so far. */
  resetLoopDelay(): Promise<void>;
  /** Delays of the event loop since then, in ms, by monitorEventLoopDelay at 1 ms inside the process. */
  loopDelay(): Promise<LoopDelay>;
  stop(): Promise<void>;
}

export interface LoopDelay {
  p50: number;
  p99: number;
  max: number;
}

const cli = join(packageRoot(), 'dist', 'src', 'cli.js');
const probe = new URL('./loop-delay-probe.js', import.meta.url).href;

/** Starts the service on an index and resolves when it is ready. Its log is on, as in use, and thrown away. */
export async function serve(
  index: string,
  environment: Record<string, string> = {},
): Promise<ServiceProcess> {
  const began = performance.now();
  const child = spawn(process.execPath, ['--import', probe, cli, 'serve', '--port', '0'], {
    env: { ...process.env, ...environment, NEARPAPER_INDEX: index },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const url = await readyUrl(child);
  const ask = async (question: string): Promise<unknown> => {
    child.send(question);
    const [answer] = await once(child, 'message');
    return answer;
  };
  return {
    url,
    readySeconds: (performance.now() - began) / 1000,
    async rss() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      return 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
    },
    resetLoopDelay: async () => void (await ask('reset')),
    loopDelay: async () => (await ask('read')) as LoopDelay, // what the probe answers
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The address that the service logs when it is ready; what it logs later is read and dropped. */
function readyUrl(child: ChildProcess): Promise<string> {
  const { stdout } = child;
  if (stdout === null) throw new Error('the service has no output');
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the service ended with ${code}`)));
    const lines = createInterface({ input: stdout });
    lines.on('line', (line) => {
      const url = /ready on (http[^"\s]+)/.exec(line)?.[1];
      if (url === undefined) return;
      lines.close();
      stdout.resume();
      resolve(url);
    });
  });
}

export interface Answer {
  status: number;
  body: string;
}

/** Keeps at most so many connections open to one service. */
export class Client {
  readonly #url: string;
  readonly #agent: Agent;

  constructor(url: string, connections: number) {
    this.#url = url;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Throws unless the status is 200. */
  async get(path: string): Promise<Answer> {
    return required(path, await this.send(path));
  }

  /** Throws unless the status is 200. */
  async post(path: string, body: unknown): Promise<Answer> {
    return required(path, await this.send(path, JSON.stringify(body)));
  }

  /** GET, or POST with a body; any status. */
  send(path: string, body?: string): Promise<Answer> {
    const headers = body === undefined ? {} : { 'Content-Type': 'application/json' };
    return new Promise((resolve, reject) => {
      const options = { method: body === undefined ? 'GET' : 'POST', agent: this.#agent, headers };
      const sent = httpRequest(this.#url + path, options, (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces).toString() }),
        );
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

function required(path: string, answer: Answer): Answer {
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.body.slice(0, 300)}`);
  return answer;
}

/** Does work 0 to count - 1, so many at a time; each begins when one before it has ended. */
export async function inParallel(
  lanes: number,
  count: number,
  work: (i: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
