/** Failures as RFC 9457 problem details: the one place where an error becomes a response. */
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { ERRORS, NearpaperError } from '../errors.js';
import { logFailure, requestIdOf } from './request-log.js';

/** The members of a problem+json body besides the error's own details. */
export function problemOf(error: NearpaperError, requestId?: string): Record<string, unknown> {
  const { title } = ERRORS[error.code];
  return {
    type: `urn:nearpaper:error:${error.code}`,
    title,
    status: error.status,
    code: error.code,
    detail:
      error.status === 500 ? 'Something went wrong inside nearpaper; its log says more.' : error.message,
    ...error.details,
    ...(requestId === undefined ? {} : { requestId }),
  };
}

/** Sends every failure as a problem; what we did not foresee becomes `internal` and is logged in full. */
export function problemHandler(logger: Logger): ErrorRequestHandler {
  return (thrown, request, response, _next) => {
    const error = asNearpaperError(thrown);
    if (error.status === 500) logFailure(logger, request, thrown, error.message);
    sendProblem(response, error);
  };
}

export function sendProblem(response: Response, error: NearpaperError): void {
  // For the metrics, which see a response only when it is over.
  response.locals.problem = error.code;
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { retryAfter } = error.details;
  if (retryAfter !== undefined) response.setHeader('Retry-After', String(retryAfter));
  if (error.status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  // What is left of a refused body is not worth reading for the sake of the connection.
  if (error.status === 413 || error.status === 408) response.setHeader('Connection', 'close');
  const text = JSON.stringify(problemOf(error, requestIdOf(response.req)));
  response.statusCode = error.status;
  response.setHeader('Content-Type', 'application/problem+json');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}

/** What our check of a body calls its error: the body parser takes no other's. */
export const NOT_UTF8 = 'nearpaper.not-utf8';

/** What express's body parser and router call their errors. */
const FOREIGN: Record<string, (thrown: Error) => NearpaperError> = {
  'entity.parse.failed': (thrown) =>
    new NearpaperError('invalid_json', `The body is not valid JSON: ${thrown.message}.`),
  'entity.too.large': (thrown) =>
    new NearpaperError(
      'body_too_large',
      `The body is larger than ${'limit' in thrown ? thrown.limit : 'allowed'} bytes.`,
    ),
  [NOT_UTF8]: () => new NearpaperError('invalid_text', 'The body is not UTF-8.'),
  'encoding.unsupported': (thrown) => new NearpaperError('unsupported_media_type', `${thrown.message}.`),
  'charset.unsupported': (thrown) => new NearpaperError('unsupported_media_type', `${thrown.message}.`),
  'request.aborted': () => new NearpaperError('cancelled', 'The caller went away.'),
  'request.size.invalid': () =>
    new NearpaperError('invalid_request', 'The body is not as long as Content-Length says.'),
};

/** What we did not foresee becomes `internal`. */
export function asNearpaperError(thrown: unknown): NearpaperError {
  if (thrown instanceof NearpaperError) return thrown;
  if (thrown instanceof URIError) {
    return new NearpaperError(
      'malformed_url',
      'The URL has a percent sign that encodes no character; write it as %25.',
    );
  }
  if (thrown instanceof Error) {
    const type = 'type' in thrown && typeof thrown.type === 'string' ? thrown.type : '';
    const known = FOREIGN[type];
    if (known) return known(thrown);
    if ('code' in thrown && String(thrown.code).startsWith('Z_')) {
      const detail = `The compressed body cannot be read: ${thrown.message}.`;
      return new NearpaperError('invalid_request', detail);
    }
    // What else the parser makes of a bad request.
    if ('status' in thrown && thrown.status === 400)
      return new NearpaperError('invalid_request', `${thrown.message}.`);
  }
  return new NearpaperError('internal', 'Unexpected failure', { cause: thrown });
}

export const routeNotFound: RequestHandler = (request) => {
  throw new NearpaperError(
    'not_found',
    `There is no ${request.path}. GET / lists the routes; an id with slashes must be percent-encoded (/ as %2F).`,
  );
};

/** Answers OPTIONS with the methods of a route, and any other method with 405. */
export function otherMethods(allowed: string): RequestHandler {
  return (request: Request, response: Response) => {
    response.setHeader('Allow', `${allowed}, OPTIONS`);
    if (request.method !== 'OPTIONS') {
      throw new NearpaperError('method_not_allowed', `${request.method} is not possible here.`, {
        accepted: allowed,
      });
    }
    response.status(204).end();
  };
}
