/** What a service counts and times, scraped as Prometheus would, and that nothing of it outlives the service. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import perfHooks, { type IntervalHistogram } from 'node:perf_hooks';
import { before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import supertest from 'supertest';
import { readConfig } from '../../src/config.js';
import { createApp } from '../../src/http/app.js';
import { Metrics } from '../../src/http/metrics.js';
import { buildIndex, indexOf, THREE_PAPERS, writePapers } from '../support/corpus.js';
import { openSocket, write } from '../support/raw-http.js';
import { keepingLogger, serveIndex } from '../support/service.js';
import { afterFile, type CleanUp, temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { parseMetrics, type Scraped, samplesOf, sampleValue, scrape } from './scraping.js';

const file = afterFile();
let index: string;
before(async () => {
  index = await indexOf(file);
});

const REQUESTS = 'nearpaper_http_request_duration_seconds';
const CACHE = 'nearpaper_query_cache_requests_total';
const EMBEDDINGS = 'nearpaper_embedding_duration_seconds';
const PROBLEMS = 'nearpaper_http_problems_total';
const LONG = 'the reasoning of language models under reinforcement learning '.repeat(30);

/** Requests with these labels; 0 when there was none. */
const requests = (scraped: Scraped, labels: Record<string, string>) =>
  samplesOf(scraped, `${REQUESTS}_count`, labels).reduce((sum, { value }) => sum + value, 0);

/** A request is counted when its response is over, which its caller may know a moment before. */
async function scrapeOnce(
  served: Parameters<typeof scrape>[0],
  counted: (scraped: Scraped) => boolean,
): Promise<Scraped> {
  let scraped: Scraped = new Map();
  await until('the requests are counted', async () => {
    scraped = await scrape(served);
    return counted(scraped);
  });
  return scraped;
}

describe('GET /metrics', () => {
  it("is Prometheus's text format, with a type for each family, for HEAD too", async (t) => {
    const { http } = await serveIndex(t, index);
    const { text, headers } = await http.get('/metrics').expect(200);
    assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(headers['cache-control'], 'no-store');
    for (const [name, type] of [
      [REQUESTS, 'histogram'],
      [EMBEDDINGS, 'histogram'],
      ['nearpaper_search_duration_seconds', 'histogram'],
      [PROBLEMS, 'counter'],
      [CACHE, 'counter'],
      ['process_cpu_seconds_total', 'counter'],
      ['nearpaper_embedding_queue_depth', 'gauge'],
      ['nearpaper_corpus_info', 'gauge'],
    ]) {
      assert.match(text, new RegExp(`^# TYPE ${name} ${type}$`, 'm'));
    }
    await http.head('/metrics').expect(200);
    await http.post('/metrics').expect(405);
  });

  it('answers while the service starts, without a corpus', async (t) => {
    const metrics = new Metrics();
    t.after(() => metrics.close());
    const { logger } = keepingLogger();
    const http = supertest(
      createApp({
        logger,
        version: '0',
        metrics,
        settings: readConfig({}),
        state: { kind: 'starting' },
        writer: null,
        reload: null,
      }),
    );
    const scraped = await scrape({ http });
    assert.equal(sampleValue(scraped, 'nearpaper_corpus_papers'), 0);
    assert.deepEqual(samplesOf(scraped, 'nearpaper_corpus_info'), []);
    await http.get('/readyz').expect(503);
    assert.equal(sampleValue(await scrape({ http }), PROBLEMS, { code: 'not_ready' }), 1);
  });
});

