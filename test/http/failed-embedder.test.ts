/** The embedding workers die until the pool gives up: the service says so, and a reload mends it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { readConfig } from '../../src/config.js';
import { Leases } from '../../src/generations/leases.js';
import { Overlay } from '../../src/generations/overlay.js';
import { openCorpus } from '../../src/open-corpus.js';
import { served } from '../../src/running.js';
import { buildIndex, indexOf, THREE_PAPERS, writePapers } from '../support/corpus.js';
import { assertProblem } from '../support/problems.js';
import { serveIndex, type TestService } from '../support/service.js';
import { until } from '../support/until.js';

/** Collects the worker threads that are started while the test runs. */
function observeWorkers(t: TestContext): Worker[] {
  const workers: Worker[] = [];
  const note = (worker: Worker): void => void workers.push(worker);
  process.on('worker', note);
  t.after(() => void process.off('worker', note));
  return workers;
}

async function killUntilFailed(workers: Worker[], { http }: TestService): Promise<void> {
  const before = workers.length;
  for (let deaths = 0; deaths < 4; deaths++) {
    // Another text each time: one that was asked before needs no worker.
    await http.get(`/v1/search?q=before+${before}+${deaths}`).expect(200);
    // A message that no worker understands: it dies of it as it would of a fault of its own.
    workers.at(-1)?.postMessage(null);
    await http.get(`/v1/search?q=after+${before}+${deaths}`).expect(500);
  }
  assert.equal(workers.length - before, 3);
}

describe('a service whose embedding workers died for good', () => {
  it('is not ready and says why; a reload of the same generation mends it', async (t) => {
    const workers = observeWorkers(t);
    const index = await indexOf(t);
    const running = await serveIndex(t, index);
    const { http, service } = running;
    const { generation } = (await http.get('/readyz')).body;
    await http.get('/v1/search?q=asked+before').expect(200);
    await killUntilFailed(workers, running);
    assertProblem(await http.get('/v1/search?q=rewards'), 'internal');
    assertProblem(await http.get('/v1/search?q=asked+before'), 'internal');
    assert.match(assertProblem(await http.get('/readyz'), 'not_ready').detail, /workers have failed.*SIGHUP/);
    await http.get('/livez').expect(200);
    await http.get('/v1/papers/arXiv:2401.00001/similar').expect(200);

    await service.reload();
    assert.equal((await http.get('/readyz').expect(200)).body.generation, generation);
    await http.get('/v1/search?q=rewards').expect(200);
    assert.ok(running.log.some(({ msg }) => /^reload: .* new embedding workers/.test(msg)));
  });

  it('does not take them over to a new generation', async (t) => {
    const workers = observeWorkers(t);
    const index = await indexOf(t);
    const running = await serveIndex(t, index);
    await killUntilFailed(workers, running);
    const papers = [...THREE_PAPERS, { id: 'new', title: 'A fourth paper' }];
    await buildIndex(index, [await writePapers(join(index, 'papers.jsonl'), papers)]);
    await running.service.reload();
    await running.http.get('/readyz').expect(200);
    assert.equal((await running.http.get('/v1/search?q=rewards').expect(200)).body.results.length, 4);
  });
});

describe('what is served', () => {
  it('ends its workers also when its generation cannot be closed', async (t) => {
    const workers = observeWorkers(t);
    const index = await indexOf(t);
    const config = readConfig({ NEARPAPER_INDEX: index, NEARPAPER_WORKERS: '1' });
    const opened = await openCorpus(config);
    const generation = {
      ...opened.overlay.generation,
      close: async () => {
        await opened.overlay.close();
        throw new Error('the disk is gone');
      },
    };
    const { embedder } = opened;
    const corpus = served({ overlay: new Overlay(generation), embedder }, new Leases(), () => undefined);
    await assert.rejects(corpus.close(), /the disk is gone/);
    // A thread that has ended has no id any more.
    await until('the worker ends', () => workers.at(-1)?.threadId === -1);
  });
});
