/** GET /v1/papers, /v1/papers/{id} and /v1/papers/{id}/similar. */
import { Router } from 'express';
import { getPaper, listPapers } from '../../recommend/papers.js';
import { similar } from '../../recommend/similar.js';
import { handle } from '../handle.js';
import { readQuery, requestSchemas } from '../parameters.js';
import { otherMethods } from '../problem.js';
import type { Service } from '../service.js';

export function paperRoutes(service: Service): Router {
  const schemas = requestSchemas(service.settings.limits);
  return Router()
    .get(
      '/v1/papers',
      handle(service, (corpus, request) => {
        const { cursor, limit, fields } = readQuery(request, schemas.list);
        return listPapers(corpus, { cursor, limit, fields });
      }),
    )
    .all('/v1/papers', otherMethods('GET, HEAD'))
    .get(
      '/v1/papers/:id',
      handle(service, (corpus, request) => {
        const { fields } = readQuery(request, schemas.paper);
        return getPaper(corpus, String(request.params.id), fields);
      }),
    )
    .all('/v1/papers/:id', otherMethods('GET, HEAD'))
    .get(
      '/v1/papers/:id/similar',
      handle(service, (corpus, request, signal) => {
        const options = readQuery(request, schemas.similar);
        return similar(corpus, { id: String(request.params.id), ...options }, signal);
      }),
    )
    .all('/v1/papers/:id/similar', otherMethods('GET, HEAD'));
}
