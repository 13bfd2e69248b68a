/** GET / and /v1/info: what this service is and what it answers from. */
import { Router } from 'express';
import { noParameters } from '../../recommend/requests.js';
import { type Handle, sendJson } from '../handle.js';
import { readQuery } from '../parameters.js';
import { otherMethods } from '../problem.js';
import type { Service } from '../service.js';

const ROUTES = [
  'GET /v1/papers/{id}/similar',
  'GET /v1/search?q=...',
  'POST /v1/search',
  'GET /v1/recommendations?positive=...',
  'POST /v1/recommendations',
  'POST /v1/batch',
  'GET /v1/papers',
  'POST /v1/papers',
  'GET /v1/papers/{id}',
  'PUT /v1/papers/{id}',
  'DELETE /v1/papers/{id}',
  'POST /v1/papers/lookup',
  'GET /v1/info',
  'GET /v1/admin/status',
  'POST /v1/admin/rebuild',
  'POST /v1/admin/reembed',
  'POST /v1/admin/reload',
  'GET /livez',
  'GET /readyz',
  'GET /metrics',
  'GET /openapi.json',
  'GET /docs',
];

export function infoRoutes(service: Service, handle: Handle): Router {
  const { limits, deadlineMs } = service.settings;
  return Router()
    .get('/', (request, response) => {
      readQuery(request, noParameters);
      sendJson(response, { name: 'nearpaper', version: service.version, routes: ROUTES });
    })
    .all('/', otherMethods('GET, HEAD'))
    .get(
      '/v1/info',
      handle({
        query: (request) => readQuery(request, noParameters),
        answer: async (corpus) => ({
          version: service.version,
          ...corpus.about,
          limits: {
            results: limits.results,
            textCharacters: limits.text,
            getTextCharacters: limits.getText,
            bodyBytes: limits.body,
            seeds: limits.seeds,
            texts: limits.texts,
            batch: limits.batch,
            deadlineMs,
          },
        }),
      }),
    )
    .all('/v1/info', otherMethods('GET, HEAD'));
}
