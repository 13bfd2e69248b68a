/** Keys: who may read, how often, and who may write. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { before, describe, it } from 'node:test';
import type { Config } from '../../src/config.js';
import { indexOf, THREE_PAPERS } from '../support/corpus.js';
import { assertProblem } from '../support/problems.js';
import { openSocket, parseResponse, write } from '../support/raw-http.js';
import { serveIndex, type TestService } from '../support/service.js';
import { afterFile, type CleanUp } from '../support/temporary-folder.js';

const ADMIN = 'admin-key-0123456789';
const LAB = 'lab-key-0123456789ab';
const WEB = 'web-key-0123456789ab';
const READ_KEYS: Config['readKeys'] = [
  { name: 'lab', key: LAB, points: 4, seconds: 60 },
  { name: 'web', key: WEB, points: 1000, seconds: 1 },
];
/** Tell nothing of the corpus, so that they need no key. */
const OPEN = ['/', '/livez', '/readyz', '/openapi.json', '/docs', '/docs/rapidoc-9.3.8.js'];
const PAPER = `/v1/papers/${THREE_PAPERS[0]?.id}`;
const CLOSED = [
  PAPER,
  `${PAPER}/similar`,
  '/v1/papers',
  '/v1/search?q=x',
  '/v1/info',
  '/metrics',
  '/nowhere',
];
const WRITES = [
  ['POST', '/v1/papers'],
  ['PUT', PAPER],
  ['DELETE', PAPER],
] as const;

const file = afterFile();
let index: string;
before(async () => {
  index = await indexOf(file);
});

const serve = (t: CleanUp, settings: Partial<Config> = {}): Promise<TestService> =>
  serveIndex(t, index, { readKeys: READ_KEYS, adminKey: ADMIN, ...settings });

/** A request with this Authorization header, or none. */
function ask({ url }: TestService, path: string, authorization?: string, init: RequestInit = {}) {
  const headers = new Headers(init.headers);
  if (authorization !== undefined) headers.set('Authorization', authorization);
  return fetch(url + path, { ...init, headers }).then(async (response) => ({
    status: response.status,
    headers: Object.fromEntries(response.headers),
    text: await response.text(),
  }));
}

const batchOf = (requests: number): RequestInit => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ requests: Array.from({ length: requests }, () => ({ similar: { id: 'x' } })) }),
});

describe('reading', () => {
  it('needs no key where none is configured, and none is looked at', async (t) => {
    const served = await serve(t, { readKeys: [] });
    for (const authorization of [undefined, 'Bearer nonsense', 'Basic eDp5']) {
      assert.equal((await ask(served, PAPER, authorization)).status, 200);
    }
  });

  it('is refused without a key that is configured, everywhere but where nothing is told', async (t) => {
    const served = await serve(t);
    const wrong = [undefined, '', 'Bearer', 'Bearer ', `Bearer ${LAB}x`, `Bearer ${LAB.slice(1)}`];
    wrong.push(LAB, `Basic ${LAB}`, `Bearer ${LAB} ${LAB}`, `Bearer ${LAB.toUpperCase()}`, 'Bearer lab');
    for (const authorization of wrong) {
      const response = await ask(served, PAPER, authorization);
      assertProblem(response, 'unauthorized');
      assert.equal(response.headers['www-authenticate'], 'Bearer', authorization);
    }
    for (const path of CLOSED) assertProblem(await ask(served, path), 'unauthorized');
    for (const path of OPEN) assert.equal((await ask(served, path)).status, 200, path);
  });

  it('is not let in by a path that only looks open', async (t) => {
    const served = await serve(t);
    for (const target of ['/docs/../v1/info', '/docs/..%2fv1/info', '//v1/info', '/V1/INFO', '/v1/info/']) {
      const socket = await openSocket(served.port);
      await write(socket, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      const [piece] = await once(socket, 'data');
      assert.ok([401, 404].includes(parseResponse(String(piece)).status), target);
      socket.destroy();
    }
  });

  it('is answered with a key, however its scheme is written', async (t) => {
    const served = await serve(t);
    for (const authorization of [`Bearer ${WEB}`, `bearer ${WEB}`, `BEARER  ${WEB}`, `Bearer ${ADMIN}`]) {
      assert.equal((await ask(served, PAPER, authorization)).status, 200, authorization);
    }
    assert.equal((await ask(served, '/metrics', `Bearer ${WEB}`)).status, 200);
  });

  it('is asked for by a preflight without a key', async (t) => {
    const origin = 'https://papers.example.org';
    const served = await serve(t, { corsOrigins: [origin] });
    const response = await ask(served, PAPER, undefined, {
      method: 'OPTIONS',
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'PUT',
        'Access-Control-Request-Headers': 'authorization,if-match',
      },
    });
    assert.equal(response.status, 204);
    assert.equal(response.headers['access-control-allow-methods'], 'GET,HEAD,POST,PUT,DELETE');
    assert.equal(response.headers['access-control-allow-headers'], 'authorization,if-match');
    const refused = await ask(served, PAPER, undefined, { headers: { Origin: origin } });
    assertProblem(refused, 'unauthorized');
    assert.equal(refused.headers['access-control-allow-origin'], origin);
  });
});

