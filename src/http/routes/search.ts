/** GET and POST /v1/search: papers for a text. */
import { Router } from 'express';
import { requestSchemas } from '../../recommend/requests.js';
import { search } from '../../recommend/search.js';
import type { Handle } from '../handle.js';
import { readBody, readQuery } from '../parameters.js';
import { otherMethods } from '../problem.js';
import { searchQuery } from '../queries.js';
import type { Service } from '../service.js';

export function searchRoutes(service: Service, handle: Handle): Router {
  const { limits } = service.settings;
  const schemas = requestSchemas(limits);
  return Router()
    .get(
      '/v1/search',
      handle({
        query: (request) => searchQuery(readQuery(request, schemas.search), limits, 'GET'),
        answer: search,
      }),
    )
    .post(
      '/v1/search',
      handle({
        query: (request) => searchQuery(readBody(request, schemas.search), limits, 'POST'),
        answer: search,
      }),
    )
    .all('/v1/search', otherMethods('GET, HEAD, POST'));
}
