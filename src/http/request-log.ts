/** What is written of each request: an id that the caller gets back in X-Request-Id, and one log line. */
import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Level, Logger } from 'pino';
import { ERRORS } from '../errors.js';

/** An id that a proxy before us gave is kept when it is short and plain. */
const FOREIGN_ID = /^[\w.:-]{1,64}$/;
const LOGGED_URL = 300;

/** The id that `identify` gave. */
export function requestIdOf(request: Request): string {
  const id: unknown = request.res?.locals.requestId;
  return typeof id === 'string' ? id : '';
}

/** The name of the key that the request was let in with; undefined without one. */
export function keyNameOf(response: Response): string | undefined {
  const name: unknown = response.locals.key;
  return typeof name === 'string' ? name : undefined;
}

/** Gives the request its id. */
export function identify(request: Request, response: Response): void {
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && FOREIGN_ID.test(given) ? given : randomUUID();
  response.locals.requestId = id;
  response.setHeader('X-Request-Id', id);
}

/** The status that was sent, or that of a caller who left. */
export function statusOf(response: Response): number {
  return response.writableFinished ? response.statusCode : ERRORS.cancelled.status;
}

/** Writes the line of a request that is over. */
export function logRequest(logger: Logger, request: Request, response: Response, milliseconds: number): void {
  const level = levelOf(request, response);
  if (!logger.isLevelEnabled(level)) return;
  const res = { statusCode: statusOf(response) };
  const problem: unknown = response.locals.problem;
  const code = problem === undefined ? {} : { code: problem };
  const name = keyNameOf(response);
  const key = name === undefined ? {} : { key: name };
  const line = { req: requestLine(request), res, ...key, ...code, responseTime: Math.round(milliseconds) };
  if (response.errored) logger[level]({ ...line, err: response.errored }, 'request failed');
  else logger[level](line, response.statusCode >= 500 ? 'request failed' : 'request');
}

/** Writes what we did not foresee, in full. */
export function logFailure(logger: Logger, request: Request, thrown: unknown, message: string): void {
  logger.error({ req: requestLine(request), err: thrown }, message);
}

function levelOf(request: Request, response: Response): Level {
  if (response.errored || response.statusCode === 500) return 'error';
  if (request.originalUrl === '/livez' || request.originalUrl === '/readyz') return 'debug';
  // Overload and the like: ours to see, nobody's mistake.
  return response.statusCode > 500 ? 'warn' : 'info';
}

function requestLine(request: Request) {
  return {
    id: requestIdOf(request),
    method: request.method,
    url: request.originalUrl.slice(0, LOGGED_URL),
    remoteAddress: request.socket.remoteAddress,
  };
}
