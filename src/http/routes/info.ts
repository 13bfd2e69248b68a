/** GET / and /v1/info: what this service is and what it answers from. */
import { Router } from 'express';
import { handle, sendJson } from '../handle.js';
import { noParameters, readQuery } from '../parameters.js';
import { otherMethods } from '../problem.js';
import type { Service } from '../service.js';

const ROUTES = [
  'GET /v1/papers/{id}/similar',
  'GET /v1/search?q=...',
  'POST /v1/search',
  'GET /v1/papers',
  'GET /v1/papers/{id}',
  'GET /v1/info',
  'GET /livez',
  'GET /readyz',
];

export function infoRoutes(service: Service): Router {
  const { limits, deadlineMs } = service.settings;
  return Router()
    .get('/', (request, response) => {
      readQuery(request, noParameters);
      sendJson(response, { name: 'nearpaper', version: service.version, routes: ROUTES });
    })
    .all('/', otherMethods('GET, HEAD'))
    .get(
      '/v1/info',
      handle(service, async (corpus, request) => {
        readQuery(request, noParameters);
        return {
          version: service.version,
          ...corpus.about,
          limits: {
            results: limits.results,
            textCharacters: limits.text,
            getTextCharacters: limits.getText,
            bodyBytes: limits.body,
            deadlineMs,
          },
        };
      }),
    )
    .all('/v1/info', otherMethods('GET, HEAD'));
}
