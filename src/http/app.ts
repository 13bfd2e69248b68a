/** The express application: middleware, routes, errors, in the order a request meets them. */
import cors from 'cors';
import express, { type Express, type RequestHandler } from 'express';
import { admission } from './admission.js';
import { observeRequests } from './observe.js';
import { problemHandler, routeNotFound } from './problem.js';
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

  app.use(observeRequests(service));
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
  app.use(admission());
  app.use(readJson(limits.body));

  // Those that are asked most come first.
  app.use(paperRoutes(service));
  app.use(searchRoutes(service));
  app.use(recommendationRoutes(service));
  app.use(batchRoutes(service));
  app.use(healthRoutes(service));
  app.use(metricsRoutes(service));
  app.use(docsRoutes(service));
  app.use(infoRoutes(service));
  app.use(routeNotFound);
  app.use(problemHandler(service.logger));
  return app;
}

/** Reads bodies of JSON, of at most so many bytes. */
function readJson(limit: number): RequestHandler {
  // Not strict: JSON that is no object is told so by the route, not called malformed.
  const json = express.json({ limit, strict: false, type: ['application/json', 'application/*+json'] });
  return (request, response, next) => {
    const { headers } = request;
    // RFC 9112, 6.3: without either there is no body.
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) next();
    else json(request, response, next);
  };
}
