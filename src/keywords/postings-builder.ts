/** From papers to postings. */
import { NearpaperError } from '../errors.js';
import { impactOf, normOf } from './impacts.js';
import { isLabel, paperTerms } from './paper-terms.js';
import { bytesOf, columnWordsOf, type KeywordPaper, MOST_ROWS, type Postings } from './postings.js';

/** Collects papers and turns them into postings. Takes 5 to 10 bytes a posting until then. */
export class PostingsBuilder {
  /** Stem to a number in the order of first occurrence. */
  readonly #numbers = new Map<string, number>();
  readonly #labels: number[] = [];
  /** Where each row's entries end in the two lists below. */
  readonly #ends: number[] = [];
  /** The length of each row's paper in terms. */
  readonly #lengths: number[] = [];
  #terms = new Uint32Array(1024);
  #times = new Uint8Array(1024);
  #entries = 0;

  /** Errors: `bad_record` for a label that is no whole number of 32 bits above the last one, or one paper too many. */
  add(label: number, paper: KeywordPaper): void {
    const last = this.#labels.at(-1) ?? -1;
    if (!isLabel(label) || label <= last) {
      const message = `Labels must be ascending whole numbers of 32 bits, got ${label} after ${last}.`;
      throw new NearpaperError('bad_record', message);
    }
    if (this.#labels.length === MOST_ROWS)
      throw new NearpaperError('bad_record', `A keyword index holds ${MOST_ROWS} papers at most.`);
    const { times: counts, length } = paperTerms(paper);
    this.#reserve(counts.size);
    for (const [stem, times] of counts) {
      this.#terms[this.#entries] = this.#numberOf(stem);
      this.#times[this.#entries] = times;
      this.#entries += 1;
    }
    this.#labels.push(label);
    this.#ends.push(this.#entries);
    this.#lengths.push(length);
  }

  /** The mean length of the papers in terms; NaN for none. */
  get meanTerms(): number {
    return this.#lengths.reduce((sum, length) => sum + length, 0) / this.#lengths.length;
  }

  #numberOf(stem: string): number {
    const known = this.#numbers.get(stem);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(stem, number);
    return number;
  }

  #reserve(more: number): void {
    if (this.#entries + more <= this.#terms.length) return;
    const length = Math.max(this.#entries + more, this.#terms.length * 2);
    const terms = new Uint32Array(length);
    terms.set(this.#terms);
    this.#terms = terms;
    const times = new Uint8Array(length);
    times.set(this.#times);
    this.#times = times;
  }

  /** The same papers give the same postings, whatever came before. */
  build(): Postings {
    const stems = [...this.#numbers.keys()].sort();
    const ranks = new Uint32Array(stems.length);
    stems.forEach((stem, rank) => {
      ranks[this.#numbers.get(stem) ?? 0] = rank;
    });
    const columnWords = columnWordsOf(this.#labels.length);
    const having = new Uint32Array(stems.length);
    for (let at = 0; at < this.#entries; at++) {
      const term = ranks[this.#terms[at] as number] as number; // entries have numbers below t
      having[term] = (having[term] as number) + 1;
    }
    const listStarts = new Uint32Array(stems.length + 1);
    having.forEach((papers, term) => {
      listStarts[term + 1] = (listStarts[term] as number) + Math.min(papers, columnWords);
    });
    const postings = {
      labels: Uint32Array.from(this.#labels),
      listStarts,
      lists: new Uint32Array(listStarts[stems.length] as number),
      columnWords,
      ...spelled(stems),
    };
    this.#fill(postings, ranks);
    return postings;
  }

  /** Entries by term instead of by row; rows still ascend within a term. */
  #fill(postings: Postings, ranks: Uint32Array): void {
    const { lists, listStarts, columnWords } = postings;
    const mean = this.meanTerms;
    const bytes = bytesOf(lists);
    const next = listStarts.slice();
    let at = 0;
    this.#ends.forEach((end, row) => {
      const norm = normOf(this.#lengths[row] ?? 0, mean);
      for (; at < end; at++) {
        const term = ranks[this.#terms[at] as number] as number;
        const impact = impactOf(this.#times[at] as number, norm);
        const from = listStarts[term] as number;
        if ((listStarts[term + 1] as number) - from === columnWords) {
          bytes[4 * from + row] = impact;
        } else {
          const place = next[term] as number;
          lists[place] = row * 256 + impact;
          next[term] = place + 1;
        }
      }
    });
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