describe('requests', () => {
  it('are counted and timed by route, method and status', async (t) => {
    const served = await serveIndex(t, index);
    const { http } = served;
    for (let i = 0; i < 3; i++) await http.get('/v1/papers/2401.00001').expect(200);
    await http.get('/v1/papers/2401.00002').expect(200);
    await http.get('/v1/papers/nothing').expect(404);
    await http.head('/v1/papers/2401.00001').expect(200);
    await http.get('/v1/papers/2401.00001/similar').expect(200);
    await http.post('/v1/search').send({ q: LONG }).expect(200);
    const scraped = await scrapeOnce(served, (seen) => requests(seen, { method: 'POST' }) === 1);
    const paper = { route: '/v1/papers/:id' };
    assert.equal(sampleValue(scraped, `${REQUESTS}_count`, { ...paper, method: 'GET', status: '200' }), 4);
    assert.equal(sampleValue(scraped, `${REQUESTS}_count`, { ...paper, method: 'GET', status: '404' }), 1);
    assert.equal(sampleValue(scraped, `${REQUESTS}_count`, { ...paper, method: 'HEAD', status: '200' }), 1);
    assert.equal(requests(scraped, { route: '/v1/papers/:id/similar' }), 1);
    const search = { route: '/v1/search', method: 'POST', status: '200' };
    // The model alone takes over 20 ms for that text.
    const seconds = sampleValue(scraped, `${REQUESTS}_sum`, search);
    assert.ok(seconds > 0.001 && seconds < 10, `${seconds} s`);
    assert.equal(sampleValue(scraped, `${REQUESTS}_bucket`, { ...search, le: '+Inf' }), 1);
    assert.equal(sampleValue(scraped, `${REQUESTS}_bucket`, { ...search, le: '0.001' }), 0);
  });

  it('cannot make up labels: unknown routes and methods are other', async (t) => {
    const served = await serveIndex(t, index);
    for (let i = 0; i < 20; i++) await served.http.get(`/nowhere/${i}?secret=${i}`).expect(404);
    const ofMethod = (method: string) =>
      new Promise<void>((resolve, reject) => {
        request(`${served.url}/v1/search`, { method }, (response) => {
          response.resume().once('end', resolve);
        })
          .once('error', reject)
          .end();
      });
    for (const method of ['PROPFIND', 'LOCK', 'MKCOL']) await ofMethod(method);
    const scraped = await scrapeOnce(served, (seen) => requests(seen, { method: 'other' }) === 3);
    assert.equal(requests(scraped, { route: 'other', method: 'GET', status: '404' }), 20);
    const routes = new Set(samplesOf(scraped, `${REQUESTS}_count`).map(({ labels }) => labels.route));
    routes.delete('/metrics');
    assert.deepEqual([...routes].toSorted(), ['/v1/search', 'other']);
  });

  it('whose callers left have status 499', async (t) => {
    const served = await serveIndex(t, index);
    const body = JSON.stringify({ q: LONG });
    const socket = await openSocket(served.port);
    await write(
      socket,
      'POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n' +
        `Content-Length: ${body.length}\r\n\r\n${body}`,
    );
    socket.destroy();
    const left = (seen: Scraped) => requests(seen, { method: 'POST', status: '499' });
    assert.equal(left(await scrapeOnce(served, (seen) => left(seen) > 0)), 1);
  });

  it('that end with a problem are counted by its code', async (t) => {
    const served = await serveIndex(t, index, { queue: 1 });
    const { http } = served;
    await http.get('/nowhere').expect(404);
    await http.get('/v1/papers/nothing').expect(404);
    await http.get('/v1/papers/nothing-either').expect(404);
    await http.get('/v1/search?q=x&limit=0').expect(400);
    await http.post('/v1/search').set('Content-Type', 'application/json').send('{').expect(400);
    const crowd = await Promise.all(
      Array.from({ length: 20 }, (_, i) => http.post('/v1/search').send({ q: `${LONG} ${i}` })),
    );
    const refused = crowd.filter(({ status }) => status === 503).length;
    assert.ok(refused > 0);
    const scraped = await scrapeOnce(served, (seen) => requests(seen, { method: 'POST' }) === 21);
    const counts = samplesOf(scraped, PROBLEMS).map(({ labels, value }) => [labels.code, value]);
    assert.deepEqual(Object.fromEntries(counts), {
      not_found: 1,
      unknown_paper: 2,
      invalid_request: 1,
      invalid_json: 1,
      overloaded: refused,
    });
  });
});

