/** More than the machine can do, callers that give up, deadlines, and what the log says of it. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { indexOf } from '../support/corpus.js';
import { assertProblem } from '../support/problems.js';
import { openSocket, write } from '../support/raw-http.js';
import { LEVELS, type LogLine, serveIndex } from '../support/service.js';
import { afterFile } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const file = afterFile();
let index: string;
before(async () => {
  index = await indexOf(file);
});

/** Half of the model's window, so that the model is busy with it for over 20 ms. */
const LONG = 'the reasoning of language models under reinforcement learning '.repeat(30);
/** Texts that the model must embed each for itself. */
const longTexts = (count: number) => Array.from({ length: count }, (_, i) => `${LONG} ${i}`);
const requestLines = (log: LogLine[]) => log.filter(({ res }) => res !== undefined);
const errors = (log: LogLine[]) => log.filter(({ level }) => level >= (LEVELS.error ?? 50));

describe('more searches than the queue holds', () => {
  it('are refused at once with Retry-After; the others are answered, and none hangs', async (t) => {
    const { http, log } = await serveIndex(t, index, { queue: 1 });
    const responses = await Promise.all(longTexts(40).map((q) => http.post('/v1/search').send({ q })));
    const answered = responses.filter(({ status }) => status === 200);
    const refused = responses.filter(({ status }) => status !== 200);
    assert.ok(answered.length >= 2, `${answered.length} answered`);
    assert.ok(refused.length >= 1, `${refused.length} refused`);
    for (const response of refused) {
      const problem = assertProblem(response, 'overloaded');
      assert.equal(response.headers['retry-after'], '1');
      assert.equal(problem.retryAfter, 1);
    }
    assert.equal((await http.post('/v1/search').send({ q: LONG })).status, 200);

    await until('a line for each', () => requestLines(log).length === 41);
    assert.deepEqual(errors(log), []);
    for (const line of requestLines(log)) assert.equal(line.err, undefined);
  });

  it('do not keep other routes from answering', async (t) => {
    const { http } = await serveIndex(t, index, { queue: 1 });
    const crowd = longTexts(10).map((q) => http.post('/v1/search').send({ q }));
    const searches = Promise.all(crowd);
    for (const path of ['/livez', '/readyz', '/v1/papers', '/v1/papers/2401.00001/similar']) {
      assert.equal((await http.get(path)).status, 200);
    }
    await searches;
  });
});

describe('a deadline that passes', () => {
  it('is answered deadline_exceeded with Retry-After, and is no error of the service', async (t) => {
    const { http, log } = await serveIndex(t, index, { deadlineMs: 1 });
    const response = await http.post('/v1/search').send({ q: LONG });
    assertProblem(response, 'deadline_exceeded');
    assert.equal(response.headers['retry-after'], '1');
    assert.deepEqual(errors(log), []);
  });

  it('frees the place in the queue', async (t) => {
    const { http } = await serveIndex(t, index, { deadlineMs: 100, queue: 30 });
    const crowd = await Promise.all(longTexts(30).map((q) => http.post('/v1/search').send({ q })));
    for (const response of crowd) if (response.status !== 200) assertProblem(response, 'deadline_exceeded');
    // What the model had begun it finishes first, and on a busy machine that is longer than the deadline.
    const short = () => http.post('/v1/search').send({ q: 'short' });
    await until('an answer', async () => (await short()).status === 200);
  });
});

describe('a caller that goes away', () => {
  it('is one line of the log with status 499, no error, and others are served', async (t) => {
    const { http, log, port } = await serveIndex(t, index);
    const busy = Promise.all(longTexts(5).map((q) => http.post('/v1/search').send({ q })));
    const body = JSON.stringify({ q: LONG });
    const socket = await openSocket(port);
    const head = `POST /v1/search HTTP/1.1\r\nHost: x\r\nX-Request-Id: gone\r\nContent-Type: application/json\r\n`;
    await write(socket, `${head}Content-Length: ${body.length}\r\n\r\n${body}`);
    socket.destroy();
    for (const { status } of await busy) assert.equal(status, 200);
    const ofGone = () => log.filter(({ req }) => req?.id === 'gone');
    await until('a line for the request', () => ofGone().length > 0);
    assert.equal((await http.get('/v1/search?q=x')).status, 200);
    assert.equal(ofGone().length, 1);
    assert.equal(ofGone()[0]?.res?.statusCode, 499);
    assert.deepEqual(errors(log), []);
  });

  it('in the middle of its body is no error either', async (t) => {
    const { http, log, port } = await serveIndex(t, index);
    const socket = await openSocket(port);
    const head =
      'POST /v1/search HTTP/1.1\r\nHost: x\r\nX-Request-Id: half\r\nContent-Type: application/json\r\n';
    await write(socket, `${head}Content-Length: 99\r\n\r\n{"q"`);
    socket.destroy();
    await until('a line for the request', () => log.some(({ req }) => req?.id === 'half'));
    assert.equal((await http.get('/v1/search?q=x')).status, 200);
    assert.deepEqual(errors(log), []);
  });
});

describe('the log', () => {
  it('has one line a request with id, method, url, status and time, whatever the answer', async (t) => {
    const { http, log } = await serveIndex(t, index);
    const asked: [method: 'get' | 'post' | 'delete', url: string, status: number][] = [
      ['get', '/v1/info', 200],
      ['get', '/v1/search?q=x', 200],
      ['get', '/v1/papers/nothing', 404],
      ['get', '/nowhere?a=b', 404],
      ['get', '/v1/papers/100%', 400],
      ['delete', '/v1/search', 405],
      ['post', '/v1/search', 415],
    ];
    const ids: unknown[] = [];
    for (const [method, url] of asked) ids.push((await http[method](url)).headers['x-request-id']);
    await until('all lines', () => requestLines(log).length >= asked.length);
    const lines = requestLines(log);
    assert.deepEqual(
      lines.map(({ req, res }) => [req?.method.toLowerCase(), req?.url, res?.statusCode]),
      asked,
    );
    assert.deepEqual(
      lines.map(({ req }) => req?.id),
      ids,
    );
    for (const line of lines) {
      assert.ok(typeof line.responseTime === 'number' && line.responseTime >= 0);
      assert.ok(Math.abs(Date.now() - line.time) < 60_000);
      assert.equal(line.msg, 'request');
    }
  });

  it('leaves out probes at level info, and cuts long URLs', async (t) => {
    const { http, log } = await serveIndex(t, index);
    await http.get('/livez');
    await http.get('/readyz');
    await http.get(`/v1/search?q=${'x'.repeat(2000)}`);
    await until('the line of the search', () => requestLines(log).length > 0);
    assert.equal(requestLines(log).length, 1);
    assert.ok((requestLines(log)[0]?.req?.url.length ?? 0) <= 300);
  });

  it('holds no text of a query that came by POST', async (t) => {
    const { http, log } = await serveIndex(t, index, { logLevel: 'trace' });
    await http.post('/v1/search').send({ q: 'confidential idea' });
    await until('the line of the search', () => requestLines(log).length > 0);
    assert.doesNotMatch(JSON.stringify(log), /confidential/);
  });
});
