/** Papers for a text: by meaning, by its words, or by both. */
import { quotedPhrases } from '../keywords/phrases.js';
import { requiredStems } from '../keywords/terms.js';
import { aliasKey } from '../papers/ids.js';
import { type Answer, aboutIndex, type QueryOptions, type Warning } from './answer.js';
import { countWords } from './calibration.js';
import type { Candidate } from './candidates.js';
import { withoutCitationMarks } from './citation-marks.js';
import type { Corpus, SearchableCorpus } from './corpus.js';
import { nearestIn, type Target, wordlessWarnings } from './hybrid.js';
import { withKnownItems } from './known-items.js';
import { matchesOfText } from './match.js';
import type { SearchMode } from './mode.js';
import { narrow, unknownIds } from './narrowing.js';
import { papersWithPhrases } from './phrase-filter.js';
import { present } from './present.js';
import { SamePaper } from './same-paper.js';
import { TRUNCATED } from './seeds.js';
import { answerAsPaper } from './similar.js';

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
  const text = withoutCitationMarks(query.text);
  const { vector, truncated } = await corpus.embedder.embedQuery(text, signal);
  const { candidates, isCertain, warnings } = await candidatesFor(
    corpus,
    { query, text, vector, narrowing, options: query },
    signal,
  );
  return present(
    corpus,
    {
      candidates,
      ...matchesOfText(corpus, text, candidates, isCertain),
      same: new SamePaper(corpus, []),
      sources: [{ name: null, vector, text }],
      warnings: [
        ...(truncated ? [TRUNCATED] : []),
        ...narrowing.warnings,
        ...warnings,
        ...wordlessWarnings(query.mode, query, narrowing, candidates),
      ],
    },
    query,
    signal,
  );
}

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

interface Wanted extends Target {
  query: SearchQuery;
}

async function candidatesFor(
  corpus: Corpus,
  wanted: Wanted,
  signal: AbortSignal | undefined,
): Promise<Gathered> {
  const { query, text, narrowing } = wanted;
  const phrases = query.mode === 'semantic' ? [] : phrasesOf(text);
  if (phrases.length === 0) return ranked(corpus, wanted, signal);
  const subset = await papersWithPhrases(corpus, phrases, narrowing, signal);
  if (subset.size > 0) {
    const found = await ranked(corpus, { ...wanted, narrowing: { ...narrowing, subset } }, signal);
    return { ...found, isCertain: true };
  }
  const quoted = phrases.map((phrase) => `"${phrase}"`).join(' and ');
  const detail = `No paper that may be a result has ${quoted} word for word; these are for the words without the quotes.`;
  const found = await ranked(corpus, wanted, signal);
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

/** Candidates as the mode scores them, known items first in hybrid mode. */
async function ranked(corpus: Corpus, wanted: Wanted, signal: AbortSignal | undefined): Promise<Gathered> {
  const mixed = await nearestIn(corpus, wanted.query.mode, wanted, signal);
  if (wanted.query.mode !== 'hybrid') return { candidates: mixed, isCertain: false, warnings: [] };
  const candidates = await withKnownItems(corpus, wanted.text, mixed);
  return { candidates, isCertain: candidates.some(({ score }) => score > 1), warnings: [] };
}
