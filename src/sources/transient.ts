/** Failures that the next try may not meet, and how they are tried again. */
import pRetry from 'p-retry';
import { NearpaperError } from '../errors.js';
import type { Clock } from './clock.js';
import { spanOf } from './span.js';

/** Tries after the first: what a busy server needs, and fewer for a machine that is not online. */
const RETRIES = 5;
const OFFLINE_RETRIES = 2;

/** The first wait, doubled each time; up to as much again is added, so that those who failed together do not return together. */
const FIRST_WAIT_MS = 1000;

/** What a server may ask for with Retry-After before it is better to come back another time. */
const LONGEST_WAIT_MS = 10 * 60 * 1000;

export interface TransientDetails {
  /** The host that could not be reached; null where it did answer. */
  unreachable?: string | null;
  /** The wait that the server asked for, in ms. */
  retryAfterMs?: number | null;
  cause?: unknown;
}

/** Worth another try. The message says what happened, such as "HTTP 500". */
export class Transient extends Error {
  override readonly name = 'Transient';
  readonly unreachable: string | null;
  readonly retryAfterMs: number | null;

  constructor(message: string, { unreachable = null, retryAfterMs = null, cause }: TransientDetails = {}) {
    super(message, { cause });
    this.unreachable = unreachable;
    this.retryAfterMs = retryAfterMs;
  }

  get retries(): number {
    return this.unreachable === null ? RETRIES : OFFLINE_RETRIES;
  }
}

export interface RetryOptions {
  clock: Clock;
  signal: AbortSignal;
  /** How the source is called in messages. */
  label: string;
  /** A number in [0, 1), for the jitter. */
  random: () => number;
  /** Told of every wait. */
  onWait: (message: string) => void;
}

/**
 * Tries until there is a result or a failure that is none of `Transient`, with exponential back-off.
 * Errors: `source_unreachable` when the tries are used up or the server asks for too long a wait; the signal's reason.
 */
export async function withRetries<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, signal, label, onWait } = options;
  let tries = 0;
  try {
    return await pRetry(
      () => {
        tries++;
        return attempt();
      },
      {
        retries: RETRIES,
        // The waits are ours, by the clock that is given.
        minTimeout: 0,
        signal,
        shouldRetry: ({ error }) => isWorthATry(error, tries),
        onFailedAttempt: async ({ error }) => {
          if (!isWorthATry(error, tries)) return;
          const ms = error.retryAfterMs ?? backOff(tries, options.random());
          if (ms > LONGEST_WAIT_MS) throw tooLong(label, ms);
          onWait(
            error.retryAfterMs === null
              ? `${label}: ${error.message}. Try ${tries + 1} of ${error.retries + 1} in ${spanOf(ms)}.`
              : `${label} asks to wait ${spanOf(ms)} (${error.message}).`,
          );
          await clock.wait(ms, signal);
        },
      },
    );
  } catch (thrown) {
    if (thrown instanceof Transient) throw givenUp(label, thrown, tries);
    throw thrown;
  }
}

function isWorthATry(error: Error, tries: number): error is Transient {
  return error instanceof Transient && tries <= error.retries;
}

function backOff(tries: number, random: number): number {
  return Math.round(FIRST_WAIT_MS * 2 ** (tries - 1) * (1 + random));
}

const GOES_ON = 'What was fetched is kept, and the same command goes on.';

function tooLong(label: string, ms: number): NearpaperError {
  const seconds = Math.ceil(ms / 1000);
  const message = `${label} asks to wait ${spanOf(ms)}: run the same command again then. ${GOES_ON}`;
  return new NearpaperError('source_unreachable', message, { retryAfter: seconds });
}

function givenUp(label: string, failure: Transient, tries: number): NearpaperError {
  const { unreachable, message, cause } = failure;
  const what =
    unreachable === null
      ? `${label} gives no usable answer (${message}; ${tries} tries). Try again later.`
      : `Cannot reach ${unreachable} (${message}): is this machine online?`;
  return new NearpaperError('source_unreachable', `${what} ${GOES_ON}`, { cause: cause ?? failure });
}
