/** Streams of papers: lines as they are read, answers as they are sent, and bounds for who sends too much or too slowly. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import express from 'express';
import fc from 'fast-check';
import { readConfig } from '../../src/config.js';
import { NearpaperError } from '../../src/errors.js';
import { createListener, listen, type Patience } from '../../src/http/listener.js';
import { Metrics } from '../../src/http/metrics.js';
import { ndjsonLines } from '../../src/http/ndjson.js';
import { observeRequests } from '../../src/http/observe.js';
import { problemHandler } from '../../src/http/problem.js';
import { importPapers } from '../../src/http/routes/import.js';
import type { Service } from '../../src/http/service.js';
import { type Answered, assertProblem } from '../support/problems.js';
import { openSocket } from '../support/raw-http.js';
import { keepingLogger } from '../support/service.js';
import type { CleanUp } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { ControlledWriter } from './controlled-writer.js';

async function* pieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  yield bytes.subarray(at);
}

/** Number, and value or code, of each line. */
async function linesOf(text: string | Buffer, sizes: readonly number[] = [], longest = 100) {
  const found: [number, unknown][] = [];
  for await (const { number, read } of ndjsonLines(pieces(Buffer.from(text), sizes), longest))
    found.push([number, 'error' in read ? read.error.code : read.value]);
  return found;
}

describe('lines', () => {
  it('are those of the text, however it arrives', async () => {
    const text = fc.array(
      fc.oneof(
        fc.jsonValue().map((value) => JSON.stringify(value)),
        fc.constant('é"x'),
      ),
    );
    const sizes = fc.array(fc.integer({ min: 0, max: 9 }));
    await fc.assert(
      fc.asyncProperty(text, sizes, fc.constantFrom('\n', '\r\n'), async (lines, cuts, ending) => {
        const expected = lines.map((line, i) => [i + 1, line === 'é"x' ? 'invalid_json' : JSON.parse(line)]);
        assert.deepEqual(await linesOf(lines.join(ending), cuts, 1_000_000), expected);
        assert.deepEqual(await linesOf(lines.join(ending) + ending, cuts, 1_000_000), expected);
      }),
    );
  });

  it('that are blank are passed over and counted', async () => {
    assert.deepEqual(await linesOf('\n \t\r\n1\n\n\n2'), [
      [3, 1],
      [6, 2],
    ]);
    assert.deepEqual(await linesOf(''), []);
  });

  it('begin after a byte order mark', async () => {
    assert.deepEqual(await linesOf('\ufeff1\n\ufeff2'), [
      [1, 1],
      [2, 'invalid_json'],
    ]);
  });

  it('that are too long or no UTF-8 are told by themselves', async () => {
    const fits = JSON.stringify('x'.repeat(98));
    const long = JSON.stringify('x'.repeat(99));
    const latin1 = Buffer.from('"\xe9"', 'latin1');
    const text = Buffer.concat([Buffer.from(`${fits}\n${long}\n`), latin1, Buffer.from('\n3')]);
    for (const sizes of [[], [100, 1, 50, 50], Array.from({ length: 250 }, () => 1)]) {
      assert.deepEqual(await linesOf(text, sizes), [
        [1, 'x'.repeat(98)],
        [2, 'body_too_large'],
        [3, 'invalid_text'],
        [4, 3],
      ]);
    }
  });
});

describe('a line that arrives in pieces', () => {
  it('is copied: what a connection gave is not held, however small the pieces', async () => {
    const text = `${JSON.stringify('whole')}\n${JSON.stringify('and another')}`;
    async function* oneByte(): AsyncGenerator<Buffer> {
      const byte = Buffer.alloc(1);
      for (const value of Buffer.from(text)) {
        byte[0] = value;
        yield byte;
      }
    }
    const found: unknown[] = [];
    for await (const { read } of ndjsonLines(oneByte(), 100)) found.push('value' in read && read.value);
    assert.deepEqual(found, ['whole', 'and another']);
  });

  it('and is too long is told at the bound, once, wherever it ends', async () => {
    let sent = 0;
    async function* chunks(): AsyncGenerator<Buffer> {
      for (const piece of ['x'.repeat(100), 'x', 'x'.repeat(50), 'x\n1', '2\n']) {
        sent += piece.length;
        yield Buffer.from(piece);
      }
    }
    const found: unknown[] = [];
    for await (const { number, read } of ndjsonLines(chunks(), 100))
      found.push([number, 'error' in read ? read.error.code : read.value, sent]);
    assert.deepEqual(found, [
      [1, 'body_too_large', 101],
      [2, 12, 156],
    ]);
  });
});

