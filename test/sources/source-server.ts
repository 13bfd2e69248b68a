/** A server of HTTP on this machine that answers as a source would, or with the faults that it is given. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { CleanUp } from '../support/temporary-folder.js';

export type Respond = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

export interface Asked {
  url: URL;
  userAgent: string | undefined;
}

export class SourceServer {
  /** Every request, in order. */
  readonly asked: Asked[] = [];
  /** What becomes of the next requests instead of an answer, one after the other; undefined: nothing. */
  faults: (Respond | undefined)[] = [];
  readonly #server;
  #port = 0;

  constructor(path: string, respond: Respond) {
    this.path = path;
    this.#server = createServer((request, response) => {
      const url = new URL(request.url ?? '', this.origin);
      this.asked.push({ url, userAgent: request.headers['user-agent'] });
      (this.faults.shift() ?? respond)(request, response, url);
    });
  }

  readonly path: string;

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get url(): string {
    return this.origin + this.path;
  }

  async listen(t: CleanUp): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    t.after(() => this.close());
    const address = this.#server.address();
    assert.ok(typeof address === 'object' && address !== null);
    this.#port = address.port;
    return this;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

export const status =
  (code: number, headers: Record<string, string> = {}): Respond =>
  (_request, response) => {
    response.writeHead(code, headers).end('trouble');
  };

export const says =
  (body: string | Buffer, headers: Record<string, string> = { 'Content-Type': 'text/html' }): Respond =>
  (_request, response) => {
    response.writeHead(200, headers).end(body);
  };

/** Says how long its answer is, and ends the connection in the middle of it. */
export const cut: Respond = (_request, response) => {
  response.writeHead(200, { 'Content-Length': '1000' });
  response.write('<OAI-PMH><responseDate>', () => response.socket?.destroy());
};

/** Ends the connection instead of answering. */
export const hangUp: Respond = (request) => {
  request.socket.destroy();
};

/** Begins an answer, and says no more. */
export const fallSilent: Respond = (_request, response) => {
  response.writeHead(200);
  response.write('<OAI-PMH>');
};

export const redirect =
  (location: string): Respond =>
  (_request, response) => {
    response.writeHead(302, { Location: location }).end();
  };
