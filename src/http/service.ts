/** What the routes need of the running service; made by the entry, which owns its parts. */
import type { Logger } from 'pino';
import type { CorpusWriter } from '../changes/corpus-writer.js';
import type { Config } from '../config.js';
import { NearpaperError } from '../errors.js';
import type { About } from '../generations/about.js';
import type { Live } from '../generations/live.js';
import type { ObserveStage, SearchableCorpus } from '../recommend/corpus.js';
import type { Metrics, QueryCacheCounts } from './metrics.js';

/** A corpus with what is told about it. */
export interface ServedCorpus extends SearchableCorpus {
  readonly about: About;
  /** Told how long the stages of each query take. */
  readonly observe: ObserveStage;
  /** Null where query vectors are not kept. */
  readonly queryCache: QueryCacheCounts | null;
  close(): Promise<void>;
}

export type ServiceState =
  | { kind: 'starting' }
  | { kind: 'ready'; live: Live<ServedCorpus> }
  | { kind: 'stopping'; live: Live<ServedCorpus> | null };

export interface Service {
  readonly logger: Logger;
  readonly version: string;
  readonly metrics: Metrics;
  readonly settings: Pick<
    Config,
    'corsOrigins' | 'deadlineMs' | 'limits' | 'adminKey' | 'readKeys' | 'readOnly'
  >;
  state: ServiceState;
  /** Null: nothing is written through this service, or not yet. */
  writer: CorpusWriter | null;
  /** Answers from the generation that is published now. Null while the service starts. */
  reload: (() => Promise<Served>) | null;
}

/** What answers now. */
export interface Served {
  generation: string;
  papers: number;
}

/**
 * Runs `work` on the corpus that answers now, and keeps it open meanwhile. A service that is stopping still
 * answers what reached it. Errors: `not_ready`.
 */
export async function useCorpus<T>(service: Service, work: (corpus: ServedCorpus) => Promise<T>): Promise<T> {
  const { state } = service;
  if (state.kind === 'starting' || state.live === null) {
    throw new NearpaperError('not_ready', `The service is ${state.kind}.`, { retryAfter: 1 });
  }
  return state.live.use(work);
}

/** Errors: `not_ready`, `writes_off`. */
export function writerOf({ state, writer }: Service): CorpusWriter {
  if (writer !== null) return writer;
  if (state.kind === 'ready')
    throw new NearpaperError('writes_off', 'Nothing is written through this service.');
  throw new NearpaperError('not_ready', `The service is ${state.kind}.`, { retryAfter: 1 });
}
