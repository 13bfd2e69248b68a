/** GET /metrics: for Prometheus. Answered in every state of the service. */
import { Router } from 'express';
import type { CorpusReading } from '../metrics.js';
import { otherMethods } from '../problem.js';
import type { Service } from '../service.js';

export function metricsRoutes(service: Service): Router {
  return Router()
    .get('/metrics', async (_request, response) => {
      const text = await service.metrics.scrape(readingOf(service));
      response.setHeader('Content-Type', service.metrics.contentType);
      response.setHeader('Content-Length', Buffer.byteLength(text));
      response.setHeader('Cache-Control', 'no-store');
      response.end(text);
    })
    .all('/metrics', otherMethods('GET, HEAD'));
}

function readingOf({ state, writer }: Service): CorpusReading | null {
  if (state.kind === 'starting' || state.live === null) return null;
  const { about, embedder, queryCache } = state.live.current;
  const status = writer?.status;
  return {
    // Without the number of the last change: a label with a value for each would be a series for each.
    generation: about.generation.replace(/\+\d+$/, ''),
    model: about.model.name,
    engine: about.search.engine,
    papers: about.papers,
    queueDepth: embedder.queueDepth,
    queryCache,
    changes: status === undefined ? null : { ...status.changes, rebuild: status.rebuild.state },
  };
}
