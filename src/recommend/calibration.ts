/**
 * What a similarity means in this corpus: how unusual it is, and whether the best one is worth showing. Raw cosines of
 * sentence models bunch together, and where they bunch differs from corpus to corpus. Plain data and pure functions;
 * the samples are drawn at build time (build/calibrate.ts).
 */

/** What is compared with papers: a paper (or a text as long as one), or a short text. */
export type QueryKind = 'paper' | 'text';

/** How similar random pairs are, as a table to interpolate in. */
export interface PercentileTable {
  /** Number of pairs that the table was made from. */
  pairs: number;
  /** Similarity, and the share of pairs that reach it: similarities ascend, shares fall from 1, both strictly. */
  points: [similarity: number, share: number][];
}

/** A length of query, and the best similarity that all but one in a hundred real queries of that length reach. */
export interface LengthPoint {
  words: number;
  similarity: number;
}

/** Where noGoodMatch begins: a straight line in the logarithm of the length. */
export interface MatchFloor {
  title: LengthPoint;
  /** Null when the corpus has too few abstracts: then the floor of titles holds for every length. */
  abstract: LengthPoint | null;
}

/** Kept in a generation's manifest. */
export interface Calibration {
  /** Null while the corpus has no two papers to compare. */
  percentiles: Record<QueryKind, PercentileTable | null>;
  /** Null when the corpus is too small to say what is usual: then nothing is marked. */
  floor: MatchFloor | null;
}

/** Texts of fewer words are compared with titles, longer ones with papers: half-way between by where their tails lie. */
const PAPER_WORDS = 60;

export function kindOfText(words: number): QueryKind {
  return words < PAPER_WORDS ? 'text' : 'paper';
}

/** Beyond so many characters a text is longer than any abstract, and no floor depends on how much. */
const COUNTED_CHARACTERS = 6000;
/** A run of letters and digits; a character alone in scripts that set no space between words. */
const WORD = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]|[\p{L}\p{M}\p{N}]+/gu;

/** The length of a text in words, at least 1; texts of more than 6,000 characters count as if cut there. */
export function countWords(text: string): number {
  return Math.max(1, text.slice(0, COUNTED_CHARACTERS).match(WORD)?.length ?? 0);
}

/**
 * The share of random pairs that are less similar, in percent, 0 to 100; null when there is no table. Never falls as
 * the similarity rises. Rounded to two significant digits of what is missing to 100 (38, 97.4, 99.98, 99.9971), since
 * nearest neighbours differ only there; 100 means above every pair of the sample.
 */
export function percentileOf(calibration: Calibration, kind: QueryKind, similarity: number): number | null {
  const points = calibration.percentiles[kind]?.points;
  const last = points?.at(-1);
  if (points === undefined || last === undefined) return null;
  if (similarity > last[0]) return 100;
  const missing = 100 * shareReaching(points, similarity);
  return Number((100 - Number(missing.toPrecision(2))).toFixed(6));
}

/** Interpolated in the logarithm of the share: tails of similarities fall about as a normal curve's do. */
function shareReaching(points: PercentileTable['points'], similarity: number): number {
  let before = points[0];
  for (const point of points) {
    if (similarity <= point[0]) {
      if (before === undefined || before === point) return point[1];
      const part = (similarity - before[0]) / (point[0] - before[0]);
      return before[1] * (point[1] / before[1]) ** part;
    }
    before = point;
  }
  return before?.[1] ?? 1;
}

export interface BestMatch {
  /** Length of the query: `countWords`. */
  words: number;
  /** Similarity of the best candidate, -1 to 1. */
  similarity: number;
  /** False when no word of the query occurs in the corpus; such a text gets no allowance for being short. */
  knownWords?: boolean;
}

/** Whether even the best match is no closer than the first percentile of real queries of that length. */
export function isNoGoodMatch({ floor }: Calibration, match: BestMatch): boolean {
  return floor !== null && match.similarity < floorAt(floor, match);
}

/** The least best similarity that is not marked, for a query of so many words. */
export function floorAt({ title, abstract }: MatchFloor, { words, knownWords = true }: BestMatch): number {
  if (abstract === null) return title.similarity;
  const length = Math.min(Math.max(words, knownWords ? 1 : title.words), abstract.words);
  const slope = (abstract.similarity - title.similarity) / Math.log(abstract.words / title.words);
  return title.similarity + slope * Math.log(length / title.words);
}

