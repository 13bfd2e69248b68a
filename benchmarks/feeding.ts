/** Writing to a service as fast as it takes papers in, over the stream of `POST /v1/papers`. */
import { cp } from 'node:fs/promises';
import { type ClientRequest, request } from 'node:http';
import { createInterface } from 'node:readline';
import type { Text } from './made-corpus.js';
import { type ServiceProcess, serve } from './service-process.js';

export const ADMIN_KEY = 'a-key-for-benchmarks';
const AUTHORIZATION = { Authorization: `Bearer ${ADMIN_KEY}` };

/** A service that takes changes, on a copy of the index: what is measured must not alter what others measure. */
export async function serveCopy(
  index: string,
  copy: string,
  environment: Record<string, string> = {},
): Promise<ServiceProcess> {
  await cp(index, copy, { recursive: true });
  return serve(copy, { NEARPAPER_ADMIN_KEY: ADMIN_KEY, ...environment });
}

/** Paper number `i`: a real text that is no other paper's. */
export function paperOf(texts: readonly Text[], i: number): { id: string; title: string; abstract: string } {
  const { title, abstract } = texts[i % texts.length] ?? { title: '', abstract: '' };
  return { id: `fed-${i}`, title: `${title} (${i})`, abstract };
}

/** A stream that can be paused: it writes on as lines are acknowledged, so many under way. */
export class Feed {
  readonly #request: ClientRequest;
  readonly #line: (i: number) => unknown;
  readonly #ended: Promise<void>;
  #sent = 0;
  #running = false;
  /** Lines that are acknowledged as stored. */
  stored = 0;
  /** Lines that were refused, with what was said of them. */
  readonly refused: string[] = [];

  /** `line`: number i of what is sent, as JSON. */
  constructor(url: string, line: (i: number) => unknown, underWay = 64) {
    this.#line = line;
    this.#request = request(`${url}/v1/papers`, {
      method: 'POST',
      headers: { ...AUTHORIZATION, 'Content-Type': 'application/x-ndjson' },
    });
    this.#ended = new Promise((resolve, reject) => {
      this.#request.on('error', reject);
      this.#request.on('response', (response) => {
        const answers = createInterface({ input: response });
        answers.on('line', (text) => {
          const answer: { done?: boolean; error?: unknown } = JSON.parse(text);
          if (answer.done) return;
          if (answer.error === undefined) this.stored++;
          else this.refused.push(text);
          this.#write(underWay);
        });
        answers.on('close', resolve);
      });
    });
    // Told by `end`; nobody may be waiting for it yet.
    this.#ended.catch(() => undefined);
    this.#request.flushHeaders();
    this.#underWay = underWay;
  }

  readonly #underWay: number;

  resume(): void {
    this.#running = true;
    this.#write(this.#underWay);
  }

  pause(): void {
    this.#running = false;
  }

  /** Ends the stream; resolves when all that was sent is answered. */
  async end(): Promise<void> {
    this.pause();
    this.#request.end();
    await this.#ended;
  }

  #write(underWay: number): void {
    while (this.#running && this.#sent - this.stored - this.refused.length < underWay)
      this.#request.write(`${JSON.stringify(this.#line(this.#sent++))}\n`);
  }
}

export interface Status {
  changes: { last: number; pending: number; queued: number };
  rebuild: { state: 'idle' | 'running' | 'failed' };
}

export async function statusOf(url: string): Promise<Status> {
  const response = await fetch(`${url}/v1/admin/status`, { headers: AUTHORIZATION });
  return (await response.json()) as Status; // as documented
}

/** Sends one request with the admin's key; any status. */
export async function send(method: string, url: string, body?: unknown): Promise<Response> {
  const json = { 'Content-Type': 'application/json' };
  const headers = body === undefined ? AUTHORIZATION : { ...AUTHORIZATION, ...json };
  const response = await fetch(url, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  await response.arrayBuffer();
  return response;
}
