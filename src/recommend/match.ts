/** What the best results are judged by: whether they are a good match at all. */
import { termsOf } from '../keywords/terms.js';
import { Pace } from '../pacing.js';
import { type BestMatch, countWords, kindOfText, type QueryKind } from './calibration.js';
import type { Candidate } from './candidates.js';
import type { Corpus } from './corpus.js';
import type { SamePaper } from './same-paper.js';
import type { Seed } from './seeds.js';

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
 * For seeds: with several, each is judged by itself, since no paper need be near to all of them. Copies of seeds are no
 * results, so they are no match either.
 */
export async function matchesOfSeeds(
  corpus: Corpus,
  positives: readonly Seed[],
  candidates: readonly Candidate[],
  same: SamePaper,
  signal: AbortSignal | undefined,
): Promise<Matches> {
  const pace = new Pace(signal);
  const words: number[] = [];
  for (const { text } of positives) {
    if (pace.due()) await pace.turn();
    words.push(countWords(text));
  }
  const isText = words.every((count, i) => positives[i]?.label === null && kindOfText(count) === 'text');
  const kind = isText ? 'text' : 'paper';
  const found: number[] = [];
  for (const { label } of nearestOf(candidates)) {
    if (!(await same.asASeed(label))) found.push(label);
  }
  if (found.length === 0) return { kind, matches: [] };
  const matches: BestMatch[] = [];
  for (const [i, { vector }] of positives.entries()) {
    if (pace.due()) await pace.turn();
    const similarities = await corpus.vectors.similarities(vector, found);
    const similarity = similarities.reduce<number>((most, one = -1) => Math.max(most, one), -1);
    matches.push({ words: words[i] ?? 1, similarity });
  }
  return { kind, matches };
}

/** The nearest candidates, ties by label. */
function nearestOf(candidates: readonly Candidate[]): Candidate[] {
  const best: Candidate[] = [];
  for (const candidate of candidates) {
    const last = best.length < COMPARED ? undefined : best[COMPARED - 1];
    if (last !== undefined && nearerFirst(last, candidate) < 0) continue;
    let at = best.length;
    while (at > 0 && nearerFirst(candidate, best[at - 1] as Candidate) < 0) at--; // 0 < at <= length
    best.splice(at, 0, candidate);
    if (best.length > COMPARED) best.pop();
  }
  return best;
}

function nearerFirst(a: Candidate, b: Candidate): number {
  return b.similarity - a.similarity || a.label - b.label;
}
