/** What is answered while the service starts and while it stops. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import supertest from 'supertest';
import { readConfig } from '../../src/config.js';
import { createApp } from '../../src/http/app.js';
import { Metrics } from '../../src/http/metrics.js';
import type { ServiceState } from '../../src/http/service.js';
import { assertProblem } from '../support/problems.js';
import { keepingLogger } from '../support/service.js';

const metrics = new Metrics();
after(() => metrics.close());

const apiIn = (state: ServiceState) =>
  supertest(
    createApp({
      logger: keepingLogger().logger,
      version: '0',
      metrics,
      settings: readConfig({}),
      state,
      writer: null,
      reload: null,
    }),
  );

const CORPUS_ROUTES = ['/v1/info', '/v1/papers', '/v1/papers/x', '/v1/papers/x/similar', '/v1/search?q=x'];

describe('a service that is starting', () => {
  const api = apiIn({ kind: 'starting' });

  it('is live and not ready', async () => {
    assert.equal((await api.get('/livez')).status, 200);
    const response = await api.get('/readyz');
    assert.match(assertProblem(response, 'not_ready').detail, /starting/);
    assert.equal(response.headers['retry-after'], '1');
  });

  it('answers 503 with Retry-After where the corpus is needed', async () => {
    for (const path of CORPUS_ROUTES) {
      const response = await api.get(path);
      assertProblem(response, 'not_ready');
      assert.equal(response.headers['retry-after'], '1');
    }
  });

  it('tells what is wrong with a request all the same', async () => {
    assertProblem(await api.get('/nowhere'), 'not_found');
    assertProblem(await api.delete('/v1/search'), 'method_not_allowed');
    assertProblem(
      await api.post('/v1/search').set('Content-Type', 'application/json').send('{'),
      'invalid_json',
    );
  });
});

describe('a service that is stopping', () => {
  it('is live and not ready', async () => {
    const api = apiIn({ kind: 'stopping', live: null });
    assert.equal((await api.get('/livez')).status, 200);
    assert.match(assertProblem(await api.get('/readyz'), 'not_ready').detail, /stopping/);
  });
});
