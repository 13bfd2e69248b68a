/** The embedding side of the waist. */
import type { NearpaperError } from '../errors.js';

export interface Embedded {
  /** Unit vector of the model's dimensions. */
  vector: Float32Array;
  /** True when the text was longer than the model's window, and only its beginning was read. */
  truncated: boolean;
}

export interface Embedder {
  /** Name of the model, for people. */
  readonly model: string;
  /** Identifies everything a vector depends on: weights, tokenizer, pooling, prefixes, window, text template. */
  readonly fingerprint: string;
  readonly dimensions: number;
  /**
   * Embeds each text alone, in the order given. Several texts are spread over the workers; queries pass them,
   * and calls take turns. Never refused for load: bound the batches you hand in.
   * Errors: `cancelled` when the signal aborts, at once; `internal` when one of the texts or the workers failed
   * (the whole call fails); `not_ready` after or during close.
   */
  embedDocuments(texts: readonly string[], signal?: AbortSignal): Promise<Embedded[]>;
  /**
   * Embeds a text to search with; some models give it another vector than the same text as a document.
   * Errors: `overloaded` at once, with `retryAfter`, when the queue is full; `cancelled`, `internal` and
   * `not_ready` as above.
   */
  embedQuery(text: string, signal?: AbortSignal): Promise<Embedded>;
  /** Texts waiting or running, for metrics. */
  readonly queueDepth: number;
  /** Why every call fails from now on; null while calls can succeed. For good: close it and make another. */
  readonly failure: NearpaperError | null;
  /** Refuses new work, fails what waits with `not_ready`, finishes what runs, ends the workers. Idempotent. */
  close(): Promise<void>;
}
