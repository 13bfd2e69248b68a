/** Candidates for several seeds, by their meaning, their words, or both. */
import type { WeightedText } from '../keywords/keyword-index.js';
import { LabelSet } from '../label-set.js';
import { rounded } from './answer.js';
import { type BySeeds, sumOf, type Wanted } from './by-seeds.js';
import { type Candidate, POOL_SIZE } from './candidates.js';
import { type Corpus, timed } from './corpus.js';
import { fuse } from './fusion.js';
import type { SearchMode } from './mode.js';
import type { Seed } from './seeds.js';

/**
 * As a text is searched for: the best by the strategy, but for keyword mode, joined with the best by the words of all
 * positives together. Negatives count by meaning alone. Errors: `overloaded`, `cancelled`.
 */
export async function nearestToSeeds(
  corpus: Corpus,
  mode: SearchMode,
  strategy: BySeeds,
  wanted: Wanted,
  signal: AbortSignal | undefined,
): Promise<Candidate[]> {
  const { minSimilarity } = wanted;
  const byWordsAlone = mode === 'keyword' && minSimilarity <= -1;
  const found = byWordsAlone ? [] : await strategy.find(corpus, wanted, signal);
  if (mode === 'semantic') return found;
  const { excluded } = wanted.narrowing;
  // Only the words of papers near enough are looked at; else the words' best might all be too far.
  const isNarrowed = mode === 'keyword' && !byWordsAlone;
  const subset = isNarrowed ? LabelSet.of(found.map(({ label }) => label)) : wanted.narrowing.subset;
  const near = mode === 'keyword' ? [] : found;
  const query = queryOf(wanted.positives);
  const labels = near.map(({ label }) => label);
  const { best, scores } = await timed(corpus, 'keywords', () =>
    corpus.keywords.search(query, POOL_SIZE + excluded.size, { subset, labels, signal }),
  );
  const words = new Map(labels.map((label, i) => [label, scores[i] ?? 0]));
  const further = best
    .filter(({ label }) => !excluded.has(label))
    .slice(0, POOL_SIZE)
    .filter(({ label }) => !words.has(label));
  for (const { label, score } of further) words.set(label, score);
  const byWords = further.map(({ label }) => label);
  const pool = [...near, ...(await strategy.score(corpus, byWords, wanted, signal))];
  const wordsOf = ({ label }: Candidate) => words.get(label) ?? 0;
  if (mode === 'keyword') return pool.map((paper) => ({ ...paper, score: rounded(wordsOf(paper)) }));
  const mixed = fuse(
    pool.map(({ score }) => score),
    pool.map(wordsOf),
  );
  return pool.map((paper, i) => ({ ...paper, score: rounded(mixed[i] ?? 0) }));
}

/** Digits of a weight in units of the mean: so that rounding depends neither on the order of seeds nor on their scale. */
const WEIGHT_DIGITS = 6;

/** The words of all positives, in an order that does not depend on theirs, because a floating-point sum depends on its order. */
function queryOf(positives: readonly Seed[]): string | WeightedText[] {
  const mean = sumOf(positives.map(({ weight }) => weight)) / positives.length;
  const texts: WeightedText[] = positives.map(({ text, weight }) => ({
    text,
    weight: Number((weight / mean).toPrecision(WEIGHT_DIGITS)),
  }));
  const [only] = texts;
  if (only !== undefined && texts.length === 1) return only.text;
  return texts.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : a.weight - b.weight));
}
