/** /v1/admin: rebuild, reembed, reload and status, for those who have the admin key. */
import { Router } from 'express';
import { NearpaperError } from '../../errors.js';
import { noParameters, requestSchemas } from '../../recommend/requests.js';
import { sendJson } from '../handle.js';
import { requireAdmin } from '../keys.js';
import { readBody, readQuery } from '../parameters.js';
import { otherMethods } from '../problem.js';
import { type Service, writerOf } from '../service.js';

/** None of them waits for its turn or has a deadline: they cost next to nothing, or take as long as they take. */
export function adminRoutes(service: Service): Router {
  const schemas = requestSchemas(service.settings.limits);
  const admin = requireAdmin(service);
  return Router()
    .get('/v1/admin/status', admin, (request, response) => {
      readQuery(request, noParameters);
      response.setHeader('Cache-Control', 'no-store');
      sendJson(response, writerOf(service).status);
    })
    .all('/v1/admin/status', otherMethods('GET, HEAD'))
    .post('/v1/admin/rebuild', admin, async (request, response) => {
      readQuery(request, noParameters);
      const writer = writerOf(service);
      await writer.rebuild();
      sendJson(response.status(202), writer.status);
    })
    .all('/v1/admin/rebuild', otherMethods('POST'))
    .post('/v1/admin/reembed', admin, async (request, response) => {
      const { model } = readBody(request, schemas.reembed);
      const writer = writerOf(service);
      await writer.reembed(model);
      sendJson(response.status(202), writer.status);
    })
    .all('/v1/admin/reembed', otherMethods('POST'))
    .post('/v1/admin/reload', admin, async (request, response) => {
      readQuery(request, noParameters);
      if (service.reload === null) {
        throw new NearpaperError('not_ready', `The service is ${service.state.kind}.`, { retryAfter: 1 });
      }
      sendJson(response, await service.reload());
    })
    .all('/v1/admin/reload', otherMethods('POST'));
}