describe('the rate of a key', () => {
  it('is its own, refuses with the seconds to wait, and begins anew after them', async (t) => {
    const served = await serve(t);
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    for (let i = 0; i < 4; i++) assert.equal((await ask(served, PAPER, `Bearer ${LAB}`)).status, 200);
    t.mock.timers.tick(10_500);
    const refused = await ask(served, PAPER, `Bearer ${LAB}`);
    assertProblem(refused, 'rate_limited');
    assert.equal(refused.headers['retry-after'], '50');
    assert.equal((await ask(served, PAPER, `Bearer ${WEB}`)).status, 200);
    t.mock.timers.tick(50_000);
    assert.equal((await ask(served, PAPER, `Bearer ${LAB}`)).status, 200);
  });

  it('does not hold for the admin key', async (t) => {
    const served = await serve(t, { readKeys: [{ name: 'lab', key: LAB, points: 1, seconds: 60 }] });
    for (let i = 0; i < 5; i++) assert.equal((await ask(served, PAPER, `Bearer ${ADMIN}`)).status, 200);
  });

  it('counts a batch by its requests, and one that is refused as one', async (t) => {
    const served = await serve(t);
    const post = (requests: number) => ask(served, '/v1/batch', `Bearer ${LAB}`, batchOf(requests));
    assert.equal((await post(2)).status, 200);
    const refused = await post(3);
    assertProblem(refused, 'rate_limited');
    assert.match(String(refused.headers['retry-after']), /^\d+$/);
    assert.equal((await post(1)).status, 200);
    assertProblem(await post(1), 'rate_limited');
  });

  it('says of a batch that no window could hold that waiting does not help', async (t) => {
    const served = await serve(t);
    const refused = await ask(served, '/v1/batch', `Bearer ${LAB}`, batchOf(5));
    const problem = assertProblem(refused, 'rate_limited');
    assert.equal(refused.headers['retry-after'], undefined);
    assert.equal(problem.accepted, 'at most 4 requests and texts at once');
    assert.equal((await ask(served, '/v1/batch', `Bearer ${ADMIN}`, batchOf(5))).status, 200);
  });

  it('counts recommendations by their texts, also in a batch', async (t) => {
    const { id } = THREE_PAPERS[0] ?? {};
    const texts = (count: number) => Array.from({ length: count }, (_, i) => ({ text: `text ${i}` }));
    const seeds = { positives: [{ id }, ...texts(1)], negatives: texts(2) };
    const bodies: [path: string, body: object, cost: number][] = [
      ['/v1/recommendations', { positives: [{ id }], negatives: [{ id }] }, 1],
      ['/v1/recommendations', { positives: texts(1) }, 1],
      ['/v1/recommendations', seeds, 3],
      ['/v1/batch', { requests: [{ recommendations: seeds }] }, 3],
      ['/v1/batch', { requests: [{ recommendations: { positives: texts(2) } }, { search: { q: 'x' } }] }, 3],
      // Refused by itself, and counted all the same.
      ['/v1/batch', { requests: [{ recommendations: { positives: 'x' } }, 7] }, 2],
      ['/v1/papers/lookup', { ids: [id, 'x', 'y', 'z'] }, 1],
    ];
    for (const [path, body, cost] of bodies) {
      // Several services on one folder: no more than one of them may write.
      const served = await serve(t, { readOnly: true });
      const init = batchOf(1);
      const first = await ask(served, path, `Bearer ${LAB}`, { ...init, body: JSON.stringify(body) });
      assert.ok(first.status < 429, `${path}: ${first.text}`);
      for (let left = 4 - cost; left >= 0; left--) {
        const { status } = await ask(served, PAPER, `Bearer ${LAB}`);
        assert.equal(status, left > 0 ? 200 : 429, `${path} ${JSON.stringify(body)}`);
      }
    }
    const refused = await ask(await serve(t), '/v1/recommendations', `Bearer ${LAB}`, {
      ...batchOf(1),
      body: JSON.stringify({ positives: texts(5) }),
    });
    assert.match(assertProblem(refused, 'rate_limited').detail, /counts as 5/);
  });
});

