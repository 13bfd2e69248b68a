/** The best k of a stream of neighbours, in O(log k) each and without an object per candidate. */
import type { Neighbour } from './vector-index.js';

/** Rounding may carry the inner product of unit vectors a hair outside of -1 to 1. */
export function clampCosine(similarity: number): number {
  return Math.max(-1, Math.min(1, similarity));
}

/**
 * A binary heap with the worst kept neighbour at its root. "Worse" is lower similarity, and among equals the
 * higher label, so the outcome does not depend on the order in which candidates are offered.
 */
export class TopK {
  readonly #similarities: Float64Array;
  readonly #labels: Uint32Array;
  #size = 0;

  /** `k`: at least 0. */
  constructor(k: number) {
    this.#similarities = new Float64Array(k);
    this.#labels = new Uint32Array(k);
  }

  /** A candidate below this similarity cannot enter. */
  get floor(): number {
    if (this.#size < this.#labels.length) return Number.NEGATIVE_INFINITY;
    return this.#similarities[0] ?? Number.POSITIVE_INFINITY;
  }

  /** `similarity`: any number but NaN, cut to -1 to 1. */
  offer(similarity: number, label: number): void {
    const clamped = clampCosine(similarity);
    if (this.#size < this.#labels.length) {
      this.#raise(this.#size++, clamped, label);
    } else if (this.#size > 0 && this.#worse(0, clamped, label)) {
      this.#sink(clamped, label);
    }
  }

  /** The kept neighbours, best first. */
  neighbours(): Neighbour[] {
    const kept = Array.from({ length: this.#size }, (_, at) => ({
      label: this.#labels[at] ?? 0,
      similarity: this.#similarities[at] ?? 0,
    }));
    return kept.sort((a, b) => b.similarity - a.similarity || a.label - b.label);
  }

  /** Is the kept neighbour `at` worse than this one? */
  #worse(at: number, similarity: number, label: number): boolean {
    const kept = this.#similarities[at] ?? 0;
    return kept < similarity || (kept === similarity && (this.#labels[at] ?? 0) > label);
  }

  #put(at: number, similarity: number, label: number): void {
    this.#similarities[at] = similarity;
    this.#labels[at] = label;
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#similarities[from] ?? 0, this.#labels[from] ?? 0);
  }

  /** Places a newcomer at the free leaf `at`, moving better ancestors down. */
  #raise(at: number, similarity: number, label: number): void {
    let hole = at;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (this.#worse(parent, similarity, label)) break;
      this.#move(parent, hole);
      hole = parent;
    }
    this.#put(hole, similarity, label);
  }

  /** Replaces the root, moving worse children up. */
  #sink(similarity: number, label: number): void {
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= this.#size) break;
      const right = child + 1;
      if (
        right < this.#size &&
        this.#worse(right, this.#similarities[child] ?? 0, this.#labels[child] ?? 0)
      ) {
        child = right;
      }
      if (!this.#worse(child, similarity, label)) break;
      this.#move(child, hole);
      hole = child;
    }
    this.#put(hole, similarity, label);
  }
}
