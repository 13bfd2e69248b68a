/** Papers for a text: by meaning, by its words, or by both. */
import { quotedPhrases } from '../keywords/phrases.js';
import { requiredStems } from '../keywords/terms.js';
import { LabelSet } from '../label-set.js';
import { aliasKey } from '../papers/ids.js';
import { type Answer, aboutIndex, type QueryOptions, rounded, type Warning } from './answer.js';
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
 * stand in a paper as they are, except in semantic mode and in texts of more than 32 words. Errors: `overloaded`,
 * `cancelled`.
 */
export async function search(
  corpus: SearchableCorpus,
  query: SearchQuery,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  if (looksLikeId(query.text)) {
    const named = await corpus.store.resolve(query.text.trim());
    if (named !== undefined) return answerAsPaper(corpus, named, query, signal);
    if (aliasKey(query.text) !== undefined) return unknownIdAnswer(corpus, query);
  }
  const narrowing = await narrow(corpus, query, signal);
  const { vector, truncated } = await corpus.embedder.embedQuery(query.text, signal);
  const { candidates, isCertain, warnings } = await candidatesFor(
    corpus,
    { query, vector, narrowing },
    signal,
  );
  return present(
    corpus,
    {
      candidates,
      ...matchesOfText(corpus, query.text, candidates, isCertain),
      seeds: [],
      sources: [{ name: null, vector, text: query.text }],
      warnings: [
        ...(truncated ? [TRUNCATED] : []),
        ...narrowing.warnings,
        ...warnings,
        ...(isWordless(query, narrowing, candidates) ? [NO_WORD] : []),
      ],
    },
    query,
    signal,
  );
}

/** Only the words can have left nothing: no filter did. */
function isWordless(
  { mode, minSimilarity }: SearchQuery,
  { subset }: Narrowing,
  candidates: readonly Candidate[],
): boolean {
  return candidates.length === 0 && mode === 'keyword' && subset?.size !== 0 && minSimilarity === undefined;
}

const NO_WORD: Warning = {
  code: 'nothing_matches',
  detail: 'No paper that may be a result has a word of the text.',
};

/** Longer than any id (256 characters) with an address around it. */
const LONGEST_ID = 400;

/** A word alone may be the made id of a paper with a title of one word, but who types it means the word. */
function looksLikeId(text: string): boolean {
  const trimmed = text.length > LONGEST_ID ? '' : text.trim();
  return trimmed !== '' && !/^\p{L}+$/u.test(trimmed);
}

/** Someone who types an arXiv id or a DOI wants that paper; nothing else is near to its digits. */
function unknownIdAnswer(corpus: SearchableCorpus, query: SearchQuery): Answer {
  const warnings = [unknownIds('q', [query.text.trim()])];
  return { results: [], noGoodMatch: true, warnings, index: aboutIndex(corpus, query) };
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
): Promise<Gathered> {
  const { query, vector, narrowing } = wanted;
  if (query.mode === 'semantic') {
    const near = await nearest(corpus, vector, narrowing, query, signal);
    return { candidates: bySimilarity(near), isCertain: false, warnings: [] };
  }
  const phrases = phrasesOf(query.text);
  if (phrases.length === 0) return byWords(corpus, wanted, signal);
  const subset = await papersWithPhrases(corpus, phrases, narrowing, signal);
  if (subset.size > 0) {
    const found = await byWords(corpus, { ...wanted, narrowing: { ...narrowing, subset } }, signal);
    return { ...found, isCertain: true };
  }
  const quoted = phrases.map((phrase) => `"${phrase}"`).join(' and ');
  const detail = `No paper that may be a result has ${quoted} word for word; these are for the words without the quotes.`;
  const found = await byWords(corpus, wanted, signal);
  return { ...found, warnings: [{ code: 'phrase_not_found', detail, phrases }] };
}

interface Gathered {
  candidates: Candidate[];
  /** Whether one of them is what was asked for by its words: then it is a good match, whatever its similarity. */
  isCertain: boolean;
  warnings: Warning[];
}

/** Words of a text that someone typed; in a longer one, pasted from somewhere, quotes demand nothing. */
const LONGEST_WITH_PHRASES = 32;
const CHARACTERS_WITH_PHRASES = 600;
const MOST_PHRASES = 8;

/** The quoted phrases that papers must have; stop words alone are in every paper and ask for nothing. */
function phrasesOf(text: string): string[] {
  if (text.length > CHARACTERS_WITH_PHRASES || countWords(text) > LONGEST_WITH_PHRASES) return [];
  const phrases = quotedPhrases(text).filter((phrase) => requiredStems(phrase).size > 0);
  return [...new Set(phrases)].slice(0, MOST_PHRASES);
}

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
): Promise<Gathered> {
  const pool = await poolOfBoth(corpus, wanted, signal);
  if (wanted.query.mode === 'keyword') {
    const candidates = pool.map((paper) => candidateOf(paper, paper.words));
    return { candidates, isCertain: false, warnings: [] };
  }
  const mixed = fuse(
    pool.map(({ similarity }) => similarity),
    pool.map(({ words }) => words),
  );
  const fused = pool.map((paper, i) => candidateOf(paper, mixed[i] ?? 0));
  const candidates = await withKnownItems(corpus, wanted.query.text, fused);
  return { candidates, isCertain: candidates.some(({ score }) => score > 1), warnings: [] };
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
  wanted: Wanted,
  signal: AbortSignal | undefined,
): Promise<Scored[]> {
  const { query, vector } = wanted;
  const narrowing = await nearEnough(corpus, wanted, signal);
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

/** So many of the nearest papers are looked at for `minSimilarity`. */
const MOST_NEAR = 1000;

/** With `minSimilarity`, only papers that near have their words looked at; else the words' best might all be too far. */
async function nearEnough(
  corpus: SearchableCorpus,
  { query, vector, narrowing }: Wanted,
  signal: AbortSignal | undefined,
): Promise<Narrowing> {
  const { minSimilarity } = query;
  if (minSimilarity === undefined) return narrowing;
  const options = { exact: query.exact, k: MOST_NEAR };
  const near = await nearest(corpus, vector, narrowing, options, signal);
  const labels = near.filter(({ similarity }) => rounded(similarity) >= minSimilarity);
  return { ...narrowing, subset: LabelSet.of(labels.map(({ label }) => label)) };
}
