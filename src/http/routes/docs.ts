/** GET /openapi.json: the contract. GET /docs: the same as a page, from files of our own. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Request, type Response, Router } from 'express';
import { packageRoot } from '../../package-root.js';
import { matches } from '../etag.js';
import { openApiDocument } from '../openapi/document.js';
import { otherMethods } from '../problem.js';
import type { Service } from '../service.js';

/** The version is in the name, so that browsers may keep the file for ever. */
const SCRIPT = 'rapidoc-9.3.8.js';
const ONE_YEAR_MS = 365 * 24 * 60 * 60 * 1000;

/** Nothing but what this service sends. RapiDoc writes style attributes and elements; it evaluates no strings. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'unsafe-inline'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Every address is relative: the page works behind a proxy that adds a prefix. */
const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>nearpaper API</title>
<link rel="icon" href="data:,">
<script type="module" src="docs/${SCRIPT}"></script>
</head>
<body>
<rapi-doc spec-url="openapi.json" load-fonts="false" regular-font="system-ui, sans-serif" mono-font="monospace"
  theme="light" render-style="read" schema-style="table" show-header="false" allow-authentication="false"
  allow-server-selection="false" allow-spec-url-load="false" allow-spec-file-load="false"
  fill-request-fields-with-example="false"></rapi-doc>
<noscript>This page needs JavaScript. The document itself: <a href="openapi.json">openapi.json</a>.</noscript>
</body>
</html>
`;

/** Answered in every state of the service: what a request may be does not depend on the corpus. */
export function docsRoutes(service: Service): Router {
  const { version, settings } = service;
  const contract = fixed(
    'application/json; charset=utf-8',
    JSON.stringify(openApiDocument({ version, limits: settings.limits })),
  );
  const page = fixed('text/html; charset=utf-8', PAGE);
  const assets = join(packageRoot(), 'vendor', 'rapidoc');
  return Router()
    .get('/openapi.json', contract)
    .all('/openapi.json', otherMethods('GET, HEAD'))
    .get('/docs', (request, response) => {
      // The addresses in the page are relative to its folder.
      if (request.path.endsWith('/')) return response.redirect(308, '../docs');
      response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY);
      response.setHeader('Referrer-Policy', 'no-referrer');
      page(request, response);
    })
    .all('/docs', otherMethods('GET, HEAD'))
    .get(`/docs/${SCRIPT}`, (_request, response) =>
      response.sendFile('rapidoc-min.js', {
        root: assets,
        immutable: true,
        maxAge: ONE_YEAR_MS,
        lastModified: false,
      }),
    )
    .all(`/docs/${SCRIPT}`, otherMethods('GET, HEAD'));
}

/** Answers with the same bytes each time, or 304. */
function fixed(type: string, text: string): (request: Request, response: Response) => void {
  const bytes = Buffer.from(text);
  const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`;
  return (request, response) => {
    response.setHeader('ETag', etag);
    response.setHeader('Cache-Control', 'no-cache');
    if (matches(request.headers['if-none-match'], etag)) {
      response.status(304).end();
      return;
    }
    response.setHeader('Content-Type', type);
    response.setHeader('Content-Length', bytes.length);
    response.end(bytes);
  };
}
