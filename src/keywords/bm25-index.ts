/** BM25 over precomputed impacts, a block of rows after the other and a term at a time within it. */
import { NearpaperError } from '../errors.js';
import { LabelSet } from '../label-set.js';
import { checkSignal, Pace } from '../pacing.js';
import { rowOf } from '../row-of.js';
import { TopK } from '../top-k.js';
import type { WasmMemory } from '../web-assembly.js';
import { inverseDocumentFrequency } from './impacts.js';
import type { KeywordIndex, KeywordRanking, KeywordSearchOptions, WeightedText } from './keyword-index.js';
import { listOf, type Postings, rowsOf } from './postings.js';
import { queryTerms } from './query-terms.js';
import { BLOCK_ROWS, BlockScores } from './scores.js';
import type { TermTable } from './term-table.js';
import { requiredStems } from './terms.js';

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

export class Bm25Index implements KeywordIndex {
  readonly size: number;
  #held: (HeldKeywords & { scores: BlockScores }) | undefined;

  constructor(held: HeldKeywords) {
    this.size = held.postings.labels.length;
    this.#held = { ...held, scores: new BlockScores(held.memory) };
  }

  async search(
    query: string | readonly WeightedText[],
    k: number,
    options: KeywordSearchOptions = {},
  ): Promise<KeywordRanking> {
    const held = this.#open();
    if (!Number.isInteger(k) || k < 0) {
      const message = `k must be a whole number of at least 0, got ${k}.`;
      throw new NearpaperError('invalid_request', message, { field: 'k' });
    }
    const { subset, labels = [], signal } = options;
    checkSignal(signal);
    const pace = new Pace(signal);
    const { postings, scores: blocks } = held;
    const { terms, unit } = await queryTerms(query, this.#statistics(held), pace);
    const state = blocks.begin(postings, terms);
    const best = new TopK(Math.min(k, this.size));
    const rows = labels.map((label) => rowOf(postings.labels, label));
    const scores = new Float64Array(rows.length);
    for (let first = 0; terms.length > 0 && first < this.size; first += BLOCK_ROWS) {
      if (pace.due()) await pace.turn();
      const end = Math.min(first + BLOCK_ROWS, this.size);
      const block = blocks.score(state, first, end);
      rows.forEach((row, i) => {
        if (row >= first && row < end) scores[i] = unit * (block[row - first] ?? 0);
      });
      if (subset === undefined) offer(best, blocks, block, first, end);
      else offerWithin(subset, best, block, postings.labels, first, end);
    }
    return {
      best: best.best().map(({ label: row, score }) => ({
        label: postings.labels[row] as number, // only rows below n are offered
        score: unit * score,
      })),
      scores,
    };
  }

  async having(text: string, signal?: AbortSignal): Promise<LabelSet> {
    const held = this.#open();
    checkSignal(signal);
    const pace = new Pace(signal);
    const { postings, table } = held;
    const numbers = Array.from(requiredStems(text), (stem) => table.numberOf(stem));
    if (numbers.some((number) => number < 0)) return LabelSet.of([]);
    // The rarest first: nothing after it can add a row.
    const [rarest, ...others] = numbers.sort((a, b) => papersWith(held, a) - papersWith(held, b));
    if (rarest === undefined) return LabelSet.of(postings.labels);
    let rows = rowsOf(postings, rarest);
    for (const number of others) {
      if (pace.due()) await pace.turn();
      rows = common(rows, rowsOf(postings, number));
    }
    return LabelSet.of(rows.map((row) => postings.labels[row] as number));
  }

  idf(stem: string): number {
    return inverseDocumentFrequency(this.size, this.documentFrequency(stem));
  }

  documentFrequency(stem: string): number {
    const held = this.#open();
    const number = held.table.numberOf(stem);
    return number < 0 ? 0 : papersWith(held, number);
  }

  async close(): Promise<void> {
    // A search under way keeps its own reference, so it finishes.
    this.#held = undefined;
  }

  #open() {
    if (this.#held === undefined)
      throw new NearpaperError('not_ready', 'This keyword index has been closed.');
    return this.#held;
  }

  #statistics(held: HeldKeywords) {
    return {
      numberOf: (stem: string) => held.table.numberOf(stem),
      idfOf: (number: number) => inverseDocumentFrequency(this.size, papersWith(held, number)),
    };
  }
}

function papersWith({ postings, columnCounts }: HeldKeywords, term: number): number {
  return columnCounts.get(term) ?? listOf(postings, term).list.length;
}

/** What two ascending lists of rows have in common. */
function common(a: Uint32Array, b: Uint32Array): Uint32Array {
  let at = 0;
  return a.filter((row) => {
    while (at < b.length && (b[at] as number) < row) at++;
    return b[at] === row;
  });
}

/** Offers what is above 0 and may enter. Rows ascend with their labels, so ties by row are ties by label. */
function offer(best: TopK, blocks: BlockScores, block: Int32Array, first: number, end: number): void {
  const rows = end - first;
  let floor = Math.max(0, best.floor);
  for (let at = blocks.above(0, rows, floor); at < rows; at = blocks.above(at + 1, rows, floor)) {
    best.offer(block[at] as number, first + at); // at < rows <= block.length
    floor = Math.max(0, best.floor);
  }
}

/** The same within a subset, where most of what is above the floor may be no candidate: a call for each would cost more. */
function offerWithin(
  subset: LabelSet,
  best: TopK,
  block: Int32Array,
  labels: Uint32Array,
  first: number,
  end: number,
): void {
  let floor = Math.max(0, best.floor);
  for (let row = first; row < end; row++) {
    const score = block[row - first] as number;
    if (score <= floor || !subset.has(labels[row] as number)) continue;
    best.offer(score, row);
    floor = Math.max(0, best.floor);
  }
}
