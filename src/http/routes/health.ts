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
      const { generation, embedder } = service.state.live.current;
      if (embedder.failure !== null) {
        // No Retry-After: waiting mends nothing. Why they died is the log's, not every caller's.
        throw new NearpaperError(
          'not_ready',
          'No text can be embedded: the embedding workers have failed for good, the log says why. SIGHUP or a ' +
            'restart of the service starts new ones.',
        );
      }
      sendJson(response, { status: 'ready', generation });
    })
    .all('/readyz', otherMethods('GET, HEAD'));
}
