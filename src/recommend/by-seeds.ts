/** Candidates for positives and negatives, by each of the strategies. */
import { Pace } from '../pacing.js';
import { cosine } from '../vectors/dot.js';
import type { Neighbour } from '../vectors/vector-index.js';
import { rounded } from './answer.js';
import { bestScorer } from './best-score.js';
import { type Candidate, nearest, POOL_SIZE } from './candidates.js';
import type { Corpus } from './corpus.js';
import type { Narrowing } from './narrowing.js';
import { type RocchioTarget, rocchioTarget } from './rocchio.js';
import type { Seed } from './seeds.js';

export interface Wanted {
  /** At least one. */
  positives: readonly Seed[];
  negatives: readonly Seed[];
  narrowing: Narrowing;
  /** How many papers the caller excluded, besides the seeds. */
  excludedByCaller: number;
  minSimilarity: number;
  exact: boolean;
}

/** A strategy: how candidates are found, and how any paper is scored. */
export interface BySeeds {
  /** Errors: `overloaded`, `cancelled`. */
  find: (corpus: Corpus, wanted: Wanted, signal: AbortSignal | undefined) => Promise<Candidate[]>;
  /** These papers (labels), those less similar than `minSimilarity` left out. Errors: `cancelled`. */
  score: (
    corpus: Corpus,
    labels: readonly number[],
    wanted: Wanted,
    signal: AbortSignal | undefined,
  ) => Promise<Candidate[]>;
}

/** Near the one target that Rocchio makes of all seeds. */
export const byAverage: BySeeds = {
  async find(corpus, wanted, signal) {
    const target = averageOf(wanted);
    const { narrowing, exact } = wanted;
    const found = await nearest(corpus, target.direction, narrowing, { exact }, signal);
    return found
      .map((neighbour) => averaged(neighbour, target))
      .filter(({ similarity }) => similarity >= wanted.minSimilarity);
  },
  async score(corpus, labels, wanted) {
    const target = averageOf(wanted);
    const similarities = await corpus.vectors.similarities(target.direction, labels);
    return labels
      .map((label, i) => averaged({ label, similarity: similarities[i] ?? 0 }, target))
      .filter(({ similarity }) => similarity >= wanted.minSimilarity);
  },
};

interface Average extends RocchioTarget {
  /** Undefined for one positive. */
  shrink: number | undefined;
}

function averageOf({ positives, negatives }: Wanted): Average {
  // A mixture of papers is nearer to every paper than one paper is. Times the length of the positives' mean, the
  // cosine with their centroid is the mean cosine with them, as between two papers; it still rises with the similarity.
  const shrink = positives.length > 1 ? meanLength(positives) : undefined;
  return { ...rocchioTarget(positives, negatives), shrink };
}

function averaged({ label, similarity }: Neighbour, { length, shrink }: Average): Candidate {
  return {
    label,
    similarity: rounded(similarity),
    score: rounded(length * similarity),
    ...(shrink === undefined ? {} : { pairwise: rounded(shrink * rounded(similarity)) }),
  };
}

/** Length of the weighted mean of the seeds, 0 to 1: their mean cosine with its direction, in whatever order they come. */
function meanLength(seeds: readonly Seed[]): number {
  const { direction } = rocchioTarget(seeds, []);
  const total = sumOf(seeds.map(({ weight }) => weight));
  return sumOf(seeds.map(({ vector, weight }) => weight * cosine(direction, vector))) / total;
}

/** In ascending order, because a floating-point sum depends on its order. */
export function sumOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b).reduce((sum, value) => sum + value, 0);
}

/**
 * Candidates asked of the index for each positive: so many in total, and for each no fewer than find its share of the
 * first results.
 */
const FOR_ALL = 1024;
const LEAST_FOR_EACH = 8;
/** Among the nearest of one positive are a few of the others, not hundreds. */
const SPARE_FOR_EACH = 24;
/** Of so many seeds each searches with less effort: what one misses, its neighbours find. */
const MANY_SEEDS = 30;
const EFFORT_FOR_EACH_OF_MANY = 32;
/** Candidates compared with every seed. Fewer papers than that are all compared. */
const MOST_SCORED = 512;
/** Papers compared with every seed at once, so that the cosines of all with 1,000 seeds need 2 MB. */
const SLICE = 256;