describe('OPTIONS', () => {
  it('needs a key where reading does', async (t) => {
    const served = await serve(t);
    assertProblem(await ask(served, PAPER, undefined, { method: 'OPTIONS' }), 'unauthorized');
    const { status, headers } = await ask(served, PAPER, `Bearer ${WEB}`, { method: 'OPTIONS' });
    assert.deepEqual([status, headers.allow], [204, 'GET, HEAD, PUT, DELETE, OPTIONS']);
  });
});

describe('writing', () => {
  it('is off without an admin key, and in a service that only reads, and the problem says why', async (t) => {
    const keyless = await serve(t, { adminKey: null, readKeys: [] });
    const readOnly = await serve(t, { readOnly: true, readKeys: [] });
    for (const [method, path] of WRITES) {
      const noKey = assertProblem(await ask(keyless, path, undefined, { method }), 'writes_off');
      assert.match(noKey.detail, /NEARPAPER_ADMIN_KEY/);
      const off = assertProblem(await ask(readOnly, path, `Bearer ${ADMIN}`, { method }), 'writes_off');
      assert.match(off.detail, /NEARPAPER_READ_ONLY/);
    }
  });

  it('needs the admin key: a read key is not enough', async (t) => {
    const served = await serve(t);
    for (const [method, path] of WRITES) {
      for (const authorization of [undefined, `Bearer ${WEB}`, `Bearer ${ADMIN}x`, `Basic ${ADMIN}`]) {
        const response = await ask(served, path, authorization, { method });
        assertProblem(response, 'unauthorized');
        assert.equal(response.headers['www-authenticate'], 'Bearer');
      }
    }
    const form = { method: 'PUT', headers: { 'Content-Type': 'text/plain' }, body: 'no paper' };
    const { status } = await ask(served, PAPER, `Bearer ${ADMIN}`, form);
    assert.ok(status >= 400 && status < 500 && status !== 401 && status !== 403, String(status));
  });
});

describe('a refusal', () => {
  it('comes before the body is read, and ends the connection where a long one would follow', async (t) => {
    const served = await serve(t);
    const heads = [
      `PUT ${PAPER} HTTP/1.1`,
      `PUT ${PAPER} HTTP/1.1\r\nAuthorization: Bearer ${WEB}`,
      'POST /v1/papers HTTP/1.1',
      'POST /v1/search HTTP/1.1',
      'POST /v1/batch HTTP/1.1',
    ];
    for (const head of heads) {
      for (const body of ['Content-Length: 4000000', 'Transfer-Encoding: chunked']) {
        const socket = await openSocket(served.port);
        await write(socket, `${head}\r\nHost: x\r\nContent-Type: application/json\r\n${body}\r\n\r\n`);
        const [piece] = await once(socket, 'data');
        const response = parseResponse(String(piece));
        assertProblem(response, 'unauthorized');
        assert.equal(response.headers.connection, 'close');
        await once(socket, 'close');
      }
    }
  });
});

