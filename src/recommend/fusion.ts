/** One score from two: how near a paper is in meaning, and how many of the query's words it has. */

/**
 * The keyword side's share of a hybrid score, 0 to 1. Measured on judged data: see docs/quality.md. On claims
 * (SciFact) and citing sentences and paragraphs (ACM-CR), .3 to .5 differ by less than the spread between queries.
 */
export const KEYWORD_WEIGHT = 0.4;

/**
 * A convex combination of min-max normalised scores (Bruch, Gai & Ingber, "An Analysis of Fusion Functions for Hybrid
 * Retrieval", TOIS 2023): (1 - weight) * norm(similarity) + weight * norm(keyword score), each list normalised over the
 * pool to 0..1. `similarities` and `keywordScores`: one for each candidate, in the same order. Returns 0 to 1 each. A
 * list whose values are all equal tells nothing and contributes nothing.
 */
export function fuse(
  similarities: readonly number[],
  keywordScores: readonly number[],
  weight = KEYWORD_WEIGHT,
): number[] {
  const meaning = minMax(similarities);
  const words = minMax(keywordScores);
  return similarities.map((_, i) => (1 - weight) * (meaning[i] ?? 0) + weight * (words[i] ?? 0));
}

function minMax(values: readonly number[]): number[] {
  const least = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const span = most - least;
  return values.map((value) => (span > 0 ? (value - least) / span : 0));
}
