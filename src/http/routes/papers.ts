/** /v1/papers, /v1/papers/lookup, /v1/papers/{id} and /v1/papers/{id}/similar. */
import { Router } from 'express';
import { getPaper, listPapers, lookUp } from '../../recommend/papers.js';
import { checkDays } from '../../recommend/request-checks.js';
import { requestSchemas } from '../../recommend/requests.js';
import { similar } from '../../recommend/similar.js';
import { paperTag } from '../etag.js';
import type { Handle } from '../handle.js';
import { readBody, readQuery } from '../parameters.js';
import { otherMethods } from '../problem.js';
import { similarQuery } from '../queries.js';
import type { Service } from '../service.js';
import { putPaper, removePaper } from './writes.js';

export function paperRoutes(service: Service, handle: Handle): Router {
  const schemas = requestSchemas(service.settings.limits);
  return Router() // What is asked most comes first.
    .get(
      '/v1/papers/:id',
      handle({
        query: (request) => ({ id: String(request.params.id), ...readQuery(request, schemas.paper) }),
        atOnce: true,
        answer: (corpus, { id, fields }) => getPaper(corpus, id, fields),
        // Not of the generation: a paper's tag is what a conditional write names.
        async tag(corpus, { id, fields }) {
          const found = await corpus.store.version(id);
          return found === undefined ? null : paperTag(found, { fields, service: service.version });
        },
      }),
    )
    .get(
      '/v1/papers/:id/similar',
      handle({
        query: (request) => similarQuery(String(request.params.id), readQuery(request, schemas.similar)),
        answer: similar,
      }),
    )
    .get(
      '/v1/papers',
      handle({
        query(request) {
          const query = readQuery(request, schemas.list);
          checkDays(query);
          return query;
        },
        answer: listPapers,
      }),
    )
    .all('/v1/papers', otherMethods('GET, HEAD, POST'))
    .post(
      '/v1/papers/lookup',
      handle({ query: (request) => readBody(request, schemas.lookUp), answer: lookUp }),
    )
    .put('/v1/papers/:id', putPaper(service, handle))
    .delete('/v1/papers/:id', removePaper(service, handle))
    .all('/v1/papers/:id', otherMethods('GET, HEAD, PUT, DELETE'))
    .all('/v1/papers/:id/similar', otherMethods('GET, HEAD'));
}
