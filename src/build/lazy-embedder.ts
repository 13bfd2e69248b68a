/** The model of one build: loaded when the first stage needs it, which may be never, and shared by all. */
import type { Embedder } from '../embedding/embedder.js';
import type { ModelDescription } from '../embedding/model.js';
import { createEmbedder } from '../embedding/pool.js';

/** More queries than any stage has under way at once. */
const QUERIES_QUEUED = 64;

export class LazyEmbedder {
  readonly #model: ModelDescription;
  #workers = 0;
  #opening: Promise<Embedder> | undefined;

  constructor(model: ModelDescription) {
    this.#model = model;
  }

  /** Begins to load the model with one worker, so that it is there when it is needed; a failure is told by `get`. */
  prepare(): void {
    this.get(1).catch(() => undefined);
  }

  /** The model with `workers` workers or more; one that has fewer is closed. Errors: those of `createEmbedder`. */
  async get(workers: number): Promise<Embedder> {
    if (this.#opening === undefined || this.#workers < workers) {
      const before = this.close();
      this.#workers = workers;
      this.#opening = before.then(() => createEmbedder(this.#model, { workers, maxQueued: QUERIES_QUEUED }));
    }
    return this.#opening;
  }

  /** Ends the workers, if there are any. */
  async close(): Promise<void> {
    const [opened] = await Promise.allSettled(this.#opening === undefined ? [] : [this.#opening]);
    if (opened?.status === 'fulfilled') await opened.value.close();
  }
}
