/**
 * The service that one writes in an afternoon from the same parts: plain Express 5, pino-http, a histogram of
 * prom-client, searchKnn of hnswlib-node over plain arrays, the same reads of the store, and res.json. Started as a
 * process of its own: `node dist/benchmarks/naive-service.js <index folder> <graph file>`.
 */
import type { AddressInfo } from 'node:net';
import express from 'express';
import pino from 'pino';
import { pinoHttp } from 'pino-http';
import { Histogram, Registry } from 'prom-client';
import { DEFAULT_FIELDS, PAPER_FIELDS, viewOf } from '../src/recommend/answer.js';
import { openBareParts } from './bare-parts.js';

const RESULTS = 10;
const [indexFolder = '', graphFile = ''] = process.argv.slice(2);
const { store, graph, vectors } = await openBareParts(indexFolder, graphFile);

const registry = new Registry();
const durations = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Time of requests.',
  labelNames: ['route', 'method', 'status'],
  registers: [registry],
});

const app = express();
app.use(pinoHttp({ logger: pino() }));
app.use((request, response, next) => {
  const end = durations.startTimer();
  response.on('finish', () => {
    end({ route: request.route?.path ?? 'other', method: request.method, status: response.statusCode });
  });
  next();
});
app.use(express.json());
app.get('/livez', (_request, response) => void response.json({ status: 'live' }));
app.get(
  '/metrics',
  async (_request, response) => void response.type('text/plain').send(await registry.metrics()),
);
app.get('/v1/papers/:id', async (request, response) => {
  const found = await store.resolve(request.params.id);
  const [paper] = found === undefined ? [] : await store.get([found.label]);
  if (paper === undefined) response.status(404).json({ error: 'unknown paper' });
  else response.json(viewOf(paper, PAPER_FIELDS));
});
app.get('/v1/papers/:id/similar', async (request, response) => {
  const found = await store.resolve(request.params.id);
  if (found === undefined) {
    response.status(404).json({ error: 'unknown paper' });
    return;
  }
  const { neighbors, distances } = graph.searchKnn(vectors[found.label] ?? [], RESULTS + 1);
  const others = neighbors
    .map((label, i) => ({ label, score: 1 - (distances[i] ?? 1) }))
    .filter(({ label }) => label !== found.label)
    .slice(0, RESULTS);
  const papers = await store.get(others.map(({ label }) => label));
  const results = papers.map((paper, i) => ({
    score: others[i]?.score,
    paper: paper && viewOf(paper, DEFAULT_FIELDS),
  }));
  response.json({ results });
});
const server = app.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo; // as it listens on TCP
  process.stdout.write(`ready on http://127.0.0.1:${port}\n`);
});
process.once('SIGTERM', () => process.exit(0));
