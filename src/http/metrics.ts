/** What operators watch, for Prometheus. Each service has its own; nothing of it is global. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ErrorCode } from '../errors.js';
import type { ObserveStage } from '../recommend/corpus.js';
import { addProcessMetrics } from './process-metrics.js';

/** What is known of a cache of query vectors; counts never go down. */
export interface QueryCacheCounts {
  readonly hits: number;
  readonly shared: number;
  readonly misses: number;
  readonly size: number;
}

/** What is read anew for each scrape. */
export interface CorpusReading {
  generation: string;
  model: string;
  engine: string;
  papers: number;
  /** Texts that wait to be embedded, or are. */
  queueDepth: number;
  queryCache: QueryCacheCounts | null;
  /** Null where the service takes no changes. */
  changes: ChangesReading | null;
}

export interface ChangesReading {
  /** Number of the last change that was stored. */
  last: number;
  /** Stored, and not in the published generation yet. */
  pending: number;
  /** Asked for, and not stored yet. */
  queued: number;
  rebuild: 'idle' | 'running' | 'failed';
}

/** Whatever else a caller sends is counted as `other`: labels must not be the callers' to make up. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']);
const OTHER = 'other';

const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const STAGE_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

export class Metrics {
  readonly #registry = new Registry();
  readonly #releaseProcess = addProcessMetrics(this.#registry);
  readonly #requests = new Histogram({
    name: 'nearpaper_http_request_duration_seconds',
    help:
      'Time from the headers of a request to the end of its answer. Route: its pattern, or other where none was ' +
      'met. Status 499: the caller left.',
    labelNames: ['route', 'method', 'status'],
    buckets: REQUEST_SECONDS,
    registers: [this.#registry],
  });
  readonly #problems = new Counter({
    name: 'nearpaper_http_problems_total',
    help: 'Requests answered with a problem, by its code.',
    labelNames: ['code'],
    registers: [this.#registry],
  });
  readonly #keys = new Counter({
    name: 'nearpaper_http_key_requests_total',
    help: 'Requests let in or refused for their rate, by the name of their key; requests without one are not here.',
    labelNames: ['key'],
    registers: [this.#registry],
  });
  readonly #embeddings = new Histogram({
    name: 'nearpaper_embedding_duration_seconds',
    help: 'Time to the vector of a query that the model embedded, waiting included; those from the cache are not here.',
    buckets: REQUEST_SECONDS,
    registers: [this.#registry],
  });
  readonly #stages = new Histogram({
    name: 'nearpaper_search_duration_seconds',
    help: 'Time that a query spent in one stage: vectors, keywords, filter; embedding has a metric of its own.',
    labelNames: ['stage'],
    buckets: STAGE_SECONDS,
    registers: [this.#registry],
  });
  readonly #queueDepth = new Gauge({
    name: 'nearpaper_embedding_queue_depth',
    help: 'Texts that wait to be embedded, or are.',
    registers: [this.#registry],
  });
  readonly #cacheRequests = new Counter({
    name: 'nearpaper_query_cache_requests_total',
    help:
      'Queries by how they got their vector: hit, from the cache; shared, with another query of the same text at ' +
      'the same time; miss, from the model. Begins anew with new embedding workers.',
    labelNames: ['result'],
    registers: [this.#registry],
  });
  readonly #cacheSize = new Gauge({
    name: 'nearpaper_query_cache_texts',
    help: 'Query texts whose vectors are in memory.',
    registers: [this.#registry],
  });
  readonly #papers = new Gauge({
    name: 'nearpaper_corpus_papers',
    help: 'Papers in the generation that is served.',
    registers: [this.#registry],
  });
  readonly #corpus = new Gauge({
    name: 'nearpaper_corpus_info',
    help: 'Always 1: its labels say what is served.',
    labelNames: ['generation', 'model', 'engine'],
    registers: [this.#registry],
  });

  readonly #lastChange = new Gauge({
    name: 'nearpaper_changes_last',
    help: 'Number of the last change that was stored; begins anew with a build.',
    registers: [this.#registry],
  });
  readonly #pendingChanges = new Gauge({
    name: 'nearpaper_changes_pending',
    help: 'Changes that are in force and not in the published generation yet.',
    registers: [this.#registry],
  });
  readonly #queuedChanges = new Gauge({
    name: 'nearpaper_changes_queued',
    help: 'Changes that wait to be stored.',
    registers: [this.#registry],
  });
  readonly #rebuildState = new Gauge({
    name: 'nearpaper_rebuild_state',
    help: '1 for the state that rebuilding is in: idle, running or failed.',
    labelNames: ['state'],
    registers: [this.#registry],
  });
  readonly #rebuilds = new Counter({
    name: 'nearpaper_rebuilds_total',
    help: 'Rebuilds that have ended, by how.',
    labelNames: ['result'],
    registers: [this.#registry],
  });

  readonly contentType = this.#registry.contentType;

  readonly observeStage: ObserveStage = (stage, milliseconds) => {
    this.#stages.observe({ stage }, milliseconds / 1000);
  };

  readonly observeEmbedding = (milliseconds: number): void => {
    this.#embeddings.observe(milliseconds / 1000);
  };

  /** `route`: undefined where none was met. */
  observeRequest(route: string | undefined, method: string, status: number, milliseconds: number): void {
    const labels = { route: route ?? OTHER, method: METHODS.has(method) ? method : OTHER, status };
    this.#requests.observe(labels, milliseconds / 1000);
  }

  countRebuild(result: 'done' | 'failed'): void {
    this.#rebuilds.inc({ result });
  }

  countProblem(code: ErrorCode): void {
    this.#problems.inc({ code });
  }

  /** `name`: of a key of the settings, so that there are as many labels as keys. */
  countKey(name: string): void {
    this.#keys.inc({ key: name });
  }

  /** Everything in Prometheus's text format; null while no corpus is served. */
  scrape(corpus: CorpusReading | null): Promise<string> {
    this.#corpus.reset();
    this.#cacheRequests.reset();
    if (corpus !== null) {
      const { generation, model, engine, queryCache } = corpus;
      this.#corpus.set({ generation, model, engine }, 1);
      this.#cacheRequests.inc({ result: 'hit' }, queryCache?.hits ?? 0);
      this.#cacheRequests.inc({ result: 'shared' }, queryCache?.shared ?? 0);
      this.#cacheRequests.inc({ result: 'miss' }, queryCache?.misses ?? 0);
    }
    const changes = corpus?.changes ?? null;
    this.#lastChange.set(changes?.last ?? 0);
    this.#pendingChanges.set(changes?.pending ?? 0);
    this.#queuedChanges.set(changes?.queued ?? 0);
    this.#rebuildState.reset();
    if (changes !== null) this.#rebuildState.set({ state: changes.rebuild }, 1);
    this.#cacheSize.set(corpus?.queryCache?.size ?? 0);
    this.#queueDepth.set(corpus?.queueDepth ?? 0);
    this.#papers.set(corpus?.papers ?? 0);
    return this.#registry.metrics();
  }

  /** Ends what watches the process. Idempotent. */
  close(): void {
    this.#releaseProcess();
    this.#registry.clear();
  }
}
