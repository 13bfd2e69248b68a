/** The express application: middleware, routes, errors, in the order a request meets them. */
import cors from 'cors';
import express, { type Express, Router } from 'express';
import { Line, refuseEarly } from './admission.js';
import { readJson } from './body.js';
import { handling } from './handle.js';
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
  const { corsOrigins, deadlineMs, limits } = service.settings;
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
  const line = new Line(deadlineMs);
  const handle = handling(service, line);
  const always = Router();
  always.use(healthRoutes(service), metricsRoutes(service), docsRoutes(service), infoRoutes(service, handle));

  app.use(refuseEarly(line, always));
  app.use(readJson(limits.body));
  // Those that are asked most come first.
  app.use(paperRoutes(service, handle));
  app.use(searchRoutes(service, handle));
  app.use(recommendationRoutes(service, handle));
  app.use(batchRoutes(service, handle));
  app.use(always);
  app.use(routeNotFound);
  app.use(problemHandler(service.logger));
  return app;
}
