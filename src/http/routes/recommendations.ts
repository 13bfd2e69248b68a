/** GET and POST /v1/recommendations: papers near the positives and away from the negatives. */
import { Router } from 'express';
import { recommend } from '../../recommend/recommend.js';
import { recommendationOf } from '../../recommend/request-checks.js';
import { requestSchemas } from '../../recommend/requests.js';
import type { Handle } from '../handle.js';
import { readBody, readQuery } from '../parameters.js';
import { otherMethods } from '../problem.js';
import { recommendationById } from '../queries.js';
import type { Service } from '../service.js';

export function recommendationRoutes(service: Service, handle: Handle): Router {
  const { limits } = service.settings;
  const schemas = requestSchemas(limits);
  return Router()
    .get(
      '/v1/recommendations',
      handle({
        query: (request) => recommendationById(readQuery(request, schemas.recommendationsById), limits),
        answer: recommend,
      }),
    )
    .post(
      '/v1/recommendations',
      handle({
        query: (request) => recommendationOf(readBody(request, schemas.recommendations), limits),
        answer: recommend,
      }),
    )
    .all('/v1/recommendations', otherMethods('GET, HEAD, POST'));
}
