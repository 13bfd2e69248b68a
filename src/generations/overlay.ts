/** A generation with the changes laid over it that are acknowledged and not in it yet. */

import type { KeywordIndex } from '../keywords/keyword-index.js';
import { KeywordOverlay } from '../keywords/overlay.js';
import type { Change } from '../papers/change.js';
import { StoreOverlay } from '../papers/overlay.js';
import type { PaperStore } from '../papers/store.js';
import { VectorOverlay } from '../vectors/overlay.js';
import type { VectorIndex } from '../vectors/vector-index.js';
import type { Generation } from './open.js';

/** A corpus as it is after one change: what is applied later never shows in it. */
export interface CorpusView {
  /** Such as g000007-1a2b3c4d, and g000007-1a2b3c4d+57 with changes up to the 57th. */
  name: string;
  store: PaperStore;
  vectors: VectorIndex;
  keywords: KeywordIndex;
}

interface Layers {
  store: StoreOverlay;
  vectors: VectorOverlay;
  keywords: KeywordOverlay;
}

function layersOver({ store, vectors, keywords, manifest }: Generation): Layers {
  return {
    store: new StoreOverlay(store),
    vectors: new VectorOverlay(vectors),
    keywords: new KeywordOverlay(keywords, manifest.keywords?.meanTerms ?? null),
  };
}

/** One writer applies changes, in their order; any number of readers use views. */
export class Overlay {
  readonly generation: Generation;
  /** Null before the first change: a corpus that does not change pays nothing. */
  #layers: Layers | null = null;
  #seq: number;
  #pending: Change[] = [];

  constructor(generation: Generation) {
    this.generation = generation;
    this.#seq = generation.manifest.changes?.seq ?? 0;
  }

  /** Number of the last change that is in it. */
  get seq(): number {
    return this.#seq;
  }

  /** The changes that the generation does not contain, in their order. */
  get pending(): readonly Change[] {
    return this.#pending;
  }

  /** Some 100 microseconds a paper. Errors: `invalid_vector`. */
  async apply(change: Change): Promise<void> {
    this.#layers ??= layersOver(this.generation);
    const { store, vectors, keywords } = this.#layers;
    if (change.kind === 'put') {
      vectors.put(change.label, change.vector);
      keywords.put(change.label, change.paper);
    } else {
      vectors.remove(change.label);
      keywords.remove(change.label);
    }
    await store.apply(change);
    this.#seq = change.seq;
    this.#pending.push(change);
  }

  view(): CorpusView {
    const { generation: name } = this.generation.manifest;
    const { store, vectors, keywords } = this.generation;
    if (this.#layers === null) return { name, store, vectors, keywords };
    return {
      name: `${name}+${this.#seq}`,
      store: this.#layers.store.view(),
      vectors: this.#layers.vectors.view(),
      keywords: this.#layers.keywords.view(),
    };
  }

  /** Closes the generation, which ends every view. */
  close(): Promise<void> {
    return this.generation.close();
  }
}
