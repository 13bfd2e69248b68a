/** The other routes, and what all of them share: fields, HEAD, headers. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { PAPER_FIELDS } from '../../src/recommend/answer.js';
import { SAMPLE_SIZE, sampleIndex, samplePairs } from '../support/corpus.js';
import { assertProblem } from '../support/problems.js';
import { serveIndex, type TestService } from '../support/service.js';
import { afterFile } from '../support/temporary-folder.js';

const file = afterFile();
let served: TestService;
const pairs = samplePairs();

before(async () => {
  served = await serveIndex(file, await sampleIndex(file));
});

describe('GET /v1/papers', () => {
  for (const limit of [1, 10, 46, 47, 100]) {
    it(`walks every paper exactly once, in the order of the corpus, by pages of ${limit}`, async () => {
      const titles: string[] = [];
      let cursor = '';
      do {
        const { body } = await served.http.get(`/v1/papers?limit=${limit}${cursor}`).expect(200);
        assert.deepEqual(Object.keys(body), ['papers', 'next', 'warnings']);
        assert.ok(body.papers.length > 0 && body.papers.length <= limit);
        for (const { title } of body.papers) titles.push(title);
        cursor = body.next === null ? '' : `&cursor=${encodeURIComponent(body.next)}`;
      } while (cursor !== '');
      assert.deepEqual(
        titles,
        pairs.map(({ title }) => title),
      );
    });
  }

  it('refuses a cursor that no page gave', async () => {
    for (const cursor of ['1', 'abc', '%20', '']) {
      const problem = assertProblem(await served.http.get(`/v1/papers?cursor=${cursor}`), 'invalid_request');
      assert.equal(problem.field, 'cursor');
    }
  });
});

describe('GET /v1/papers/{id}', () => {
  it('gives every field of the paper', async () => {
    const id = 'flow-of-reasoning-efficient-training-of-llm-policy-with-divergent-thinking';
    const { body } = await served.http.get(`/v1/papers/${id}`).expect(200);
    assert.deepEqual(Object.keys(body).toSorted(), PAPER_FIELDS.toSorted());
    assert.equal(body.id, id);
    assert.equal(body.title, pairs[0]?.title);
    assert.equal(body.abstract, pairs[0]?.abstract);
    assert.deepEqual(body.authors, []);
    assert.equal(body.published, null);
  });

  it('names an id that it does not know', async () => {
    for (const path of ['/v1/papers/nothing', '/v1/papers/nothing/similar']) {
      assert.deepEqual(assertProblem(await served.http.get(path), 'unknown_paper').ids, ['nothing']);
    }
  });
});

describe('fields', () => {
  it('choose what is shown of a paper, always with the id, in one order', async () => {
    const { body } = await served.http.get('/v1/search?q=agents&fields=year,title&fields=abstract');
    for (const { paper } of body.results)
      assert.deepEqual(Object.keys(paper), ['id', 'title', 'abstract', 'year']);
    const list = await served.http.get('/v1/papers?fields=id');
    for (const paper of list.body.papers) assert.deepEqual(Object.keys(paper), ['id']);
  });

  it('that do not exist are refused with the list of those that do', async () => {
    const problem = assertProblem(await served.http.get('/v1/papers?fields=titel'), 'invalid_request');
    assert.match(String(problem.field), /^fields/);
    for (const field of PAPER_FIELDS) assert.match(String(problem.accepted), new RegExp(field));
  });
});

describe('what is known of the service', () => {
  it('GET /v1/info tells generation, size, model, recall, version and limits', async () => {
    const { body } = await served.http.get('/v1/info').expect(200);
    assert.equal(body.version, '0.0.0-test');
    assert.equal(body.papers, SAMPLE_SIZE);
    assert.equal(body.sample, true);
    assert.equal(body.model.name, 'all-MiniLM-L6-v2');
    assert.equal(body.model.dimensions, 384);
    assert.match(body.model.fingerprint, /\S{8,}/);
    assert.equal(body.search.engine, 'exact');
    assert.equal(body.search.note, null);
    assert.ok(body.search.recall.recall >= 0.99 && body.search.recall.k === 10);
    assert.ok(Number.isFinite(Date.parse(body.created)));
    assert.deepEqual(body.limits, {
      results: 100,
      textCharacters: 20_000,
      getTextCharacters: 2000,
      bodyBytes: 4 * 1024 * 1024,
      seeds: 500,
      texts: 100,
      batch: 100,
      deadlineMs: 10_000,
    });
    const search = await served.http.get('/v1/search?q=x');
    assert.equal(search.body.index.generation, body.generation);
  });

  it('GET / lists routes that exist', async () => {
    const { body } = await served.http.get('/').expect(200);
    assert.equal(body.name, 'nearpaper');
    assert.ok(body.routes.length >= 8);
    for (const route of body.routes as string[]) {
      const [method = '', path = ''] = route.replace('{id}', 'nothing').split(' ');
      const answered = await fetch(served.url + path, { method });
      assert.doesNotMatch(
        await answered.text(),
        /^\{"type":"urn:nearpaper:error:(not_found|method_not_allowed)"/,
        route,
      );
    }
  });

  it('/livez and /readyz say that it is up and able to answer', async () => {
    assert.deepEqual((await served.http.get('/livez').expect(200)).body, { status: 'live' });
    const { body } = await served.http.get('/readyz').expect(200);
    assert.equal(body.status, 'ready');
    assert.match(body.generation, /^g\d{6}-/);
  });
});

const EVERY_ROUTE = [
  '/',
  '/livez',
  '/readyz',
  '/v1/info',
  '/v1/papers',
  '/v1/papers/flow-of-reasoning-efficient-training-of-llm-policy-with-divergent-thinking',
  '/v1/papers/flow-of-reasoning-efficient-training-of-llm-policy-with-divergent-thinking/similar',
  '/v1/search?q=agents',
];

describe('every route', () => {
  it('answers HEAD with the headers of GET and no body', async () => {
    for (const path of EVERY_ROUTE) {
      const got = await served.http.get(path).expect(200);
      const head = await served.http.head(path).expect(200);
      assert.equal(head.text ?? '', '');
      for (const name of ['content-type', 'content-length', 'x-content-type-options']) {
        assert.equal(head.headers[name], got.headers[name], `${name} of ${path}`);
      }
    }
    assert.equal((await served.http.head('/v1/papers/nothing')).status, 404);
  });

  it('answers JSON in UTF-8 that is not to be sniffed, and does not name its framework', async () => {
    for (const path of EVERY_ROUTE) {
      const { headers } = await served.http.get(path);
      assert.equal(headers['content-type'], 'application/json; charset=utf-8');
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['x-powered-by'], undefined);
    }
  });

  it('tells the time that an answer took in Server-Timing', async () => {
    for (const path of EVERY_ROUTE.filter((route) => route.startsWith('/v1/'))) {
      const { headers } = await served.http.get(path);
      assert.match(String(headers['server-timing']), /^total;dur=\d+\.\d$/);
    }
  });
});

describe('X-Request-Id', () => {
  it('is new for every request', async () => {
    const seen = new Set<unknown>();
    for (let i = 0; i < 5; i++) seen.add((await served.http.get('/livez')).headers['x-request-id']);
    assert.equal(seen.size, 5);
    for (const id of seen) assert.match(String(id), /^[0-9a-f-]{36}$/);
  });

  it('is kept when a proxy gave a plain one, also in problems', async () => {
    const id = 'trace:01.a-B_9';
    const ok = await served.http.get('/livez').set('X-Request-Id', id);
    assert.equal(ok.headers['x-request-id'], id);
    const problem = assertProblem(await served.http.get('/nowhere').set('X-Request-Id', id), 'not_found');
    assert.equal(problem.requestId, id);
  });

  it('is replaced when it is empty, long, or has anything but plain characters', async () => {
    for (const odd of ['', 'a'.repeat(65), 'a b', '"><script>', 'a,b', 'é']) {
      const { headers } = await served.http.get('/livez').set('X-Request-Id', odd);
      assert.match(String(headers['x-request-id']), /^[0-9a-f-]{36}$/, JSON.stringify(odd));
    }
  });
});
