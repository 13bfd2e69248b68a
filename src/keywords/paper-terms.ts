/** From a paper to what an index keeps of it. */
import type { KeywordPaper } from './postings.js';
import { countStems } from './terms.js';

/** More occurrences than a byte can say count as 255; the impact hardly changes any more. */
const MOST_TIMES = 255;

export interface PaperTerms {
  /** How often the paper has each of its terms, 1 to 255, by stem. */
  times: ReadonlyMap<string, number>;
  /** Their sum: the length of the paper in terms. */
  length: number;
}

/** Takes some 50 microseconds for an abstract. */
export function paperTerms({ title, abstract }: KeywordPaper): PaperTerms {
  const times = countStems(countStems(new Map(), title), abstract);
  let length = 0;
  for (const [stem, counted] of times) {
    if (counted > MOST_TIMES) times.set(stem, MOST_TIMES);
    length += Math.min(counted, MOST_TIMES);
  }
  return { times, length };
}

/** Whether an index can hold a paper under this label: a whole number of 32 bits. */
export function isLabel(label: number): boolean {
  return Number.isInteger(label) && label >= 0 && label <= 0xffff_ffff;
}
