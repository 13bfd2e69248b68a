/** What every recommendation is made from. */
import type { Embedder } from '../embedding/embedder.js';
import type { KeywordIndex } from '../keywords/keyword-index.js';
import type { PaperStore } from '../papers/store.js';
import type { VectorIndex } from '../vectors/vector-index.js';
import type { Calibration } from './calibration.js';

/** The parts of a query whose time is worth knowing, besides embedding, which the embedder tells of. */
export type SearchStage = 'vectors' | 'keywords' | 'filter';

/** Told how long a stage of one query took, in milliseconds. Never throws. */
export type ObserveStage = (stage: SearchStage, milliseconds: number) => void;

/** One generation of papers, vectors and keywords: enough for queries by id. */
export interface Corpus {
  readonly generation: string;
  /** Name of the model that made the vectors. */
  readonly model: string;
  readonly store: PaperStore;
  readonly vectors: VectorIndex;
  readonly keywords: KeywordIndex;
  readonly calibration: Calibration;
  readonly observe?: ObserveStage;
}

/** With the model that made the vectors: for queries by text. */
export interface SearchableCorpus extends Corpus {
  readonly embedder: Embedder;
}

/** Runs one stage and tells how long it took, also when it failed. */
export async function timed<T>(corpus: Corpus, stage: SearchStage, run: () => Promise<T>): Promise<T> {
  if (corpus.observe === undefined) return run();
  const began = performance.now();
  try {
    return await run();
  } finally {
    corpus.observe(stage, performance.now() - began);
  }
}
