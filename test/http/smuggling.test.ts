/**
 * Requests hidden in others. What stands before the service may see another end of a request than it does; whatever is
 * ambiguous must be refused and end the connection, and what is a body must never be answered as a request.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { before, describe, it } from 'node:test';
import { indexOf } from '../support/corpus.js';
import { assertProblem } from '../support/problems.js';
import { openSocket, parseResponse } from '../support/raw-http.js';
import { serveIndex, type TestService } from '../support/service.js';
import { afterFile } from '../support/temporary-folder.js';

const file = afterFile();
let served: TestService;
before(async () => {
  served = await serveIndex(file, await indexOf(file));
});

const lines = (...parts: string[]): string => `${parts.join('\r\n')}\r\n\r\n`;
const HIDDEN = lines('GET /hidden HTTP/1.1', 'Host: x');
const LAST = lines('GET /livez?last HTTP/1.1', 'Host: x', 'Connection: close');
const post = (...headers: string[]): string =>
  lines('POST /v1/search HTTP/1.1', 'Host: x', 'Content-Type: application/json', ...headers);
const chunked = (chunks: string): string => post('Transfer-Encoding: chunked') + chunks;

/**
 * Everything that comes back until the server closes the connection. Bytes are those of Latin-1; `afterAnswer` is sent
 * when something has come back.
 */
async function exchange(bytes: string, afterAnswer = ''): Promise<string[]> {
  const socket = await openSocket(served.port);
  let text = '';
  socket.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  socket.once('data', () => socket.write(afterAnswer));
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.write(Buffer.from(bytes, 'latin1'));
  await closed;
  return text.split(/(?=HTTP\/1\.1 \d{3} )/).filter((response) => response !== '');
}

const wasAsked = (url: string): boolean => served.log.some(({ req }) => req?.url.startsWith(url));

