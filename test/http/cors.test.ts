/** Which pages of other origins may call the API. No corpus is needed for that: the service is still starting. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import supertest from 'supertest';
import { readConfig } from '../../src/config.js';
import { createApp } from '../../src/http/app.js';
import { Metrics } from '../../src/http/metrics.js';
import { keepingLogger } from '../support/service.js';

const ALLOWED = 'https://papers.example.org';
const OTHER = 'https://evil.example.org';

const metrics = new Metrics();
after(() => metrics.close());

function apiWith(origins: string): ReturnType<typeof supertest> {
  const settings = readConfig({ NEARPAPER_CORS_ORIGINS: origins });
  const { logger } = keepingLogger('silent');
  return supertest(
    createApp({
      logger,
      version: '0',
      metrics,
      settings,
      state: { kind: 'starting' },
      writer: null,
      reload: null,
    }),
  );
}

const preflight = (api: ReturnType<typeof supertest>, origin: string) =>
  api
    .options('/v1/search')
    .set('Origin', origin)
    .set('Access-Control-Request-Method', 'POST')
    .set('Access-Control-Request-Headers', 'content-type');

const allowedOrigin = ({ headers }: { headers: Record<string, unknown> }) =>
  headers['access-control-allow-origin'];

describe('CORS', () => {
  it('is off unless it is configured', async () => {
    const api = apiWith('');
    for (const response of [await api.get('/').set('Origin', ALLOWED), await preflight(api, ALLOWED)]) {
      const names = Object.keys(response.headers).filter((name) => name.startsWith('access-control-'));
      assert.deepEqual(names, []);
    }
  });

  it('answers the preflight of an allowed origin, and lets it read the headers of the API', async () => {
    const api = apiWith(`${ALLOWED}, http://localhost:3000`);
    for (const origin of [ALLOWED, 'http://localhost:3000']) {
      const response = await preflight(api, origin);
      assert.equal(response.status, 204);
      assert.equal(allowedOrigin(response), origin);
      assert.match(String(response.headers['access-control-allow-methods']), /POST/);
      assert.match(String(response.headers['access-control-allow-headers']), /content-type/);
      assert.match(String(response.headers.vary), /origin/i);
    }
    const got = await api.get('/').set('Origin', ALLOWED);
    assert.equal(allowedOrigin(got), ALLOWED);
    assert.match(String(got.headers['access-control-expose-headers']), /X-Request-Id/);
  });

  it('lets an allowed origin read problems too', async () => {
    const response = await apiWith(ALLOWED).get('/nowhere').set('Origin', ALLOWED);
    assert.equal(response.status, 404);
    assert.equal(allowedOrigin(response), ALLOWED);
  });

  it('allows no other origin, nor one that only looks like it', async () => {
    const api = apiWith(ALLOWED);
    for (const origin of [
      OTHER,
      `${ALLOWED}.evil.com`,
      'http://papers.example.org',
      `${ALLOWED}:444`,
      'null',
    ]) {
      assert.equal(allowedOrigin(await preflight(api, origin)), undefined, origin);
      assert.equal(allowedOrigin(await api.get('/').set('Origin', origin)), undefined, origin);
    }
  });

  it('allows every origin with *, without credentials', async () => {
    const api = apiWith('*');
    for (const response of [await preflight(api, OTHER), await api.get('/').set('Origin', OTHER)]) {
      assert.equal(allowedOrigin(response), '*');
      assert.equal(response.headers['access-control-allow-credentials'], undefined);
    }
  });
});
