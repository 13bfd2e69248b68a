/** Quoted phrases: the papers that have them word for word. */
import { containsPhrase } from '../keywords/phrases.js';
import { LabelSet } from '../label-set.js';
import { Pace } from '../pacing.js';
import type { Paper } from '../papers/paper.js';
import { POOL_SIZE } from './candidates.js';
import { type Corpus, timed } from './corpus.js';
import type { Narrowing } from './narrowing.js';

/** Papers whose text is read for a phrase at most; a phrase of rare words is in few, one of common words is met soon. */
const MOST_READ = 5000;
/** Papers looked up at once: some 0.2 ms. */
const READ_AT_ONCE = 16;

/**
 * The papers that have all of these phrases in title or abstract, a pool of them at most: read in the order of their
 * keyword scores until the pool is full. Errors: `cancelled`.
 */
export async function papersWithPhrases(
  corpus: Corpus,
  phrases: readonly string[],
  { subset, excluded }: Narrowing,
  signal: AbortSignal | undefined,
): Promise<LabelSet> {
  const words = phrases.join(' ');
  const having = await corpus.keywords.having(words, signal);
  const allowed = (subset === undefined ? having : having.and(subset)).without(LabelSet.of(excluded));
  const k = Math.min(allowed.size, MOST_READ);
  const { best } = await timed(corpus, 'keywords', () =>
    corpus.keywords.search(words, k, { subset: allowed, signal }),
  );
  const found: number[] = [];
  const pace = new Pace(signal);
  for (let from = 0; from < best.length && found.length < POOL_SIZE; from += READ_AT_ONCE) {
    const labels = best.slice(from, from + READ_AT_ONCE).map(({ label }) => label);
    const papers = await corpus.store.get(labels, ['title', 'abstract']);
    for (const [i, label] of labels.entries()) {
      if (pace.due()) await pace.turn();
      const paper = papers[i];
      if (paper !== undefined && phrases.every((phrase) => has(paper, phrase))) found.push(label);
    }
  }
  return LabelSet.of(found);
}

function has({ title, abstract }: Pick<Paper, 'title' | 'abstract'>, phrase: string): boolean {
  return containsPhrase(title, phrase) || containsPhrase(abstract, phrase);
}
