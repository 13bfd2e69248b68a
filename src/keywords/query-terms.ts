/** From texts to the terms that a search adds up. */
import type { Pace } from '../pacing.js';
import { TopK } from '../top-k.js';
import { MOST_IMPACT } from './impacts.js';
import type { WeightedText } from './keyword-index.js';
import { MOST_TERMS_SCORED, MOST_WEIGHT, type ScoredTerm } from './scores.js';
import { countStems } from './terms.js';

/** Code units of text that are cut into terms at once: some 300 microseconds when every word is new. */
const PIECE_UNITS = 2048;

/**
 * Of a longer text so many different terms count, those with the most weight. Halves the work for an abstract; nDCG@10
 * on ACM-CR: paragraphs 28.0 with and without the bound, abstracts 20.3 and 20.7, with 32 terms 26.4 and 17.9.
 */
const MOST_TERMS = 64;

/**
 * Of several texts together. Papers that others cite beside the seeds (ACM-CR, lists halved), nDCG@10 with one interest
 * and with two: 64 terms 16.6 and 16.1, 128 16.9 and 16.6, 256 15.7 and 15.9; by plain counts instead of their roots 128
 * terms give less by one to three.
 */
const MOST_TERMS_OF_SEVERAL = MOST_TERMS_SCORED;

/** What of an index decides about a query's terms. */
export interface TermStatistics {
  /** The number of a term, or -1 when no paper has it. */
  numberOf(stem: string): number;
  /** Inverse document frequency of the term with this number. */
  idfOf(number: number): number;
  /** How many terms are looked up between two looks at the clock, at least 1. */
  readonly lookupsAtOnce: number;
}

export interface QueryTerms {
  /** The heaviest first, ties by number: an order that does not depend on that in the texts. */
  terms: ScoredTerm[];
  /** What a weight of 1 times an impact of 1 is in BM25's own measure. */
  unit: number;
}

/**
 * The heaviest of the terms that papers have. A weight is the inverse document frequency times how often the text has
 * the term, or times the root of how often several texts have it; in whole numbers, the heaviest being `MOST_WEIGHT` and
 * none 0, so that sums depend on no order. Off by 1/65,535 of the heaviest at most. Errors: `cancelled`.
 */
export async function queryTerms(
  query: string | readonly WeightedText[],
  statistics: TermStatistics,
  pace: Pace,
): Promise<QueryTerms> {
  const isOne = typeof query === 'string';
  const counts = isOne ? await countsOf(query, pace) : await sumsOf(query, pace);
  const heaviest = new TopK(isOne ? MOST_TERMS : MOST_TERMS_OF_SEVERAL);
  let seen = 0;
  for (const [stem, times] of counts) {
    if (++seen % statistics.lookupsAtOnce === 0 && pace.due()) await pace.turn();
    const number = statistics.numberOf(stem);
    if (number < 0) continue;
    heaviest.offer(statistics.idfOf(number) * (isOne ? times : Math.sqrt(times)), number);
  }
  const best = heaviest.best();
  const unit = (best[0]?.score ?? 0) / MOST_WEIGHT;
  const terms = best.map(({ label: number, score }) => ({
    number,
    weight: Math.max(1, Math.round(score / unit)),
  }));
  return { terms, unit: unit / MOST_IMPACT };
}

/** How often a text has each of its stems. */
async function countsOf(text: string, pace: Pace): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const piece of pieces(text)) {
    if (pace.due()) await pace.turn();
    countStems(counts, piece);
  }
  return counts;
}

/** How often several texts have each stem together, by weight. */
async function sumsOf(texts: readonly WeightedText[], pace: Pace): Promise<Map<string, number>> {
  const sums = new Map<string, number>();
  for (const { text, weight } of texts) {
    for (const [stem, times] of await countsOf(text, pace)) {
      sums.set(stem, (sums.get(stem) ?? 0) + weight * times);
    }
  }
  return sums;
}

/** The text in pieces that end before white space wherever there is some, so that no word is cut in two. */
function* pieces(text: string): Generator<string> {
  let from = 0;
  while (text.length - from > PIECE_UNITS) {
    const longest = text.slice(from, from + PIECE_UNITS);
    const space = longest.search(/\s\S*$/);
    const piece = space > 0 ? longest.slice(0, space) : longest;
    yield piece;
    from += piece.length;
  }
  yield text.slice(from);
}
