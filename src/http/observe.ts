/** What is done for every request: its id, its log line, its metrics, and headers that every answer has. */
import type { Request, RequestHandler, Response } from 'express';
import { ERRORS, type ErrorCode, NearpaperError } from '../errors.js';
import { cutUnlessAtWork, isAfterTheLast, tellWhenOver } from './connections.js';
import { identify, keyNameOf, logRequest, statusOf } from './request-log.js';
import { routePattern } from './route-pattern.js';
import { type Headers, securityHeaders } from './security-headers.js';
import type { Service } from './service.js';

/** One function and one listener for all of it: each would cost every request again. */
export function observeRequests(
  { logger, metrics }: Pick<Service, 'logger' | 'metrics'>,
  headers: Headers = securityHeaders({ crossOrigin: false }),
): RequestHandler {
  return (request, response, next) => {
    if (isAfterTheLast(request)) {
      // Read on, or nobody would notice when the caller leaves.
      request.resume();
      return;
    }
    const began = performance.now();
    identify(request, response);
    for (const [name, value] of headers) response.setHeader(name, value);
    tellWhenOver(response);
    response.on('timeout', (socket) => cutUnlessAtWork(response, socket));
    response.once('close', () => {
      const milliseconds = performance.now() - began;
      metrics.observeRequest(routePattern(request), request.method, statusOf(response), milliseconds);
      const problem: unknown = response.locals.problem;
      if (isErrorCode(problem)) metrics.countProblem(problem);
      const key = keyNameOf(response);
      if (key !== undefined) metrics.countKey(key);
      logRequest(logger, request, response, milliseconds);
    });
    requireOneHost(request);
    requirePlainFraming(request, response);
    next();
  };
}

/** RFC 9112, 3.2: a request of HTTP/1.1 names its host, once. */
function requireOneHost({ rawHeaders, httpVersion }: Request): void {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) {
    throw new NearpaperError('malformed_http', 'A request must have one Host header.');
  }
}

/**
 * RFC 9112, 6.1: no other transfer coding than chunked is understood here, and with HTTP/1.0 none. Whoever stands before us
 * may see another end of such a body than we do, so that nothing more is read on its connection.
 */
function requirePlainFraming({ headers, httpVersion }: Request, response: Response): void {
  const coding = headers['transfer-encoding'];
  if (coding === undefined || (coding.toLowerCase() === 'chunked' && httpVersion === '1.1')) return;
  response.setHeader('Connection', 'close');
  throw new NearpaperError(
    'malformed_http',
    'The only transfer coding of a request is chunked, with HTTP/1.1.',
  );
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERRORS, code);
}
