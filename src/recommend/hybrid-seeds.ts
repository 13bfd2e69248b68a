/** Candidates for several seeds, by their meaning, their words, or both. */
import type { WeightedText } from '../keywords/keyword-index.js';
import { Pace } from '../pacing.js';
import { rounded } from './answer.js';
import type { BySeeds, Wanted } from './by-seeds.js';
import { type Candidate, POOL_SIZE } from './candidates.js';
import { type Corpus, timed } from './corpus.js';
import { fuse } from './fusion.js';
import type { SearchMode } from './mode.js';
import { type Seed, textOfSeed } from './seeds.js';

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
  const near = mode === 'keyword' ? [] : await strategy.find(corpus, wanted, signal);
  if (mode === 'semantic') return near;
  const { subset, excluded } = wanted.narrowing;
  const texts = await textsOf(corpus, wanted.positives, signal);
  const labels = near.map(({ label }) => label);
  const { best, scores } = await timed(corpus, 'keywords', () =>
    corpus.keywords.search(texts, POOL_SIZE + excluded.size, { subset, labels, signal }),
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

/** In an order that does not depend on that of the seeds, because a floating-point sum depends on its order. */
async function textsOf(
  corpus: Corpus,
  positives: readonly Seed[],
  signal: AbortSignal | undefined,
): Promise<WeightedText[]> {
  const pace = new Pace(signal);
  const mean = positives.reduce((sum, { weight }) => sum + weight, 0) / positives.length;
  const texts: WeightedText[] = [];
  for (const seed of positives) {
    if (pace.due()) await pace.turn();
    texts.push({ text: await textOfSeed(corpus, seed), weight: seed.weight / mean });
  }
  return texts.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : a.weight - b.weight));
}
