/** The inverted index as typed arrays: what is written to disk as it lies in memory, and searched. */
import { NearpaperError } from '../errors.js';
import { termsOf } from './terms.js';

/** What is indexed of a paper. */
export interface KeywordPaper {
  title: string;
  abstract: string;
}

/**
 * n papers in rows 0 to n - 1, t terms, u code units in all terms, p postings. Terms are numbered in the order of
 * their code units, and a term's postings ascend by row.
 */
export interface Postings {
  /** n labels, strictly ascending: the paper of each row. */
  labels: Uint32Array;
  /** t + 1 places in `units`: term i takes those from termStarts[i] to termStarts[i + 1]. */
  termStarts: Uint32Array;
  /** t + 1 places in `rows`, likewise. */
  postingStarts: Uint32Array;
  /** p rows. */
  rows: Uint32Array;
  /** u UTF-16 code units: compared with a string without decoding. */
  units: Uint16Array;
  /** p numbers of times, 1 to 255, that the term occurs in the row's paper; more than that counts as 255. */
  frequencies: Uint8Array;
}

export const MOST_TIMES = 255;

/** The number of a term, or -1 when no paper has it. */
export function termNumber({ termStarts, units }: Postings, stem: string): number {
  let low = 0;
  let high = termStarts.length - 2;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const order = compareTerm(units, termStarts[middle] as number, termStarts[middle + 1] as number, stem);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** Below 0 when the term whose units are `from` to `to` comes before `stem`, 0 when it is `stem`. */
function compareTerm(units: Uint16Array, from: number, to: number, stem: string): number {
  const shorter = Math.min(to - from, stem.length);
  for (let i = 0; i < shorter; i++) {
    const difference = (units[from + i] as number) - stem.charCodeAt(i);
    if (difference !== 0) return difference;
  }
  return to - from - stem.length;
}

/** Adds to `into` how often each stem occurs in the text. */
export function countStems(into: Map<string, number>, text: string): Map<string, number> {
  for (const { stem } of termsOf(text)) into.set(stem, (into.get(stem) ?? 0) + 1);
  return into;
}

/** Collects papers and turns them into postings. Takes 5 to 10 bytes a posting until then. */
export class PostingsBuilder {
  /** Stem to a number in the order of first occurrence. */
  readonly #numbers = new Map<string, number>();
  readonly #labels: number[] = [];
  /** Where each row's entries end in the two lists below. */
  readonly #ends: number[] = [];
  #terms = new Uint32Array(1024);
  #frequencies = new Uint8Array(1024);
  #entries = 0;

  get size(): number {
    return this.#labels.length;
  }

  /** Errors: `bad_record` for a label that is no whole number of 32 bits above the last one. */
  add(label: number, { title, abstract }: KeywordPaper): void {
    const last = this.#labels.at(-1) ?? -1;
    if (!Number.isInteger(label) || label <= last || label > 0xffff_ffff) {
      const message = `Labels must be ascending whole numbers of 32 bits, got ${label} after ${last}.`;
      throw new NearpaperError('bad_record', message);
    }
    const counts = countStems(countStems(new Map(), title), abstract);
    this.#reserve(counts.size);
    for (const [stem, times] of counts) {
      let number = this.#numbers.get(stem);
      if (number === undefined) {
        number = this.#numbers.size;
        this.#numbers.set(stem, number);
      }
      this.#terms[this.#entries] = number;
      this.#frequencies[this.#entries] = Math.min(times, MOST_TIMES);
      this.#entries += 1;
    }
    this.#labels.push(label);
    this.#ends.push(this.#entries);
  }

  #reserve(more: number): void {
    if (this.#entries + more <= this.#terms.length) return;
    const length = Math.max(this.#entries + more, this.#terms.length * 2);
    const terms = new Uint32Array(length);
    terms.set(this.#terms);
    this.#terms = terms;
    const frequencies = new Uint8Array(length);
    frequencies.set(this.#frequencies);
    this.#frequencies = frequencies;
  }

  /** The same papers give the same postings, whatever came before. */
  build(): Postings {
    const stems = [...this.#numbers.keys()].sort();
    const rankOf = new Uint32Array(stems.length);
    stems.forEach((stem, rank) => {
      rankOf[this.#numbers.get(stem) ?? 0] = rank;
    });
    const postingStarts = new Uint32Array(stems.length + 1);
    for (let at = 0; at < this.#entries; at++) {
      const after = (rankOf[this.#terms[at] as number] as number) + 1;
      postingStarts[after] = (postingStarts[after] as number) + 1;
    }
    for (let term = 0; term < stems.length; term++) {
      postingStarts[term + 1] = (postingStarts[term + 1] as number) + (postingStarts[term] as number);
    }
    return {
      labels: Uint32Array.from(this.#labels),
      postingStarts,
      ...this.#sorted(rankOf, postingStarts),
      ...spelled(stems),
    };
  }

  /** Entries by term instead of by row; rows still ascend within a term. */
  #sorted(rankOf: Uint32Array, postingStarts: Uint32Array): Pick<Postings, 'rows' | 'frequencies'> {
    const next = postingStarts.slice();
    const rows = new Uint32Array(this.#entries);
    const frequencies = new Uint8Array(this.#entries);
    let at = 0;
    this.#ends.forEach((end, row) => {
      for (; at < end; at++) {
        const term = rankOf[this.#terms[at] as number] as number;
        const place = next[term] as number;
        rows[place] = row;
        frequencies[place] = this.#frequencies[at] as number;
        next[term] = place + 1;
      }
    });
    return { rows, frequencies };
  }
}

function spelled(stems: readonly string[]): Pick<Postings, 'termStarts' | 'units'> {
  const termStarts = new Uint32Array(stems.length + 1);
  const units = new Uint16Array(stems.reduce((sum, stem) => sum + stem.length, 0));
  let end = 0;
  stems.forEach((stem, term) => {
    for (let i = 0; i < stem.length; i++) units[end++] = stem.charCodeAt(i);
    termStarts[term + 1] = end;
  });
  return { termStarts, units };
}