describe('a body', () => {
  /** Lines that came before it was given up after 800 bytes, and bytes that were taken. */
  async function givenUp(bytes: string, size: number): Promise<{ lines: number; taken: number }> {
    let lines = 0;
    let taken = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      for (const chunk = Buffer.from(bytes.repeat(size)); taken < 10_000; taken += chunk.length) yield chunk;
    }
    const reading = async () => {
      for await (const _line of ndjsonLines(endless(), 100)) lines++;
    };
    await assert.rejects(reading, { code: 'body_too_large', message: /800 bytes/ });
    return { lines, taken };
  }

  it('from which no line comes is given up after 8 times the longest line', async () => {
    for (const size of [1, 7]) {
      for (const blank of ['\n', '\r\n', ' \n']) {
        const { lines, taken } = await givenUp(blank, size);
        assert.equal(lines, 0);
        assert.ok(taken <= 800 && taken > 780, `${taken} bytes`);
      }
      const { lines, taken } = await givenUp('x', size);
      assert.equal(lines, 1);
      assert.ok(taken <= 910 && taken > 890, `${taken} bytes`);
    }
  });

  it('is not where lines come, however many are blank or long', async () => {
    const long = 'x'.repeat(150);
    const text = `${'\n'.repeat(700)}1\n${'\n'.repeat(700)}${`${long}\n`.repeat(20)}2`;
    const found = await linesOf(
      text,
      Array.from({ length: 500 }, () => 10),
    );
    assert.deepEqual([found.length, found[0]?.[1], found.at(-1)?.[1]], [22, 1, 2]);
  });
});

const ADMIN_KEY = 'admin-key-0123456789';

async function serve(t: CleanUp, patience: Partial<Patience> & { idleMs?: number } = {}) {
  const { logger, log } = keepingLogger();
  const metrics = new Metrics();
  const writer = new ControlledWriter();
  const settings = readConfig({ NEARPAPER_ADMIN_KEY: ADMIN_KEY, NEARPAPER_MAX_BODY: '100000' });
  const service: Service = {
    ...{ logger, metrics, settings, writer, version: '0', reload: null },
    state: { kind: 'starting' },
  };
  const { idleMs = 10_000, ...others } = patience;
  const app = express();
  app.use(observeRequests(service));
  app.post('/v1/papers', importPapers(service, { idleMs }));
  app.post('/other', express.text(), (_request, response) => void response.end('read'));
  app.use(problemHandler(logger));
  const server = createListener(app, others);
  const port = await listen(server, 0, '127.0.0.1');
  t.after(() => {
    metrics.close();
    server.closeAllConnections();
    server.close();
  });
  return { port, writer, log, server };
}

interface Sending {
  client: ClientRequest;
  /** The answer, once its headers are there. */
  response: Promise<IncomingMessage>;
  /** The lines of the answer so far. */
  lines: Record<string, unknown>[];
  /** The lines, at the end of the answer; rejects where the connection breaks. */
  ended(): Promise<Record<string, unknown>[]>;
  /** The whole of an answer that has no lines. */
  refused: Promise<Answered>;
}

