/** The HTTP server around the application: its limits, and answers to what is not even HTTP. */
import { once } from 'node:events';
import { createServer, IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Express } from 'express';
import { ERRORS, type ErrorCode, messageOf, NearpaperError, systemCode } from '../errors.js';
import { isStreaming } from './connections.js';
import { decideFirst } from './expectation.js';
import { problemOf } from './problem.js';
import { securityHeaders } from './security-headers.js';

/** 2,000 characters of text in a GET can take 9 bytes each, percent-encoded, and cookies come on top. */
const MAX_HEADER_BYTES = 64 * 1024;

/**
 * What node:http makes for each request, so that express need not turn it into something else: it sets the prototype
 * of every request and response to its own, which costs more than all the rest of its work. Here they have it already,
 * and setting it again does nothing. Classes, since express's prototypes have no constructor that could be called.
 */
function messagesOf(app: Express) {
  class ExpressRequest extends IncomingMessage {}
  class ExpressResponse extends ServerResponse<ExpressRequest> {}
  // Between the class and node:http's own, where `app.request` and `app.response` stood before.
  Object.setPrototypeOf(ExpressRequest.prototype, app.request);
  Object.setPrototypeOf(ExpressResponse.prototype, app.response);
  Object.assign(app, { request: ExpressRequest.prototype, response: ExpressResponse.prototype });
  return { IncomingMessage: ExpressRequest, ServerResponse: ExpressResponse };
}

/** How long callers may take, in ms. */
export interface Patience {
  /** For some of an answer that is ready for them, to read it. */
  stuckMs: number;
  /** For all headers: they fill a few packets, and whoever needs longer is stuck, or holds connections on purpose. */
  headersMs: number;
  /** With the body, 4 MiB by default: enough at 1.2 Mbit/s. */
  requestMs: number;
  /** Node looks so often whether headers or requests are late; both end up to that much later. */
  lookEveryMs: number;
}

const PATIENCE: Patience = { stuckMs: 30_000, headersMs: 15_000, requestMs: 30_000, lookEveryMs: 30_000 };

export function createListener(app: Express, patience: Partial<Patience> = {}): Server {
  const { stuckMs, headersMs, requestMs, lookEveryMs } = { ...PATIENCE, ...patience };
  const server = createServer(
    {
      ...messagesOf(app),
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: lookEveryMs,
      // Longer than the 60 s for which nginx and the cloud load balancers keep an idle connection: they must be the
      // ones to close it, or a request they send at that moment is lost and its caller gets a 502.
      keepAliveTimeout: 65_000,
      // The application says it, as a problem; Node would answer 400 with nothing.
      requireHostHeader: false,
    },
    app,
  );
  // Without it nobody who does not read would ever be cut. While an answer is owed see connections.ts.
  server.timeout = stuckMs;
  // An expectation that we do not know may be passed over (RFC 9110, 10.1.1); Node would answer 417 with nothing.
  server.on('checkExpectation', app);
  server.on('checkContinue', decideFirst(app));
  server.on('clientError', answerClientError);
  return server;
}

/** Errors: `port_in_use`, `config_invalid` when the address is not one of this machine. */
export async function listen(server: Server, port: number, host: string): Promise<number> {
  try {
    server.listen(port, host);
    // Takes its `error` listener with it: a later failure of the server is not ours to swallow.
    await once(server, 'listening');
  } catch (thrown) {
    throw describeListenFailure(thrown, port, host);
  }
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

function describeListenFailure(thrown: unknown, port: number, host: string): NearpaperError {
  if (systemCode(thrown) === 'EADDRINUSE') {
    return new NearpaperError(
      'port_in_use',
      `Port ${port} on ${host} is taken. PORT (or --port) chooses another one.`,
    );
  }
  return new NearpaperError(
    'config_invalid',
    `Cannot listen on ${host}, port ${port}: ${messageOf(thrown)}.`,
    {
      cause: thrown,
    },
  );
}

const CLIENT_ERRORS: Record<string, [ErrorCode, string]> = {
  HPE_HEADER_OVERFLOW: [
    'headers_too_large',
    `The request line and headers are larger than ${MAX_HEADER_BYTES} bytes.`,
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'The request took too long to arrive.'],
};

/** Whoever can read broken HTTP is no browser, but what stands before us may hand the answer to one. */
const SAFE = securityHeaders({ crossOrigin: false })
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('');

function answerClientError(thrown: Error, socket: Duplex): void {
  // Node leaves it to us what becomes of a request that is late, and tells it once.
  if (isStreaming(socket) && systemCode(thrown) === 'ERR_HTTP_REQUEST_TIMEOUT') return;
  // Into an answer that has begun nothing else can be written.
  if (!socket.writable || isStreaming(socket) || systemCode(thrown) === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [code, detail] = CLIENT_ERRORS[systemCode(thrown) ?? ''] ?? [
    'malformed_http',
    'This is not an HTTP request.',
  ];
  const { status, title } = ERRORS[code];
  const body = JSON.stringify(problemOf(new NearpaperError(code, detail)));
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `${SAFE}Connection: close\r\n\r\n${body}`,
  );
}
