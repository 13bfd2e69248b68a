/** The service, put together: listen, load, answer, change, exchange the generation, stop. */
import type { Server } from 'node:http';
import type { Logger } from 'pino';
import { LiveCorpus, takeWriteAccess, type WriteAccess } from './changes/live-corpus.js';
import type { RebuildEvent } from './changes/rebuilder.js';
import type { Config } from './config.js';
import { vendoredNames } from './embedding/model.js';
import { messageOf, NearpaperError } from './errors.js';
import { Follower } from './follow.js';
import { currentGeneration } from './generations/folder.js';
import { Leases } from './generations/leases.js';
import { Live } from './generations/live.js';
import { createApp } from './http/app.js';
import { createListener, listen } from './http/listener.js';
import { Metrics } from './http/metrics.js';
import type { Served, Service } from './http/service.js';
import { engineOptions, findModel, loadEmbedder, type OpenedCorpus, openCorpus } from './open-corpus.js';
import { packageRoot } from './package-root.js';
import { reload } from './reload.js';
import { type Running, served, show } from './running.js';

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
 * `index_locked` where writes are on and another process writes; `cancelled` when the signal aborts before. Nothing is
 * left running then.
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
  const { config, logger, version } = options;
  const started = performance.now();
  const state = { kind: 'starting' } as const;
  const service: Service = { logger, version, metrics, settings: config, state, writer: null, reload: null };
  const server = createListener(createApp(service));
  const port = await listen(server, config.port, config.host);
  server.on('error', (thrown) => logger.error({ err: thrown }, 'the HTTP server failed'));
  const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;

  let opened: { access: WriteAccess | null; corpus: OpenedCorpus };
  try {
    opened = await openAll(options, metrics);
  } catch (thrown) {
    service.state = { kind: 'stopping', live: null };
    await closeServer(server, 0);
    throw thrown;
  }
  const running = serve(opened.corpus, { config, logger, service, metrics });
  if (opened.access !== null) running.corpus = changing(running, opened.access);
  service.writer = running.corpus;
  tellReady(running, opened.corpus, { url, started });

  let reloading: Promise<unknown> = Promise.resolve();
  let stopping: Promise<void> | undefined;
  const reloadInTurn = (): Promise<Served> => {
    const reloaded = reloading.then(() => reload(running));
    reloading = reloaded.catch(() => undefined);
    return reloaded;
  };
  service.reload = reloadInTurn;
  const follower = follow(running, reloadInTurn);
  return {
    url,
    async reload() {
      // Whatever failed was logged, and the old generation keeps serving.
      await reloadInTurn().catch(() => undefined);
    },
    stop() {
      running.ending.abort();
      follower?.close();
      stopping ??= stop(running, server, reloading)
        .finally(() => metrics.close())
        .then(() => logger.info('stopped'));
      return stopping;
    },
  };
}

/** Null where nobody asked for it, and where nobody else can publish: this service writes the folder itself. */
function follow({ config, live, corpus, logger }: Running, reload: () => Promise<Served>): Follower | null {
  if (config.follow === 0) return null;
  if (corpus !== null) {
    logger.info('NEARPAPER_FOLLOW has nothing to follow: this service writes its folder itself');
    return null;
  }
  return new Follower({
    everyMs: config.follow * 1000,
    published: async () => (await currentGeneration(config.indexFolder))?.name ?? null,
    served: () => live.current.about.generation,
    reload,
  });
}

/** Where writes are on, the right to write comes first: what is opened then is what will be changed. */
async function openAll(
  { config, signal }: ServiceOptions,
  metrics: Metrics,
): Promise<{ access: WriteAccess | null; corpus: OpenedCorpus }> {
  const writes = config.adminKey !== null && !config.readOnly;
  const access = writes ? await takeWriteAccess(config.indexFolder) : null;
  try {
    const onEmbedded = metrics.observeEmbedding;
    const corpus = await openCorpus(config, signal === undefined ? { onEmbedded } : { signal, onEmbedded });
    return { access, corpus };
  } catch (thrown) {
    await access?.journal.close();
    access?.lock.release();
    throw thrown;
  }
}

