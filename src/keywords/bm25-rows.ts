/** What an open index holds, and BM25 over it: a block of rows after the other and a term at a time within it. */
import type { LabelSet } from '../label-set.js';
import type { Pace } from '../pacing.js';
import { rowOf } from '../row-of.js';
import type { TopK } from '../top-k.js';
import type { WasmMemory } from '../web-assembly.js';
import { bytesOf, listOf, type Postings, rowsOf } from './postings.js';
import type { MaskedRows } from './row-mask.js';
import { BLOCK_ROWS, BlockScores, type ScoredTerm } from './scores.js';
import type { TermTable } from './term-table.js';

/** What an open index holds, all of it checked. */
export interface HeldKeywords {
  /** Made by `memoryFor`; the postings lie in it. */
  memory: WasmMemory;
  postings: Postings;
  /** All terms. */
  table: TermTable;
  /** In how many papers the terms occur that have columns. */
  columnCounts: ReadonlyMap<number, number>;
}

/** Where the scores of rows go. */
export interface Ranking {
  /** Is offered the labels of all papers above 0 that may be among the best. Scores are whole numbers, as below. */
  best: TopK;
  /** Only these may be among the best. */
  subset: LabelSet | undefined;
  /** Papers whose scores are wanted in any case. */
  labels: readonly number[];
  /** Gets them, in the same order; is left alone where a label is not among the rows. */
  scores: Float64Array;
}

const NO_ROWS = new Uint32Array();

export class Bm25Rows {
  readonly #postings: Postings;
  readonly #table: TermTable;
  readonly #columnCounts: ReadonlyMap<number, number>;
  readonly #blocks: BlockScores;

  constructor({ memory, postings, table, columnCounts }: HeldKeywords) {
    this.#postings = postings;
    this.#table = table;
    this.#columnCounts = columnCounts;
    this.#blocks = new BlockScores(memory);
  }

  /** The label of each row, strictly ascending. */
  get labels(): Uint32Array {
    return this.#postings.labels;
  }

  /** How many terms there are; they are numbered from 0. */
  get terms(): number {
    return this.#postings.termStarts.length - 1;
  }

  /** The number of a term, or -1 when no paper has it. */
  numberOf(stem: string): number {
    return this.#table.numberOf(stem);
  }

  /** In how many papers the term with this number occurs. */
  papersWith(term: number): number {
    return this.#columnCounts.get(term) ?? listOf(this.#postings, term).list.length;
  }

  /** How many masked rows have a term: of those from the place `from` on. */
  papersAmong(term: number, { rows, places }: MaskedRows, from: number): number {
    const { list, isColumn } = listOf(this.#postings, term);
    const asked = rows.length - from;
    let count = 0;
    if (isColumn) {
      const impacts = bytesOf(list);
      for (let at = from; at < rows.length; at++) if (impacts[rows[at] as number] !== 0) count++;
    } else if (asked * Math.log2(list.length + 1) < list.length) {
      for (let at = from; at < rows.length; at++) if (isPosted(list, rows[at] as number)) count++;
    } else {
      for (let at = 0; at < list.length; at++) {
        // Without a sign what is no place from `from` on is a large number. Rows of postings are below places.length.
        const place = (places[(list[at] as number) >>> 8] as number) - 1;
        if ((place - from) >>> 0 < asked) count++;
      }
    }
    return count;
  }

  /**
   * Adds up weight times impact over the terms for every row but the masked ones, whose papers count as not held.
   * Errors: `cancelled`.
   */
  async rank(
    terms: readonly ScoredTerm[],
    { best, subset, labels, scores }: Ranking,
    pace: Pace,
    masked: Uint32Array = NO_ROWS,
  ): Promise<void> {
    const blocks = this.#blocks;
    const state = blocks.begin(this.#postings, terms);
    const held = this.labels;
    const rows = labels.map((label) => rowOf(held, label));
    for (let first = 0; terms.length > 0 && first < held.length; first += BLOCK_ROWS) {
      if (pace.due()) await pace.turn();
      const end = Math.min(first + BLOCK_ROWS, held.length);
      const block = blocks.score(state, first, end);
      // Once their scores are 0 they are neither offered nor told: nothing below has to ask.
      for (let at = 0; at < masked.length; at++) {
        const row = masked[at] as number; // at < masked.length
        if (row >= first && row < end) block[row - first] = 0;
      }
      rows.forEach((row, i) => {
        if (row >= first && row < end) scores[i] = block[row - first] as number; // row < end
      });
      if (subset === undefined) offer(best, blocks, block, held.subarray(first, end));
      else offerWithin(subset, best, block, held.subarray(first, end));
    }
  }

  /** The rows of the papers that have all of these terms, ascending; all rows for no terms. Errors: `cancelled`. */
  async rowsHaving(terms: readonly number[], pace: Pace): Promise<Uint32Array> {
    // The rarest first: nothing after it can add a row.
    const [rarest, ...others] = terms.toSorted((a, b) => this.papersWith(a) - this.papersWith(b));
    if (rarest === undefined) return new Uint32Array(this.labels.length).map((_, row) => row);
    let rows = rowsOf(this.#postings, rarest);
    for (const term of others) {
      if (pace.due()) await pace.turn();
      rows = common(rows, rowsOf(this.#postings, term));
    }
    return rows;
  }
}

/** Whether a row is in a list of postings. */
function isPosted(list: Uint32Array, row: number): boolean {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] as number) >>> 8 < row)
      low = middle + 1; // middle < list.length
    else high = middle;
  }
  return low < list.length && (list[low] as number) >>> 8 === row;
}

/** What two ascending lists of rows have in common. */
function common(a: Uint32Array, b: Uint32Array): Uint32Array {
  let at = 0;
  return a.filter((row) => {
    while (at < b.length && (b[at] as number) < row) at++;
    return b[at] === row;
  });
}

/**
 * Offers what is above 0 and may enter. `labels`: of the block's rows. They ascend, so what only equals the floor has the
 * higher label and may not.
 */
function offer(best: TopK, blocks: BlockScores, block: Int32Array, labels: Uint32Array): void {
  const rows = labels.length;
  let floor = Math.max(0, best.floor);
  for (let at = blocks.above(0, rows, floor); at < rows; at = blocks.above(at + 1, rows, floor)) {
    best.offer(block[at] as number, labels[at] as number); // at < rows <= block.length
    floor = Math.max(0, best.floor);
  }
}

/** The same within a subset, where most of what is above the floor may be no candidate: a call for each would cost more. */
function offerWithin(subset: LabelSet, best: TopK, block: Int32Array, labels: Uint32Array): void {
  let floor = Math.max(0, best.floor);
  for (let at = 0; at < labels.length; at++) {
    const score = block[at] as number;
    if (score <= floor || !subset.has(labels[at] as number)) continue;
    best.offer(score, labels[at] as number); // at < labels.length
    floor = Math.max(0, best.floor);
  }
}
