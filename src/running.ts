/** What the parts of a running service share, and how queries are shown what they answer from. */
import type { Logger } from 'pino';
import type { LiveCorpus } from './changes/live-corpus.js';
import type { Target } from './changes/writer.js';
import type { Config } from './config.js';
import { queryCacheOf } from './embedding/cached-embedder.js';
import { aboutCorpus } from './generations/about.js';
import type { Leases } from './generations/leases.js';
import type { Live } from './generations/live.js';
import type { Metrics } from './http/metrics.js';
import type { ServedCorpus, Service } from './http/service.js';
import { corpusOf } from './open-corpus.js';
import type { ObserveStage } from './recommend/corpus.js';

export interface Running {
  config: Config;
  logger: Logger;
  service: Service;
  metrics: Metrics;
  live: Live<ServedCorpus>;
  leases: Leases;
  /** What answers now. */
  target: Target;
  /** Null where writes are off. */
  corpus: LiveCorpus | null;
  /** Aborts when the service stops. */
  ending: AbortController;
}

/** Makes what is served of a corpus as it is now. What several of them share is closed with the last. */
export function served({ overlay, embedder }: Target, leases: Leases, observe: ObserveStage): ServedCorpus {
  const corpus = corpusOf(overlay);
  return {
    ...corpus,
    embedder,
    about: aboutCorpus(overlay, { name: corpus.generation, store: corpus.store }),
    observe,
    queryCache: queryCacheOf(embedder),
    close: leases.take(overlay, embedder),
  };
}

/** From now on queries are answered from this. */
export function show(running: Running, target: Target): void {
  running.target = target;
  running.live.replace(served(target, running.leases, running.metrics.observeStage));
}
