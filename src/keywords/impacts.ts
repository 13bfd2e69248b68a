/**
 * BM25 (Robertson & Zaragoza 2009), split into what a term tells, known with the query, and what it weighs in a paper,
 * its impact, known when the index is made. Impacts are kept in 8 bits (Anh, de Kretser & Moffat 2001; Crane, Trotman &
 * O'Keefe 2013; Lin & Trotman 2015), so that searching is multiplying and adding whole numbers.
 */

/**
 * Saturation of term frequency and strength of length normalisation, the textbook's k1 and the weak b of Lucene's
 * baselines; .6 to 1.6 and .2 to .75 differ by less than the spread between queries (docs/quality.md).
 */
const K1 = 1.2;
const B = 0.4;

/** The impact of a term that says everything: a limit, reached from a few hundred occurrences on. */
export const MOST_IMPACT = 255;

/** What a term frequency is set against: k1 (1 - b + b length / mean length). `length`, `mean`: in terms. */
export function normOf(length: number, mean: number): number {
  return K1 * (1 - B + (B * length) / mean);
}

/**
 * times / (times + norm) in 255ths, to the nearest whole number but never 0: a paper that has a term has a score. Off by
 * 1/510 at most, 1/255 in papers hundreds of times as long as the mean. `times`: at least 1.
 */
export function impactOf(times: number, norm: number): number {
  return Math.max(1, Math.round((MOST_IMPACT * times) / (times + norm)));
}

/** ln(1 + (N - n + .5) / (n + .5)) for a term that n of N papers have. */
export function inverseDocumentFrequency(papers: number, having: number): number {
  return Math.log(1 + (papers - having + 0.5) / (having + 0.5));
}
