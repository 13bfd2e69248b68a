/** The model of one build: loaded when the first stage needs it, which may be never, and shared by all. */
import type { Embedder } from '../embedding/embedder.js';
import type { ModelDescription } from '../embedding/model.js';
import { createEmbedder } from '../embedding/pool.js';

/** More queries than any stage has under way at once. */
const QUERIES_QUEUED = 64;

export class LazyEmbedder {
  readonly #model: ModelDescription;
  readonly #workers: number;
  #opening: Promise<Embedder> | undefined;

  constructor(model: ModelDescription, workers: number) {
    this.#model = model;
    this.#workers = workers;
  }

  /** Errors: those of `createEmbedder`. */
  get(): Promise<Embedder> {
    this.#opening ??= createEmbedder(this.#model, { workers: this.#workers, maxQueued: QUERIES_QUEUED });
    return this.#opening;
  }

  /** Ends the workers, if there are any. */
  async close(): Promise<void> {
    const [opened] = await Promise.allSettled(this.#opening === undefined ? [] : [this.#opening]);
    if (opened?.status === 'fulfilled') await opened.value.close();
  }
}
