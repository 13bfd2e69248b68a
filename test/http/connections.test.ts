/** Callers who do not read what they are answered. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import express, { type Express } from 'express';
import { boundUnread } from '../../src/http/connections.js';
import { createListener, listen } from '../../src/http/listener.js';
import { Metrics } from '../../src/http/metrics.js';
import { observeRequests } from '../../src/http/observe.js';
import { openSocket, write } from '../support/raw-http.js';
import { keepingLogger } from '../support/service.js';
import type { CleanUp } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const STUCK_MS = 50;
/** More than any operating system takes from us for a caller who does not read. */
const HUGE = Buffer.alloc(64 * 1024 * 1024);

async function serve(t: CleanUp, routes: (app: Express) => void, stuckMs = STUCK_MS) {
  const { logger, log } = keepingLogger();
  const metrics = new Metrics();
  const app = express();
  app.use(observeRequests({ logger, metrics }));
  routes(app);
  const server = createListener(app, { stuckMs });
  const port = await listen(server, 0, '127.0.0.1');
  t.after(() => {
    metrics.close();
    server.closeAllConnections();
    server.close();
  });
  return { port, log };
}

describe('a caller who does not read', () => {
  it('is cut', async (t) => {
    const { port, log } = await serve(t, (app) =>
      app.get('/', (_request, response) => void response.end(HUGE)),
    );
    const socket = await openSocket(port);
    t.after(() => socket.destroy());
    socket.pause();
    await write(socket, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await until('the line of the request', () => log.length > 0);
    assert.equal(log[0]?.res?.statusCode, 499);
  });

  it('is cut sooner when too much lies unread, the first one first', async (t) => {
    const { port, log } = await serve(
      t,
      (app) =>
        app.get('/:name', (_request, response) => {
          response.end(HUGE);
          boundUnread(response, 200 * 1024 * 1024);
        }),
      600_000,
    );
    for (const name of ['first', 'second', 'third']) {
      const socket = await openSocket(port);
      t.after(() => socket.destroy());
      socket.pause();
      await write(socket, `GET /${name} HTTP/1.1\r\nHost: x\r\n\r\n`);
    }
    await until('two are cut', () => log.length === 2);
    assert.deepEqual(
      log.map(({ req, res }) => [req?.url, res?.statusCode]),
      [
        ['/first', 499],
        ['/second', 499],
      ],
    );
  });

  it('is not cut while his answer is being made', async (t) => {
    let waited = 0;
    const { port } = await serve(t, (app) =>
      app.get('/', ({ socket }, response) => {
        // Far longer than a caller may take to read.
        socket.on('timeout', () => {
          if (++waited === 3) response.end('made');
        });
      }),
    );
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'made');
  });
});
