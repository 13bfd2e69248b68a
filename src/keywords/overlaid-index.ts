/** A view of an overlay: a base without its masked rows, and the segments of a delta, as one index. */
import { NearpaperError } from '../errors.js';
import { LabelSet, LabelSetBuilder } from '../label-set.js';
import { checkSignal, Pace } from '../pacing.js';
import type { Bm25Index } from './bm25-index.js';
import type { Bm25Rows, Ranking } from './bm25-rows.js';
import { bm25Search } from './bm25-search.js';
import { type DeltaSegment, SEGMENT_ENTRIES, type Standing } from './delta-segment.js';
import { inverseDocumentFrequency } from './impacts.js';
import type { KeywordIndex, KeywordRanking, KeywordSearchOptions, WeightedText } from './keyword-index.js';
import type { TermStatistics } from './query-terms.js';
import type { MaskedRows, RowMask } from './row-mask.js';
import type { ScoredTerm } from './scores.js';
import { requiredStems } from './terms.js';

/** Rows put into a set between two looks at the clock: some 100 microseconds. */
const STRIDE = 1 << 15;

/** So many terms' numbers of papers are remembered: 4 MB at most, and a view without changes may live for months. */
const MOST_COUNTS = 1 << 16;

/** What a view sees, all of it append-only. */
export interface Delta {
  /** Numbers of the terms that the base has not. */
  numbers: ReadonlyMap<string, number>;
  segments: readonly DeltaSegment[];
  mask: RowMask;
  /** What the view sees of the mask. */
  masked: MaskedRows;
  /** The last change that the view sees. */
  version: number;
  /** How many papers of the segments stand at that version. */
  live: number;
}

export class OverlaidIndex implements KeywordIndex {
  readonly size: number;
  readonly #base: Bm25Index;
  readonly #delta: Delta;
  /** How many papers have a term, by its number. */
  readonly #counts = new Map<number, number>();
  /** Made when they are first asked for: most views of a corpus under changes are never searched. */
  #standing: readonly Standing[] | undefined;
  #isClosed = false;

  constructor(base: Bm25Index, delta: Delta) {
    this.size = base.size - delta.masked.rows.length + delta.live;
    this.#base = base;
    this.#delta = delta;
  }

  async search(
    query: string | readonly WeightedText[],
    k: number,
    options: KeywordSearchOptions = {},
  ): Promise<KeywordRanking> {
    const rows = this.#open();
    const { size } = this;
    const rank = (terms: readonly ScoredTerm[], ranking: Ranking, pace: Pace) =>
      this.#rank(rows, terms, ranking, pace);
    return bm25Search({ size, statistics: this.#statistics(rows), rank }, query, k, options);
  }

  async having(text: string, signal?: AbortSignal): Promise<LabelSet> {
    const rows = this.#open();
    checkSignal(signal);
    const pace = new Pace(signal);
    const terms = Array.from(requiredStems(text), (stem) => this.#numberOf(rows, stem));
    if (terms.some((term) => term < 0)) return LabelSet.of([]);
    const found: number[] = [];
    for (const [i, segment] of this.#delta.segments.entries()) {
      if (pace.due()) await pace.turn();
      found.push(...segment.having(terms, this.#standingIn(i)));
    }
    const inBase = terms.every((term) => term < rows.terms);
    const baseRows = inBase ? await rows.rowsHaving(terms, pace) : new Uint32Array();
    const last = found.reduce((a, b) => Math.max(a, b), rows.labels[baseRows.at(-1) ?? -1] ?? -1);
    const labels = new LabelSetBuilder(last);
    const { rows: masked, places } = this.#delta.masked;
    for (let at = 0; at < baseRows.length; at++) {
      if (at % STRIDE === 0 && pace.due()) await pace.turn();
      const row = baseRows[at] as number; // at < baseRows.length
      const place = places[row] as number; // one for each row
      if (place === 0 || place > masked.length) labels.add(rows.labels[row] as number);
    }
    for (const label of found) labels.add(label);
    return labels.build();
  }

  idf(stem: string): number {
    return inverseDocumentFrequency(this.size, this.documentFrequency(stem));
  }

  documentFrequency(stem: string): number {
    const rows = this.#open();
    const number = this.#numberOf(rows, stem);
    return number < 0 ? 0 : this.#papersWith(rows, number);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #open(): Bm25Rows {
    if (this.#isClosed) {
      throw new NearpaperError('not_ready', 'This view of a keyword index has been closed.');
    }
    return this.#base.rows;
  }

  /** Masked rows first lose their scores; the labels of those that changed then get theirs from the delta. */
  async #rank(rows: Bm25Rows, terms: readonly ScoredTerm[], ranking: Ranking, pace: Pace): Promise<void> {
    const { segments, masked } = this.#delta;
    const inBase = terms.filter(({ number }) => number < rows.terms);
    await rows.rank(inBase, ranking, pace, masked.rows);
    const sums = new Int32Array(SEGMENT_ENTRIES);
    for (const [i, segment] of segments.entries()) {
      if (pace.due()) await pace.turn();
      segment.rank(terms, ranking, this.#standingIn(i), sums);
    }
  }

  /**
   * Over base and delta together, so that both are scored with the same weights. Exact: they are what an index of the
   * papers that stand would say. Only the mean length stays that of the base until the next build.
   */
  #statistics(rows: Bm25Rows): TermStatistics {
    return {
      numberOf: (stem) => {
        const number = this.#numberOf(rows, stem);
        return number < 0 || this.#papersWith(rows, number) === 0 ? -1 : number;
      },
      idfOf: (number) => inverseDocumentFrequency(this.size, this.#papersWith(rows, number)),
      // The first count of a term's masked rows takes long enough to look at the clock each time.
      lookupsAtOnce: 1,
    };
  }

  /** The number of a term that some paper has or had, or -1. */
  #numberOf(rows: Bm25Rows, stem: string): number {
    const inBase = rows.numberOf(stem);
    return inBase >= 0 ? inBase : (this.#delta.numbers.get(stem) ?? -1);
  }

  #papersWith(rows: Bm25Rows, term: number): number {
    const known = this.#counts.get(term);
    if (known !== undefined) return known;
    const { segments, mask, masked } = this.#delta;
    let count = 0;
    if (term < rows.terms) {
      const gone = mask.having(term, masked, (from) => rows.papersAmong(term, masked, from));
      count = rows.papersWith(term) - gone;
    }
    segments.forEach((segment, i) => {
      count += segment.papersWith(term, this.#standingIn(i));
    });
    if (this.#counts.size < MOST_COUNTS) this.#counts.set(term, count);
    return count;
  }

  #standingIn(segment: number): Standing {
    const { segments, version } = this.#delta;
    this.#standing ??= segments.map((each) => each.standingAt(version));
    return this.#standing[segment] as Standing; // one for each segment
  }
}
