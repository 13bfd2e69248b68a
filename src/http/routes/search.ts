/** GET and POST /v1/search: papers nearest to a text. */
import { Router } from 'express';
import { checkText } from '../../recommend/query-text.js';
import { search } from '../../recommend/search.js';
import { handle } from '../handle.js';
import { checkGetText, readBody, readQuery, requestSchemas } from '../parameters.js';
import { otherMethods } from '../problem.js';
import type { Service } from '../service.js';

export function searchRoutes(service: Service): Router {
  const { limits } = service.settings;
  const schemas = requestSchemas(limits);
  return Router()
    .get(
      '/v1/search',
      handle(service, (corpus, request, signal) => {
        const { q, limit, fields, exact } = readQuery(request, schemas.search);
        checkGetText(q, 'q', limits);
        return search(corpus, { text: q, limit, fields, exact }, signal);
      }),
    )
    .post(
      '/v1/search',
      handle(service, (corpus, request, signal) => {
        const { q, limit, fields, exact } = readBody(request, schemas.search);
        checkText(q, 'q', limits.text);
        return search(corpus, { text: q, limit, fields, exact }, signal);
      }),
    )
    .all('/v1/search', otherMethods('GET, HEAD, POST'));
}
