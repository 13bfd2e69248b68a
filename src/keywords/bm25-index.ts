/** BM25, a term at a time over postings in typed arrays. */
import { NearpaperError } from '../errors.js';
import { LabelSet } from '../label-set.js';
import { checkSignal, Pace } from '../pacing.js';
import { TopK } from '../top-k.js';
import type {
  KeywordIndex,
  KeywordMatch,
  KeywordRanking,
  KeywordSearchOptions,
  WeightedText,
} from './keyword-index.js';
import { countStems, type KeywordPaper, type Postings, PostingsBuilder, termNumber } from './postings.js';
import { requiredStems } from './terms.js';

/**
 * Saturation of term frequency and strength of length normalisation, the textbook's k1 and the weak b of Lucene's
 * baselines; .6 to 1.6 and .2 to .75 differ by less than the spread between queries (docs/quality.md).
 */
const K1 = 1.2;
const B = 0.4;

/** Postings or rows between two looks at the clock: some 100 microseconds. */
const STRIDE = 1 << 15;

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
const MOST_TERMS_OF_SEVERAL = 128;

/** Arrays of scores that are kept for the next search instead of being left to the garbage collector. */
const MOST_SPARE = 4;

interface QueryTerm {
  number: number;
  /** Inverse document frequency times how often the text has the term, or the root of how often several have it. */
  weight: number;
}

export class Bm25Index implements KeywordIndex {
  readonly size: number;
  #held: { postings: Postings; norms: Float64Array; spare: Float64Array[] } | undefined;

  /** Keeps the postings, which must be as `PostingsBuilder` or a checked file gives them; `lengths`: terms by row. */
  constructor(postings: Postings, lengths: Uint32Array) {
    this.size = postings.labels.length;
    this.#held = { postings, norms: normsOf(lengths), spare: [] };
  }

  async search(
    query: string | readonly WeightedText[],
    k: number,
    options: KeywordSearchOptions = {},
  ): Promise<KeywordRanking> {
    const { postings, norms, spare } = this.#open();
    if (!Number.isInteger(k) || k < 0) {
      const message = `k must be a whole number of at least 0, got ${k}.`;
      throw new NearpaperError('invalid_request', message, { field: 'k' });
    }
    const { subset, labels = [], signal } = options;
    checkSignal(signal);
    const pace = new Pace(signal);
    const terms = await this.#queryTerms(postings, query, pace);
    const scores = spare.pop() ?? new Float64Array(this.size);
    try {
      for (const term of terms) await addScores(postings, norms, term, scores, pace);
      const best = await bestOf(postings.labels, scores, Math.min(k, this.size), subset, pace);
      return {
        best,
        scores: Float64Array.from(labels, (label) => scores[rowOf(postings.labels, label)] ?? 0),
      };
    } finally {
      if (spare.length < MOST_SPARE) spare.push(scores.fill(0));
    }
  }

  async having(text: string, signal?: AbortSignal): Promise<LabelSet> {
    const { postings } = this.#open();
    checkSignal(signal);
    const pace = new Pace(signal);
    const numbers = Array.from(requiredStems(text), (stem) => termNumber(postings, stem));
    if (numbers.some((number) => number < 0)) return LabelSet.of([]);
    // The rarest first: nothing after it can add a row.
    const [rarest, ...others] = numbers.sort((a, b) => papersWith(postings, a) - papersWith(postings, b));
    if (rarest === undefined) return LabelSet.of(postings.labels);
    let rows = rowsOf(postings, rarest);
    for (const number of others) {
      if (pace.due()) await pace.turn();
      rows = common(rows, rowsOf(postings, number));
    }
    return LabelSet.of(rows.map((row) => postings.labels[row] as number));
  }

  idf(stem: string): number {
    return inverseDocumentFrequency(this.size, this.documentFrequency(stem));
  }

  documentFrequency(stem: string): number {
    const { postings } = this.#open();
    const number = termNumber(postings, stem);
    return number < 0 ? 0 : papersWith(postings, number);
  }

  async close(): Promise<void> {
    // A search under way keeps its own reference, so it finishes.
    this.#held = undefined;
  }

  #open() {
    if (this.#held === undefined)
      throw new NearpaperError('not_ready', 'This keyword index has been closed.');
    return this.#held;
  }

