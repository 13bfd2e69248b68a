/** The express application: middleware, routes, errors, in the order a request meets them. */
import cors from 'cors';
import express, { type Express, type RequestHandler } from 'express';
import { NearpaperError } from '../errors.js';
import { measureRequests } from './metrics.js';
import { problemHandler, routeNotFound } from './problem.js';
import { requestLog } from './request-log.js';
import { batchRoutes } from './routes/batch.js';
import { docsRoutes } from './routes/docs.js';
import { healthRoutes } from './routes/health.js';
import { infoRoutes } from './routes/info.js';
import { metricsRoutes } from './routes/metrics.js';
import { paperRoutes } from './routes/papers.js';
import { recommendationRoutes } from './routes/recommendations.js';
import { searchRoutes } from './routes/search.js';
import type { Service } from './service.js';

export function createApp(service: Service): Express {
  const { corsOrigins, limits } = service.settings;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // Routes read the query string themselves, strictly.
  app.set('query parser', false);

  app.use(measureRequests(service.metrics));
  app.use(requestLog(service.logger));
  app.use((_request, response, next) => {
    response.setHeader('X-Content-Type-Options', 'nosniff');
    next();
  });
  app.use(requireOneHost);
  if (corsOrigins.length > 0) {
    app.use(
      cors({
        origin: corsOrigins.includes('*') ? '*' : corsOrigins,
        methods: ['GET', 'HEAD', 'POST'],
        // Any header may be sent, as asked for by the preflight: Content-Type and If-None-Match are of use.
        exposedHeaders: ['X-Request-Id', 'Server-Timing', 'Retry-After', 'ETag'],
        maxAge: 600,
      }),
    );
  }
  // Not strict: JSON that is no object is told so by the route, not called malformed.
  app.use(
    express.json({ limit: limits.body, strict: false, type: ['application/json', 'application/*+json'] }),
  );

  app.use(healthRoutes(service));
  app.use(metricsRoutes(service));
  app.use(docsRoutes(service));
  app.use(infoRoutes(service));
  app.use(paperRoutes(service));
  app.use(searchRoutes(service));
  app.use(recommendationRoutes(service));
  app.use(batchRoutes(service));
  app.use(routeNotFound);
  app.use(problemHandler);
  return app;
}

/** RFC 9112, 3.2: a request of HTTP/1.1 names its host, once. */
const requireOneHost: RequestHandler = (request, _response, next) => {
  const hosts = request.headersDistinct.host?.length ?? 0;
  if (hosts > 1 || (hosts === 0 && request.httpVersion === '1.1')) {
    throw new NearpaperError('malformed_http', 'A request must have one Host header.');
  }
  next();
};
