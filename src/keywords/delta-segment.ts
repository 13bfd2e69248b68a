/** Some of the papers that were put since an index was made: a small inverted index that papers are only added to. */
import type { Ranking } from './bm25-rows.js';
import type { ScoredTerm } from './scores.js';

/** Entries of one segment: what is added up at once, and what is gone through to move the last of its papers. */
export const SEGMENT_ENTRIES = 512;

/** The version at which a paper that still stands is gone. */
const NEVER = 0xffff_ffff;

/** A term's number and its impact in one paper. */
export type TermImpact = readonly [term: number, impact: number];

/** One byte an entry: 1 for those that stand at some version. What is put later is not among them. */
export type Standing = Uint8Array;

/**
 * Every change has a version, a whole number above the last one's. An entry stands from the version that put it to the
 * one that replaced or removed it, so that a view of an earlier version needs no copy.
 */
export class DeltaSegment {
  readonly #labels = new Uint32Array(SEGMENT_ENTRIES);
  readonly #putAt = new Uint32Array(SEGMENT_ENTRIES);
  readonly #goneAt = new Uint32Array(SEGMENT_ENTRIES);
  /** The entry that a label had here before, or -1. */
  readonly #earlier = new Int16Array(SEGMENT_ENTRIES);
  /** The last entry of each label. */
  readonly #last = new Map<number, number>();
  /** By term, as postings in a file are: 256 times the entry plus the impact, ascending. */
  readonly #lists = new Map<number, number[]>();
  #entries = 0;
  #live = 0;

  /** Whether nothing more can be added. */
  get isFull(): boolean {
    return this.#entries === SEGMENT_ENTRIES;
  }

  /** How many entries stand now. */
  get live(): number {
    return this.#live;
  }

  /** The segment must not be full, and no entry of the label stand in it. */
  add(label: number, impacts: Iterable<TermImpact>, version: number): void {
    const entry = this.#entries++;
    for (const [term, impact] of impacts) {
      const list = this.#lists.get(term);
      if (list === undefined) this.#lists.set(term, [entry * 256 + impact]);
      else list.push(entry * 256 + impact);
    }
    this.#labels[entry] = label;
    this.#putAt[entry] = version;
    this.#goneAt[entry] = NEVER;
    this.#earlier[entry] = this.#last.get(label) ?? -1;
    this.#last.set(label, entry);
    this.#live += 1;
  }

  /** Whether an entry of the label stood here, which is gone from this version on. */
  remove(label: number, version: number): boolean {
    const entry = this.#last.get(label);
    if (entry === undefined || this.#goneAt[entry] !== NEVER) return false;
    this.#goneAt[entry] = version;
    this.#live -= 1;
    return true;
  }

  /** What stands now, to be added elsewhere. */
  papers(): { label: number; impacts: TermImpact[] }[] {
    const papers = Array.from(this.#labels.subarray(0, this.#entries), (label, entry) =>
      this.#goneAt[entry] === NEVER ? { label, impacts: [] as TermImpact[] } : undefined,
    );
    for (const [term, list] of this.#lists) {
      for (const posting of list) papers[posting >>> 8]?.impacts.push([term, posting & 255]);
    }
    return papers.filter((paper) => paper !== undefined);
  }

  /** What stands at a version, now or earlier. */
  standingAt(version: number): Standing {
    const standing = new Uint8Array(SEGMENT_ENTRIES);
    for (let entry = 0; entry < this.#entries; entry++) {
      // All three have as many elements as there are entries at most.
      if ((this.#putAt[entry] as number) <= version && version < (this.#goneAt[entry] as number))
        standing[entry] = 1;
    }
    return standing;
  }

  /** In how many papers a term occurs. */
  papersWith(term: number, standing: Standing): number {
    let count = 0;
    for (const posting of this.#lists.get(term) ?? []) count += standing[posting >>> 8] as number;
    return count;
  }

  /** The labels of the papers that have all of these terms. */
  having(terms: readonly number[], standing: Standing): number[] {
    const found = new Uint32Array(SEGMENT_ENTRIES);
    for (const term of terms) {
      const list = this.#lists.get(term);
      if (list === undefined) return [];
      for (const posting of list) found[posting >>> 8] = (found[posting >>> 8] as number) + 1;
    }
    const labels: number[] = [];
    for (let entry = 0; entry < this.#entries; entry++) {
      if (standing[entry] === 1 && found[entry] === terms.length) labels.push(this.#labels[entry] as number);
    }
    return labels;
  }

  /** Ranks as `Bm25Rows` does. `sums`: room for `SEGMENT_ENTRIES` scores, which stand in it only during this call. */
  rank(terms: readonly ScoredTerm[], ranking: Ranking, standing: Standing, sums: Int32Array): void {
    sums.fill(0);
    for (const { number, weight } of terms) {
      for (const posting of this.#lists.get(number) ?? []) {
        const entry = posting >>> 8;
        sums[entry] = (sums[entry] as number) + weight * (posting & 255);
      }
    }
    const { best, subset, labels, scores } = ranking;
    // What equals the floor may still enter, by a lower label.
    let floor = Math.max(1, best.floor);
    for (let entry = 0; entry < this.#entries; entry++) {
      const score = sums[entry] as number;
      if (score < floor || standing[entry] === 0) continue;
      const label = this.#labels[entry] as number;
      if (subset !== undefined && !subset.has(label)) continue;
      best.offer(score, label);
      floor = Math.max(1, best.floor);
    }
    labels.forEach((label, i) => {
      const entry = this.#entryOf(label, standing);
      if (entry >= 0) scores[i] = sums[entry] as number;
    });
  }

  /** The entry of a label that stands, or -1. */
  #entryOf(label: number, standing: Standing): number {
    let entry = this.#last.get(label) ?? -1;
    while (entry >= 0 && standing[entry] === 0) entry = this.#earlier[entry] as number;
    return entry;
  }
}
