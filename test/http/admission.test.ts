/** More requests at once than may wait: who is answered, who is refused, and that the service gets over it. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import supertest from 'supertest';
import { readConfig } from '../../src/config.js';
import { Line } from '../../src/http/admission.js';
import type { ServedCorpus } from '../../src/http/service.js';
import { indexOf } from '../support/corpus.js';
import { openSocket, write } from '../support/raw-http.js';
import { openServed, serveParts } from '../support/served-parts.js';
import { serveIndex } from '../support/service.js';
import { afterFile } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { stuck } from './stuck.js';

const file = afterFile();
let index: string;
let corpus: ServedCorpus;
before(async () => {
  index = await indexOf(file);
  corpus = await openServed(file, index);
});

const PAPER = '/v1/papers/2401.00001';
const SIMILAR = `${PAPER}/similar`;
/** As many as may be under way. */
const UNDER_WAY = 256;

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

/** Asks for all of these at once, so that they are read in one turn of the event loop; the answers, in order. */
async function askAtOnce(port: number, paths: readonly string[]): Promise<string[]> {
  const socket = await openSocket(port);
  let text = '';
  socket.on('data', (piece) => {
    text += piece;
  });
  await write(socket, paths.map(get).join(''));
  const answers = () => text.split(/(?=HTTP\/1\.1 \d{3} )/).filter((answer) => answer !== '');
  await until('an answer to each', () => answers().length === paths.length && text.endsWith('}'));
  socket.destroy();
  return answers();
}

const statuses = (answers: readonly string[]) => answers.map((answer) => Number(answer.slice(9, 12)));
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('requests that come all at once', () => {
  it('wait for each other, as many as the line holds, and are all answered', async (t) => {
    const { port } = await serveIndex(t, index);
    assert.deepEqual(statuses(await askAtOnce(port, times(65, PAPER))), times(65, 200));
  });

  it('are refused beyond that, with Retry-After; probes never are, however they are written', async (t) => {
    const { port } = await serveIndex(t, index);
    const probes = [
      '/livez',
      '/readyz',
      '/livez/',
      '/LIVEZ',
      '/readyz?x=1',
      'http://x/livez',
      '/openapi.json',
      '/',
    ];
    const answers = await askAtOnce(port, [...times(80, PAPER), ...probes]);
    assert.deepEqual(statuses(answers), [...times(65, 200), ...times(15, 503), ...times(probes.length, 200)]);
    for (const answer of answers.slice(65, 80)) {
      assert.match(answer, /^Retry-After: 1\r$/m);
      assert.match(answer, /"code":"overloaded"/);
      assert.match(answer, /"requestId":"[\w-]{36}"/);
    }
  });

  it('leave the service able to answer the next one', async (t) => {
    const { port, http } = await serveIndex(t, index);
    await askAtOnce(port, times(80, PAPER));
    await http.get(PAPER).expect(200);
  });

  it('on one connection are no leak of listeners', async (t) => {
    const warnings: Error[] = [];
    const note = (warning: Error) => void warnings.push(warning);
    process.on('warning', note);
    t.after(() => process.off('warning', note));
    const { port } = await serveIndex(t, index);
    await askAtOnce(
      port,
      times(40, 0).map((_, i) => `/v1/search?q=word${i}`),
    );
    assert.deepEqual(warnings, []);
  });
});

describe('callers who each wait for their answer', () => {
  it('are never refused, 16 of them', async (t) => {
    const { http } = await serveIndex(t, index);
    const lane = async () => {
      for (let i = 0; i < 20; i++) await http.get(SIMILAR).expect(200);
    };
    await Promise.all(Array.from({ length: 16 }, lane));
  });
});