/** Sent with a request behind them, which would be the hidden one if they ended where some might think. */
const AMBIGUOUS: [what: string, bytes: string][] = [
  ['a length, then chunks', `${post('Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n`],
  ['chunks, then a length', `${post('Transfer-Encoding: chunked', 'Content-Length: 5')}0\r\n\r\n`],
  [
    'chunks and a length in small letters',
    `${post('transfer-encoding: chunked', 'content-length: 5')}0\r\n\r\n`,
  ],
  ['two lengths that differ', `${post('Content-Length: 2', 'Content-Length: 5')}{}abc`],
  ['two lengths that agree', `${post('Content-Length: 2', 'Content-Length: 2')}{}`],
  ['a list of lengths', `${post('Content-Length: 2, 2')}{}`],
  ['a length with a sign', `${post('Content-Length: +2')}{}`],
  ['a hexadecimal length', `${post('Content-Length: 0x2')}{}`],
  ['a length of two numbers', `${post('Content-Length: 2 2')}{}`],
  ['an empty length', post('Content-Length: ')],
  ['a length beyond 64 bits', `${post('Content-Length: 18446744073709551618')}{}`],
  ['a space before the colon of a length', `${post('Content-Length : 2')}{}`],
  ['a space before the colon of chunks', `${post('Transfer-Encoding : chunked')}0\r\n\r\n`],
  ['a coding that only ends in chunked', `${post('Transfer-Encoding: xchunked')}0\r\n\r\n`],
  ['a coding in quotes', `${post('Transfer-Encoding: "chunked"')}0\r\n\r\n`],
  ['a coding after a vertical tab', `${post('Transfer-Encoding: \x0bchunked')}0\r\n\r\n`],
  ['a coding with a NUL', `${post('Transfer-Encoding: chunked\0')}0\r\n\r\n`],
  ['a coding with a parameter', `${post('Transfer-Encoding: chunked;q=1')}0\r\n\r\n`],
  ['chunked and then another coding', `${post('Transfer-Encoding: chunked, identity')}0\r\n\r\n`],
  ['chunked twice', `${post('Transfer-Encoding: chunked, chunked')}0\r\n\r\n`],
  [
    'two codings in two headers',
    `${post('Transfer-Encoding: chunked', 'Transfer-Encoding: identity')}0\r\n\r\n`,
  ],
  ['chunks of HTTP/1.0', `${post('Transfer-Encoding: chunked').replace('1.1', '1.0')}0\r\n\r\n`],
  ['a folded coding', `${post('Transfer-Encoding:\r\n chunked')}0\r\n\r\n`],
  ['a folded length', `${post('Content-Length: 2\r\n 3')}{}a`],
  ['a length folded into another header', `${post('X-A: 1\r\n Content-Length: 2')}{}`],
  ['a first header that is folded', 'GET /livez HTTP/1.1\r\n Host: x\r\n\r\n'],
  ['a bare LF between headers', `${post('X-A: 1\nContent-Length: 2')}{}`],
  ['bare LFs only', 'GET /livez HTTP/1.1\nHost: x\n\n'],
  ['a bare CR between headers', `${post('X-A: 1\rContent-Length: 2')}{}`],
  ['bare CRs for the end of the headers', 'GET /livez HTTP/1.1\r\nHost: x\r\r'],
  ['a chunk of a size in C', chunked('0x2\r\n{}\r\n0\r\n\r\n')],
  ['a chunk of a negative size', chunked('-2\r\n{}\r\n0\r\n\r\n')],
  ['a chunk of a size with a space', chunked('2 \r\n{}\r\n0\r\n\r\n')],
  ['a chunk of no size', chunked('\r\n{}\r\n0\r\n\r\n')],
  ['a chunk of a size beyond 64 bits', chunked('10000000000000002\r\n{}\r\n0\r\n\r\n')],
  ['a chunk longer than it says', chunked('1\r\n{}\r\n0\r\n\r\n')],
  ['a bare LF after the size of a chunk', chunked('2\n{}\r\n0\r\n\r\n')],
  ['a bare LF in the extension of a chunk', chunked('2;a\nb\r\n{}\r\n0\r\n\r\n')],
  ['an overlong extension of a chunk', chunked(`2;${'a'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`)],
  ['a length among the trailers', chunked('2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n')],
  ['the beginning of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
];

describe('a request whose end is ambiguous', () => {
  for (const [what, bytes] of AMBIGUOUS) {
    it(`is refused, and the connection ends there: ${what}`, async () => {
      const responses = await exchange(bytes + HIDDEN);
      assert.ok(responses.length > 0);
      // Two where the application was not the only one to notice.
      for (const response of responses.map(parseResponse)) {
        assertProblem(response, 'malformed_http');
        assert.equal(response.headers.connection, 'close');
      }
      assert.ok(!wasAsked('/hidden'));
    });
  }

  it('is cut when it asks for a tunnel', async () => {
    assert.deepEqual(await exchange(lines('CONNECT x:443 HTTP/1.1', 'Host: x') + HIDDEN), []);
    assert.ok(!wasAsked('/hidden'));
  });
});

describe('a request whose body is coded as nobody asked for', () => {
  for (const coding of ['gzip, chunked', 'identity, chunked']) {
    it(`is refused, and the connection ends: ${coding}`, async () => {
      const responses = await exchange(`${post(`Transfer-Encoding: ${coding}`)}2\r\n{}\r\n0\r\n\r\n`);
      assert.equal(responses.length, 1);
      assertProblem(parseResponse(responses[0] ?? ''), 'malformed_http');
    });
  }
});

describe('a request in the body of another', () => {
  const length = `Content-Length: ${HIDDEN.length}`;
  const chunk = `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`;
  const within: [what: string, bytes: string][] = [
    ['that is read', post(length) + HIDDEN],
    ['that is read, in chunks', chunked(chunk)],
    [
      'of a type that is not read',
      lines('POST /v1/search HTTP/1.1', 'Host: x', 'Content-Type: a/b', length) + HIDDEN,
    ],
    ['of a GET', lines('GET /livez HTTP/1.1', 'Host: x', length) + HIDDEN],
    ['of no route', lines('POST /nowhere HTTP/1.1', 'Host: x', 'Transfer-Encoding: CHUNKED') + chunk],
    ['of a write that is refused', lines('PUT /v1/papers/x HTTP/1.1', 'Host: x', length) + HIDDEN],
    [
      'that asks for another protocol',
      lines('GET /livez HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: h2c', length) + HIDDEN,
    ],
    [
      'beside a header that only looks like its length',
      lines('POST /nowhere HTTP/1.1', 'Host: x', 'Transfer_Encoding: chunked', length) + HIDDEN,
    ],
  ];
  for (const [what, bytes] of within) {
    it(`is never answered as a request: ${what}`, async () => {
      const responses = await exchange(bytes, LAST);
      assert.ok(!wasAsked('/hidden'));
      assert.equal(responses.length, 2, responses.join('\n'));
      assert.equal(parseResponse(responses[1] ?? '').text, '{"status":"live"}');
    });
  }
});
