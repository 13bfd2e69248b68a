/** The embedding side of the waist. */

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
   * Embeds each text alone, in the order given. Several texts are spread over the workers; queries pass them.
   * Errors: `cancelled` when the signal aborts.
   */
  embedDocuments(texts: readonly string[], signal?: AbortSignal): Promise<Embedded[]>;
  /** Errors: `overloaded` at once when the queue is full, `cancelled` when the signal aborts. */
  embedQuery(text: string, signal?: AbortSignal): Promise<Embedded>;
  /** Texts waiting or running, for metrics. */
  readonly queueDepth: number;
  /** Refuses new work, waits for what runs, ends the workers. Idempotent. */
  close(): Promise<void>;
}
