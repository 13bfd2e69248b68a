/** POST /v1/batch: many queries, each answered or refused by itself. */
import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import supertest from 'supertest';
import { readConfig } from '../../src/config.js';
import { queryCacheOf } from '../../src/embedding/cached-embedder.js';
import type { Embedder } from '../../src/embedding/embedder.js';
import { NearpaperError } from '../../src/errors.js';
import type { ServedCorpus } from '../../src/http/service.js';
import { counted } from '../recommend/opened.js';
import { VARIED_PAPERS } from '../recommend/varied-papers.js';
import { indexOf } from '../support/corpus.js';
import { assertProblem } from '../support/problems.js';
import { openSocket, write } from '../support/raw-http.js';
import { openServed, serveParts } from '../support/served-parts.js';
import { LEVELS, serveIndex } from '../support/service.js';
import { afterFile, type CleanUp } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const file = afterFile();
let corpus: ServedCorpus;
let http: ReturnType<typeof supertest>;
before(async () => {
  corpus = await openServed(file, await indexOf(file, VARIED_PAPERS));
  http = supertest((await serve(file, corpus.embedder)).url);
});

/** The service over the papers with this embedder. */
function serve(t: CleanUp, embedder: Embedder, settings = readConfig({})) {
  return serveParts(t, { ...corpus, embedder }, settings);
}

const post = (requests: unknown) => http.post('/v1/batch').send({ requests });
interface Outcome {
  status: number;
  answer?: { results: { paper: { id: string } }[] };
  problem?: { code: string; field?: string; detail: string; accepted?: string; ids?: string[] };
}
const outcomesOf = async (requests: readonly unknown[]): Promise<Outcome[]> =>
  (await post(requests).expect(200)).body.results;

