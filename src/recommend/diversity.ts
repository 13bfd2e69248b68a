/** Maximal marginal relevance: results that are near the target and not all the same. */
import { cosine } from '../vectors/dot.js';

/**
 * Picks candidates one after the other by maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998):
 *   argmax (1 - diversity) * relevance(c) - diversity * max over picked p of cosine(c, p)
 * so the pick for n is the beginning of the pick for n + 1. With diversity 0 that is the order of relevance.
 */
export class MarginalRelevance {
  readonly #diversity: number;
  readonly #relevance: readonly number[];
  readonly #vectors: readonly (Float32Array | undefined)[];
  /** For each candidate, its largest cosine with one that is picked. */
  readonly #redundancy: Float64Array;
  readonly #left: Set<number>;

  /**
   * `relevance`: in descending order, what candidates are ordered by; `vectors`: their unit vectors, in the same order;
   * `diversity`: 0 to 1.
   */
  constructor(
    relevance: readonly number[],
    vectors: readonly (Float32Array | undefined)[],
    diversity: number,
  ) {
    this.#diversity = diversity;
    this.#relevance = relevance;
    this.#vectors = vectors;
    this.#redundancy = new Float64Array(relevance.length).fill(Number.NEGATIVE_INFINITY);
    this.#left = new Set(relevance.keys());
  }

  /** The position of the next candidate, which is out of the running from now on; undefined when none is left. */
  next(): number | undefined {
    let best: number | undefined;
    let bestValue = Number.NEGATIVE_INFINITY;
    for (const at of this.#left) {
      const value = this.#value(at);
      // Strictly: among equals, the one that comes first by relevance.
      if (best === undefined || value > bestValue) {
        best = at;
        bestValue = value;
      }
      // In the order of relevance nothing later can be better.
      if (this.#diversity === 0) break;
    }
    if (best !== undefined) this.#left.delete(best);
    return best;
  }

  /** Takes a candidate out of the running. */
  drop(at: number): void {
    this.#left.delete(at);
  }

  /** The candidates that are still in the running, by relevance. */
  get left(): ReadonlySet<number> {
    return this.#left;
  }

  /** Makes `at` count as shown to the reader: what resembles it is worth less from now on. */
  picked(at: number): void {
    const chosen = this.#vectors[at];
    if (this.#diversity === 0 || chosen === undefined) return;
    for (const other of this.#left) {
      const vector = this.#vectors[other];
      if (vector === undefined) continue;
      this.#redundancy[other] = Math.max(this.#redundancy[other] ?? -1, cosine(vector, chosen));
    }
  }

  #value(at: number): number {
    const redundancy = this.#redundancy[at] ?? 0;
    const penalty = Number.isFinite(redundancy) ? this.#diversity * redundancy : 0;
    return (1 - this.#diversity) * (this.#relevance[at] ?? 0) - penalty;
  }
}