/** Counts of similarities in steps of .0001 from -1 to 1: results are rounded to that too. */
export const SIMILARITY_STEPS = 20_001;

export function stepOf(similarity: number): number {
  return Math.round((Math.min(1, Math.max(-1, similarity)) + 1) * 10_000);
}

/** Shares that a table has a point at. Below one in a million, no sample that a build can afford says anything. */
const SHARES = [
  0.99, 0.98, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01, 5e-3,
  2e-3, 1e-3, 5e-4, 2e-4, 1e-4, 5e-5, 2e-5, 1e-5, 5e-6, 2e-6, 1e-6,
];

/** `counts`: how many pairs fell on each of SIMILARITY_STEPS steps (`stepOf`). Null without pairs. */
export function fitPercentiles(counts: Uint32Array): PercentileTable | null {
  const pairs = counts.reduce((sum, count) => sum + count, 0);
  if (pairs === 0) return null;
  const points: PercentileTable['points'] = [];
  let wanted = 0;
  let reaching = pairs;
  for (const [step, count] of counts.entries()) {
    if (count === 0) continue;
    const share = reaching / pairs;
    // The first step that so few reach; the least and the greatest similarity of all are points too.
    if (points.length === 0 || share <= (SHARES[wanted] ?? 0) || reaching === count) {
      points.push([(step - 10_000) / 10_000, Number(share.toPrecision(6))]);
    }
    while (wanted < SHARES.length && share <= (SHARES[wanted] ?? 0)) wanted++;
    reaching -= count;
  }
  return { pairs, points };
}

/** What stands for a real query: its length, and the similarity that a paper unrelated to its author reaches. */
export type QuerySample = Pick<BestMatch, 'words' | 'similarity'>;

/** With fewer samples even the least of them would mark more than one real query in twenty. */
const FEWEST_SAMPLES = 20;
/** Lengths closer than this factor make no line. */
const LEAST_SPREAD = 2;

/**
 * Fits where noGoodMatch begins. The first percentile of a few hundred samples hangs on the last handful, so it is
 * taken in standard deviations below the mean, from titles and abstracts together, and then scaled back to each: that
 * halves its scatter. Null with fewer than 20 titles.
 */
export function fitFloor(
  titles: readonly QuerySample[],
  abstracts: readonly QuerySample[],
): MatchFloor | null {
  const short = summaryOf(titles);
  const long = summaryOf(abstracts);
  if (short.count < FEWEST_SAMPLES) return null;
  if (long.count < FEWEST_SAMPLES || long.words < short.words * LEAST_SPREAD) {
    return { title: pointAt(short, firstPercentile(short.standardised)), abstract: null };
  }
  const deviation = firstPercentile([...short.standardised, ...long.standardised]);
  const abstract = pointAt(long, deviation);
  const title = pointAt(short, deviation);
  // Longer texts say more, so their floor is not lower; where samples say otherwise, the lower holds for both.
  const lower = Math.min(title.similarity, abstract.similarity);
  return { title: { ...title, similarity: lower }, abstract };
}

interface Summary {
  count: number;
  /** Geometric mean of the lengths. */
  words: number;
  mean: number;
  deviation: number;
  /** Similarities in standard deviations from their mean. */
  standardised: number[];
}

function summaryOf(samples: readonly QuerySample[]): Summary {
  const count = samples.length;
  const meanOf = (value: (sample: QuerySample) => number) =>
    samples.reduce((sum, sample) => sum + value(sample), 0) / count;
  const words = Math.exp(meanOf((sample) => Math.log(sample.words)));
  const mean = meanOf(({ similarity }) => similarity);
  const deviation = Math.sqrt(meanOf(({ similarity }) => (similarity - mean) ** 2));
  const standardised = samples.map(({ similarity }) =>
    deviation === 0 ? 0 : (similarity - mean) / deviation,
  );
  return { count, words, mean, deviation, standardised };
}

/** The value that at least one in a hundred does not exceed: the least of up to a hundred. */
function firstPercentile(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length / 100) - 1] ?? 0;
}

function pointAt({ words, mean, deviation }: Summary, standardised: number): LengthPoint {
  return {
    words: Number(words.toFixed(1)),
    similarity: Number((mean + standardised * deviation).toFixed(4)),
  };
}