describe('queries', () => {
  it('are counted by how they got their vector, and the model is timed', async (t) => {
    const served = await serveIndex(t, index);
    const { http } = served;
    const asked = await scrape(served);
    assert.equal(sampleValue(asked, `${EMBEDDINGS}_count`), 0);
    await http.get('/v1/search?q=rewards').expect(200);
    await http.get('/v1/search?q=rewards&limit=1').expect(200);
    await http.post('/v1/search').send({ q: 'rewards' }).expect(200);
    await http.get('/v1/search?q=galaxies').expect(200);
    const scraped = await scrape(served);
    assert.equal(sampleValue(scraped, CACHE, { result: 'hit' }), 2);
    assert.equal(sampleValue(scraped, CACHE, { result: 'miss' }), 2);
    assert.equal(sampleValue(scraped, CACHE, { result: 'shared' }), 0);
    assert.equal(sampleValue(scraped, 'nearpaper_query_cache_texts'), 2);
    assert.equal(sampleValue(scraped, `${EMBEDDINGS}_count`), 2);
    const seconds = sampleValue(scraped, `${EMBEDDINGS}_sum`);
    assert.ok(seconds > 0.0001 && seconds < 10, `${seconds} s`);
    // Counters are set anew for each scrape; they must not add up.
    assert.equal(sampleValue(await scrape(served), CACHE, { result: 'hit' }), 2);
  });

  it('show in the depth of the queue while they wait', async (t) => {
    const served = await serveIndex(t, index);
    const depth = async () => sampleValue(await scrape(served), 'nearpaper_embedding_queue_depth');
    assert.equal(await depth(), 0);
    const crowd = Promise.all(
      Array.from({ length: 12 }, (_, i) => served.http.post('/v1/search').send({ q: `${LONG} ${i}` })),
    );
    await until('texts wait', async () => (await depth()) > 1);
    await crowd;
    assert.equal(await depth(), 0);
  });

  it('are timed by stage', async (t) => {
    const metrics = metricsOf(t);
    metrics.observeStage('vectors', 2);
    metrics.observeStage('vectors', 4);
    metrics.observeStage('keywords', 0.3);
    const scraped = parseMetrics(await metrics.scrape(null));
    const stages = 'nearpaper_search_duration_seconds';
    assert.equal(sampleValue(scraped, `${stages}_count`, { stage: 'vectors' }), 2);
    assert.ok(Math.abs(sampleValue(scraped, `${stages}_sum`, { stage: 'vectors' }) - 0.006) < 1e-9);
    assert.equal(sampleValue(scraped, `${stages}_bucket`, { stage: 'vectors', le: '0.0025' }), 1);
    assert.equal(sampleValue(scraped, `${stages}_bucket`, { stage: 'keywords', le: '0.00025' }), 0);
    assert.equal(sampleValue(scraped, `${stages}_bucket`, { stage: 'keywords', le: '0.0005' }), 1);
    assert.deepEqual(samplesOf(scraped, `${stages}_count`, { stage: 'filter' }), []);
  });
});

describe('what is served', () => {
  it('is named with its size, the new generation alone after a reload, which keeps the cache', async (t) => {
    const own = await indexOf(t);
    const served = await serveIndex(t, own);
    await served.http.get('/v1/search?q=rewards').expect(200);
    const before = await scrape(served);
    const info = (await served.http.get('/v1/info')).body;
    assert.deepEqual(samplesOf(before, 'nearpaper_corpus_info'), [
      { labels: { generation: info.generation, model: 'all-MiniLM-L6-v2', engine: 'exact' }, value: 1 },
    ]);
    assert.equal(sampleValue(before, 'nearpaper_corpus_papers'), 3);

    const papers = [...THREE_PAPERS, { id: 'new', title: 'A fourth paper' }];
    const { generation } = await buildIndex(own, [await writePapers(`${own}/papers.jsonl`, papers)]);
    await served.service.reload();
    const answer = await served.http.get('/v1/search?q=rewards').expect(200);
    assert.equal(answer.body.results.length, 4);
    const after = await scrape(served);
    assert.deepEqual(
      samplesOf(after, 'nearpaper_corpus_info').map(({ labels }) => labels.generation),
      [generation],
    );
    assert.equal(sampleValue(after, 'nearpaper_corpus_papers'), 4);
    assert.equal(sampleValue(after, CACHE, { result: 'hit' }), 1);
    assert.equal(sampleValue(after, `${EMBEDDINGS}_count`), 1);
  });

  it('by one service of a process is not counted by another', async (t) => {
    const [one, other] = [await serveIndex(t, index), await serveIndex(t, index)];
    await one.http.get('/v1/search?q=rewards').expect(200);
    await until('it is counted', async () => requests(await scrape(one), { route: '/v1/search' }) === 1);
    const scraped = await scrape(other);
    assert.equal(requests(scraped, { route: '/v1/search' }), 0);
    assert.equal(sampleValue(scraped, `${EMBEDDINGS}_count`), 0);
    assert.equal(sampleValue(scraped, CACHE, { result: 'miss' }), 0);
  });
});

