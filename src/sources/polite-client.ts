/** Asks a source as it wants to be asked: one request at a time, never sooner than it allows, and patiently. */
import { NearpaperError } from '../errors.js';
import type { Clock } from './clock.js';
import { type Answer, type ExchangeOptions, exchange } from './exchange.js';
import type { RequestTimes } from './request-times.js';
import { Transient, withRetries } from './transient.js';

const MOST_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export interface PoliteClientOptions {
  /** How the source is called in messages. */
  label: string;
  /** Milliseconds from the end of an answer to the next request. */
  intervalMs: number;
  accept: string;
  userAgent: string;
  clock: Clock;
  signal: AbortSignal;
  times: RequestTimes;
  /** Told of every wait for a server in trouble, in one line. */
  onWait: (message: string) => void;
  /** For the jitter of back-off, in [0, 1). */
  random?: (() => number) | undefined;
  /** Milliseconds without a byte after which an answer is given up; a minute when absent. */
  silenceMs?: number | undefined;
}

export class PoliteClient {
  readonly #options: PoliteClientOptions;
  readonly #exchange: ExchangeOptions;

  constructor(options: PoliteClientOptions) {
    this.#options = options;
    this.#exchange = { ...options, silenceMs: options.silenceMs ?? 60_000 };
  }

  /**
   * The answer as `read` understands it, which throws `Transient` for an answer that is none, such as a page of HTML.
   * It gets answers of status 200 and 4xx; other trouble is waited out. Errors: `source_unreachable`,
   * `source_refused`, those of `read`, the signal's reason.
   */
  ask<T>(url: URL, read: (answer: Answer) => Promise<T>): Promise<T> {
    const { clock, signal, label, onWait, random = Math.random } = this.#options;
    const attempt = async () => read(await this.#answerOf(url));
    return withRetries(attempt, { clock, signal, label, onWait, random });
  }

  async #answerOf(url: URL): Promise<Answer> {
    let at = url;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const answer = await this.#inTurn(at);
      if (!REDIRECTS.has(answer.status)) return this.#checked(answer);
      at = this.#redirected(at, answer);
    }
    throw this.#refused(
      `sends from one address to the next more than ${MOST_REDIRECTS} times, last to ${at}`,
    );
  }

  async #inTurn(url: URL): Promise<Answer> {
    const { clock, signal, intervalMs, times, label } = this.#options;
    const since = clock.now() - (times.of(label) ?? Number.NEGATIVE_INFINITY);
    // A clock that was set back must not make this a wait of hours.
    const ms = Math.min(intervalMs, intervalMs - since);
    if (ms > 0) await clock.wait(ms, signal);
    // Before it too: a process that is killed meanwhile has asked all the same.
    await times.note(label, clock.now());
    try {
      return await exchange(url, this.#exchange);
    } finally {
      await times.note(label, clock.now());
    }
  }

  #redirected(from: URL, { headers, status }: Answer): URL {
    const location = headers.get('location') ?? '';
    if (location === '' || !URL.canParse(location, from.href)) {
      throw this.#refused(`answers HTTP ${status} without an address to go to`);
    }
    const to = new URL(location, from);
    if (to.protocol !== 'https:' && to.protocol !== from.protocol) {
      throw this.#refused(`sends to ${to}, which is not HTTPS`);
    }
    return to;
  }

  #checked(answer: Answer): Answer {
    const { status, headers } = answer;
    if (status === 200 || (status >= 400 && status < 500 && status !== 408 && status !== 429)) return answer;
    if (status < 400) throw this.#refused(`answers HTTP ${status}`);
    const retryAfterMs = retryAfter(headers.get('retry-after'), this.#options.clock.now());
    throw new Transient(`HTTP ${status}`, { retryAfterMs });
  }

  #refused(what: string): NearpaperError {
    return new NearpaperError('source_refused', `${this.#options.label} ${what}. Check the URL.`);
  }
}

/** Milliseconds to wait by a Retry-After of seconds or of an HTTP date; null where it says nothing. */
export function retryAfter(value: string | null, now: number): number | null {
  const text = value?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // Dates of HTTP begin with the name of a day; Date.parse would take a negative number for a year.
  const time = /^[A-Z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? null : Math.max(0, time - now);
}
