import { withFewMarks } from '../../text-folding.js';
import type { IncomingPaper, PaperInput } from '../paper.js';
import { isLonger } from '../text-length.js';
import {
  AUTHOR_BOUNDS,
  CATEGORY_BOUNDS,
  type ListBounds,
  MAX_ABSTRACT_LENGTH,
  MAX_DATE_LENGTH,
  MAX_DOI_LENGTH,
  MAX_ID_LENGTH,
  MAX_TITLE_LENGTH,
  MAX_URL_LENGTH,
  MAX_VENUE_LENGTH,
  tooLong,
} from './bounds.js';
import { FIRST_YEAR, isPlausibleYear, LAST_YEAR, parseDate } from './dates.js';
import type { Problem } from './problems.js';

/** A text of more than so many times what it may have is refused unread, though cleaning it might leave less. */
const UNREAD_FROM = 8;

export type Normalised = { ok: true; paper: IncomingPaper } | Refused;

/** Why something is not taken. */
export interface Refused {
  ok: false;
  problem: Problem;
  reason: string;
}

/** Why an input is no paper, beginning with the field's name. */
class Unacceptable extends Error {
  readonly problem: Problem;

  constructor(problem: Problem, reason: string) {
    super(reason);
    this.problem = problem;
  }
}

/**
 * Makes a paper of what a reader found or a caller sent: texts in NFC on one line without control characters,
 * dates as YYYY-MM-DD, the id byte for byte. Empty optional fields count as absent, but an empty id is refused.
 * A field that cannot be right, or is longer than it may be, makes the whole record unacceptable; only a url that is too
 * long or not http(s) is dropped. The work is linear in the length of what is given.
 */
export function normalisePaper(input: PaperInput): Normalised {
  return attempt(() => ({ ok: true, paper: paperOf(input) }));
}

function paperOf(input: PaperInput): IncomingPaper {
  const title = textOf('title', input.title, MAX_TITLE_LENGTH);
  if (title === '') throw new Unacceptable('no_title', 'title: there is none');
  const published = dateOf('published', input.published);
  return {
    id: input.id === undefined ? null : acceptableId(input.id),
    title,
    abstract: textOf('abstract', input.abstract, MAX_ABSTRACT_LENGTH),
    authors: textsOf('authors', input.authors, AUTHOR_BOUNDS),
    published: published?.day ?? null,
    updated: dateOf('updated', input.updated)?.day ?? null,
    year: yearOf(input.year) ?? published?.year ?? null,
    categories: [...new Set(textsOf('categories', input.categories, CATEGORY_BOUNDS))],
    venue: textOf('venue', input.venue, MAX_VENUE_LENGTH) || null,
    url: webAddress(input.url ?? ''),
    doi: doiOf(input.doi),
    ...(input.version === undefined ? {} : { version: input.version }),
  };
}

/** An abstract that came apart from its paper, as `normalisePaper` makes it; the reason where it is too long. */
export function normaliseAbstract(abstract: string): { ok: true; abstract: string } | Refused {
  return attempt(() => ({ ok: true, abstract: textOf('abstract', abstract, MAX_ABSTRACT_LENGTH) }));
}

function attempt<T>(make: () => T): T | Refused {
  try {
    return make();
  } catch (thrown) {
    if (!(thrown instanceof Unacceptable)) throw thrown;
    const { problem, message } = thrown;
    return { ok: false, problem, reason: message };
  }
}

/** NFC on one line, without lone surrogates and control characters. */
function cleanText(text: string): string {
  // Most texts are ASCII, or are so but for their line breaks; the rest of this is the slow part of a read.
  const oneLine = /[\n\r\t]| {2}/.test(text) ? text.replaceAll(/[ \n\r\t]+/g, ' ') : text;
  if (!/[^ -~]/.test(oneLine)) return oneLine.trim();
  return composed(
    oneLine
      .toWellFormed()
      .replaceAll(/[^\P{Cc}\s\u0085]/gu, '')
      .replaceAll(/[\s\u0085]+/g, ' ')
      .trim(),
  );
}

/** NFC makes two marks of some, so long runs are cut again after it: what is clean stays as it is. */
function composed(text: string): string {
  return withFewMarks(withFewMarks(text).normalize('NFC'));
}

/** A clean text of at most so many characters; empty when there is none. */
function textOf(field: string, text: string | undefined, most: number): string {
  if (text === undefined) return '';
  if (text.length > UNREAD_FROM * most) throw new Unacceptable('too_long', `${field}: ${tooLong(most)}`);
  const clean = cleanText(text);
  refuseLonger(field, clean, most);
  return clean;
}

/** Clean texts; the empty ones go. */
function textsOf(field: string, texts: string[] | undefined, bounds: ListBounds): string[] {
  if (texts === undefined) return [];
  const { count, each, together } = bounds;
  if (texts.length > count)
    throw new Unacceptable('too_long', `${field}: there are more than ${count.toLocaleString('en')}`);
  const clean = texts.map((text, index) => textOf(`${field}[${index}]`, text, each));
  refuseLonger(field, clean.join(''), together);
  return clean.filter((text) => text !== '');
}

function acceptableId(id: string): string {
  if (id.trim() === '') throw new Unacceptable('bad_id', 'id: it is empty');
  if (/\p{Cc}/u.test(id)) throw new Unacceptable('bad_id', 'id: it contains control characters');
  if (!id.isWellFormed())
    throw new Unacceptable('bad_id', 'id: it contains a lone surrogate, half a character');
  refuseLonger('id', id, MAX_ID_LENGTH);
  return id;
}

function refuseLonger(field: string, text: string, most: number): void {
  if (isLonger(text, most)) throw new Unacceptable('too_long', `${field}: ${tooLong(most)}`);
}

function dateOf(field: string, text: string | undefined): ReturnType<typeof parseDate> {
  const clean = textOf(field, text, MAX_DATE_LENGTH);
  if (clean === '') return null;
  const date = parseDate(clean);
  if (date === null) {
    throw new Unacceptable(
      'bad_date',
      `${field}: "${clean.slice(0, 40)}" is not a date; write it as YYYY-MM-DD`,
    );
  }
  return date;
}

function yearOf(year: number | undefined): number | null {
  if (year === undefined) return null;
  if (isPlausibleYear(year)) return year;
  throw new Unacceptable('bad_date', `year: ${year} is not a year from ${FIRST_YEAR} to ${LAST_YEAR}`);
}

/**
 * The address in its standard form; null when it is too long, and unless http or https, which a browser can be sent to
 * safely.
 */
function webAddress(text: string): string | null {
  if (text.length > UNREAD_FROM * MAX_URL_LENGTH) return null;
  const address = cleanText(text);
  if (isLonger(address, MAX_URL_LENGTH) || !URL.canParse(address)) return null;
  const { protocol, href } = new URL(address);
  const isWeb = protocol === 'http:' || protocol === 'https:';
  // The standard form writes other letters than ASCII's with up to twelve characters.
  return isWeb && href.length <= MAX_URL_LENGTH ? href : null;
}

/** Without its prefix, for which the limit on an address leaves room. */
function doiOf(text: string | undefined): string | null {
  const doi = textOf('doi', text, MAX_URL_LENGTH).replace(DOI_PREFIXES, '');
  refuseLonger('doi', doi, MAX_DOI_LENGTH);
  return doi || null;
}

const DOI_PREFIXES = /^(?:(?:https?:\/\/)?(?:dx\.)?doi\.org\/|doi:\s*)+/i;