describe('callers who leave', () => {
  it('hold up nobody, also those who asked for more before they had their answer', async (t) => {
    const { corpus: parts, begun, cancelled } = stuck(corpus);
    const { port, url, log } = await serveParts(t, parts, { ...readConfig({}), deadlineMs: 600_000 });
    for (let asked = 0; asked < UNDER_WAY; asked += 32) {
      const socket = await openSocket(port);
      await write(socket, get(SIMILAR).repeat(32));
      await until('all are under way', () => begun() === asked + 32);
      t.after(() => socket.destroy());
      socket.destroy();
      await until('all are stopped', () => cancelled() === asked + 32);
    }
    await supertest(url).get(PAPER).expect(200);
    await until('a line for each', () => log.length > UNDER_WAY);
    assert.equal(log.filter(({ res }) => res?.statusCode === 499).length, UNDER_WAY);
    const { text } = await supertest(url).get('/metrics');
    assert.match(
      text,
      /duration_seconds_count\{route="\/v1\/papers\/:id\/similar",method="GET",status="499"\} 256/,
    );
  });
});

describe('answers whose turn on their connection has not come', () => {
  it('hold up nobody', async (t) => {
    const { corpus: parts, begun } = stuck(corpus);
    const { port, url, log } = await serveParts(t, parts, { ...readConfig({}), deadlineMs: 600_000 });
    for (let sockets = 1; sockets * 60 <= UNDER_WAY + 60; sockets++) {
      const socket = await openSocket(port);
      t.after(() => socket.destroy());
      await write(socket, get(SIMILAR) + get(PAPER).repeat(60));
      await until('it is under way', () => begun() === sockets);
      await supertest(url).get(PAPER).expect(200);
    }
    assert.ok(log.every(({ res }) => res?.statusCode === 200));
  });
});

describe('bodies that do not arrive', () => {
  const head = (bytes: number) =>
    `POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n{`;

  it('hold up nobody', async (t) => {
    const { port, http } = await serveIndex(t, index);
    const sockets = await Promise.all(times(UNDER_WAY + 1, port).map(openSocket));
    for (const socket of sockets) await write(socket, head(100));
    await http.get(PAPER).expect(200);
    await http.post('/v1/search').send({ q: 'x' }).expect(200);
    for (const socket of sockets) socket.destroy();
  });

  it('are refused beyond the memory for them, until their callers leave', async (t) => {
    const { port, http, log } = await serveIndex(t, index);
    const sockets = await Promise.all(times(32, port).map(openSocket));
    for (const socket of sockets) await write(socket, head(4 * 1024 * 1024));
    const search = () => http.post('/v1/search').send({ q: 'x' });
    await until('a refusal', async () => (await search()).status === 503);
    assert.equal((await search()).headers['retry-after'], '1');
    await http.get(PAPER).expect(200);
    for (const socket of sockets) socket.destroy();
    await until('all have left', () => log.filter(({ res }) => res?.statusCode === 499).length === 32);
    await search().expect(200);
  });
});

describe('a line', () => {
  const here = { destroyed: false };

  /** A line with as many under way as may be. */
  async function occupied(deadlineMs: number) {
    const line = new Line(deadlineMs);
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const running: Promise<void>[] = [];
    for (let begun = 0; begun < UNDER_WAY; ) {
      running.push(
        line.run(here, () => {
          begun++;
          return ended;
        }),
      );
      await new Promise((turn) => setImmediate(turn));
    }
    return { line, end, running };
  }
  const notBegun = () => assert.fail('it has begun');

  it('refuses whoever waits until the deadline', async () => {
    const { line, end, running } = await occupied(20);
    const refused = { code: 'deadline_exceeded', details: { retryAfter: 1 } };
    const first = assert.rejects(line.run(here, notBegun), refused);
    const second = assert.rejects(line.run(here, notBegun), refused);
    await Promise.all([first, second]);
    // Also when the one that the timer was set for is gone.
    await assert.rejects(line.run(here, notBegun), refused);
    end();
    await Promise.all(running);
  });

  it('goes on when some have ended, past those who have left', async () => {
    const { line, end, running } = await occupied(600_000);
    const caller = { destroyed: false };
    const leaves = assert.rejects(line.run(caller, notBegun), { code: 'cancelled' });
    let begun = 0;
    const next = line.run(here, async () => void begun++);
    caller.destroyed = true;
    assert.equal(begun, 0);
    end();
    await Promise.all([...running, leaves, next]);
    assert.equal(begun, 1);
  });

  it('goes on after work that fails', async () => {
    const line = new Line(600_000);
    await assert.rejects(
      line.run(here, async () => assert.fail('a defect')),
      /a defect/,
    );
    await line.run(here, async () => undefined);
  });
});
