/** The express application: middleware, routes, errors, in the order a request meets them. */
import cors from 'cors';
import express, { type Express, type RequestHandler, Router } from 'express';
import { Line, refuseEarly } from './admission.js';
import { readJson } from './body.js';
import { handling } from './handle.js';
import { admitReaders, chargeByBody, requireAdmin, requireWriter } from './keys.js';
import { observeRequests } from './observe.js';
import { problemHandler, routeNotFound } from './problem.js';
import { adminRoutes } from './routes/admin.js';
import { batchRoutes } from './routes/batch.js';
import { docsRoutes } from './routes/docs.js';
import { healthRoutes } from './routes/health.js';
import { importPapers } from './routes/import.js';
import { infoRoutes } from './routes/info.js';
import { metricsRoutes } from './routes/metrics.js';
import { paperRoutes } from './routes/papers.js';
import { recommendationRoutes } from './routes/recommendations.js';
import { searchRoutes } from './routes/search.js';
import { securityHeaders } from './security-headers.js';
import type { Service } from './service.js';

export function createApp(service: Service): Express {
  const { corsOrigins, deadlineMs, limits, readKeys } = service.settings;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // Routes read the query string themselves, strictly.
  app.set('query parser', false);

  app.use(observeRequests(service, securityHeaders({ crossOrigin: corsOrigins.length > 0 })));
  if (corsOrigins.length > 0) {
    app.use(
      cors({
        origin: corsOrigins.includes('*') ? '*' : corsOrigins,
        methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
        // Any header may be sent, as asked for by the preflight: Content-Type, Authorization, If-Match are of use.
        exposedHeaders: ['X-Request-Id', 'Server-Timing', 'Retry-After', 'ETag'],
        maxAge: 600,
      }),
    );
  }
  // After CORS: a preflight carries no key.
  if (readKeys.length > 0) app.use(admitReaders(service));
  const line = new Line(deadlineMs);
  const handle = handling(service, line);
  const always = Router();
  always.use(healthRoutes(service), metricsRoutes(service), docsRoutes(service), infoRoutes(service, handle));

  app.use(refuseEarly(line, always));
  app.use(refuseWritesEarly(service));
  // Its body is a stream, whatever type it says that it is of.
  app.post('/v1/papers', importPapers(service));
  app.use(readJson(limits.body));
  if (readKeys.length > 0) {
    app.post('/v1/batch', chargeByBody);
    app.post('/v1/recommendations', chargeByBody);
  }
  // Those that are asked most come first.
  app.use(paperRoutes(service, handle));
  app.use(searchRoutes(service, handle));
  app.use(recommendationRoutes(service, handle));
  app.use(batchRoutes(service, handle));
  app.use(adminRoutes(service));
  app.use(always);
  app.use(routeNotFound);
  app.use(problemHandler(service.logger));
  return app;
}

/** The routes that write check the key themselves; this is so that whoever has none sends no body first. */
function refuseWritesEarly(service: Service): RequestHandler {
  const writer = requireWriter(service);
  const writes = Router()
    .post('/v1/papers', writer)
    .put('/v1/papers/:id', writer)
    .delete('/v1/papers/:id', writer)
    .post('/v1/admin/:action', requireAdmin(service));
  return (request, response, next) => {
    // What only reads is not slowed, and OPTIONS not answered by a router that knows no more than writes.
    if (WRITING.has(request.method)) writes(request, response, next);
    else next();
  };
}

const WRITING: ReadonlySet<string> = new Set(['POST', 'PUT', 'DELETE']);
