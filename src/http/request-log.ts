/** One log line a request, with an id that the caller gets back in X-Request-Id. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { type HttpLogger, pinoHttp } from 'pino-http';
import { ERRORS } from '../errors.js';

/** An id that a proxy before us gave is kept when it is short and plain. */
const FOREIGN_ID = /^[\w.:-]{1,64}$/;
const LOGGED_URL = 300;
/** Logged as the status of what nobody waited for. */
const CALLER_LEFT = ERRORS.cancelled.status;

export function requestLog(logger: Logger): HttpLogger {
  return pinoHttp({
    logger,
    genReqId(request: IncomingMessage, response: ServerResponse) {
      const given = request.headers['x-request-id'];
      const id = typeof given === 'string' && FOREIGN_ID.test(given) ? given : randomUUID();
      response.setHeader('X-Request-Id', id);
      return id;
    },
    customLogLevel(request, response, error) {
      if (error || response.statusCode === 500) return 'error';
      if (request.url === '/livez' || request.url === '/readyz') return 'debug';
      // Overload and the like: ours to see, nobody's mistake.
      return response.statusCode > 500 ? 'warn' : 'info';
    },
    serializers: {
      req: ({ id, method, url, remoteAddress }) => ({
        id,
        method,
        url: String(url).slice(0, LOGGED_URL),
        remoteAddress,
      }),
      res: ({ statusCode, raw }) => ({ statusCode: raw.writableFinished ? statusCode : CALLER_LEFT }),
    },
    customSuccessMessage: () => 'request',
    customErrorMessage: () => 'request failed',
    // For a status of 500 and above pino-http makes up an error; what really happened is logged where it is known.
    customErrorObject: (_request, response, _error, { err, ...line }) =>
      response.errored ? { ...line, err } : line,
  });
}
