/** An engine whose searches end with their signal only, so that a test decides how long requests are under way. */
import { NearpaperError } from '../../src/errors.js';
import type { ServedCorpus } from '../../src/http/service.js';
import type { VectorIndex } from '../../src/vectors/vector-index.js';

export interface StuckEngine {
  corpus: ServedCorpus;
  /** Searches that have begun. */
  begun: () => number;
  /** Searches that were cancelled. */
  cancelled: () => number;
}

/** The corpus with such an engine. */
export function stuck(corpus: ServedCorpus): StuckEngine {
  let begun = 0;
  let cancelled = 0;
  const { engine, size, dimensions } = corpus.vectors;
  const vectors: VectorIndex = {
    engine,
    size,
    dimensions,
    vectors: (labels) => corpus.vectors.vectors(labels),
    similarities: (vector, labels) => corpus.vectors.similarities(vector, labels),
    close: async () => undefined,
    search: (_vector, _k, { signal } = {}) =>
      new Promise((_resolve, reject) => {
        begun++;
        signal?.addEventListener('abort', () => {
          cancelled++;
          reject(new NearpaperError('cancelled', 'The search was stopped.'));
        });
      }),
  };
  return { corpus: { ...corpus, vectors }, begun: () => begun, cancelled: () => cancelled };
}
