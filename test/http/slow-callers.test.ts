/** Callers who take their time to ask: cut by Node's own bounds, which are shortened here and nothing else. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { readConfig } from '../../src/config.js';
import { createApp } from '../../src/http/app.js';
import { createListener, listen, type Patience } from '../../src/http/listener.js';
import { Metrics } from '../../src/http/metrics.js';
import { assertProblem } from '../support/problems.js';
import { openSocket, parseResponse } from '../support/raw-http.js';
import { keepingLogger } from '../support/service.js';
import type { CleanUp } from '../support/temporary-folder.js';

/** So long that nothing but what a test shortens can end a connection. */
const NEVER = 600_000;
const HEAD = 'POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

/** The application while it starts: it reads requests as always. */
async function serve(t: CleanUp, patience: Partial<Patience>): Promise<number> {
  const metrics = new Metrics();
  const service = {
    logger: keepingLogger('silent').logger,
    version: '0',
    metrics,
    settings: readConfig({}),
    state: { kind: 'starting' as const },
    writer: null,
    reload: null,
  };
  const server = createListener(createApp(service), {
    headersMs: NEVER,
    requestMs: NEVER,
    stuckMs: NEVER,
    lookEveryMs: 5,
    ...patience,
  });
  const port = await listen(server, 0, '127.0.0.1');
  t.after(() => {
    metrics.close();
    server.closeAllConnections();
    server.close();
  });
  return port;
}

/** What comes back until the server closes the connection, while a byte is sent every few milliseconds. */
async function trickle(socket: Socket, bytes: string): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  socket.on('error', () => undefined);
  const sending = setInterval(() => socket.writable && socket.write(bytes), 5);
  await once(socket, 'close');
  clearInterval(sending);
  return text;
}

describe('a caller is cut', () => {
  it('who sends a body in crumbs, each of which costs a hundred times its size', async (t) => {
    const port = await serve(t, {});
    const crumbs = async (bytes: number): Promise<string> => {
      const socket = await openSocket(port);
      let text = '';
      socket.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      socket.on('error', () => undefined);
      const chunk = `${bytes.toString(16)}\r\n${' '.repeat(bytes)}\r\n`;
      socket.end(`${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(5000)}0\r\n\r\n`);
      await once(socket, 'close');
      return text;
    };
    assert.equal(await crumbs(1), '');
    // Small pieces that are no crumbs are read to the end, and what they come to is answered.
    assert.match(await crumbs(100), /^HTTP\/1\.1 400 /);
  });

  it('whose headers never end, however busily he sends them', async (t) => {
    const socket = await openSocket(await serve(t, { headersMs: 50 }));
    socket.write(HEAD);
    const answer = await trickle(socket, 'X-More: y\r\n');
    assertProblem(parseResponse(answer), 'request_timeout');
  });

  it('who connects and says nothing', async (t) => {
    const socket = await openSocket(await serve(t, { headersMs: 50 }));
    assert.equal(parseResponse(await trickle(socket, '')).status, 408);
  });

  for (const [how, header, piece] of [
    ['with a length', 'Content-Length: 1000000', ' '],
    ['in chunks', 'Transfer-Encoding: chunked', '1\r\n \r\n'],
  ] as const) {
    it(`whose body never ends, ${how}`, async (t) => {
      const socket = await openSocket(await serve(t, { headersMs: 20, requestMs: 50 }));
      socket.write(`${HEAD}${header}\r\n\r\n`);
      assertProblem(parseResponse(await trickle(socket, piece)), 'request_timeout');
    });
  }

  it('whose chunks end and whose trailers never do', async (t) => {
    const socket = await openSocket(await serve(t, { headersMs: 20, requestMs: 50 }));
    socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n`);
    assert.equal(parseResponse(await trickle(socket, 'X-More: y\r\n')).status, 408);
  });

  it('also where a route does not read the body', async (t) => {
    const socket = await openSocket(await serve(t, { headersMs: 20, requestMs: 50 }));
    socket.write('POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n');
    // Answered at once, and cut when the rest does not come, with or without another word.
    assert.match(await trickle(socket, ' '), /^HTTP\/1\.1 404 /);
  });
});

describe('other callers', () => {
  it('are answered meanwhile', async (t) => {
    const port = await serve(t, {});
    const slow = await Promise.all(Array.from({ length: 200 }, () => openSocket(port)));
    t.after(() => {
      for (const socket of slow) socket.destroy();
    });
    for (const socket of slow) socket.write(HEAD);
    assert.equal((await fetch(`http://127.0.0.1:${port}/livez`)).status, 200);
  });

  it('who take no longer than they may keep their connection', async (t) => {
    const port = await serve(t, { headersMs: NEVER, requestMs: NEVER });
    const socket = await openSocket(port);
    t.after(() => socket.destroy());
    for (const part of ['GET /li', 'vez HTTP/1.1\r\nHo', 'st: x\r\n\r', '\n']) socket.write(part);
    const [piece] = await once(socket, 'data');
    assert.equal(parseResponse(String(piece)).status, 200);
    assert.ok(!socket.destroyed);
  });
});
