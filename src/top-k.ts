/** The best k of a stream of candidates, in O(log k) each and without an object per candidate. */

/**
 * A binary heap with the worst kept candidate at its root. "Worse" is a lower score, and among equals the
 * higher label, so the outcome does not depend on the order in which candidates are offered.
 */
export class TopK {
  readonly #scores: Float64Array;
  readonly #labels: Uint32Array;
  #size = 0;

  /** `k`: at least 0. */
  constructor(k: number) {
    this.#scores = new Float64Array(k);
    this.#labels = new Uint32Array(k);
  }

  /** A candidate with a score below this cannot enter. */
  get floor(): number {
    if (this.#size < this.#labels.length) return Number.NEGATIVE_INFINITY;
    return this.#scores[0] ?? Number.POSITIVE_INFINITY;
  }

  /** `score`: any number but NaN. `label`: a whole number of up to 32 bits. */
  offer(score: number, label: number): void {
    if (this.#size < this.#labels.length) {
      this.#raise(this.#size++, score, label);
    } else if (this.#size > 0 && this.#worse(0, score, label)) {
      this.#sink(score, label);
    }
  }

  /** The kept candidates, best first, ties by label. */
  best(): { label: number; score: number }[] {
    const kept = Array.from({ length: this.#size }, (_, at) => ({
      label: this.#labels[at] ?? 0,
      score: this.#scores[at] ?? 0,
    }));
    return kept.sort((a, b) => b.score - a.score || a.label - b.label);
  }

  /** Is the kept candidate `at` worse than this one? */
  #worse(at: number, score: number, label: number): boolean {
    const kept = this.#scores[at] ?? 0;
    return kept < score || (kept === score && (this.#labels[at] ?? 0) > label);
  }

  #put(at: number, score: number, label: number): void {
    this.#scores[at] = score;
    this.#labels[at] = label;
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#scores[from] ?? 0, this.#labels[from] ?? 0);
  }

  /** Places a newcomer at the free leaf `at`, moving better ancestors down. */
  #raise(at: number, score: number, label: number): void {
    let hole = at;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (this.#worse(parent, score, label)) break;
      this.#move(parent, hole);
      hole = parent;
    }
    this.#put(hole, score, label);
  }

  /** Replaces the root, moving worse children up. */
  #sink(score: number, label: number): void {
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= this.#size) break;
      const right = child + 1;
      if (right < this.#size && this.#worse(right, this.#scores[child] ?? 0, this.#labels[child] ?? 0)) {
        child = right;
      }
      if (!this.#worse(child, score, label)) break;
      this.#move(child, hole);
      hole = child;
    }
    this.#put(hole, score, label);
  }
}
