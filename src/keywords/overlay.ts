/** Changes laid over a keyword index: papers put and removed since it was made, found without making it anew. */
import { NearpaperError } from '../errors.js';
import { rowOf } from '../row-of.js';
import { Bm25Index } from './bm25-index.js';
import { DeltaSegment, SEGMENT_ENTRIES, type TermImpact } from './delta-segment.js';
import { impactOf, normOf } from './impacts.js';
import type { KeywordIndex } from './keyword-index.js';
import { OverlaidIndex } from './overlaid-index.js';
import { isLabel, paperTerms } from './paper-terms.js';
import type { KeywordPaper } from './postings.js';
import { RowMask } from './row-mask.js';

/** The mean length in terms of 45,983 papers of computer science: stands in where the base's own is not known. */
const USUAL_MEAN_TERMS = 159;

/** A full segment of which no more than so many papers stand gives them to another, so most of the delta is never dead. */
const FEW_ENTRIES = SEGMENT_ENTRIES / 8;

/**
 * For one writer. `view` gives what stands now, which no later change touches. Neither owns the base, which must stay
 * open.
 */
export class KeywordOverlay {
  readonly #base: Bm25Index;
  readonly #meanTerms: number;
  /** Numbers of the terms that the base has not, from the number of its terms on. They stay when their papers go. */
  readonly #numbers = new Map<string, number>();
  /** Never changed: another list takes its place. All but the last are full. */
  #segments: readonly DeltaSegment[] = [];
  readonly #mask: RowMask;
  #live = 0;
  #version = 0;

  /**
   * `meanTerms`: the mean length of the base's papers in terms, as the writer of its file tells it; where it is not
   * known (an older file, or no paper) that of usual papers stands in until the next build. Errors: TypeError for a
   * base that is not of postings, as those in memory and from files are.
   */
  constructor(base: KeywordIndex, meanTerms: number | null) {
    if (!(base instanceof Bm25Index)) throw new TypeError('An overlay is laid over an index of postings.');
    this.#base = base;
    this.#mask = new RowMask(base.size);
    this.#meanTerms = meanTerms !== null && meanTerms > 0 ? meanTerms : USUAL_MEAN_TERMS;
  }

  /**
   * From now on the label stands for this text. Takes some 100 microseconds for an abstract. Errors: `bad_record` for a
   * label that is no whole number of 32 bits; `not_ready` once the base is closed.
   */
  put(label: number, paper: KeywordPaper): void {
    if (!isLabel(label)) {
      throw new NearpaperError('bad_record', `Labels must be whole numbers of 32 bits, got ${label}.`);
    }
    const impacts = this.#impactsOf(paper);
    this.#version += 1;
    this.#end(label);
    this.#append(label, impacts);
    this.#live += 1;
    this.#tidy();
  }

  /** From now on no paper has the label; nothing happens when none had. Errors: `not_ready` once the base is closed. */
  remove(label: number): void {
    this.#version += 1;
    this.#end(label);
    this.#tidy();
  }

  /** What stands now. Costs no more for many changes than for one. */
  view(): KeywordIndex {
    return new OverlaidIndex(this.#base, {
      numbers: this.#numbers,
      segments: this.#segments,
      mask: this.#mask,
      masked: this.#mask.view(),
      version: this.#version,
      live: this.#live,
    });
  }

  #impactsOf(paper: KeywordPaper): TermImpact[] {
    const { times, length } = paperTerms(paper);
    const norm = normOf(length, this.#meanTerms);
    const impacts: TermImpact[] = [];
    for (const [stem, count] of times) impacts.push([this.#numberOf(stem), impactOf(count, norm)]);
    return impacts;
  }

  #numberOf(stem: string): number {
    const { rows } = this.#base;
    const inBase = rows.numberOf(stem);
    if (inBase >= 0) return inBase;
    const known = this.#numbers.get(stem);
    if (known !== undefined) return known;
    const number = rows.terms + this.#numbers.size;
    this.#numbers.set(stem, number);
    return number;
  }

  /** Whatever stands under the label is gone from this version on. */
  #end(label: number): void {
    const row = rowOf(this.#base.rows.labels, label);
    if (row >= 0) this.#mask.add(row);
    if (this.#segments.some((segment) => segment.remove(label, this.#version))) this.#live -= 1;
  }

  #append(label: number, impacts: Iterable<TermImpact>): void {
    let segment = this.#segments.at(-1);
    if (segment === undefined || segment.isFull) {
      segment = new DeltaSegment();
      this.#segments = [...this.#segments, segment];
    }
    segment.add(label, impacts, this.#version);
  }

  /**
   * Moves the papers of one segment that has few left, within a millisecond. Earlier views keep that segment, and see
   * nothing of what is put elsewhere at this version.
   */
  #tidy(): void {
    const sparse = this.#segments.find(({ isFull, live }) => isFull && live <= FEW_ENTRIES);
    if (sparse === undefined) return;
    this.#segments = this.#segments.filter((segment) => segment !== sparse);
    for (const { label, impacts } of sparse.papers()) this.#append(label, impacts);
  }
}
