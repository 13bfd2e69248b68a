/** GET /livez: the process is up. GET /readyz: it can answer. */
import { Router } from 'express';
import { NearpaperError } from '../../errors.js';
import { sendJson } from '../handle.js';
import { otherMethods } from '../problem.js';
import type { Service } from '../service.js';

export function healthRoutes(service: Service): Router {
  return Router()
    .get('/livez', (_request, response) => sendJson(response, { status: 'live' }))
    .all('/livez', otherMethods('GET, HEAD'))
    .get('/readyz', (_request, response) => {
      if (service.state.kind !== 'ready') {
        throw new NearpaperError('not_ready', `The service is ${service.state.kind}.`, { retryAfter: 1 });
      }
      sendJson(response, { status: 'ready', generation: service.state.live.current.generation });
    })
    .all('/readyz', otherMethods('GET, HEAD'));
}
