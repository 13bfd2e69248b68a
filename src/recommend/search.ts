/** Papers for a text: by meaning, by its words, or by both. */

import { quotedPhrases } from '../keywords/phrases.js';
import { aliasKey } from '../papers/ids.js';
import { type Answer, type QueryOptions, rounded, type Warning } from './answer.js';
import { countWords } from './calibration.js';
import { bySimilarity, type Candidate, nearest, POOL_SIZE } from './candidates.js';
import { type SearchableCorpus, timed } from './corpus.js';
import { fuse } from './fusion.js';
import { withKnownItems } from './known-items.js';
import { matchesOfText } from './match.js';
import { type Narrowing, narrow, unknownIds } from './narrowing.js';
import { papersWithPhrases } from './phrase-filter.js';
import { present } from './present.js';
import { TRUNCATED } from './seeds.js';
import { answerAsPaper } from './similar.js';

/** What a text is compared by. */
export const SEARCH_MODES = ['hybrid', 'semantic', 'keyword'] as const;
export type SearchMode = (typeof SEARCH_MODES)[number];

export interface SearchQuery extends QueryOptions {
  text: string;
  mode: SearchMode;
}

/**
 * The papers for a text. An id or DOI that the corpus knows is answered as that paper. "Words in double quotes" must
 * stand in a paper as they are, except in semantic mode and in texts of more than 32 words. Errors: `overloaded`, `cancelled`.
 */
export async function search(
  corpus: SearchableCorpus,
  query: SearchQuery,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const named = await corpus.store.resolve(query.text.trim());
  if (named !== undefined) return answerAsPaper(corpus, named, query, signal);
  const narrowing = await narrow(corpus, query, signal);
  const { vector, truncated } = await corpus.embedder.embedQuery(query.text, signal);
  const { candidates, warnings } = await candidatesFor(corpus, { query, vector, narrowing }, signal);
  return present(
    corpus,
    {
      candidates,
      ...matchesOfText(corpus, query.text, candidates),
      seeds: [],
      sources: [{ name: null, vector, text: query.text }],
      warnings: [
        ...unknownId(query.text),
        ...(truncated ? [TRUNCATED] : []),
        ...narrowing.warnings,
        ...warnings,
        ...(candidates.length === 0 && query.mode === 'keyword' && narrowing.subset?.size !== 0
          ? [NO_WORD]
          : []),
      ],
    },
    query,
    signal,
  );
}

const NO_WORD: Warning = {
  code: 'nothing_matches',
  detail: 'No paper that may be a result has a word of the text.',
};

/** Someone who types an id wants that paper, and should know that it is not there. */
function unknownId(text: string): Warning[] {
  return aliasKey(text) === undefined ? [] : [unknownIds('q', [text.trim()])];
}

interface Wanted {
  query: SearchQuery;
  vector: Float32Array;
  narrowing: Narrowing;
}

async function candidatesFor(
  corpus: SearchableCorpus,
  wanted: Wanted,
  signal: AbortSignal | undefined,
): Promise<{ candidates: Candidate[]; warnings: Warning[] }> {
  const { query, vector, narrowing } = wanted;
  if (query.mode === 'semantic') {
    return {
      candidates: bySimilarity(await nearest(corpus, vector, narrowing, query, signal)),
      warnings: [],
    };
  }
  const phrases = countWords(query.text) <= LONGEST_WITH_PHRASES ? quotedPhrases(query.text) : [];
  if (phrases.length === 0) return { candidates: await byWords(corpus, wanted, signal), warnings: [] };
  const subset = await papersWithPhrases(corpus, phrases, narrowing, signal);
  if (subset.size > 0) {
    const within = { ...wanted, narrowing: { ...narrowing, subset } };
    return { candidates: await byWords(corpus, within, signal), warnings: [] };
  }
  const quoted = phrases.map((phrase) => `"${phrase}"`).join(' and ');
  const detail = `No paper has ${quoted} word for word; these results are for the words without the quotes.`;
  return {
    candidates: await byWords(corpus, wanted, signal),
    warnings: [{ code: 'phrase_not_found', detail, phrases }],
  };
}

/** Words of a text that someone typed; in a longer one, pasted from somewhere, quotes demand nothing. */
const LONGEST_WITH_PHRASES = 32;

/** A paper of the pool with both its scores. */
interface Scored {
  label: number;
  similarity: number;
  /** BM25. */
  words: number;
}

/** Keyword and hybrid candidates. */
async function byWords(
  corpus: SearchableCorpus,
  wanted: Wanted,
  signal: AbortSignal | undefined,
): Promise<Candidate[]> {
  const pool = await poolOfBoth(corpus, wanted, signal);
  if (wanted.query.mode === 'keyword') return pool.map((paper) => candidateOf(paper, paper.words));
  const mixed = fuse(
    pool.map(({ similarity }) => similarity),
    pool.map(({ words }) => words),
  );
  const candidates = pool.map((paper, i) => candidateOf(paper, mixed[i] ?? 0));
  return withKnownItems(corpus, wanted.query.text, candidates);
}

function candidateOf({ label, similarity }: Scored, score: number): Candidate {
  return { label, similarity: rounded(similarity), score: rounded(score) };
}

/**
 * The best by vector, but for keyword mode, joined with the best by keyword. On a large corpus the keyword side must
 * bring its own candidates: see docs/quality.md.
 */
async function poolOfBoth(
  corpus: SearchableCorpus,
  { query, vector, narrowing }: Wanted,
  signal: AbortSignal | undefined,
): Promise<Scored[]> {
  const { subset, excluded } = narrowing;
  const near = query.mode === 'keyword' ? [] : await nearest(corpus, vector, narrowing, query, signal);
  const labels = near.map(({ label }) => label);
  const k = POOL_SIZE + excluded.size;
  const { best, scores } = await timed(corpus, 'keywords', () =>
    corpus.keywords.search(query.text, k, { subset, labels, signal }),
  );
  const known = new Set(labels);
  const further = best
    .filter(({ label }) => !excluded.has(label))
    .slice(0, POOL_SIZE)
    .filter(({ label }) => !known.has(label));
  const similarities = await corpus.vectors.similarities(
    vector,
    further.map(({ label }) => label),
  );
  return [
    ...near.map((paper, i) => ({ ...paper, words: scores[i] ?? 0 })),
    ...further.map(({ label, score }, i) => ({ label, similarity: similarities[i] ?? 0, words: score })),
  ];
}
