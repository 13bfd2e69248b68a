/**
 * Short papers for the campaign. Each edition of each paper has words of its own in every field, so that a paper that is
 * half one edition and half another shows, and one word that no other edition has, by which its postings are found.
 */
import type { State } from './expected.js';

export interface MadePaper {
  id: string;
  title: string;
  abstract: string;
  authors: string[];
  venue: string;
}

const WORDS = (
  'glacier violin parliament enzyme harbour comet tariff orchid furnace dialect turbine monastery plankton ledger ' +
  'cathedral isotope vineyard battery sonnet reef census locomotive fungus treaty telescope loom volcano copyright ' +
  'beehive canal magnet opera wetland subsidy fossil clarinet desert vaccine bridge alphabet meteor pension spider ' +
  'lighthouse catalyst jury mangrove piston festival tundra algebra pottery satellite migration lens orchard election ' +
  'tornado textile membrane archive glove granite rhythm'
).split(' ');

const CONSONANTS = 'bcdfghjklmnpqrtvwxz';

/** A word of consonants: no stemmer changes it, and no paper has it but this edition. */
export function wordOf(paper: number, edition: number): string {
  return `q${letters(paper)}zq${letters(edition)}x`;
}

function letters(number: number): string {
  const digit = CONSONANTS[number % CONSONANTS.length] ?? '';
  return number < CONSONANTS.length ? digit : letters(Math.floor(number / CONSONANTS.length)) + digit;
}

export function idOf(paper: number): string {
  return `made-${paper}`;
}

/** Paper and edition are whole numbers; what they give never changes. */
export function madePaper(paper: number, edition: number): MadePaper {
  const word = (at: number) =>
    WORDS[(paper * 31 + edition * 17 + at * 13 + paper * edition * at) % WORDS.length] ?? '';
  const subject = [0, 1, 2, 3].map(word);
  return {
    id: idOf(paper),
    title: `The ${subject[0]} and the ${subject[1]}: a ${subject[2]} with a ${subject[3]}, ${paper}.${edition}`,
    abstract: `About ${word(4)} near a ${word(5)}. ${wordOf(paper, edition)} ${paper}.${edition}`,
    authors: [`Author ${paper}.${edition}`],
    venue: `Journal ${paper}.${edition}`,
  };
}

/** The state of a paper as the service gives it, or of one that was made. */
export function stateOf({ id, title, abstract, authors, venue }: MadePaper): State {
  return JSON.stringify({ id, title, abstract, authors, venue });
}
