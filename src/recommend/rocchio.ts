/**
 * The strategy `average`: one target vector out of all seeds, after Rocchio ("Relevance feedback in information
 * retrieval", in Salton, The SMART Retrieval System, 1971):
 *
 *     target = P / |P| - gamma * N        P, N: weighted means of the positives and of the negatives
 *
 * Rocchio divides nothing by |P|. Positives of several interests have a short mean, beside which one negative, of
 * length 1, would say more than all of them together; with a length of 1 they never weigh less than the negatives,
 * a target of nothing cannot come about, and without negatives a score is the cosine with the centroid.
 */

/** One paper or text of which the caller wants more, or less. */
export interface Seed {
  /** Unit vector, d floats. */
  vector: Float32Array;
  /** More than 0, finite. Only its ratio to other weights means anything: 2 counts as much as two seeds of 1. */
  weight: number;
}

/**
 * How much the negatives count against the positives, chosen on the lists of test/eval/seeds.ts: below it, unwanted
 * papers stay; above it, wanted ones go.
 */
export const GAMMA = 0.3;

export interface RocchioTarget {
  /** Unit vector, d floats: search the index with it, its order is that of the scores. */
  direction: Float32Array;
  /** Length of the target: score(paper) = length * cosine(direction, paper). 1 without negatives. */
  length: number;
}

/** A mean of float32 vectors shorter than this has no direction: what is left of it is rounding. */
const NO_LENGTH = 1e-6;

/**
 * The target for these seeds, the same to the last bit in whatever order they come. At least one positive, any number
 * of negatives, 0 <= gamma < 1.
 *
 * Scores are linear in N, and a negative n that is added moves N towards itself: N' - N = share * (n - N), so the
 * score of the paper n changes by -gamma * share * (1 - n.N), which is never above 0.
 */
export function rocchioTarget(
  positives: readonly Seed[],
  negatives: readonly Seed[],
  gamma = GAMMA,
): RocchioTarget {
  const target = centroid(inCanonicalOrder(positives));
  if (negatives.length > 0) {
    const mean = weightedMean(inCanonicalOrder(negatives));
    for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) - gamma * (mean[i] ?? 0);
  }
  const length = lengthOf(target);
  return { direction: Float32Array.from(target, (value) => value / length), length };
}

/** The mean at length 1. Positives that cancel each other out have none: the first of them stands in. */
function centroid(seeds: readonly Seed[]): Float64Array {
  const mean = weightedMean(seeds);
  const length = lengthOf(mean);
  if (length < NO_LENGTH) return Float64Array.from(seeds[0]?.vector ?? []);
  return mean.map((value) => value / length);
}

function weightedMean(seeds: readonly Seed[]): Float64Array {
  const mean = new Float64Array(seeds[0]?.vector.length ?? 0);
  const total = seeds.reduce((sum, { weight }) => sum + weight, 0);
  for (const { vector, weight } of seeds) {
    const share = weight / total;
    for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] ?? 0) + share * (vector[i] ?? 0);
  }
  return mean;
}

function lengthOf(vector: Float64Array): number {
  let squared = 0;
  for (const value of vector) squared += value * value;
  return Math.sqrt(squared);
}

/**
 * Sorted by content, because a floating-point sum depends on its order. A vector that comes twice is one with both
 * weights: then the same negative given again changes nothing, not even the last bit.
 */
function inCanonicalOrder(seeds: readonly Seed[]): Seed[] {
  const sorted = [...seeds].sort((a, b) => compareVectors(a.vector, b.vector) || a.weight - b.weight);
  const distinct: Seed[] = [];
  for (const { vector, weight } of sorted) {
    const last = distinct.at(-1);
    if (last !== undefined && compareVectors(last.vector, vector) === 0) last.weight += weight;
    else distinct.push({ vector, weight });
  }
  return distinct;
}

function compareVectors(a: Float32Array, b: Float32Array): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
