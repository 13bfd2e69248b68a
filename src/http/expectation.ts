/** Expect: 100-continue (RFC 9110, 10.1.1): whoever waits with a body sends it only when somebody wants to read it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Express } from 'express';

/** Responses whose callers wait, and whether their connections may be kept. */
const waiting = new WeakMap<ServerResponse, boolean>();

/**
 * For the server's event `checkContinue`: the application decides first. What is answered without the body ends the
 * connection, since nobody knows whether the body comes all the same.
 */
export function decideFirst(app: Express) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    waiting.set(response, response.shouldKeepAlive);
    response.shouldKeepAlive = false;
    app(request, response);
  };
}

/** To be called before a body is read, and before anything is answered. */
export function askForBody(response: ServerResponse): void {
  const kept = waiting.get(response);
  if (kept === undefined) return;
  waiting.delete(response);
  response.shouldKeepAlive = kept;
  response.writeContinue();
}