describe('a batch', () => {
  it('gives each request what it would get alone, in order', async () => {
    const outcomes = await outcomesOf([
      { search: { q: 'language models', limit: 3 } },
      { similar: { id: 'v4', category: ['cs.*'], explain: true } },
      {
        recommendations: {
          positives: [{ id: 'v1' }, { text: 'sheep' }],
          negatives: [{ id: 'v2' }],
          limit: 4,
        },
      },
      { search: { q: 'v9', mode: 'keyword', diversity: 0.5 } },
      { recommendations: { positives: [{ id: 'v1' }], strategy: 'average', from: '2020', to: '2021-06' } },
      { similar: { id: 'v4', mode: 'keyword' } },
    ]);
    const alone = [
      await http.post('/v1/search').send({ q: 'language models', limit: 3 }),
      await http.get('/v1/papers/v4/similar?category=cs.*&explain=true'),
      await http
        .post('/v1/recommendations')
        .send({ positives: [{ id: 'v1' }, { text: 'sheep' }], negatives: [{ id: 'v2' }], limit: 4 }),
      await http.get('/v1/search?q=v9&mode=keyword&diversity=.5'),
      await http.get('/v1/recommendations?positive=v1&strategy=average&from=2020&to=2021-06'),
      await http.get('/v1/papers/v4/similar?mode=keyword'),
    ];
    for (const [i, { body }] of alone.entries()) {
      assert.ok(body.results.length > 0);
      assert.equal(JSON.stringify(outcomes[i]), JSON.stringify({ status: 200, answer: body }));
    }
  });

  it('keeps the order of a hundred requests, and answers the same bytes again', async () => {
    const requests = Array.from({ length: 100 }, (_, i) =>
      i % 3 === 0 ? { search: { q: `v${i % 24}`, limit: 1 } } : { similar: { id: `v${i % 24}`, limit: 1 } },
    );
    const first = await post(requests).expect(200);
    for (const [i, { answer }] of (first.body.results as Outcome[]).entries()) {
      const found = answer?.results[0]?.paper.id;
      if (i % 3 === 0) assert.equal(found, `v${i % 24}`);
      else
        assert.equal(
          found,
          (await http.get(`/v1/papers/v${i % 24}/similar?limit=1`)).body.results[0].paper.id,
        );
    }
    assert.equal((await post(requests)).text, first.text);
  });

  it('refuses requests one by one, as each would have been alone, and answers the others', async () => {
    const BAD: [request: unknown, status: number, code: string, field: string | undefined][] = [
      [{ similar: { id: 'nothing' } }, 404, 'unknown_paper', undefined],
      [{ recommendations: { positives: [{ id: 'x' }, { id: 'y' }] } }, 404, 'unknown_paper', undefined],
      [{ search: { q: '' } }, 400, 'invalid_request', 'q'],
      [{ search: { q: 'x'.repeat(20_001) } }, 413, 'text_too_long', 'q'],
      [{ search: {} }, 400, 'invalid_request', 'q'],
      [{ search: { q: 'x', limt: 3 } }, 400, 'unknown_parameter', 'limt'],
      [{ search: { q: 'x', limit: 101 } }, 400, 'invalid_request', 'limit'],
      [{ search: { q: 'x', from: '2022', to: '2021' } }, 400, 'invalid_request', 'from'],
      [{ similar: {} }, 400, 'invalid_request', 'id'],
      [{ similar: { id: 'v1', mode: 'lexical' } }, 400, 'invalid_request', 'mode'],
      [{ recommendations: { positives: [] } }, 400, 'invalid_request', 'positives'],
      [{ recommendations: { positives: [{ text: ' ' }] } }, 400, 'invalid_request', 'positives.0.text'],
      [{ lookup: { ids: ['v1'] } }, 400, 'invalid_request', 'requests'],
      [{ search: { q: 'x' }, similar: { id: 'v1' } }, 400, 'invalid_request', 'requests'],
      [{}, 400, 'invalid_request', 'requests'],
      [null, 400, 'invalid_request', 'requests'],
      [[], 400, 'invalid_request', 'requests'],
      ['search', 400, 'invalid_request', 'requests'],
      [7, 400, 'invalid_request', 'requests'],
      [{ search: null }, 400, 'invalid_request', 'body'],
      [{ similar: 'v1' }, 400, 'invalid_request', 'body'],
      [JSON.parse('{"__proto__": {"q": "x"}}'), 400, 'invalid_request', 'requests'],
    ];
    const good = { similar: { id: 'v1', limit: 2 } };
    const outcomes = await outcomesOf(BAD.flatMap(([request]) => [request, good]));
    assert.equal(outcomes.length, 2 * BAD.length);
    for (const [i, [request, status, code, field]] of BAD.entries()) {
      const { status: got, problem, answer } = outcomes[2 * i] ?? { status: 0 };
      const what = JSON.stringify(request)?.slice(0, 80);
      assert.deepEqual([got, problem?.code, problem?.field, answer], [status, code, field, undefined], what);
      assert.ok(problem?.detail, what);
      assert.equal(outcomes[2 * i + 1]?.status, 200);
      assert.equal(outcomes[2 * i + 1]?.answer?.results.length, 2);
    }
    assert.deepEqual(outcomes[0]?.problem?.ids, ['nothing']);
    assert.deepEqual(outcomes[2]?.problem?.ids, ['x', 'y']);
  });

  it('of one to a hundred requests is taken, none and more are refused', async () => {
    for (const requests of [
      [],
      Array(101).fill({ similar: { id: 'v1' } }),
      'all',
      undefined,
      { search: {} },
    ]) {
      const problem = assertProblem(await post(requests), 'invalid_request');
      assert.equal(problem.field, 'requests');
      assert.match(String(problem.accepted), /1 to 100 requests/);
    }
    assertProblem(await http.post('/v1/batch').send({ request: [] }), 'unknown_parameter');
    const wrongMethod = assertProblem(await http.get('/v1/batch'), 'method_not_allowed');
    assert.ok(wrongMethod.detail);
  });

  it('of more than a hundred different texts is refused as a whole', async () => {
    const seeds = (length: number, from: number) =>
      Array.from({ length }, (_, i) => ({ text: `text number ${from + i}` }));
    const over = [
      { recommendations: { positives: seeds(50, 0), negatives: seeds(30, 50) } },
      { recommendations: { positives: seeds(20, 80) } },
      { search: { q: 'one more' } },
    ];
    const problem = assertProblem(await post(over), 'invalid_request');
    assert.match(problem.detail, /101 different texts/);
    assert.match(String(problem.accepted), /100/);
    const alone = await outcomesOf([
      { recommendations: { positives: seeds(101, 0) } },
      { similar: { id: 'v1' } },
    ]);
    assert.deepEqual(
      alone.map(({ status }) => status),
      [400, 200],
    );
  });
});

