/** Requests that are HTTP and still wrong: each gets problem+json with its code, and what would be accepted. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { indexOf } from '../support/corpus.js';
import { type Answered, assertProblem } from '../support/problems.js';
import { LEVELS, serveIndex, type TestService } from '../support/service.js';
import { afterFile } from '../support/temporary-folder.js';

const file = afterFile();
let served: TestService;
before(async () => {
  served = await serveIndex(file, await indexOf(file));
});

const get = async (path: string): Promise<Answered> => served.http.get(path);
const post = async (body: string | object, type = 'application/json'): Promise<Answered> =>
  served.http.post('/v1/search').set('Content-Type', type).send(body);
const SIMILAR = '/v1/papers/arXiv:2401.00001/similar';

describe('a body that is not the JSON object that is wanted', () => {
  it('is invalid_json when it is not JSON', async () => {
    for (const body of [
      '{',
      '{"q": "x"',
      "{'q': 'x'}",
      'q=x',
      '{"q": NaN}',
      '\u0000',
      '{"q":"x"}}',
      '\u007f',
    ]) {
      assertProblem(await post(body), 'invalid_json');
    }
  });

  it('is invalid_request when it is JSON of another kind', async () => {
    for (const body of ['[]', '[{"q":"x"}]', 'null', '1', 'true', '"x"']) {
      const problem = assertProblem(await post(body), 'invalid_request');
      assert.equal(problem.field, 'body', body);
      assert.equal(problem.accepted, 'a JSON object');
    }
  });

  it('is unsupported_media_type when it does not say that it is JSON, or is in no Unicode charset', async () => {
    assertProblem(await post('q=x', 'application/x-www-form-urlencoded'), 'unsupported_media_type');
    assertProblem(await post('{"q":"x"}', 'text/plain'), 'unsupported_media_type');
    assertProblem(await post('{"q":"x"}', 'application/json; charset=iso-8859-1'), 'unsupported_media_type');
    assertProblem(await served.http.post('/v1/search'), 'unsupported_media_type');
    const problem = assertProblem(await post('{"q":"x"}', 'nonsense'), 'unsupported_media_type');
    assert.match(String(problem.accepted), /application\/json/);
  });

  it('is refused when its encoding is unknown or its gzip is broken; whole gzip is read', async () => {
    const encoded = (encoding: string, body: Buffer) =>
      served.http
        .post('/v1/search')
        .set('Content-Type', 'application/json')
        .set('Content-Encoding', encoding)
        .serialize(() => body as unknown as string)
        .send(body);
    const whole = gzipSync('{"q":"x"}');
    assertProblem(await encoded('rot13', whole), 'unsupported_media_type');
    const broken = assertProblem(await encoded('gzip', Buffer.from('not gzip')), 'invalid_request');
    assert.match(String(broken.detail), /compressed body/);
    const latin1 = gzipSync(Buffer.from('{"q":"biblioth\u00e8que"}', 'latin1'));
    assertProblem(await encoded('gzip', latin1), 'invalid_text');
    assertProblem(await encoded('gzip', whole.subarray(0, 12)), 'invalid_request');
    assertProblem(await encoded('gzip', gzipSync(Buffer.alloc(5 * 1024 * 1024, ' '))), 'body_too_large');
    assert.equal((await encoded('gzip', whole)).status, 200);
  });
});

describe('parameters', () => {
  it('of the wrong type are named with what is accepted, all at once', async () => {
    const wrong: [body: object, field: string][] = [
      [{}, 'q'],
      [{ q: 1 }, 'q'],
      [{ q: null }, 'q'],
      [{ q: ['x'] }, 'q'],
      [{ q: { text: 'x' } }, 'q'],
      [{ q: 'x', limit: '3' }, 'limit'],
      [{ q: 'x', limit: null }, 'limit'],
      [{ q: 'x', exact: 'true' }, 'exact'],
      [{ q: 'x', exact: 1 }, 'exact'],
      [{ q: 'x', fields: 'title' }, 'fields'],
      [{ q: 'x', fields: [] }, 'fields'],
      [{ q: 'x', fields: [1] }, 'fields.0'],
      [{ q: 'x', fields: ['title', 'nope'] }, 'fields.1'],
      [{ q: 'x', mode: 'lexical' }, 'mode'],
    ];
    for (const [body, field] of wrong) {
      const problem = assertProblem(await post(body), 'invalid_request');
      assert.equal(problem.field, field, JSON.stringify(body));
      assert.ok(String(problem.accepted).length > 0);
    }
    const several = assertProblem(await post({ q: 1, limit: 0, exact: 'no' }), 'invalid_request');
    assert.deepEqual(
      (several.problems as { field: string }[]).map(({ field }) => field),
      ['q', 'limit', 'exact'],
    );
  });

  for (const limit of [
    '0',
    '-1',
    '1000000000',
    '1e9',
    '1.5',
    '101',
    'ten',
    '',
    'NaN',
    'Infinity',
    '0x10',
    '%2B1',
  ]) {
    it(`limit=${limit} is refused, saying from 1 to 100`, async () => {
      for (const path of [
        `${SIMILAR}?limit=${limit}`,
        `/v1/search?q=x&limit=${limit}`,
        `/v1/papers?limit=${limit}`,
      ]) {
        const problem = assertProblem(await get(path), 'invalid_request');
        assert.equal(problem.field, 'limit');
        assert.match(String(problem.accepted), /1 to 100/);
      }
    });
  }

  for (const limit of [0, -1, 1e9, 1.5, 1e308]) {
    it(`{"limit": ${limit}} is refused`, async () => {
      assert.equal(assertProblem(await post({ q: 'x', limit }), 'invalid_request').field, 'limit');
    });
  }

  it('given twice are refused, naming which', async () => {
    for (const path of [
      '/v1/search?q=a&q=b',
      '/v1/search?q=a&limit=1&limit=2',
      `${SIMILAR}?exact=true&exact=true`,
    ]) {
      const problem = assertProblem(await get(path), 'invalid_request');
      assert.equal(problem.accepted, 'one value');
    }
  });

  it('that do not exist are named, with the nearest that does', async () => {
    const unknown: [path: string, hint: RegExp][] = [
      ['/v1/search?q=x&limt=3', /limit/],
      ['/v1/search?query=x', /./],
      [`${SIMILAR}?feilds=title`, /fields/],
      ['/v1/papers?curser=x', /cursor/],
      ['/v1/papers/arXiv:2401.00001?field=title', /fields/],
      ['/v1/search?Q=x', /\bq\b/],
    ];
    for (const [path, hint] of unknown) {
      assert.match(assertProblem(await get(path), 'unknown_parameter').detail, hint);
    }
    assert.match(
      assertProblem(await post({ q: 'x', limi: 1 }), 'unknown_parameter').detail,
      /Did you mean limit\?/,
    );
    assertProblem(await get('/v1/info?x=1'), 'unknown_parameter');
    assertProblem(await get('/?x=1'), 'unknown_parameter');
  });

  it('in the URL of a POST are refused', async () => {
    assertProblem(await served.http.post('/v1/search?limit=3').send({ q: 'x' }), 'unknown_parameter');
  });

  it('named like members of every object are unknown like any other', async () => {
    for (const name of [
      '__proto__',
      '__defineGetter__',
      'constructor',
      'toString',
      'hasOwnProperty',
      'valueOf',
    ]) {
      assert.equal(assertProblem(await get(`/v1/search?q=x&${name}=1`), 'unknown_parameter').field, name);
      assertProblem(await post(`{"q":"x","${name}":1}`), 'unknown_parameter');
    }
  });

  it('with a name of a megabyte are refused without repeating it', async () => {
    const name = 'n'.repeat(1_000_000);
    const response = await post(`{"q":"x","${name}":1}`);
    assertProblem(response, 'unknown_parameter');
    assert.ok(response.text.length < 2000, `${response.text.length}`);
  });
});

describe('the text of a query', () => {
  it('must not be empty or blank', async () => {
    for (const q of ['', ' ', '\t\r\n', '\u00a0\u2003\u3000', '\ufeff']) {
      assert.equal(assertProblem(await post({ q }), 'invalid_request').field, 'q');
      assertProblem(await get(`/v1/search?q=${encodeURIComponent(q)}`), 'invalid_request');
    }
    assert.equal(assertProblem(await get('/v1/search'), 'invalid_request').field, 'q');
  });

  it('must not hold half of a surrogate pair, or NUL', async () => {
    for (const escaped of ['\\ud800', 'a\\udc00b', '\\ude00\\ud83d', '\\u0000', 'a\\u0000b']) {
      assert.equal(assertProblem(await post(`{"q":"${escaped}"}`), 'invalid_text').field, 'q');
    }
    assertProblem(await get('/v1/search?q=%00'), 'invalid_text');
    assertProblem(await get('/v1/search?q=a%00b'), 'invalid_text');
  });

  it('in a URL must be UTF-8, percent-encoded', async () => {
    for (const bytes of ['%ED%A0%80', '%FF', '%C3', '%', '%4', '%zz', '100%25%']) {
      assertProblem(await get(`/v1/search?q=${bytes}`), 'malformed_url');
    }
  });

  it('by POST has at most 20,000 characters, counted as code points', async () => {
    assertProblem(await post({ q: 'a'.repeat(20_001) }), 'text_too_long');
    const problem = assertProblem(await post({ q: '🙂'.repeat(20_001) }), 'text_too_long');
    assert.equal(problem.status, 413);
    assert.match(String(problem.accepted), /20000/);
    assert.equal((await post({ q: 'a '.repeat(10_000) })).status, 200);
    assert.equal((await post({ q: '🙂'.repeat(20_000) })).status, 200);
  });

  it('by GET has at most 2,000 characters, whatever script; the problem names POST', async () => {
    const problem = assertProblem(await get(`/v1/search?q=${'a'.repeat(2001)}`), 'query_too_long');
    assert.equal(problem.status, 414);
    assert.match(problem.detail, /POST/);
    assertProblem(await get(`/v1/search?q=${encodeURIComponent('推'.repeat(2001))}`), 'query_too_long');
    for (const character of ['a', '推', '🙂']) {
      assert.equal((await get(`/v1/search?q=${encodeURIComponent(character.repeat(2000))}`)).status, 200);
    }
  });
});

describe('routes and methods', () => {
  it('a route that is not there is a 404 that says where to look', async () => {
    for (const path of [
      '/nowhere',
      '/v1',
      '/v2/search',
      '/v1/papers/a/b',
      '/v1/search/x',
      '/v1/papers/a/similar/b',
    ]) {
      assert.match(assertProblem(await get(path), 'not_found').detail, /GET \/ lists the routes.*%2F/);
    }
  });

  it('a method that is not possible is a 405 with Allow, and OPTIONS is answered', async () => {
    const routes: [path: string, allow: string][] = [
      ['/', 'GET, HEAD, OPTIONS'],
      ['/livez', 'GET, HEAD, OPTIONS'],
      ['/readyz', 'GET, HEAD, OPTIONS'],
      ['/v1/info', 'GET, HEAD, OPTIONS'],
      ['/v1/papers', 'GET, HEAD, POST, OPTIONS'],
      [SIMILAR, 'GET, HEAD, OPTIONS'],
      ['/v1/search', 'GET, HEAD, POST, OPTIONS'],
    ];
    for (const [path, allow] of routes) {
      for (const method of ['put', 'patch', 'delete', 'trace'] as const) {
        const response = await served.http[method](path);
        assertProblem(response, 'method_not_allowed');
        assert.equal(response.headers.allow, allow);
      }
      const options = await served.http.options(path);
      assert.equal(options.status, 204);
      assert.equal(options.headers.allow, allow);
    }
    const paper = '/v1/papers/arXiv:2401.00001';
    const response = await served.http.patch(paper);
    assertProblem(response, 'method_not_allowed');
    assert.equal(response.headers.allow, 'GET, HEAD, PUT, DELETE, OPTIONS');
    for (const write of [served.http.post('/v1/papers'), served.http.put(paper), served.http.delete(paper)])
      assertProblem(await write.send({}), 'writes_off');
  });
});

it('none of this was an error to the log', () => {
  assert.deepEqual(
    served.log.filter(({ level }) => level >= (LEVELS.error ?? 50)),
    [],
  );
});
