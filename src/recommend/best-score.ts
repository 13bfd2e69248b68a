/**
 * The strategy `best_score`: a paper is compared with every seed, and the nearest of them decide. For readers with
 * several interests, whose mean lies between them where none of their papers are.
 *
 *     score = affinity(paper, positives) - gamma * affinity(paper, negatives)
 *     affinity = (1 - d) / (1 - d^n) * (c1 + d c2 + d^2 c3 + ...)      c1 >= c2 >= ...: cosines with the n seeds
 *
 * The affinity is an ordered weighted average (Yager, IEEE Trans. SMC 18, 1988) with the weights of rank-biased
 * precision (Moffat & Zobel, TOIS 27, 2008). With d = 0 it is the cosine with the nearest seed, which one odd seed can
 * lead astray; with d = 1 the mean of all. In between some three seeds decide, whether there are five or five hundred.
 *
 * A seed of weight 2 stands for two seeds: it takes two of the places in that row. The weights count in units of the
 * positives' mean weight, so multiplying every weight by the same number changes nothing.
 */
import { GAMMA, type Seed } from './rocchio.js';

/** How much less the next nearest seed counts, chosen on the lists of test/eval/seeds.ts: .5 to .8 do about as well. */
export const DECAY = 0.7;

/** Places in the row that count. What lies beyond would weigh 0.7^20, less than a thousandth. */
const PLACES = 20;

export interface BestScore {
  /** What results are ordered by: at most 1. */
  score: number;
  /** Cosine with the nearest positive. */
  similarity: number;
}

export interface BestScoreOptions {
  /** 0 to 1: how much the negatives count. */
  gamma?: number;
  /** From 0, the nearest seed alone, up to but not including 1. */
  decay?: number;
}

/** A seed's cosine with the paper and the places that it takes. */
interface Near {
  similarity: number;
  places: number;
}

/** Cosines of one paper with seeds, in their order. */
type Cosines = Float64Array;

/**
 * What scores papers by their cosines with these seeds: at least one positive, any number of negatives. A score is the
 * same to the last bit in whatever order the seeds come. One call takes some 10 nanoseconds a seed; whoever scores many
 * papers gives way to others in between.
 *
 * A negative n that is added never raises the score of the paper n: it comes first, with cosine 1, and the affinity
 * becomes a mean of that 1 and of what it was before, or of its higher part.
 */
export function bestScorer(
  positives: readonly Pick<Seed, 'weight'>[],
  negatives: readonly Pick<Seed, 'weight'>[],
  { gamma = GAMMA, decay = DECAY }: BestScoreOptions = {},
): (toPositives: Cosines, toNegatives: Cosines) => BestScore {
  const unit = meanWeight(positives);
  const [liked, disliked] = [placesOf(positives, unit), placesOf(negatives, unit)];
  return (toPositives, toNegatives) => {
    const near = nearest(toPositives, liked);
    const against = negatives.length === 0 ? 0 : affinity(nearest(toNegatives, disliked), decay);
    return { score: affinity(near, decay) - gamma * against, similarity: near[0]?.similarity ?? 0 };
  };
}

function placesOf(seeds: readonly Pick<Seed, 'weight'>[], unit: number): Float64Array {
  return Float64Array.from(seeds, ({ weight }) => weight / unit);
}

/** Summed in ascending order, because a floating-point sum depends on its order. */
function meanWeight(seeds: readonly Pick<Seed, 'weight'>[]): number {
  const weights = Float64Array.from(seeds, ({ weight }) => weight).sort();
  return weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
}

/** The seeds that take the first places, nearest first; of equally near ones, the heavier first. */
function nearest(cosines: Cosines, places: Float64Array): Near[] {
  const near: Near[] = [];
  let taken = 0;
  for (let i = 0; i < cosines.length; i++) {
    const seed = { similarity: cosines[i] as number, places: places[i] as number }; // i < length of both
    // Whether all places are taken depends on a sum in the order of arrival: one place more makes that harmless.
    if (taken > PLACES + 1 && !precedes(seed, near[near.length - 1])) continue;
    near.splice(placeFor(seed, near), 0, seed);
    taken += seed.places;
    for (let last = near.at(-1); last !== undefined && taken - last.places > PLACES + 1; last = near.at(-1)) {
      near.pop();
      taken -= last.places;
    }
  }
  return near;
}

function precedes(a: Near, b: Near | undefined): boolean {
  return (
    b === undefined || a.similarity > b.similarity || (a.similarity === b.similarity && a.places > b.places)
  );
}

/** Where `seed` belongs in a row that is in order. */
function placeFor(seed: Near, row: readonly Near[]): number {
  let low = 0;
  let high = row.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (precedes(seed, row[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The formula above with places for ranks: a seed that takes the places from a to b weighs d^a - d^b. No more than
 * `PLACES` are used.
 */
function affinity(near: readonly Near[], decay: number): number {
  const rate = Math.log(decay);
  let sum = 0;
  let left = 1; // d^a: what the places from here on weigh
  let given = 0;
  let used = 0;
  for (const { similarity, places } of near) {
    if (used >= PLACES) break;
    used += places;
    // d^a - d^b by expm1, which loses nothing where a weight is so small that d^b rounds to d^a.
    const share = -left * Math.expm1(places * rate);
    sum += share * similarity;
    given += share;
    left -= share;
  }
  return sum / given;
}
