/**
 * Who may ask: keys sent as `Authorization: Bearer <key>`. They are those of the settings at the start; to rotate one,
 * restart with another. Refusals come before any body is read.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { ADMIN_NAME, type ReadKey } from '../config.js';
import { NearpaperError } from '../errors.js';
import { sendProblem } from './problem.js';
import type { Service } from './service.js';

type Settings = { readonly settings: Pick<Service['settings'], 'adminKey' | 'readKeys' | 'readOnly'> };

/** Someone who has a key. */
interface Holder {
  name: string;
  /** SHA-256 of the key: all of one length, so that comparing them tells nothing of it. */
  digest: Buffer;
  /** Null: as often as he likes. */
  rate: Rate | null;
}

/** Windows of a fixed length that begin with their first request. */
interface Rate {
  /** Requests in a window. */
  points: number;
  limiter: RateLimiterMemory;
}

const BEARER = /^Bearer +(\S+)$/i;

/** Bytes of a body that are read and thrown away for the sake of the connection; with more it is closed. */
const WORTH_READING = 64 * 1024;

// One for all, since making an error costs more than sending it, and a refusal must be cheap.
const NO_READ_KEY = new NearpaperError(
  'unauthorized',
  'This service answers only who sends one of its keys, as `Authorization: Bearer <key>`.',
);
const NO_ADMIN_KEY = new NearpaperError(
  'unauthorized',
  'Writes and administration need the admin key, as `Authorization: Bearer <key>`.',
);
const NO_KEY_SET = new NearpaperError(
  'writes_off',
  'This service was started without NEARPAPER_ADMIN_KEY, so nothing can be written through it.',
);
const READ_ONLY = new NearpaperError(
  'writes_off',
  'This service was started with NEARPAPER_READ_ONLY=true, so nothing can be written through it; ' +
    'NEARPAPER_ADMIN_KEY alone does not change that.',
);

/** For administration: `writes_off` where there is no admin key, `unauthorized` for whoever has not got it. */
export function requireAdmin({ settings: { adminKey } }: Settings): RequestHandler {
  if (adminKey === null) return (_request, response) => refuse(response, NO_KEY_SET);
  const holders = [adminOf(adminKey)];
  return (request, response, next) => {
    if (holderOf(request, holders) === undefined) return refuse(response, NO_ADMIN_KEY);
    response.locals.key = ADMIN_NAME;
    next();
  };
}

/** For writes: the same, and `writes_off` for whoever asks a service that only reads. */
export function requireWriter(service: Settings): RequestHandler {
  if (service.settings.readOnly) return (_request, response) => refuse(response, READ_ONLY);
  return requireAdmin(service);
}

/**
 * Lets through who has a key and asks no oftener than it allows: else `unauthorized`, or `rate_limited` with the seconds
 * until its next window. Without read keys anyone may read. The admin key reads without limit.
 */
export function admitReaders({ settings: { adminKey, readKeys } }: Settings): RequestHandler {
  if (readKeys.length === 0) return (_request, _response, next) => next();
  const holders = [...readKeys.map(readerOf), ...(adminKey === null ? [] : [adminOf(adminKey)])];
  return async (request, response, next) => {
    if (isOpen(request.path)) return next();
    const holder = holderOf(request, holders);
    if (holder === undefined) return refuse(response, NO_READ_KEY);
    response.locals.key = holder.name;
    if (holder.rate === null) return next();
    response.locals.rate = holder.rate;
    const wait = await secondsToWait(holder.rate, 1);
    if (wait > 0) refuse(response, tooMany(wait));
    else next();
  };
}

/**
 * To be called for what may ask for much at once, when its body is read: it costs a point for each of its requests and
 * texts, and the first is paid for already. Errors: `rate_limited`, and then it costs that one point only; without
 * Retry-After where no window could hold it.
 */
export const chargeByBody: RequestHandler = async (request, response, next) => {
  const rate: Rate | undefined = response.locals.rate;
  if (rate === undefined) return next();
  const cost = costOf(request.body);
  const further = cost - 1;
  if (further === 0) return next();
  if (cost > rate.points) {
    return refuse(
      response,
      new NearpaperError(
        'rate_limited',
        `This counts as ${cost} requests, more than this key may ever make.`,
        {
          accepted: `at most ${rate.points} requests and texts at once`,
        },
      ),
    );
  }
  const wait = await secondsToWait(rate, further);
  if (wait === 0) return next();
  await rate.limiter.reward(ONE_COUNT, further);
  refuse(response, tooMany(wait));
};

/** Each rate has a limiter of its own, which counts one thing. */
const ONE_COUNT = '';

/** Takes so many points: 0, or the seconds until there are points again, at least 1. */
async function secondsToWait({ limiter }: Rate, points: number): Promise<number> {
  try {
    await limiter.consume(ONE_COUNT, points);
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof RateLimiterRes)) throw thrown;
    return Math.max(1, Math.ceil(thrown.msBeforeNext / 1000));
  }
}

function tooMany(retryAfter: number): NearpaperError {
  return new NearpaperError('rate_limited', 'This key has made as many requests as it may for now.', {
    retryAfter,
  });
}

/** Points for a body as it was sent: a batch costs what its requests cost, a request 1 or as much as it has texts. */
function costOf(body: unknown): number {
  const requests = listIn(body, 'requests');
  if (requests === null) return Math.max(1, textsIn(body));
  let cost = 0;
  for (const one of requests) cost += Math.max(1, textsIn(memberOf(one, 'recommendations')));
  return Math.max(1, cost);
}

function textsIn(recommendations: unknown): number {
  let texts = 0;
  for (const name of ['positives', 'negatives'])
    for (const seed of listIn(recommendations, name) ?? []) if (memberOf(seed, 'text') !== undefined) texts++;
  return texts;
}

function listIn(value: unknown, name: string): readonly unknown[] | null {
  const list = memberOf(value, name);
  return Array.isArray(list) ? list : null;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** What tells nothing of the corpus: probes of those who run the service, and its contract. */
function isOpen(path: string): boolean {
  return OPEN.has(path) || path.startsWith('/docs/');
}

const OPEN: ReadonlySet<string> = new Set(['/', '/livez', '/readyz', '/openapi.json', '/docs']);

/** Every key is compared, and every time: how long it takes tells nothing about any. */
function holderOf({ headers: { authorization } }: Request, holders: readonly Holder[]): Holder | undefined {
  const given = BEARER.exec(authorization ?? '')?.[1];
  if (given === undefined) return undefined;
  const digest = digestOf(given);
  let found: Holder | undefined;
  for (const holder of holders) if (timingSafeEqual(digest, holder.digest)) found = holder;
  return found;
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

function adminOf(key: string): Holder {
  return { name: ADMIN_NAME, digest: digestOf(key), rate: null };
}

function readerOf({ name, key, points, seconds }: ReadKey): Holder {
  const limiter = new RateLimiterMemory({ points, duration: seconds });
  return { name, digest: digestOf(key), rate: { points, limiter } };
}

function refuse(response: Response, error: NearpaperError): void {
  const { headers } = response.req;
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > WORTH_READING) {
    response.setHeader('Connection', 'close');
  }
  sendProblem(response, error);
}