/**
 * Near at least some of the positives, or near their middle; with `exact`, and where the filters leave few papers, every
 * paper is scored.
 */
export const byBestScore: BySeeds = {
  async find(corpus, wanted, signal) {
    const { narrowing, exact } = wanted;
    const { subset, excluded } = narrowing;
    const few = (subset?.size ?? corpus.vectors.size) <= MOST_SCORED;
    if (!exact && !few) return scored(corpus, await metBySeeds(corpus, wanted, signal), wanted, signal);
    const all = subset ?? (await corpus.store.subset([], signal)).labels;
    const left = [...all].filter((label) => !excluded.has(label));
    return scored(corpus, left, wanted, signal);
  },
  score: scored,
};

/** The nearest of each positive, and of the middle of all, which is where papers lie that are near to many. */
async function metBySeeds(
  corpus: Corpus,
  { positives, negatives, narrowing, excludedByCaller }: Wanted,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const k = Math.min(POOL_SIZE, Math.max(LEAST_FOR_EACH, Math.ceil(FOR_ALL / positives.length)));
  const pace = new Pace(signal);
  /** Label -> the best similarity with a positive that found it. */
  const met = new Map<number, number>();
  const effort = positives.length > MANY_SEEDS ? EFFORT_FOR_EACH_OF_MANY : undefined;
  const options = { exact: false, k, spare: SPARE_FOR_EACH + excludedByCaller, effort };
  for (const { vector } of positives) {
    if (pace.due()) await pace.turn();
    for (const { label, similarity } of await nearest(corpus, vector, narrowing, options, signal)) {
      met.set(label, Math.max(met.get(label) ?? -1, similarity));
    }
  }
  const best = [...met]
    .sort(([a, x], [b, y]) => y - x || a - b)
    .slice(0, MOST_SCORED)
    .map(([label]) => label);
  const { direction } = rocchioTarget(positives, negatives);
  const middle = await nearest(corpus, direction, narrowing, { exact: false }, signal);
  return [...new Set([...best, ...middle.map(({ label }) => label)])];
}

/** The best of these papers, as many as a pool holds. Errors: `cancelled`. */
async function scored(
  corpus: Corpus,
  labels: readonly number[],
  { positives, negatives, minSimilarity }: Wanted,
  signal: AbortSignal | undefined,
): Promise<Candidate[]> {
  const score = bestScorer(positives, negatives);
  const pace = new Pace(signal);
  let pool: Candidate[] = [];
  for (let from = 0; from < labels.length; from += SLICE) {
    const slice = labels.slice(from, from + SLICE);
    const toPositives = await cosinesOf(corpus, slice, positives, pace);
    const toNegatives = await cosinesOf(corpus, slice, negatives, pace);
    for (const [i, label] of slice.entries()) {
      if (pace.due()) await pace.turn();
      const ofPositives = toPositives.subarray(i * positives.length, (i + 1) * positives.length);
      const ofNegatives = toNegatives.subarray(i * negatives.length, (i + 1) * negatives.length);
      if (Number.isNaN(ofPositives[0])) continue;
      const best = score(ofPositives, ofNegatives);
      const similarity = rounded(best.similarity);
      if (similarity >= minSimilarity) pool.push({ label, similarity, score: rounded(best.score) });
    }
    if (pool.length > 4 * POOL_SIZE) pool = bestOf(pool);
  }
  return bestOf(pool);
}

/** Row-major, labels.length x seeds.length: a row has the cosines of one paper with all seeds, NaN for one not held. */
async function cosinesOf(
  corpus: Corpus,
  labels: readonly number[],
  seeds: readonly Seed[],
  pace: Pace,
): Promise<Float64Array> {
  const cosines = new Float64Array(labels.length * seeds.length);
  for (const [column, { vector }] of seeds.entries()) {
    if (pace.due()) await pace.turn();
    const similarities = await corpus.vectors.similarities(vector, labels);
    let at = column;
    for (const similarity of similarities) {
      cosines[at] = similarity ?? Number.NaN;
      at += seeds.length;
    }
  }
  return cosines;
}

function bestOf(pool: readonly Candidate[]): Candidate[] {
  return pool.toSorted((a, b) => b.score - a.score || a.label - b.label).slice(0, POOL_SIZE);
}
