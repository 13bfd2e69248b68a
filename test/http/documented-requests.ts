/** Sending what the OpenAPI document shows, and bringing about the failures that no single request can. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Worker } from 'node:worker_threads';
import { readConfig } from '../../src/config.js';
import { NearpaperError } from '../../src/errors.js';
import { createApp } from '../../src/http/app.js';
import { createListener } from '../../src/http/listener.js';
import { Metrics } from '../../src/http/metrics.js';
import { EXAMPLE_KEY, type ExampleRequest } from '../../src/http/openapi/examples.js';
import type { SharedCode } from '../../src/http/openapi/problems.js';
import type { Answered } from '../support/problems.js';
import { openSocket, parseResponse, sendRaw } from '../support/raw-http.js';
import { openServed, serveParts } from '../support/served-parts.js';
import { keepingLogger, serveIndex, type TestService } from '../support/service.js';
import type { CleanUp } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { ControlledWriter } from './controlled-writer.js';

export type SentRequest = Omit<ExampleRequest, 'summary'>;

/** Sends through fetch, so that nothing of a client library decides what reaches the server. */
export async function send(url: string, { method, path, headers, body }: SentRequest): Promise<Answered> {
  const response = await fetch(`${url}${path}`, {
    method: method.toUpperCase(),
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    redirect: 'manual',
  });
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    text: await response.text(),
  };
}

/** What a request for a route that only the holder of the admin key may use has to carry. */
export const AUTHORISED = { Authorization: `Bearer ${EXAMPLE_KEY}` };

/** Resolves when no generation is being made. */
export async function rebuilt(url: string): Promise<void> {
  await until('the rebuild has ended', async () => {
    const path = '/v1/admin/status';
    const { text } = await send(url, { method: 'get', path, headers: AUTHORISED });
    return JSON.parse(text).rebuild.state !== 'running';
  });
}

export interface Provoking {
  t: CleanUp;
  served: TestService;
  /** Of the sample corpus. */
  index: string;
}

const LONG = 'the reasoning of language models under reinforcement learning '.repeat(30);
const searchFor = (q: string): SentRequest => ({ method: 'post', path: '/v1/search', body: { q } });

/** For each example without a request of its own: what brings it about. */
export const PROVOKERS: Readonly<Partial<Record<SharedCode, (given: Provoking) => Promise<Answered>>>> = {
  malformed_http: ({ served }) => sendRaw(served.port, 'GET /livez HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n'),
  async writes_off({ t, index }) {
    const { url } = await serveIndex(t, index);
    return send(url, { method: 'delete', path: '/v1/papers/x', headers: AUTHORISED });
  },
  async rate_limited({ t, index }) {
    const key = 'a-reader-key-of-yours';
    const { url } = await serveIndex(t, index, { readKeys: [{ name: 'x', key, points: 1, seconds: 60 }] });
    const request: SentRequest = {
      method: 'get',
      path: '/v1/info',
      headers: { Authorization: `Bearer ${key}` },
    };
    assert.equal((await send(url, request)).status, 200);
    return send(url, request);
  },
  async storage_failed({ t, index }) {
    // What the journal makes of a full disk is its own test's.
    const writer = new ControlledWriter();
    const full = new NearpaperError('storage_failed', 'The change is not stored. The disk is full.');
    writer.begin = () => Promise.reject(full);
    const settings = readConfig({ NEARPAPER_ADMIN_KEY: EXAMPLE_KEY });
    const { url } = await serveParts(t, await openServed(t, index), settings, writer);
    const body = { title: 'A paper' };
    return send(url, { method: 'put', path: '/v1/papers/x', headers: AUTHORISED, body });
  },
  headers_too_large: ({ served }) =>
    sendRaw(served.port, `GET /livez HTTP/1.1\r\nHost: x\r\nX-Much: ${'a'.repeat(70_000)}\r\n\r\n`),
  body_too_large: ({ served }) => send(served.url, searchFor('a'.repeat(4 * 1024 * 1024))),
  text_too_long: ({ served }) => send(served.url, searchFor('a'.repeat(20_001))),
  query_too_long: ({ served }) =>
    send(served.url, { method: 'get', path: `/v1/search?q=${'a'.repeat(2001)}` }),
  async deadline_exceeded({ t, index }) {
    const { url } = await serveIndex(t, index, { deadlineMs: 1 });
    return send(url, searchFor(LONG));
  },
  async overloaded({ t, index }) {
    const { url } = await serveIndex(t, index, { queue: 1 });
    const texts = Array.from({ length: 20 }, (_, i) => `${LONG} ${i}`);
    const answers = await Promise.all(texts.map((q) => send(url, searchFor(q))));
    const refused = answers.find(({ status }) => status !== 200);
    assert.ok(refused, 'some of 20 searches at once are refused');
    return refused;
  },
  async internal({ t, index }) {
    const workers: Worker[] = [];
    const note = (worker: Worker): void => void workers.push(worker);
    process.on('worker', note);
    t.after(() => void process.off('worker', note));
    const { url } = await serveIndex(t, index);
    // A message that no worker understands: it dies of it as it would of a fault of its own.
    workers.at(-1)?.postMessage(null);
    return send(url, searchFor('anything'));
  },
  async not_ready({ t }) {
    const { url } = await listening(t);
    return send(url, { method: 'get', path: '/readyz' });
  },
  async request_timeout({ t }) {
    const { server, url } = await listening(t);
    const connected = once(server, 'connection');
    const client = await openSocket(Number(new URL(url).port));
    const pieces: Buffer[] = [];
    client.on('data', (piece: Buffer) => pieces.push(piece));
    const [socket] = await connected;
    // What Node does by itself after 30 s, which it looks for every 30 s.
    const late = Object.assign(new Error('late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
    server.emit('clientError', late, socket);
    await once(client, 'close');
    return parseResponse(Buffer.concat(pieces).toString());
  },
};

/** A server whose service is still starting. */
async function listening(t: CleanUp): Promise<{ server: Server; url: string }> {
  const metrics = new Metrics();
  t.after(() => metrics.close());
  const { logger } = keepingLogger();
  const settings = readConfig({});
  const server = createListener(
    createApp({
      logger,
      version: '0',
      metrics,
      settings,
      state: { kind: 'starting' },
      writer: null,
      reload: null,
    }),
  );
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${port}` };
}
