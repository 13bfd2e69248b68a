/** Entity tags: what they are made of, what If-None-Match says, and what a service answers to it. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { digestOf, type EtagParts, etagOf, matches } from '../../src/http/etag.js';
import { indexOf } from '../support/corpus.js';
import { assertProblem } from '../support/problems.js';
import { serveIndex, type TestService } from '../support/service.js';
import { afterFile } from '../support/temporary-folder.js';
import { sampleValue, scrape } from './scraping.js';

type Parts = EtagParts & { query: unknown };

const PARTS: Parts = {
  generation: 'g000001-00000000',
  fingerprint: '0123456789abcdef',
  rankingVersion: 1,
  settings: { engine: 'exact', limits: { results: 100 } },
  route: '/v1/search',
  query: { text: 'graphs', limit: 10, fields: ['id', 'title'] },
};

const etagOfParts = ({ query, ...parts }: Parts): string => etagOf(digestOf(parts), query);

/** The same value with the keys of every object in the opposite order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).reverse();
  // Not by assignment, which takes the name __proto__ for something else.
  return Object.fromEntries(members.map(([name, member]) => [name, turned(member)]));
}

describe('an entity tag', () => {
  it('is strong, quoted and made of characters that RFC 9110 allows', () => {
    assert.match(etagOfParts(PARTS), /^"[\x21\x23-\x7e]{43}"$/);
  });

  it('does not depend on the order of keys, nor on members that are undefined', () => {
    assert.equal(etagOfParts(turned(PARTS) as Parts), etagOfParts(PARTS));
    assert.equal(
      etagOfParts({ ...PARTS, query: { a: 1, b: undefined } }),
      etagOfParts({ ...PARTS, query: { a: 1 } }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (query) => {
        assert.equal(etagOfParts({ ...PARTS, query: turned(query) }), etagOfParts({ ...PARTS, query }));
      }),
    );
  });

  it('differs when any of its parts does', () => {
    const others: Partial<Parts>[] = [
      { generation: 'g000002-00000000' },
      { fingerprint: 'fedcba9876543210' },
      { rankingVersion: 2 },
      { settings: { engine: 'hnsw', limits: { results: 100 } } },
      { settings: { engine: 'exact', limits: { results: 99 } } },
      { route: '/v1/papers' },
      { query: { text: 'graphs ', limit: 10, fields: ['id', 'title'] } },
      { query: { text: 'graphs', limit: 10, fields: ['title', 'id'] } },
      { query: { text: 'graphs', limit: '10', fields: ['id', 'title'] } },
      { query: { text: 'graphs', limit: null, fields: ['id', 'title'] } },
      { query: { text: 'graphs', limit: 10, fields: ['id,title'] } },
    ];
    const tags = [PARTS, ...others.map((other) => ({ ...PARTS, ...other }))].map(etagOfParts);
    assert.equal(new Set(tags).size, tags.length);
  });

  it('differs for any two queries whose JSON differs', () => {
    const ordered = (value: unknown) => JSON.stringify(value);
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (a, b) => {
        const same = etagOfParts({ ...PARTS, query: a }) === etagOfParts({ ...PARTS, query: b });
        assert.equal(same, ordered(a) === ordered(b));
      }),
    );
  });

  it('is not made of what JSON would leave out in silence', () => {
    for (const odd of [new Map([['a', 1]]), new Float32Array(2), new Date(), () => 1, 1n, Symbol('x')]) {
      assert.throws(() => etagOfParts({ ...PARTS, query: { odd } }), TypeError);
    }
  });
});

describe('If-None-Match', () => {
  const TAG = '"abc"';

  it('matches a tag alone or in a list, weak or strong, and the wildcard', () => {
    for (const header of [
      TAG,
      'W/"abc"',
      ` ${TAG}\t`,
      `"x", ${TAG}`,
      `${TAG},"x"`,
      `"x" , W/${TAG} , "y"`,
      `,, ${TAG} ,`,
      `"a,b",${TAG}`,
      `"", ${TAG}`,
      `"\xe9", ${TAG}`,
      '*',
      ' * ',
    ]) {
      assert.equal(matches(header, TAG), true, header);
    }
    assert.equal(matches(TAG, 'W/"abc"'), true);
  });

  it('does not match another tag, part of one, or one that only looks like it', () => {
    for (const header of [undefined, '', ' ', ',', '"x"', '"ab"', '"abcd"', '"ABC"', '"x,"', '"\\"abc\\""']) {
      assert.equal(matches(header, TAG), false, header);
    }
  });

  it('matches nothing when anything of it is malformed', () => {
    for (const header of [
      'abc',
      "'abc'",
      '"abc',
      'abc"',
      `w/${TAG}`,
      `W /${TAG}`,
      `W/ ${TAG}`,
      `${TAG} ${TAG}`,
      `${TAG}${TAG}`,
      `${TAG}, abc`,
      `abc, ${TAG}`,
      `${TAG}, *`,
      `*, ${TAG}`,
      '**',
      `"a b", ${TAG}`,
      `"\x7f", ${TAG}`,
    ]) {
      assert.equal(matches(header, TAG), false, header);
    }
  });

  it('finds a tag in any list that holds it, and in no other', () => {
    const opaque = fc.stringMatching(/^[\x21\x23-\x7e\x80-\xff]{0,8}$/);
    const tags = fc.array(fc.tuple(fc.constantFrom('', 'W/'), opaque, fc.constantFrom(',', ' , ', ',, ')));
    fc.assert(
      fc.property(tags, opaque, (list, wanted) => {
        const header = list.map(([weak, tag, comma]) => `${weak}"${tag}"${comma}`).join('');
        assert.equal(
          matches(header, `"${wanted}"`),
          list.some(([, tag]) => tag === wanted),
        );
      }),
    );
  });

  it('of a length that no caller needs is not read to its end', () => {
    const long = (filler: string) => `${filler.repeat(8192 / filler.length)}, ${TAG}`;
    for (const filler of ['"x",', ' ', ',', '"', 'W/"x', '"x" ']) {
      assert.equal(matches(long(filler), TAG), false, filler);
      const times = [1, 2, 3, 4, 5].map(() => {
        const started = performance.now();
        assert.equal(matches(long(filler).slice(0, 8192), TAG), false, filler);
        return performance.now() - started;
      });
      // Reading each character once takes microseconds; going back for each, tens of milliseconds.
      assert.ok(Math.min(...times) < 10, filler);
    }
    assert.equal(matches(`${' '.repeat(8000)}${TAG}`, TAG), true);
  });
});

const file = afterFile();
let index: string;
let served: TestService;
before(async () => {
  index = await indexOf(file);
  served = await serveIndex(file, index, { corsOrigins: ['https://papers.example.org'] });
});

const SEARCH = '/v1/search?q=rewards&limit=2';
const ROUTES = [
  SEARCH,
  '/v1/info',
  '/v1/papers?limit=1',
  '/v1/papers/2401.00001',
  '/v1/papers/2401.00001/similar',
];

async function tagOf(path: string, { http }: TestService = served): Promise<string> {
  const { headers } = await http.get(path).expect(200);
  assert.match(String(headers.etag), /^"[^"]+"$/);
  return String(headers.etag);
}

describe('an answer to GET', () => {
  it('has the same strong tag each time, another one for each request, and must be revalidated', async () => {
    const tags = new Set<string>();
    for (const path of ROUTES) {
      const got = await served.http.get(path).expect(200);
      assert.equal(got.headers['cache-control'], 'no-cache');
      assert.equal(await tagOf(path), got.headers.etag);
      assert.equal((await served.http.head(path).expect(200)).headers.etag, got.headers.etag);
      tags.add(String(got.headers.etag));
    }
    for (const path of [
      '/v1/search?q=rewards&limit=3',
      '/v1/search?q=Rewards&limit=2',
      '/v1/papers/2401.00002',
    ])
      tags.add(await tagOf(path));
    assert.equal(tags.size, ROUTES.length + 3);
  });

  it('has one tag however its parameters are ordered and its defaults spelled out', async () => {
    const tag = await tagOf('/v1/search?q=rewards');
    for (const path of [
      '/v1/search?limit=10&q=rewards',
      '/v1/search?exact=false&mode=hybrid&q=rewards&fields=id,title,authors,published,venue,url',
      '/v1/search?q=%72ewards&limit=1e1',
    ]) {
      assert.equal(await tagOf(path), tag, path);
    }
  });

  it('has the same tag from another service on the same index, another one after a build', async (t) => {
    const own = await indexOf(t);
    const first = await serveIndex(t, own);
    const tags = [];
    for (const path of ROUTES) tags.push(await tagOf(path, first));
    await first.service.stop();
    const second = await serveIndex(t, own);
    for (const [i, path] of ROUTES.entries()) assert.equal(await tagOf(path, second), tags[i], path);
    // The same papers, another generation; the tag of a paper is of that paper alone.
    for (const [i, path] of ROUTES.entries())
      assert.equal((await tagOf(path)) === tags[i], path === '/v1/papers/2401.00001', path);
  });

  it('has another tag where settings change answers', async (t) => {
    const fewer = await serveIndex(t, index, {
      limits: { text: 999, getText: 99, body: 9999, results: 9, seeds: 9, texts: 9, batch: 9 },
    });
    assert.notEqual(await tagOf('/v1/info', fewer), await tagOf('/v1/info'));
  });
});

describe('If-None-Match with the tag of an answer', () => {
  it('is answered 304, without a body and what describes one, for GET and HEAD', async () => {
    for (const path of ROUTES) {
      const tag = await tagOf(path);
      for (const response of [
        await served.http.get(path).set('If-None-Match', tag),
        await served.http.get(path).set('If-None-Match', `"x", W/${tag}`),
        await served.http.head(path).set('If-None-Match', tag),
      ]) {
        assert.equal(response.status, 304, path);
        assert.equal(response.text ?? '', '');
        assert.equal(response.headers.etag, tag);
        assert.equal(response.headers['cache-control'], 'no-cache');
        for (const absent of ['content-type', 'content-length', 'transfer-encoding'])
          assert.equal(response.headers[absent], undefined, absent);
      }
      assert.equal((await served.http.get(path).set('If-None-Match', '"x"')).status, 200);
    }
  });

  it('spares the model, also where nothing is remembered', async (t) => {
    const forgetful = await serveIndex(t, index, { queryCache: 0 });
    const tag = await tagOf(SEARCH, forgetful);
    const embedded = async () =>
      sampleValue(await scrape(forgetful), 'nearpaper_embedding_duration_seconds_count');
    assert.equal(await embedded(), 1);
    await forgetful.http.get(SEARCH).set('If-None-Match', tag).expect(304);
    await forgetful.http.head(SEARCH).set('If-None-Match', tag).expect(304);
    assert.equal(await embedded(), 1);
    await forgetful.http.get(SEARCH).set('If-None-Match', '"another"').expect(200);
    assert.equal(await embedded(), 2);
  });

  it('as the wildcard is answered 304 only where there is an answer', async () => {
    const tag = await tagOf(SEARCH);
    const response = await served.http.get(SEARCH).set('If-None-Match', '*').expect(304);
    assert.equal(response.headers.etag, tag);
    for (const path of ['/v1/papers/nothing', '/v1/papers/nothing/similar']) {
      for (const header of ['*', tag]) {
        const problem = await served.http.get(path).set('If-None-Match', header);
        assertProblem(problem, 'unknown_paper');
        assert.equal(problem.headers.etag, undefined);
      }
    }
  });

  it('excuses no mistake in the request', async () => {
    const problem = await served.http.get(`${SEARCH}&limt=2`).set('If-None-Match', '*');
    assertProblem(problem, 'unknown_parameter');
    assert.equal(problem.headers.etag, undefined);
  });

  it('means nothing to POST, whose answers have no tag', async () => {
    const tag = await tagOf(SEARCH);
    for (const header of [tag, '*']) {
      const response = await served.http
        .post('/v1/search')
        .set('If-None-Match', header)
        .send({ q: 'rewards', limit: 2 });
      assert.equal(response.status, 200);
      assert.equal(response.headers.etag, undefined);
    }
  });

  it('may be sent by pages of allowed origins, which see the tag', async () => {
    const origin = 'https://papers.example.org';
    const preflight = await served.http
      .options('/v1/search')
      .set('Origin', origin)
      .set('Access-Control-Request-Method', 'GET')
      .set('Access-Control-Request-Headers', 'if-none-match');
    assert.match(String(preflight.headers['access-control-allow-headers']), /if-none-match/i);
    const tag = await tagOf(SEARCH);
    for (const header of ['"x"', tag]) {
      const { headers } = await served.http.get(SEARCH).set('Origin', origin).set('If-None-Match', header);
      assert.match(String(headers['access-control-expose-headers']), /\bETag\b/);
      assert.match(String(headers.vary), /Origin/);
      assert.equal(headers['access-control-allow-origin'], origin);
    }
  });
});
