import type { IncomingPaper, PaperInput } from '../paper.js';
import { isLonger } from '../text-length.js';
import { FIRST_YEAR, isPlausibleYear, LAST_YEAR, parseDate } from './dates.js';

/** The longest id, title and abstract of a paper, in characters (Unicode code points). */
export const MAX_ID_LENGTH = 256;
export const MAX_TITLE_LENGTH = 2_000;
export const MAX_ABSTRACT_LENGTH = 100_000;

export type Normalised = { ok: true; paper: IncomingPaper } | { ok: false; reason: string };

/** Why an input is no paper, beginning with the field's name. */
class Unacceptable extends Error {}

/**
 * Makes a paper of what a reader found or a caller sent: texts in NFC on one line without control characters,
 * dates as YYYY-MM-DD, the id byte for byte. Empty optional fields count as absent, but an empty id is refused.
 * A field that cannot be right makes the whole record unacceptable; only a url that is not http(s) is dropped.
 */
export function normalisePaper(input: PaperInput): Normalised {
  try {
    return { ok: true, paper: paperOf(input) };
  } catch (thrown) {
    if (thrown instanceof Unacceptable) return { ok: false, reason: thrown.message };
    throw thrown;
  }
}

function paperOf(input: PaperInput): IncomingPaper {
  const title = cleanText(input.title);
  if (title === '') throw new Unacceptable('title: there is none');
  const abstract = cleanText(input.abstract ?? '');
  refuseLonger('title', title, MAX_TITLE_LENGTH);
  refuseLonger('abstract', abstract, MAX_ABSTRACT_LENGTH);
  const published = dateOf('published', input.published);
  return {
    id: input.id === undefined ? null : acceptableId(input.id),
    title,
    abstract,
    authors: cleanTexts(input.authors),
    published: published?.day ?? null,
    updated: dateOf('updated', input.updated)?.day ?? null,
    year: yearOf(input.year) ?? published?.year ?? null,
    categories: [...new Set(cleanTexts(input.categories))],
    venue: cleanText(input.venue ?? '') || null,
    url: webAddress(input.url ?? ''),
    doi: doiOf(input.doi ?? ''),
  };
}

/** NFC on one line, without lone surrogates and control characters. */
function cleanText(text: string): string {
  // Most texts are ASCII that is clean already, and the rest of this is the slow part of a read.
  if (!/[^ -~]| {2}/.test(text)) return text.trim();
  return text
    .toWellFormed()
    .replaceAll(/[^\P{Cc}\s\u0085]/gu, '')
    .replaceAll(/[\s\u0085]+/g, ' ')
    .trim()
    .normalize('NFC');
}

function cleanTexts(texts: string[] | undefined): string[] {
  return (texts ?? []).map(cleanText).filter((text) => text !== '');
}

function acceptableId(id: string): string {
  if (id.trim() === '') throw new Unacceptable('id: it is empty');
  if (/\p{Cc}/u.test(id)) throw new Unacceptable('id: it contains control characters');
  if (!id.isWellFormed()) throw new Unacceptable('id: it contains a lone surrogate, half a character');
  refuseLonger('id', id, MAX_ID_LENGTH);
  return id;
}

function refuseLonger(field: string, text: string, most: number): void {
  if (isLonger(text, most)) {
    throw new Unacceptable(`${field}: it is longer than ${most.toLocaleString('en')} characters`);
  }
}

function dateOf(field: string, text: string | undefined): ReturnType<typeof parseDate> {
  const clean = cleanText(text ?? '');
  if (clean === '') return null;
  const date = parseDate(clean);
  if (date === null) {
    throw new Unacceptable(`${field}: "${clean.slice(0, 40)}" is not a date; write it as YYYY-MM-DD`);
  }
  return date;
}

function yearOf(year: number | undefined): number | null {
  if (year === undefined) return null;
  if (isPlausibleYear(year)) return year;
  throw new Unacceptable(`year: ${year} is not a year from ${FIRST_YEAR} to ${LAST_YEAR}`);
}

/** The address in its standard form; null unless http or https, which a browser can be sent to safely. */
function webAddress(text: string): string | null {
  const address = cleanText(text);
  if (!URL.canParse(address)) return null;
  const { protocol, href } = new URL(address);
  return protocol === 'http:' || protocol === 'https:' ? href : null;
}

function doiOf(text: string): string | null {
  return cleanText(text).replace(/^(?:(?:https?:\/\/)?(?:dx\.)?doi\.org\/|doi:\s*)+/i, '') || null;
}