describe('the texts of a batch', () => {
  let cache: NonNullable<ReturnType<typeof queryCacheOf>>;
  beforeEach(() => {
    const found = queryCacheOf(corpus.embedder);
    assert.ok(found);
    cache = found;
  });

  it('are each embedded once, however many requests have them', async () => {
    const before = cache.misses;
    const text = 'a text that comes often';
    const requests = Array.from({ length: 60 }, (_, i) =>
      i % 2 === 0
        ? { search: { q: text, limit: 1 + (i % 5) } }
        : { recommendations: { positives: [{ text }], negatives: [{ text: 'another one' }] } },
    );
    for (const { status } of await outcomesOf(requests)) assert.equal(status, 200);
    assert.equal(cache.misses - before, 2);
  });

  it('are not embedded for requests by id', async () => {
    const { embedder, texts } = counted(corpus.embedder);
    const { url } = await serve(file, embedder);
    const requests = [{ similar: { id: 'v1' } }, { search: { q: 'v2' } }, { similar: { id: 'x' } }];
    await supertest(url).post('/v1/batch').send({ requests }).expect(200);
    assert.deepEqual(texts, []);
  });
});

describe('a batch alone', () => {
  it('is answered whole, however few texts the queue holds', async (t) => {
    const index = await indexOf(t, VARIED_PAPERS);
    const { http } = await serveIndex(t, index, { queue: 1, queryCache: 0 });
    const requests = Array.from({ length: 30 }, (_, i) => ({ search: { q: `a text of its own ${i}` } }));
    const { body } = await http.post('/v1/batch').send({ requests }).expect(200);
    for (const { status } of body.results) assert.equal(status, 200);
    assert.equal(body.results.length, 30);
  });
});

describe('a caller who leaves', () => {
  it('ends the whole batch: what is under way is stopped, what waits is not begun', async (t) => {
    const { embedder } = counted(corpus.embedder);
    let begun = 0;
    let stopped = 0;
    const waiting: Embedder = {
      ...embedder,
      embedQuery: (_text, signal) =>
        new Promise((_resolve, reject) => {
          begun++;
          signal?.addEventListener('abort', () => {
            stopped++;
            reject(new NearpaperError('cancelled', 'stopped'));
          });
        }),
    };
    const { port, log } = await serve(t, waiting);
    const body = JSON.stringify({
      requests: Array.from({ length: 40 }, (_, i) => ({ search: { q: `text ${i}` } })),
    });
    const socket = await openSocket(port);
    await write(
      socket,
      `POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await until('some have begun', () => begun > 0);
    const first = begun;
    socket.destroy();
    await until('all are stopped', () => stopped === begun);
    await until('the request is logged', () =>
      log.some(({ req, res }) => req !== undefined && res !== undefined),
    );
    assert.ok(first < 40);
    assert.equal(begun, first);
    assert.deepEqual(
      log.filter(({ level }) => level >= (LEVELS.error ?? 50)),
      [],
    );
  });

  it('no more than the deadline does', async (t) => {
    const { embedder } = counted(corpus.embedder);
    const never: Embedder = {
      ...embedder,
      embedQuery: (_text, signal) =>
        new Promise((_resolve, reject) =>
          signal?.addEventListener('abort', () => reject(new NearpaperError('cancelled', 'stopped'))),
        ),
    };
    const { url } = await serve(t, never, { ...readConfig({}), deadlineMs: 30 });
    const requests = [{ similar: { id: 'v1' } }, { search: { q: 'never answered' } }];
    assertProblem(await supertest(url).post('/v1/batch').send({ requests }), 'deadline_exceeded');
  });
});
