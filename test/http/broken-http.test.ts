/** What reaches the port and is not HTTP as it should be, over real sockets. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { before, describe, it } from 'node:test';
import { indexOf } from '../support/corpus.js';
import { type Answered, assertProblem } from '../support/problems.js';
import { openSocket, parseResponse, sendRaw } from '../support/raw-http.js';
import { LEVELS, serveIndex, type TestService } from '../support/service.js';
import { afterFile } from '../support/temporary-folder.js';

const file = afterFile();
let served: TestService;
before(async () => {
  served = await serveIndex(file, await indexOf(file));
});

const send = (bytes: string | Buffer, options?: { thenEnd: boolean }): Promise<Answered> =>
  sendRaw(served.port, bytes, options);

/** Writes a request by hand and leaves the connection to the server. */
const lines = (...parts: string[]): string => `${parts.join('\r\n')}\r\n\r\n`;

describe('bytes that are not HTTP', () => {
  const garbage: [what: string, bytes: string | Buffer][] = [
    ['words', 'hello, is this the search?\r\n\r\n'],
    ['TLS', Buffer.from('16030100c8010000c403034f', 'hex')],
    ['a method that HTTP does not have', lines('FETCH /livez HTTP/1.1', 'Host: x')],
    ['another version', lines('GET /livez HTTP/7.1', 'Host: x')],
    ['a space in the path', lines('GET /v1/papers/a b HTTP/1.1', 'Host: x')],
    ['a header without a colon', lines('GET /livez HTTP/1.1', 'Host: x', 'nonsense')],
    ['a NUL in a header', lines('GET /livez HTTP/1.1', 'Host: x', 'X-A: \0')],
    ['a length that is no number', lines('POST /v1/search HTTP/1.1', 'Host: x', 'Content-Length: ten')],
    ['a negative length', lines('POST /v1/search HTTP/1.1', 'Host: x', 'Content-Length: -1')],
    ['two lengths', lines('POST /v1/search HTTP/1.1', 'Host: x', 'Content-Length: 1', 'Content-Length: 2')],
    [
      'a length and chunks at once',
      `${lines('POST /v1/search HTTP/1.1', 'Host: x', 'Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    ],
    ['no host', lines('GET /livez HTTP/1.1', 'Connection: close')],
    ['two hosts', lines('GET /livez HTTP/1.1', 'Host: a', 'Host: b', 'Connection: close')],
  ];
  for (const [what, bytes] of garbage) {
    it(`get problem+json and the connection is closed: ${what}`, async () => {
      assertProblem(await send(bytes), 'malformed_http');
    });
  }

  it('in chunks of a body are malformed_http too', async () => {
    const head = lines(
      'POST /v1/search HTTP/1.1',
      'Host: x',
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
    );
    assertProblem(await send(`${head}zz\r\n`), 'malformed_http');
  });

  it('but expect what we do not know are answered as if they did not', async () => {
    const expecting = lines('GET /livez HTTP/1.1', 'Host: x', 'Expect: a miracle', 'Connection: close');
    assert.equal((await send(expecting)).status, 200);
  });

  it('in a path or query reach the same answers as elsewhere', async () => {
    const get = (target: string) => send(lines(`GET ${target} HTTP/1.1`, 'Host: x', 'Connection: close'));
    assertProblem(await get('/v1/papers/100%'), 'malformed_url');
    assertProblem(await get('/v1/papers/%zz/similar'), 'malformed_url');
    assertProblem(await get('/v1/papers/%ED%A0%80'), 'malformed_url');
    assertProblem(await get('/v1/papers/%00'), 'unknown_paper');
    assertProblem(await get('/v1/papers/%2E%2E/similar'), 'unknown_paper');
    assertProblem(await get('/v1/papers/../../etc/passwd'), 'not_found');
    assertProblem(await get('/v1/papers/cs/0112017'), 'not_found');
    assert.equal((await get(`http://127.0.0.1:${served.port}/livez`)).status, 200);
  });
});

describe('sizes', () => {
  it('headers over the limit are headers_too_large', async () => {
    const response = await send(lines('GET /livez HTTP/1.1', 'Host: x', `X-Long: ${'a'.repeat(70_000)}`));
    assert.equal(assertProblem(response, 'headers_too_large').status, 431);
    assertProblem(
      await send(lines(`GET /v1/search?q=${'a'.repeat(70_000)} HTTP/1.1`, 'Host: x')),
      'headers_too_large',
    );
  });

  it('a body of 10 MB is body_too_large, with its length told or in chunks', async () => {
    const body = Buffer.from(JSON.stringify({ q: 'x'.repeat(10_000_000) }));
    for (const chunked of [false, true]) {
      const sending = request(`${served.url}/v1/search`, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          ...(chunked ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': body.length }),
        },
      });
      sending.end(body);
      const [response] = await once(sending, 'response');
      let text = '';
      for await (const piece of response.setEncoding('utf8')) text += piece;
      assertProblem({ status: response.statusCode, headers: response.headers, text }, 'body_too_large');
      assert.equal(response.headers.connection, 'close');
    }
  });

  it('a body shorter than its length is malformed_http when the caller ends there', async () => {
    const head = lines(
      'POST /v1/search HTTP/1.1',
      'Host: x',
      'Content-Type: application/json',
      'Content-Length: 99',
    );
    assertProblem(await send(`${head}{"q":"x"}`, { thenEnd: true }), 'malformed_http');
  });

  it('a body longer than its length is a request and then garbage', async () => {
    const head = lines(
      'POST /v1/search HTTP/1.1',
      'Host: x',
      'Content-Type: application/json',
      'Content-Length: 9',
    );
    const socket = await openSocket(served.port);
    socket.write(`${head}{"q":"x"}`);
    const [first] = await once(socket, 'data');
    assert.equal(parseResponse(String(first)).status, 200);
    socket.write('and more\r\n\r\n');
    const [second] = await once(socket, 'data');
    assertProblem(parseResponse(String(second)), 'malformed_http');
    socket.destroy();
  });
});

it('the service still answers after all of this, and none of it was an error to its log', async () => {
  assert.equal((await served.http.get('/v1/search?q=x')).status, 200);
  assert.deepEqual(
    served.log.filter(({ level }) => level >= (LEVELS.error ?? 50)),
    [],
  );
});
