/** The best k of a stream of rows that come in ascending order, in O(log k) each. */

/** A binary heap with the worst kept row at its root. Among equals the earlier row is better. */
export class TopRows {
  readonly #scores: Float64Array;
  readonly #rows: Uint32Array;
  #size = 0;

  /** `k`: at least 0. */
  constructor(k: number) {
    this.#scores = new Float64Array(k);
    this.#rows = new Uint32Array(k);
  }

  /** Only a row with a score above this can enter. */
  get floor(): number {
    if (this.#size < this.#rows.length) return 0;
    return this.#scores[0] ?? Number.POSITIVE_INFINITY;
  }

  /** `score`: above `floor`. `row`: above all that were offered before. */
  offer(score: number, row: number): void {
    if (this.#size < this.#rows.length) this.#raise(this.#size++, score, row);
    else this.#sink(score, row);
  }

  /** The kept rows, best first. */
  best(): { row: number; score: number }[] {
    return Array.from({ length: this.#size }, (_, at) => ({
      row: this.#rows[at] ?? 0,
      score: this.#scores[at] ?? 0,
    })).sort((a, b) => b.score - a.score || a.row - b.row);
  }

  #worse(at: number, score: number, row: number): boolean {
    const kept = this.#scores[at] as number; // at < size
    return kept < score || (kept === score && (this.#rows[at] as number) > row);
  }

  #put(at: number, score: number, row: number): void {
    this.#scores[at] = score;
    this.#rows[at] = row;
  }

  /** Places a newcomer at the free leaf `at`, moving better ancestors down. */
  #raise(at: number, score: number, row: number): void {
    let hole = at;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (this.#worse(parent, score, row)) break;
      this.#put(hole, this.#scores[parent] as number, this.#rows[parent] as number);
      hole = parent;
    }
    this.#put(hole, score, row);
  }

  /** Replaces the root, moving worse children up. */
  #sink(score: number, row: number): void {
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= this.#size) break;
      const right = child + 1;
      if (
        right < this.#size &&
        this.#worse(right, this.#scores[child] as number, this.#rows[child] as number)
      ) {
        child = right;
      }
      if (!this.#worse(child, score, row)) break;
      this.#put(hole, this.#scores[child] as number, this.#rows[child] as number);
      hole = child;
    }
    this.#put(hole, score, row);
  }
}