describe('the process', () => {
  it('shows how late its event loop comes round, since the last scrape', async (t) => {
    const metrics = metricsOf(t);
    const delays = async () => {
      // Two looks of the monitor: the first one after a scrape only begins to measure.
      await pause(50);
      const scraped = parseMetrics(await metrics.scrape(null));
      const delay = (statistic: string) =>
        sampleValue(scraped, 'nearpaper_event_loop_delay_seconds', { statistic });
      return { p50: delay('p50'), p99: delay('p99'), max: delay('max') };
    };
    await delays();
    await pause(50);
    const until = performance.now() + 300;
    while (performance.now() < until);
    const blocked = await delays();
    assert.ok(blocked.max > 0.2 && blocked.max < 5, `max ${blocked.max} s`);
    assert.ok(blocked.p50 < blocked.max && blocked.p99 <= blocked.max);
    const after = await delays();
    assert.ok(after.max < blocked.max, 'the block is not counted twice');
  });

  it('shows its memory, processor time and start', async (t) => {
    const metrics = metricsOf(t);
    const first = parseMetrics(await metrics.scrape(null));
    const until = performance.now() + 50;
    while (performance.now() < until);
    const scraped = parseMetrics(await metrics.scrape(null));
    const cpu = (of: Scraped) => sampleValue(of, 'process_cpu_seconds_total');
    assert.ok(cpu(scraped) > cpu(first) && cpu(scraped) < cpu(first) + 60);
    assert.ok(sampleValue(scraped, 'process_resident_memory_bytes') > 2e7);
    assert.ok(sampleValue(scraped, 'nodejs_heap_size_used_bytes') > 1e6);
    assert.ok(Math.abs(sampleValue(scraped, 'process_start_time_seconds') - Date.now() / 1000) < 3600);
  });
});

describe('a service that has ended', () => {
  it('watches the event loop no longer, however it ended', async (t) => {
    const monitors: IntervalHistogram[] = [];
    const original = perfHooks.monitorEventLoopDelay;
    perfHooks.monitorEventLoopDelay = (options) => {
      const monitor = original(options);
      monitors.push(monitor);
      return monitor;
    };
    syncBuiltinESMExports();
    t.after(() => {
      perfHooks.monitorEventLoopDelay = original;
      syncBuiltinESMExports();
    });
    const { service, port } = await serveIndex(t, index);
    await assert.rejects(serveIndex(t, index, { port }), { code: 'port_in_use' });
    await assert.rejects(serveIndex(t, await temporaryFolder(t)), { code: 'index_missing' });
    // Enabling says whether that changed anything.
    const running = () => monitors.map((monitor) => !monitor.enable());
    assert.equal(monitors.length, 3);
    assert.deepEqual(running(), [true, false, false]);
    await service.stop();
    assert.equal(monitors[0]?.enable(), true);
    for (const monitor of monitors) monitor.disable();
  });

  it('has no metrics left', async () => {
    const metrics = new Metrics();
    metrics.observeStage('vectors', 1);
    metrics.close();
    metrics.close();
    assert.equal((await metrics.scrape(null)).trim(), '');
    // What ends late may still report.
    metrics.observeStage('vectors', 1);
    metrics.observeEmbedding(1);
  });
});

function metricsOf(t: CleanUp): Metrics {
  const metrics = new Metrics();
  t.after(() => metrics.close());
  return metrics;
}