/** Begins to send; what is sent and when is the test's. */
function sending(
  t: CleanUp,
  port: number,
  headers: Record<string, string> = {},
  path = '/v1/papers',
): Sending {
  const client = httpRequest({
    ...{ port, path, method: 'POST' },
    headers: { Authorization: `Bearer ${ADMIN_KEY}`, 'Content-Type': 'application/x-ndjson', ...headers },
  });
  t.after(() => void client.destroy());
  const lines: Record<string, unknown>[] = [];
  const response = once(client, 'response').then(([message]: IncomingMessage[]) => {
    assert.ok(message);
    return message;
  });
  const whole = response.then(async (message) => {
    let text = '';
    for await (const piece of message) {
      const all = (text + piece).split('\n');
      text = all.pop() ?? '';
      for (const line of all) lines.push(JSON.parse(line));
    }
    return { status: message.statusCode ?? 0, headers: message.headers, text };
  });
  whole.catch(() => undefined);
  // Sent before anything of the body is.
  client.flushHeaders();
  const ended = async () => {
    assert.deepEqual((await whole).text, '');
    return lines;
  };
  return { client, response, lines, refused: whole, ended };
}

const record = (i: number) => `{"id":"p${i}","title":"Paper ${i}"}\n`;
const COUNTS = { created: 0, changed: 0, unchanged: 0, older: 0, deleted: 0, refused: 0 };

describe('answers to lines', () => {
  it('come while the body still arrives, each when its change is made', async (t) => {
    const { port, writer } = await serve(t);
    const { client, response, lines, ended } = sending(t, port);
    const { statusCode, headers } = await response;
    assert.equal(statusCode, 200);
    assert.equal(headers['content-type'], 'application/x-ndjson');
    client.write(record(1));
    await until('the first answer', () => lines.length === 1);
    client.write('{"delete":"p1"}\n{"dele');
    await until('the second answer', () => lines.length === 2);
    client.end('te":7}\n{"delete":"p2","title":"x"}');
    const last = { done: true, ...COUNTS, created: 1, deleted: 1, refused: 2 };
    const [first, second, third, fourth, fifth] = await ended();
    assert.deepEqual(
      [first, second, fifth],
      [{ line: 1, id: 'x', outcome: 'created' }, { line: 2, id: 'p1', outcome: 'deleted' }, last],
    );
    for (const [i, refused] of [third, fourth].entries()) {
      assert.equal(refused?.line, i + 3);
      assert.equal(Reflect.get(Object(refused?.error), 'code'), 'invalid_request');
    }
    assert.deepEqual(writer.begun, [{ id: 'p1', title: 'Paper 1' }, 'p1']);
    assert.equal(writer.options?.wait, true);
  });

  it('keep the order of the lines, whichever change is made first', async (t) => {
    const { port, writer } = await serve(t);
    const makes: (() => void)[] = [];
    writer.begin = () => new Promise((resolve) => makes.push(resolve));
    const { client, lines, ended } = sending(t, port);
    client.end(record(1) + record(2) + record(3));
    await until('all are begun', () => makes.length === 3);
    makes[2]?.();
    makes[1]?.();
    makes[0]?.();
    await ended();
    assert.deepEqual(
      lines.map(({ line }) => line),
      [1, 2, 3, undefined],
    );
  });

  it('hold up the reading: no more than 64 lines are under way', async (t) => {
    const { port, writer } = await serve(t);
    const makes: (() => void)[] = [];
    writer.begin = () => new Promise((resolve) => makes.push(resolve));
    const { client, response, ended } = sending(t, port);
    const long = 'x'.repeat(1000);
    const total = 20_000;
    let sent = 0;
    const send = () => {
      while (sent < total) {
        if (!client.write(`{"title":"${long}","year":${sent++}}\n`)) return void client.once('drain', send);
      }
      client.end();
    };
    send();
    await response;
    await until('64 are begun', () => makes.length >= 64);
    // The body fills what the system holds of it, and then waits.
    let before = -1;
    await until('nothing more is sent', () => {
      const same = sent === before;
      before = sent;
      return same;
    });
    assert.equal(makes.length, 64);
    assert.ok(sent < total, `${sent} lines were taken`);
    writer.begin = () => Promise.resolve();
    for (const make of makes) make();
    const lines = await ended();
    assert.equal(lines.length, total + 1);
    assert.deepEqual(lines.at(-1), { done: true, ...COUNTS, created: total });
  });

  it('hold fewer long lines at a time, as many as one body may have bytes', async (t) => {
    const { port, writer } = await serve(t);
    const makes: (() => void)[] = [];
    writer.begin = () => new Promise((resolve) => makes.push(resolve));
    const { client, ended } = sending(t, port);
    client.end(`{"title":"${'x'.repeat(40_000)}"}\n`.repeat(3));
    await until('two are begun', () => makes.length === 2);
    makes[0]?.();
    await until('the third is begun', () => makes.length === 3);
    for (const make of makes) make();
    assert.equal((await ended()).length, 4);
  });

  it('end with the reason when no change can be stored', async (t) => {
    const { port, writer, log } = await serve(t);
    writer.begin = () => Promise.reject(new NearpaperError('storage_failed', 'The disk is full.'));
    const { client, lines, ended } = sending(t, port);
    client.write(record(1));
    const told = { code: 'storage_failed', detail: 'The disk is full.' };
    // What else would come is not waited for.
    await until('the last line', () => lines.length === 2);
    client.end(record(2));
    assert.deepEqual(await ended(), [
      { line: 1, error: told },
      { done: false, ...COUNTS, refused: 1, error: told },
    ]);
    assert.equal(writer.begun.length, 1);
    assert.equal(log.filter(({ level }) => level >= 50).length, 0);
  });
});

