/** Papers that a text asks for by title or name, put before all others. */
import { rounded } from './answer.js';
import type { Candidate } from './candidates.js';
import type { Corpus } from './corpus.js';
import { TitleQuery } from './title-match.js';

/** So many of the best are looked at for a title that is the query: a paper asked for by its title is among them. */
const TITLES_READ = 24;
/** Added to a hybrid score, which is at most 1. */
const TITLE_BONUS = 1;
const NAME_BONUS = 0.5;

/** The candidates with hybrid scores, those raised whose title or name is the text. */
export async function withKnownItems(
  corpus: Corpus,
  text: string,
  candidates: readonly Candidate[],
): Promise<Candidate[]> {
  const sorted = [...candidates].sort((a, b) => b.score - a.score || a.label - b.label);
  const query = new TitleQuery(text);
  if (!query.possible) return sorted;
  const papers = await corpus.store.get(
    sorted.slice(0, TITLES_READ).map(({ label }) => label),
    ['title'],
  );
  return sorted.map((candidate, i) => {
    const paper = papers[i];
    const match = paper === undefined ? 'none' : query.match(paper.title);
    if (match === 'none') return candidate;
    return { ...candidate, score: rounded(candidate.score + (match === 'title' ? TITLE_BONUS : NAME_BONUS)) };
  });
}
