/** What every recommendation is made from. */
import type { Embedder } from '../embedding/embedder.js';
import type { PaperStore } from '../papers/store.js';
import type { VectorIndex } from '../vectors/vector-index.js';

/** One generation of papers and vectors: enough for queries by id. */
export interface Corpus {
  readonly generation: string;
  /** Name of the model that made the vectors. */
  readonly model: string;
  readonly store: PaperStore;
  readonly vectors: VectorIndex;
}

/** With the model that made the vectors: for queries by text. */
export interface SearchableCorpus extends Corpus {
  readonly embedder: Embedder;
}