describe('a caller who', () => {
  it('leaves has nothing more begun', async (t) => {
    const { port, writer, log } = await serve(t);
    writer.begin = () => new Promise(() => undefined);
    const { client, response } = sending(t, port);
    client.write(Array.from({ length: 100 }, (_, i) => record(i)).join(''));
    (await response).on('error', () => undefined);
    await until('the first are begun', () => writer.begun.length === 64);
    assert.equal(writer.signal?.aborted, false);
    client.on('error', () => undefined).destroy();
    await until('the line of the request', () => log.length > 0);
    assert.equal(writer.signal?.aborted, true);
    assert.equal(writer.signal?.reason.code, 'cancelled');
    assert.equal(writer.begun.length, 64);
    assert.deepEqual(
      log.map(({ res }) => res?.statusCode),
      [499],
    );
  });

  it('sends nothing for too long is told so, and cut', async (t) => {
    const { port } = await serve(t, { idleMs: 50 });
    const { client, ended } = sending(t, port);
    client.write(record(1));
    const [first, last, ...rest] = await ended();
    assert.deepEqual(rest, []);
    assert.equal(first?.outcome, 'created');
    assert.equal(last?.done, false);
    assert.equal(Reflect.get(Object(last?.error), 'code'), 'request_timeout');
    await until('the connection is closed', () => client.destroyed);
  });

  it('sends slowly may take longer than any other request', async (t) => {
    const { port } = await serve(t, { requestMs: 60, headersMs: 60, lookEveryMs: 10 });
    const { client, lines, ended } = sending(t, port);
    // What Node cuts meanwhile, several times over.
    for (let i = 1; i <= 4; i++) {
      const other = sending(t, port, { 'Content-Type': 'text/plain' }, '/other');
      other.client.write('a');
      const message = await other.response;
      assert.equal(message.statusCode, 408);
      client.write(record(i));
      await until('its answer', () => lines.length === i);
    }
    client.end();
    assert.equal((await ended()).at(-1)?.done, true);
  });

  it('comes when eight bodies are arriving is refused until one has ended', async (t) => {
    const { port } = await serve(t);
    const open = Array.from({ length: 8 }, () => sending(t, port));
    for (const { response } of open) assert.equal((await response).statusCode, 200);
    const ninth = await sending(t, port).refused;
    assertProblem(ninth, 'overloaded');
    assert.equal(ninth.headers['retry-after'], '5');
    open[0]?.client.end();
    await open[0]?.ended();
    assert.equal((await sending(t, port).response).statusCode, 200);
  });
});

describe('a line that is too long', () => {
  it('is answered before it has ended', async (t) => {
    const { port } = await serve(t);
    const { client, lines, ended } = sending(t, port);
    client.write('x'.repeat(100_001));
    await until('its answer', () => lines.length === 1);
    client.end(`\n${record(1)}`);
    assert.deepEqual((await ended()).at(-1), { done: true, ...COUNTS, created: 1, refused: 1 });
  });
});

