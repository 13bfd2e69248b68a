/** Answers and papers as lines for people. */
import type { Answer, PaperView, Reasons, Result, Warning } from '../recommend/answer.js';
import { broken } from './output.js';

/** Under the title: rank and similarity take these columns. */
const INDENT = ' '.repeat(12);

export interface AnswerLayout {
  /** Columns; infinity leaves lines whole. */
  width: number;
  /** Whether the nearest of them is worth naming. */
  severalPositives: boolean;
}

/** Results as numbered blocks, best first, with what a reader should know before and after them. */
export function describeAnswer(answer: Answer, { width, severalPositives }: AnswerLayout): string[] {
  const notes = answer.warnings.flatMap((warning) => broken(noteOf(warning), 'Note: ', width));
  if (answer.results.length === 0) return ['No paper found.', ...notes];
  const results = answer.results.flatMap((result, i) =>
    describeResult(result, i + 1, width, severalPositives),
  );
  if (!answer.noGoodMatch) return [...results, ...notes];
  return [...broken(NO_GOOD_MATCH, '', width), ...results, ...notes];
}

const NO_GOOD_MATCH = 'No good match: even the best of these is no closer than what unrelated queries get.';

function describeResult(result: Result, rank: number, width: number, severalPositives: boolean): string[] {
  const { paper, similarity, percentile, also, reasons } = result;
  const first = `${String(rank).padStart(3)}  ${similarity.toFixed(3).padStart(5)}  `;
  const about = [topShare(percentile), ...facts(paper)].filter((part) => part !== '');
  return [
    ...broken(paper.title ?? paper.id, first, width),
    ...broken(about.join(' · '), INDENT, width),
    ...(also.length > 0 ? broken(`also ${also.join(', ')}`, INDENT, width) : []),
    ...(reasons === undefined ? [] : describeReasons(reasons, width, severalPositives)),
  ];
}

/** 99.98 becomes "top 0.02 %": how many random pairs are as similar. Empty where nothing is known. */
function topShare(percentile: number | null): string {
  if (percentile === null) return '';
  if (percentile === 100) return 'above every random pair';
  // The subtraction is exact to six decimals only, and a percentile has no more of them.
  return `top ${Number((100 - percentile).toFixed(6))} %`;
}

function describeReasons(
  { nearestSeed, terms, sentence }: Reasons,
  width: number,
  several: boolean,
): string[] {
  const lines: string[] = [];
  if (several && nearestSeed !== undefined) {
    const name = 'id' in nearestSeed ? nearestSeed.id : `"${nearestSeed.text}"`;
    lines.push(...broken(`nearest to ${name} (${nearestSeed.similarity.toFixed(3)})`, INDENT, width));
  }
  if (terms.length > 0) lines.push(...broken(`shares ${terms.join(', ')}`, INDENT, width));
  if (sentence !== null) lines.push(...broken(`> ${sentence}`, INDENT, width));
  return lines;
}

/** A paper of the corpus: its title, then who, when, where and the id. */
export function describePaper(paper: PaperView, width: number): string[] {
  return [...broken(paper.title ?? paper.id, '', width), ...broken(facts(paper).join(' · '), '    ', width)];
}

/** The same, with all that the corpus knows. */
export function describeWhole(paper: PaperView, width: number): string[] {
  const { authors = [], categories = [], url, doi, abstract = '' } = paper;
  const more = [
    authors.length > MOST_AUTHORS ? authors.join(', ') : '',
    categories.join(', '),
    [url, doi].filter((part) => part != null).join(' · '),
    abstract,
  ];
  return [
    ...describePaper(paper, width),
    ...more.filter((part) => part !== '').flatMap((part) => broken(part, '    ', width)),
  ];
}

/** More are only counted. */
const MOST_AUTHORS = 3;

/** Who, when, where, and the id; what is not known is left out. */
function facts({ authors = [], published, year, venue, id }: PaperView): string[] {
  const who =
    authors.length > MOST_AUTHORS ? `${authors[0]} and ${authors.length - 1} others` : authors.join(', ');
  const when = published ?? year?.toString() ?? '';
  return [who, when, venue ?? '', id].filter((part) => part !== '');
}

/** A note in the words of the command line: warnings name parameters. */
function noteOf(warning: Warning): string {
  if (warning.code !== 'unknown_ids') return warning.detail;
  return `${nameUnknown(warning.ids)} ${HOW_TO_FIND_IDS}`;
}

/** Says which ids the corpus does not know. */
export function nameUnknown(ids: readonly string[]): string {
  const more = ids.length > SHOWN_IDS ? ` and ${ids.length - SHOWN_IDS} more` : '';
  return `The corpus has no paper ${ids.slice(0, SHOWN_IDS).join(', ')}${more}.`;
}

const SHOWN_IDS = 10;

export const HOW_TO_FIND_IDS = '`nearpaper papers` lists the ids.';