  /** The heaviest terms that papers have, in an order that does not depend on that in the texts. */
  async #queryTerms(
    postings: Postings,
    query: string | readonly WeightedText[],
    pace: Pace,
  ): Promise<QueryTerm[]> {
    const isOne = typeof query === 'string';
    const counts = isOne ? await countsOf(query, pace) : await sumsOf(query, pace);
    const heaviest = new TopK(isOne ? MOST_TERMS : MOST_TERMS_OF_SEVERAL);
    for (const [stem, times] of counts) {
      // A look at the clock costs a tenth of finding a term.
      if (pace.due()) await pace.turn();
      const number = termNumber(postings, stem);
      if (number < 0) continue;
      const idf = inverseDocumentFrequency(this.size, papersWith(postings, number));
      heaviest.offer(idf * (isOne ? times : Math.sqrt(times)), number);
    }
    const terms = heaviest.best().map(({ label: number, score: weight }) => ({ number, weight }));
    return terms.sort((a, b) => a.number - b.number);
  }
}

/** An index in memory, for a few papers or for tests. `papers`: with ascending labels. */
export function keywordIndexOf(
  papers: Iterable<readonly [label: number, paper: KeywordPaper]>,
): KeywordIndex {
  const builder = new PostingsBuilder();
  for (const [label, paper] of papers) builder.add(label, paper);
  const postings = builder.build();
  return new Bm25Index(postings, lengthsOf(postings));
}

/** The length of each row's paper in terms. */
export function lengthsOf({ labels, rows, frequencies }: Postings): Uint32Array {
  const lengths = new Uint32Array(labels.length);
  rows.forEach((row, at) => {
    lengths[row] = (lengths[row] as number) + (frequencies[at] as number);
  });
  return lengths;
}

function papersWith({ postingStarts }: Postings, term: number): number {
  return (postingStarts[term + 1] ?? 0) - (postingStarts[term] ?? 0);
}

/** The rows of the papers that have a term, ascending. */
function rowsOf({ postingStarts, rows }: Postings, term: number): Uint32Array {
  return rows.subarray(postingStarts[term], postingStarts[term + 1]);
}

/** What two ascending lists of rows have in common. */
function common(a: Uint32Array, b: Uint32Array): Uint32Array {
  let at = 0;
  return a.filter((row) => {
    while (at < b.length && (b[at] as number) < row) at++;
    return b[at] === row;
  });
}

function inverseDocumentFrequency(papers: number, having: number): number {
  return Math.log(1 + (papers - having + 0.5) / (having + 0.5));
}

/** What a term frequency is set against: k1 (1 - b + b length / mean length). Half a millisecond for 100,000 papers. */
function normsOf(lengths: Uint32Array): Float64Array {
  let total = 0;
  for (const length of lengths) total += length;
  const mean = total / lengths.length;
  const norms = new Float64Array(lengths.length);
  for (let row = 0; row < norms.length; row++) {
    norms[row] = K1 * (1 - B + (B * (lengths[row] as number)) / mean);
  }
  return norms;
}

/** Adds what one term is worth to every paper that has it. Errors: `cancelled`. */
async function addScores(
  { postingStarts, rows, frequencies }: Postings,
  norms: Float64Array,
  { number, weight }: QueryTerm,
  scores: Float64Array,
  pace: Pace,
): Promise<void> {
  const end = postingStarts[number + 1] as number;
  for (let from = postingStarts[number] as number; from < end; from += STRIDE) {
    if (pace.due()) await pace.turn();
    const to = Math.min(from + STRIDE, end);
    for (let at = from; at < to; at++) {
      // The casts say that an index is in range; `?? 0` would cost a branch in the hottest loop there is.
      const row = rows[at] as number;
      const times = frequencies[at] as number;
      scores[row] = (scores[row] as number) + (weight * times) / (times + (norms[row] as number));
    }
  }
}

async function bestOf(
  labels: Uint32Array,
  scores: Float64Array,
  k: number,
  subset: LabelSet | undefined,
  pace: Pace,
): Promise<KeywordMatch[]> {
  // Rows ascend with their labels, so ties by row are ties by label.
  const top = new TopK(k);
  let floor = 0;
  for (let from = 0; from < scores.length; from += STRIDE) {
    if (pace.due()) await pace.turn();
    const to = Math.min(from + STRIDE, scores.length);
    for (let row = from; row < to; row++) {
      const score = scores[row] as number;
      if (score <= floor || (subset !== undefined && !subset.has(labels[row] as number))) continue;
      top.offer(score, row);
      floor = Math.max(0, top.floor);
    }
  }
  return top.best().map(({ label: row, score }) => ({ label: labels[row] as number, score }));
}

/** The row of `label`, or -1. */
function rowOf(labels: Uint32Array, label: number): number {
  let low = 0;
  let high = labels.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = labels[middle] as number;
    if (found === label) return middle;
    if (found < label) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
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
