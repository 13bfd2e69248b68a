/** The keyword index of a generation: BM25 over precomputed impacts. */
import { NearpaperError } from '../errors.js';
import { LabelSet } from '../label-set.js';
import { checkSignal, Pace } from '../pacing.js';
import { Bm25Rows, type HeldKeywords } from './bm25-rows.js';
import { bm25Search } from './bm25-search.js';
import { inverseDocumentFrequency } from './impacts.js';
import type { KeywordIndex, KeywordRanking, KeywordSearchOptions, WeightedText } from './keyword-index.js';
import type { TermStatistics } from './query-terms.js';
import { requiredStems } from './terms.js';

/** A look at the clock costs as much as finding a term. */
const LOOKUPS_AT_ONCE = 64;

export class Bm25Index implements KeywordIndex {
  readonly size: number;
  #rows: Bm25Rows | undefined;

  constructor(held: HeldKeywords) {
    this.size = held.postings.labels.length;
    this.#rows = new Bm25Rows(held);
  }

  /** The rows themselves, for what is laid over them. Errors: `not_ready` after `close`. */
  get rows(): Bm25Rows {
    if (this.#rows === undefined)
      throw new NearpaperError('not_ready', 'This keyword index has been closed.');
    return this.#rows;
  }

  async search(
    query: string | readonly WeightedText[],
    k: number,
    options: KeywordSearchOptions = {},
  ): Promise<KeywordRanking> {
    const { rows, size } = this;
    const rank = rows.rank.bind(rows);
    return bm25Search({ size, statistics: this.#statistics(rows), rank }, query, k, options);
  }

  async having(text: string, signal?: AbortSignal): Promise<LabelSet> {
    const { rows } = this;
    checkSignal(signal);
    const numbers = Array.from(requiredStems(text), (stem) => rows.numberOf(stem));
    if (numbers.length === 0) return LabelSet.of(rows.labels);
    if (numbers.some((number) => number < 0)) return LabelSet.of([]);
    const having = await rows.rowsHaving(numbers, new Pace(signal));
    return LabelSet.of(having.map((row) => rows.labels[row] as number));
  }

  idf(stem: string): number {
    return inverseDocumentFrequency(this.size, this.documentFrequency(stem));
  }

  documentFrequency(stem: string): number {
    const { rows } = this;
    const number = rows.numberOf(stem);
    return number < 0 ? 0 : rows.papersWith(number);
  }

  async close(): Promise<void> {
    // A search under way keeps its own reference, so it finishes.
    this.#rows = undefined;
  }

  #statistics(rows: Bm25Rows): TermStatistics {
    return {
      numberOf: (stem) => rows.numberOf(stem),
      idfOf: (number) => inverseDocumentFrequency(this.size, rows.papersWith(number)),
      lookupsAtOnce: LOOKUPS_AT_ONCE,
    };
  }
}