function serve(
  { overlay, embedder }: OpenedCorpus,
  parts: Pick<Running, 'config' | 'logger' | 'service' | 'metrics'>,
): Running {
  const { logger, metrics, service } = parts;
  const target = { overlay, embedder };
  const leases = new Leases();
  const live = new Live(served(target, leases, metrics.observeStage), (thrown) =>
    logger.error({ err: thrown }, 'closing a generation failed'),
  );
  service.state = { kind: 'ready', live };
  return { ...parts, live, leases, target, corpus: null, ending: new AbortController() };
}

function changing(running: Running, access: WriteAccess): LiveCorpus {
  const { config, logger, metrics } = running;
  const { indexFolder, model, allowDownload, modelCache, workers } = config;
  const modelOf = (setting: string) => findModel(setting, config, running.ending.signal);
  return new LiveCorpus(running.target, {
    access,
    queue: config.writeQueue,
    rebuildAfter: config.rebuildAfter,
    task: { indexFolder, model, allowDownload, modelCache, workers },
    vectors: engineOptions(config),
    loadModel: async (setting) => loadEmbedder(await modelOf(setting), config, metrics.observeEmbedding),
    checkModel: async (setting) => {
      await requireVendored(setting);
      refusePinned(setting, config);
      await modelOf(setting);
    },
    show: (target) => show(running, target),
    onRebuild: (event) => {
      if (event.kind !== 'begun') metrics.countRebuild(event.kind);
      logRebuild(logger, event);
    },
  });
}

/** The admin key changes the corpus: it reads no folder of the machine and downloads nothing. */
async function requireVendored(setting: string): Promise<void> {
  const names = await vendoredNames(`${packageRoot()}/models`);
  if (names.includes(setting)) return;
  throw new NearpaperError(
    'invalid_request',
    'A service takes the models that come with it; `nearpaper reembed` on the command line takes folders and hub ids too.',
    { field: 'model', accepted: names.join(', ') },
  );
}

function refusePinned(setting: string, { model }: Config): void {
  if (model === null || model === setting) return;
  throw new NearpaperError(
    'invalid_request',
    `NEARPAPER_MODEL names another model: unset it and restart, or the next start would refuse an index of ${setting}.`,
    { field: 'model' },
  );
}

function logRebuild(logger: Logger, event: RebuildEvent): void {
  switch (event.kind) {
    case 'begun':
      logger.info({ changes: event.changes }, 'rebuild: begun');
      return;
    case 'done': {
      const { generation, papers, milliseconds } = event;
      logger.info({ generation, papers, milliseconds }, `rebuild: serving ${generation}`);
      return;
    }
    case 'failed': {
      const { error, again } = event;
      const code = error instanceof NearpaperError ? error.code : 'internal';
      const next = again === null ? '' : `, tried again in ${Math.round(again / 1000)} s`;
      logger.error({ err: error, code }, `rebuild failed${next}: ${messageOf(error)}`);
    }
  }
}

function tellReady(
  { live, logger, config, corpus }: Running,
  { assumptions }: OpenedCorpus,
  { url, started }: { url: string; started: number },
): void {
  const { about } = live.current;
  for (const assumption of assumptions) logger.warn(`model: ${assumption}`);
  if (about.search.note !== null) logger.warn(about.search.note);
  logger.info(
    {
      url,
      generation: about.generation,
      papers: about.papers,
      sample: about.sample,
      model: about.model.name,
      engine: about.search.engine,
      writes: corpus !== null,
      readKeys: config.readKeys.map(({ name }) => name),
      readyMs: Math.round(performance.now() - started),
    },
    `ready on ${url}`,
  );
}

async function stop(running: Running, server: Server, reloading: Promise<unknown>): Promise<void> {
  const { service, live, config, logger, corpus } = running;
  service.state = { kind: 'stopping', live };
  logger.info('stopping: finishing what runs');
  await closeServer(server, config.shutdownMs);
  // What it has opened by then must be closed too, or its workers hold the process.
  await reloading;
  await corpus?.close();
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
