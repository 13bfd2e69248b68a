/** What the best results are judged by: whether they are a good match at all. */
import { termsOf } from '../keywords/terms.js';
import { Pace } from '../pacing.js';
import { cosine } from '../vectors/dot.js';
import { type BestMatch, countWords, kindOfText, type QueryKind } from './calibration.js';
import type { Candidate } from './candidates.js';
import type { Corpus } from './corpus.js';
import { SamePaper } from './same-paper.js';
import { type Seed, textOfSeed } from './seeds.js';

/** What the similarities of an answer are with, and the best that each query got. */
export interface Matches {
  kind: QueryKind;
  /** One for each seed; empty when nothing was found. */
  matches: BestMatch[];
}

/** For a text that was searched for. `isCertain`: a paper was asked for by its words, and found. */
export function matchesOfText(
  corpus: Corpus,
  text: string,
  candidates: readonly Candidate[],
  isCertain: boolean,
): Matches {
  const words = countWords(text);
  const kind = kindOfText(words);
  if (candidates.length === 0) return { kind, matches: [] };
  const nearest = candidates.reduce((best, candidate) => Math.max(best, candidate.similarity), -1);
  const similarity = isCertain ? 1 : nearest;
  const knownWords = termsOf(text).some(({ stem }) => corpus.keywords.documentFrequency(stem) > 0);
  return { kind, matches: [{ words, similarity, knownWords }] };
}

/** So many of the best are compared with every seed. */
const COMPARED = 10;

/**
 * For seeds: with several, each is judged by itself, since no paper need be near to all of them. Copies of the papers
 * `seeds` (labels) are no results, so they are no match either.
 */
export async function matchesOfSeeds(
  corpus: Corpus,
  positives: readonly Seed[],
  candidates: readonly Candidate[],
  seeds: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Matches> {
  const pace = new Pace(signal);
  const words = await wordsOf(corpus, positives, pace);
  const kind = words.every((count, i) => positives[i]?.label === null && kindOfText(count) === 'text')
    ? 'text'
    : 'paper';
  const nearest = candidates.toSorted(nearerFirst);
  const labels = nearest.slice(0, COMPARED).map(({ label }) => label);
  const best = await corpus.vectors.vectors(labels);
  const same = await SamePaper.among(corpus, labels, best, seeds);
  const found: Float32Array[] = [];
  for (const [at, vector] of best.entries()) {
    if (vector !== undefined && !(await same.asASeed(at))) found.push(vector);
  }
  if (found.length === 0) return { kind, matches: [] };
  const matches: BestMatch[] = [];
  for (const [i, { vector }] of positives.entries()) {
    if (pace.due()) await pace.turn();
    const similarity = found.reduce((most, paper) => Math.max(most, cosine(paper, vector)), -1);
    matches.push({ words: words[i] ?? 1, similarity });
  }
  return { kind, matches };
}

function nearerFirst(a: Candidate, b: Candidate): number {
  return b.similarity - a.similarity || a.label - b.label;
}

async function wordsOf(corpus: Corpus, positives: readonly Seed[], pace: Pace): Promise<number[]> {
  const words: number[] = [];
  for (const seed of positives) {
    if (pace.due()) await pace.turn();
    words.push(countWords(await textOfSeed(corpus, seed)));
  }
  return words;
}
