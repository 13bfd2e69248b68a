/** The HTTP server around the application: its limits, and answers to what is not even HTTP. */
import { createServer, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Express } from 'express';
import { ERRORS, type ErrorCode, NearpaperError, systemCode } from '../errors.js';
import { problemOf } from './problem.js';

/** 2,000 characters of text in a GET can take 9 bytes each, percent-encoded, and cookies come on top. */
const MAX_HEADER_BYTES = 64 * 1024;

export function createListener(app: Express): Server {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: 15_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 65_000,
      // The application says it, as a problem; Node would answer 400 with nothing.
      requireHostHeader: false,
    },
    app,
  );
  // An expectation that we do not know may be passed over (RFC 9110, 10.1.1); Node would answer 417 with nothing.
  server.on('checkExpectation', app);
  server.on('clientError', answerClientError);
  return server;
}

/** Errors: `port_in_use`, `config_invalid` when the address is not one of this machine. */
export async function listen(server: Server, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (thrown) => reject(describeListenFailure(thrown, port, host)));
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

function describeListenFailure(thrown: Error, port: number, host: string): NearpaperError {
  if (systemCode(thrown) === 'EADDRINUSE') {
    return new NearpaperError(
      'port_in_use',
      `Port ${port} on ${host} is taken. PORT (or --port) chooses another one.`,
    );
  }
  return new NearpaperError('config_invalid', `Cannot listen on ${host}, port ${port}: ${thrown.message}.`, {
    cause: thrown,
  });
}

const CLIENT_ERRORS: Record<string, [ErrorCode, string]> = {
  HPE_HEADER_OVERFLOW: [
    'headers_too_large',
    `The request line and headers are larger than ${MAX_HEADER_BYTES} bytes.`,
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'The request took too long to arrive.'],
};

function answerClientError(thrown: Error, socket: Duplex): void {
  if (!socket.writable || systemCode(thrown) === 'ECONNRESET') {
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
      `Connection: close\r\n\r\n${body}`,
  );
}
