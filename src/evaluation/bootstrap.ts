/** How far a mean over queries can be trusted, and whether two configurations differ by more than the choice of queries. */
import { Pace } from '../pacing.js';

/** Lower and upper end. */
export type Interval = readonly [low: number, high: number];

export interface Comparison {
  /** Mean over queries of first minus second. */
  difference: number;
  /** 95 % confidence interval of the difference. */
  interval: Interval;
  /** Two-sided: how probable so large a difference is when the two are as good as each other; above 0. */
  p: number;
  /** Queries for which the first is better, worse, and the same. */
  better: number;
  worse: number;
  same: number;
}

const RESAMPLES = 10_000;
/** Of a two-sided 95 % interval, on either side. */
const TAIL = 0.025;
/** The same numbers in every run, so that the same data give the same interval. */
const SEED = 20_021;
/** Differences of sums that are due to the order of addition. */
const ROUNDING = 1e-12;

export function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The 95 % percentile interval of the mean, by resampling the queries: Efron and Tibshirani, "An introduction to the
 * bootstrap", 1993, chapter 13; for retrieval: Sakai, "Evaluating evaluation metrics based on the bootstrap", 2006.
 *
 * @param values one a query, at least one; the same values in the same order give the same interval
 * Errors: `cancelled`.
 */
export async function intervalOfMean(values: readonly number[], signal?: AbortSignal): Promise<Interval> {
  const random = mulberry32(SEED);
  const data = Float64Array.from(values);
  const means = new Float64Array(RESAMPLES);
  const pace = new Pace(signal);
  for (let i = 0; i < RESAMPLES; i++) {
    if (pace.due()) await pace.turn();
    let sum = 0;
    for (let drawn = 0; drawn < data.length; drawn++) sum += data[Math.floor(random() * data.length)] ?? 0;
    means[i] = sum / data.length;
  }
  means.sort();
  return [means[RESAMPLES * TAIL] ?? 0, means[RESAMPLES * (1 - TAIL) - 1] ?? 0];
}

/**
 * Compares two configurations query by query. `first` and `second` have the same queries in the same order.
 * Errors: `cancelled`.
 */
export async function compare(
  first: readonly number[],
  second: readonly number[],
  signal?: AbortSignal,
): Promise<Comparison> {
  const differences = first.map((value, i) => value - (second[i] ?? 0));
  const better = differences.filter((difference) => difference > ROUNDING).length;
  const worse = differences.filter((difference) => difference < -ROUNDING).length;
  return {
    difference: meanOf(differences),
    interval: await intervalOfMean(differences, signal),
    p: await randomisationP(differences, signal),
    better,
    worse,
    same: differences.length - better - worse,
  };
}

/**
 * Paired randomisation test: were the two configurations the same, each difference could as well have the other sign
 * (Smucker, Allan and Carterette, "A comparison of statistical significance tests for information retrieval evaluation",
 * 2007). The observed signs count as one of the drawn, so p is never 0.
 */
async function randomisationP(differences: readonly number[], signal?: AbortSignal): Promise<number> {
  const random = mulberry32(SEED);
  const data = Float64Array.from(differences);
  const observed = Math.abs(data.reduce((sum, value) => sum + value, 0));
  let asLarge = 1;
  const pace = new Pace(signal);
  for (let i = 0; i < RESAMPLES; i++) {
    if (pace.due()) await pace.turn();
    let sum = 0;
    for (const value of data) sum += random() < 0.5 ? value : -value;
    if (Math.abs(sum) >= observed - ROUNDING) asLarge += 1;
  }
  return asLarge / (RESAMPLES + 1);
}

/** Tommy Ettinger's mulberry32, public domain: numbers from 0 up to 1, the same for the same seed. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
