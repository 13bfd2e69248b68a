/** Known items: someone pastes the title of a paper, or types its name, and wants that paper. */

import { distance } from 'fastest-levenshtein';
import { withFewMarks } from '../text-folding.js';

/** How the words of a query are those of a title. */
export type TitleMatch = 'title' | 'name' | 'none';

/** Longer texts are no titles. */
const LONGEST_TITLE = 400;
/** Typing errors that still make the same title, as a share of its characters. */
const TYPING_ERRORS = 0.1;
/** Shorter titles must be spelled right: one letter makes another word. */
const SHORTEST_WITH_ERRORS = 12;
/** A title of fewer words stands in other texts by chance. */
const FEWEST_WORDS_WITHIN = 4;
/** A title that is less of the query than this is mentioned, not asked for. */
const LEAST_SHARE = 0.5;

/** A query, made ready to be compared with titles. */
export class TitleQuery {
  readonly #query: string;

  constructor(text: string) {
    this.#query = text.length > LONGEST_TITLE ? '' : plain(text);
  }

  /** Whether any title can match. */
  get possible(): boolean {
    return this.#query !== '';
  }

  /**
   * `title`: the query is this title in other case or punctuation, with a few typing errors, or with something around
   * it, as in a reference; `name`: it is what stands before the title's colon.
   */
  match(title: string): TitleMatch {
    const query = this.#query;
    if (query === '') return 'none';
    const whole = plain(title);
    if (whole === query || isMistyped(query, whole) || isWithin(whole, query)) return 'title';
    const colon = title.indexOf(':');
    return colon > 0 && plain(title.slice(0, colon)) === query ? 'name' : 'none';
  }
}

function isMistyped(query: string, title: string): boolean {
  if (title.length < SHORTEST_WITH_ERRORS) return false;
  const errors = title.length * TYPING_ERRORS;
  return Math.abs(query.length - title.length) <= errors && distance(query, title) <= errors;
}

function isWithin(title: string, query: string): boolean {
  return (
    title.length >= query.length * LEAST_SHARE &&
    title.split(' ').length >= FEWEST_WORDS_WITHIN &&
    ` ${query} `.includes(` ${title} `)
  );
}

/** Letters and digits in lower case without accents, single spaces between words. */
function plain(text: string): string {
  return withFewMarks(text)
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]+/g, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim();
}
