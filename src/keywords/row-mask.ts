/** Rows of a base that are changed or removed: rows only ever join, so a view is the number of those that had. */

/** Terms whose masked papers are remembered: some 6 MB at most. */
const MOST_COUNTS = 1 << 16;

/** What of a mask a view sees, which no later row changes. */
export interface MaskedRows {
  /** Each once, in the order in which they joined. */
  readonly rows: Uint32Array;
  /** For each row of the base 0, or its place in `rows` plus 1: above the length of `rows` for rows that joined later. */
  readonly places: Uint32Array;
}

export class RowMask {
  readonly #places: Uint32Array;
  #rows = new Uint32Array(64);
  #size = 0;
  /** By a term's number, how many of the first rows have it. */
  readonly #counts = new Map<number, { first: number; having: number }>();

  /** `rows`: how many the base has. */
  constructor(rows: number) {
    this.#places = new Uint32Array(rows);
  }

  /** `row`: below the number of rows; nothing happens when it is there already. */
  add(row: number): void {
    if (this.#places[row] !== 0) return;
    if (this.#size === this.#rows.length) {
      // Views keep the part of the old array that is theirs.
      const longer = new Uint32Array(2 * this.#size);
      longer.set(this.#rows);
      this.#rows = longer;
    }
    this.#rows[this.#size++] = row;
    this.#places[row] = this.#size;
  }

  view(): MaskedRows {
    return { rows: this.#rows.subarray(0, this.#size), places: this.#places };
  }

  /**
   * How many of a view's rows have a term, by its number. `count` tells it of the rows from a place on: only of those
   * that joined since the term was last asked for, since the first count goes through a whole list.
   */
  having(term: number, { rows }: MaskedRows, count: (from: number) => number): number {
    const known = this.#counts.get(term);
    if (known === undefined || known.first > rows.length) {
      const having = count(0);
      if (known === undefined && this.#counts.size < MOST_COUNTS) {
        this.#counts.set(term, { first: rows.length, having });
      }
      return having;
    }
    if (known.first < rows.length) {
      known.having += count(known.first);
      known.first = rows.length;
    }
    return known.having;
  }
}