describe('a request behind a stream of papers, which ends its connection,', () => {
  it('is not carried out', async (t) => {
    const { port, writer, log, server } = await serve(t);
    let requests = 0;
    server.on('request', () => requests++);
    const makes: (() => void)[] = [];
    writer.begin = () => new Promise((resolve) => makes.push(resolve));
    const upload = (body: string) =>
      `POST /v1/papers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ADMIN_KEY}\r\n` +
      `Content-Type: application/x-ndjson\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const socket = await openSocket(port);
    let text = '';
    socket.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    const closed = once(socket, 'close');
    socket.write(`${upload(record(1))}${upload(record(2))}GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n`);
    await until('all have arrived', () => requests === 3 && makes.length > 0);
    // Longer than the second would need to begin.
    const other = sending(t, port);
    other.client.end(record(3));
    await until('the other is begun', () => writer.begun.length > 1);
    for (const make of makes) make();
    await closed;
    await other.ended();
    assert.deepEqual(writer.begun, [JSON.parse(record(1)), JSON.parse(record(3))]);
    assert.equal(text.split('HTTP/1.1 200').length, 2);
    assert.equal(log.length, 2);
  });
});

describe('a body that is packed', () => {
  const body = Array.from({ length: 200 }, (_, i) => record(i)).join('');

  it('with gzip is unpacked while it arrives', async (t) => {
    const { port, writer } = await serve(t);
    for (const encoding of ['gzip', 'x-gzip', 'GZIP']) {
      writer.begun.length = 0;
      const { client, ended } = sending(t, port, { 'Content-Encoding': encoding });
      client.end(gzipSync(body));
      assert.deepEqual((await ended()).at(-1), { done: true, ...COUNTS, created: 200 });
      assert.equal(writer.begun.length, 200);
    }
  });

  it('ends with the reason where it is damaged or cut short', async (t) => {
    const { port } = await serve(t);
    const packed = gzipSync(body);
    const damaged = Buffer.from(packed);
    damaged.fill(0xff, 20, 40);
    for (const bytes of [damaged, packed.subarray(0, packed.length / 2), Buffer.from(body)]) {
      const { client, ended } = sending(t, port, { 'Content-Encoding': 'gzip' });
      client.end(bytes);
      const last = (await ended()).at(-1);
      assert.equal(last?.done, false);
      assert.equal(Reflect.get(Object(last?.error), 'code'), 'invalid_request');
    }
  });

  it('of a line that unpacks to more than is held is passed over', async (t) => {
    const { port } = await serve(t);
    const { client, ended } = sending(t, port, { 'Content-Encoding': 'gzip' });
    client.end(gzipSync(Buffer.concat([Buffer.alloc(700_000, 'x'), Buffer.from(`\n${record(1)}`)])));
    const [first, second, last] = await ended();
    assert.equal(Reflect.get(Object(first?.error), 'code'), 'body_too_large');
    assert.equal(second?.line, 2);
    assert.deepEqual(last, { done: true, ...COUNTS, created: 1, refused: 1 });
  });

  it('and unpacks to far more without a line is given up', async (t) => {
    const { port, writer } = await serve(t);
    for (const [filling, lines] of [
      ['x', 2],
      ['\n', 1],
    ] as const) {
      const { client, ended } = sending(t, port, { 'Content-Encoding': 'gzip' });
      client.end(gzipSync(Buffer.concat([Buffer.alloc(50_000_000, filling), Buffer.from(`\n${record(1)}`)])));
      const all = await ended();
      assert.equal(all.length, lines);
      assert.equal(all.at(-1)?.done, false);
      assert.equal(Reflect.get(Object(all.at(-1)?.error), 'code'), 'body_too_large');
    }
    assert.deepEqual(writer.begun, []);
  });

  it('in another way is refused', async (t) => {
    const { port } = await serve(t);
    const { client, refused } = sending(t, port, { 'Content-Encoding': 'br' });
    client.end('x');
    assert.match(String(assertProblem(await refused, 'unsupported_media_type').accepted), /gzip/);
  });
});
