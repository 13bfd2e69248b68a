/** What filter.ts promises, read off its docstrings over whole papers: slow and plain. */
import type { FilterClause, PaperFilter } from '../../src/papers/filter.js';
import type { IncomingPaper } from '../../src/papers/paper.js';

/** A label and what the corpus gave under it. */
export type Labelled = readonly [label: number, paper: IncomingPaper];

/** What a filter leaves of `papers`, by brute force. */
export function filtered(papers: readonly Labelled[], filter: PaperFilter) {
  const passing = papers.filter((one) => filter.every((clause) => passes(one, clause)));
  const undated = papers.filter(
    (one) =>
      filter.some(({ kind }) => kind === 'dates') &&
      one[1].published === null &&
      one[1].year === null &&
      filter.every((clause) => clause.kind === 'dates' || passes(one, clause)),
  );
  return { labels: passing.map(([label]) => label), undated: undated.length };
}

function passes([label, paper]: Labelled, clause: FilterClause): boolean {
  switch (clause.kind) {
    case 'dates': {
      const days = daysOf(paper);
      const { from, to } = clause;
      return days.some((day) => (from === null || day >= from) && (to === null || day <= to));
    }
    case 'categories':
      return clause.anyOf.some((asked) =>
        paper.categories.some((category) =>
          asked.endsWith('*')
            ? category.toLowerCase().startsWith(asked.toLowerCase().slice(0, -1))
            : category.toLowerCase() === asked.toLowerCase(),
        ),
      );
    case 'venue': {
      const asked = plainWords(clause.name);
      const held = plainWords(paper.venue ?? '');
      return held.some((_, at) => asked.length > 0 && asked.every((word, i) => held[at + i] === word));
    }
    case 'author':
      return paper.authors.some((author) =>
        orders(plainWords(author)).some((held) => {
          const asked = plainWords(clause.name);
          return asked.length > 0 && asked.every((word, i) => agrees(word, held[i]));
        }),
      );
    case 'labels':
      return clause.labels.has(label);
  }
}

function agrees(asked: string, held: string | undefined): boolean {
  return held !== undefined && (held === asked || (asked.length === 1 && held.startsWith(asked)));
}

/** Every day that the paper may be of. */
function daysOf({ published, year }: IncomingPaper): string[] {
  if (published !== null) return [published];
  const days: string[] = [];
  if (year === null) return days;
  for (let at = Date.UTC(year, 0, 1); at <= Date.UTC(year, 11, 31); at += 86_400_000) {
    days.push(new Date(at).toISOString().slice(0, 10));
  }
  return days;
}

/** Names in these tests have accents, and no letters that only look like accented ones. */
function plainWords(text: string): string[] {
  const plain = text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  return plain.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
}

/** Every order of the words. */
function orders(words: readonly string[]): string[][] {
  if (words.length < 2) return [[...words]];
  return words.flatMap((word, at) => orders(words.toSpliced(at, 1)).map((rest) => [word, ...rest]));
}