describe('a body that is announced with Expect: 100-continue', () => {
  /** All that comes back until the server closes the connection; `body` is sent when it is asked for. */
  async function exchange(port: number, head: string, body: string): Promise<string> {
    const socket = await openSocket(port);
    let text = '';
    socket.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      if (piece.startsWith('HTTP/1.1 100')) socket.write(body);
    });
    const closed = once(socket, 'close');
    const length = `Expect: 100-continue\r\nContent-Length: ${body.length}`;
    await write(socket, `${head}\r\nHost: x\r\n${length}\r\n\r\n`);
    await closed;
    return text;
  }
  const JSON_TYPE = 'Content-Type: application/json';
  const LINES_TYPE = 'Content-Type: application/x-ndjson';

  it('is not asked for where it is refused, and the connection ends', async (t) => {
    const { port } = await serve(t);
    const heads: [head: string, status: number][] = [
      [`PUT ${PAPER} HTTP/1.1\r\n${JSON_TYPE}`, 401],
      [`POST /v1/papers HTTP/1.1\r\n${LINES_TYPE}`, 401],
      [`POST /v1/search HTTP/1.1\r\n${JSON_TYPE}`, 401],
      [`POST /v1/papers HTTP/1.1\r\n${JSON_TYPE}\r\nAuthorization: Bearer ${ADMIN}`, 415],
    ];
    for (const [head, status] of heads) {
      const response = parseResponse(await exchange(port, head, '{}'));
      assert.equal(response.status, status, head);
      assert.equal(response.headers.connection, 'close');
    }
  });

  it('is asked for where it is read, and then answered', async (t) => {
    const { port } = await serve(t);
    const key = `Authorization: Bearer ${ADMIN}`;
    // What follows the body shows that the connection was kept.
    const next = `GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    const sent: [head: string, body: string, answers: RegExp][] = [
      [`PUT /v1/papers/new HTTP/1.1\r\n${JSON_TYPE}\r\n${key}`, '{"title":"New"}', /^HTTP\/1\.1 201/],
      [`POST /v1/search HTTP/1.1\r\n${JSON_TYPE}\r\n${key}`, '{"q":"new"}', /^HTTP\/1\.1 200/],
    ];
    for (const [head, body, answer] of sent) {
      const socket = await openSocket(port);
      let text = '';
      socket.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
        if (piece.startsWith('HTTP/1.1 100')) socket.write(body + next);
      });
      const closed = once(socket, 'close');
      const length = `Expect: 100-Continue\r\nContent-Length: ${body.length}`;
      await write(socket, `${head}\r\nHost: x\r\n${length}\r\n\r\n`);
      await closed;
      const [asked, answered, live] = text.split(/(?=HTTP\/1\.1 \d{3} )/);
      assert.match(asked ?? '', /^HTTP\/1\.1 100 Continue\r\n\r\n$/);
      assert.match(answered ?? '', answer);
      assert.equal(parseResponse(live ?? '').status, 200);
    }
    const upload = await exchange(
      port,
      `POST /v1/papers HTTP/1.1\r\n${LINES_TYPE}\r\n${key}`,
      '{"title":"x"}\n',
    );
    assert.match(upload, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
    assert.match(upload, /"done":true,"created":1/);
  });
});

describe('what is written of keys', () => {
  it('is their name, in the log and the metrics, and never a key', async (t) => {
    const served = await serve(t);
    await ask(served, `${PAPER}?fields=id`, `Bearer ${LAB}`);
    await ask(served, PAPER, `Bearer ${WEB}`);
    await ask(served, PAPER, 'Bearer a-wrong-key-0123456789');
    await ask(served, PAPER, `Bearer ${ADMIN}`, { method: 'PUT', body: 'x' });
    const told = await Promise.all(
      ['/metrics', '/v1/info', '/', '/openapi.json', '/docs'].map(async (path) => {
        return (await ask(served, path, `Bearer ${ADMIN}`)).text;
      }),
    );
    const names = served.log.filter(({ req }) => req?.url.startsWith(PAPER)).map(({ key }) => key);
    assert.deepEqual(names, ['lab', 'web', undefined, 'admin']);
    assert.match(told[0] ?? '', /^nearpaper_http_key_requests_total\{key="lab"\} 1$/m);
    assert.match(told[0] ?? '', /^nearpaper_http_problems_total\{code="unauthorized"\} 1$/m);
    const written = JSON.stringify(served.log) + told.join('');
    for (const secret of [ADMIN, LAB, WEB, 'a-wrong-key']) assert.ok(!written.includes(secret), secret);
  });
});
