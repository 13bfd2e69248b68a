/** The service, put together: listen, load, answer, exchange the generation, stop. */
import type { Server } from 'node:http';
import type { Logger } from 'pino';
import type { Config } from './config.js';
import { queryCacheOf } from './embedding/cached-embedder.js';
import type { Embedder } from './embedding/embedder.js';
import { messageOf, NearpaperError } from './errors.js';
import { aboutGeneration } from './generations/about.js';
import { currentGeneration } from './generations/folder.js';
import { Live } from './generations/live.js';
import { createApp } from './http/app.js';
import { createListener, listen } from './http/listener.js';
import { Metrics } from './http/metrics.js';
import type { ServedCorpus, Service } from './http/service.js';
import { corpusOf, type OpenedCorpus, openCorpus } from './open-corpus.js';
import type { ObserveStage } from './recommend/corpus.js';

export interface RunningService {
  /** Such as http://127.0.0.1:8080 */
  url: string;
  /** Answers from the generation that is published now; keeps the one it has when that fails. */
  reload(): Promise<void>;
  /** Stops listening, finishes what runs, releases everything. Idempotent. */
  stop(): Promise<void>;
}

export interface ServiceOptions {
  config: Config;
  logger: Logger;
  version: string;
  /** Gives up the start, however far it has come; once the service runs, `stop` ends it. */
  signal?: AbortSignal;
}

/**
 * Starts the service; resolves once it is ready. Errors: those of the settings, the index and the model;
 * `cancelled` when the signal aborts before. Nothing is left running then.
 */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const metrics = new Metrics();
  try {
    return await start(options, metrics);
  } catch (thrown) {
    metrics.close();
    throw thrown;
  }
}

async function start(options: ServiceOptions, metrics: Metrics): Promise<RunningService> {
  const { config, logger, version, signal } = options;
  const started = performance.now();
  const service: Service = { logger, version, metrics, settings: config, state: { kind: 'starting' } };
  const server = createListener(createApp(service));
  const port = await listen(server, config.port, config.host);
  server.on('error', (thrown) => logger.error({ err: thrown }, 'the HTTP server failed'));
  const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;

  let opened: OpenedCorpus;
  try {
    const onEmbedded = metrics.observeEmbedding;
    opened = await openCorpus(config, signal === undefined ? { onEmbedded } : { signal, onEmbedded });
  } catch (thrown) {
    service.state = { kind: 'stopping', live: null };
    await closeServer(server, 0);
    throw thrown;
  }
  const users = new Map<Embedder, number>();
  const live = new Live(served(opened, users, metrics.observeStage), (thrown) =>
    logger.error({ err: thrown }, 'closing a generation failed'),
  );
  service.state = { kind: 'ready', live };
  const { about } = live.current;
  for (const assumption of opened.assumptions) logger.warn(`model: ${assumption}`);
  if (about.search.note !== null) logger.warn(about.search.note);
  logger.info(
    {
      url,
      generation: about.generation,
      papers: about.papers,
      sample: about.sample,
      model: about.model.name,
      engine: about.search.engine,
      readyMs: Math.round(performance.now() - started),
    },
    `ready on ${url}`,
  );

  let reloading: Promise<void> = Promise.resolve();
  let stopping: Promise<void> | undefined;
  const ending = new AbortController();
  return {
    url,
    reload() {
      reloading = reloading.then(() =>
        stopping === undefined
          ? reload({ config, live, logger, users, metrics, signal: ending.signal })
          : undefined,
      );
      return reloading;
    },
    stop() {
      ending.abort();
      stopping ??= stop({ service, server, live, config, reloading })
        .finally(() => metrics.close())
        .then(() => logger.info('stopped'));
      return stopping;
    },
  };
}

/**
 * Makes what is served of what was opened. A model that several generations share is closed with the last of them:
 * `users` counts the generations that are open, for each model.
 */
export function served(
  { generation, embedder }: OpenedCorpus,
  users: Map<Embedder, number>,
  observe: ObserveStage,
): ServedCorpus {
  users.set(embedder, (users.get(embedder) ?? 0) + 1);
  return {
    ...corpusOf(generation),
    embedder,
    about: aboutGeneration(generation),
    observe,
    queryCache: queryCacheOf(embedder),
    async close() {
      const others = (users.get(embedder) ?? 1) - 1;
      users.set(embedder, others);
      if (others === 0) users.delete(embedder);
      try {
        await generation.close();
      } finally {
        // Whatever became of the files: workers that are not told to end hold the process for ever.
        if (others === 0) await embedder.close();
      }
    },
  };
}

interface Reloading {
  config: Config;
  live: Live<ServedCorpus>;
  logger: Logger;
  users: Map<Embedder, number>;
  metrics: Metrics;
  /** Aborts when the service stops. */
  signal: AbortSignal;
}

async function reload({ config, live, logger, users, metrics, signal }: Reloading): Promise<void> {
  try {
    const { generation, embedder } = live.current;
    const unchanged = (await currentGeneration(config.indexFolder))?.name === generation;
    if (unchanged && embedder.failure === null) {
      logger.info({ generation }, 'reload: this generation is served already');
      return;
    }
    const onEmbedded = metrics.observeEmbedding;
    const opened = await openCorpus(config, { embedder, signal, onEmbedded });
    live.replace(served(opened, users, metrics.observeStage));
    const { about } = live.current;
    const what = unchanged ? 'this generation with new embedding workers' : 'the new generation';
    logger.info({ generation: about.generation, papers: about.papers }, `reload: serving ${what}`);
  } catch (thrown) {
    if (signal.aborted) {
      logger.info('reload: given up, the service stops');
      return;
    }
    const code = thrown instanceof NearpaperError ? thrown.code : 'internal';
    logger.error(
      { err: thrown, code },
      `reload failed, the old generation keeps serving: ${messageOf(thrown)}`,
    );
  }
}

interface Stopping {
  service: Service;
  server: Server;
  live: Live<ServedCorpus>;
  config: Config;
  /** Settles when no reload is under way. */
  reloading: Promise<void>;
}

async function stop({ service, server, live, config, reloading }: Stopping): Promise<void> {
  service.state = { kind: 'stopping', live };
  service.logger.info('stopping: finishing what runs');
  await closeServer(server, config.shutdownMs);
  // What it has opened by then must be closed too, or its workers hold the process.
  await reloading;
  await live.close();
}

/** Refuses new connections, and gives running requests `graceMs` before their connections are cut. */
async function closeServer(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  // A connection that has got its last answer would be kept for more: nothing more is answered.
  server.keepAliveTimeout = 1;
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(cut);
}
