/** What filters look at, of one paper that is in no column: as the columns have it, and tested as they are. */
import { categoryInLowerCase, dayNumber, earliestDay, latestDay, spelling, UNDATED } from './columns.js';
import type { FilterClause } from './filter.js';
import type { Paper } from './paper.js';
import { isInitial, namesAgree, spelled, wordsOf } from './words.js';

/** A clause that is answered from what a paper says. */
export type FactClause = Exclude<FilterClause, { kind: 'labels' }>;

export interface PaperFacts {
  /** Days as in columns.ts: `UNDATED` and 0 when the paper knows neither day nor year. */
  earliest: number;
  latest: number;
  /** ` word word `; empty for none. */
  venue: string;
  /** In lower case. */
  categories: readonly string[];
  /** ` word word ` of each author, a line each: most papers are ruled out by one look through it. */
  names: string;
}

export function factsOf(paper: Paper): PaperFacts {
  return {
    earliest: earliestDay(paper.published, paper.year),
    latest: latestDay(paper.published, paper.year),
    venue: spelling(paper.venue ?? ''),
    categories: paper.categories.map(categoryInLowerCase),
    names: paper.authors.map(spelling).join('\n'),
  };
}

/** Whether a paper of these facts passes the clause; the words of the clause are taken apart once. */
export function testOf(clause: FactClause): (facts: PaperFacts) => boolean {
  switch (clause.kind) {
    case 'dates': {
      const days = daysAsked(clause.from, clause.to);
      return ({ earliest, latest }) => days !== undefined && earliest <= days.last && latest >= days.first;
    }
    case 'categories': {
      const tests = categoriesAsked(clause.anyOf).map(({ passes }) => passes);
      return ({ categories }) => categories.some((category) => tests.some((passes) => passes(category)));
    }
    case 'venue': {
      const asked = venueAsked(clause.name);
      return ({ venue }) => asked !== undefined && venue.includes(asked);
    }
    case 'author': {
      const asked = authorAsked(clause.name);
      return ({ names }) =>
        asked !== undefined && names.includes(asked.rare) && names.split('\n').some(asked.agrees);
    }
  }
}

/** The days from `from` to `to` as numbers; undefined when there are none. */
export function daysAsked(
  from: string | null,
  to: string | null,
): { first: number; last: number } | undefined {
  const first = from === null ? 1 : dayNumber(from);
  const last = to === null ? UNDATED - 1 : dayNumber(to);
  // No day is in a range that ends before it begins, though a whole year may reach over both its ends.
  return first > last ? undefined : { first, last };
}

/** Of each category asked for, no one twice: what a list that has it as JSON holds, and the test of one category. */
export function categoriesAsked(
  anyOf: readonly string[],
): { part: string; passes: (category: string) => boolean }[] {
  return [...new Set(anyOf.map(categoryInLowerCase))].map((asked) => {
    const prefix = asked.endsWith('*') ? asked.slice(0, -1) : undefined;
    // As JSON writes it: with a quotation mark before it, and one after it unless more may follow.
    if (prefix === undefined)
      return { part: JSON.stringify(asked), passes: (category) => category === asked };
    return {
      part: JSON.stringify(prefix).slice(0, -1),
      passes: (category) => category === asked || category.startsWith(prefix),
    };
  });
}

/** What the spelling of a venue that passes holds; undefined when none does. */
export function venueAsked(name: string): string | undefined {
  return spelling(name) || undefined;
}

/**
 * What the spelling of a name that passes holds, a part that few names have, and the test of one that does; undefined
 * when none passes.
 */
export function authorAsked(name: string): { rare: string; agrees: (held: string) => boolean } | undefined {
  const asked = wordsOf(name);
  if (asked.length === 0) return undefined;
  // Few names have the longest word: only those are taken apart.
  const longest = asked.reduce((long, word) => (word.length > long.length ? word : long), '');
  return {
    rare: isInitial(longest) ? ` ${longest}` : spelled([longest]),
    agrees: (held) => namesAgree(asked, held.trim().split(' ')),
  };
}
