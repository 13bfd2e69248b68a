import { parseArxivId } from '../ids.js';
import type { PaperInput } from '../paper.js';
import { isPlausibleYear, parseDate, yearInText } from './dates.js';
import { plainMarkup } from './markup-text.js';
import { isJsonObject, typeNameOf } from './parse-json.js';
import {
  categoriesWithinBounds,
  FieldProblem,
  type Fields,
  idField,
  textField,
  titleField,
} from './record-fields.js';

/** How much of a date is looked at: what is longer is prose. */
const MOST_OF_A_DATE = 100;

const ARXIV_IN_TEXT = /\barXiv:\s?([^\s,;[\]()]{1,40})/i;

/**
 * A paper from an item of CSL-JSON, which the readers of reference managers make of their records: texts lose their
 * markup and keep their case, an issued date without a day gives the year, and an arXiv id the address where there is
 * none. Throws FieldProblem when there is no title, or a field has the wrong type.
 */
export function paperFromCsl(item: Fields): PaperInput {
  const paper: PaperInput = {
    title: plainMarkup(titleField({ title: firstText(item, 'title') })),
    ...issuedOf(item.issued),
  };
  const id = idField(item);
  if (id !== undefined && id !== '') paper.id = id;
  const authors = authorsOf(item.author);
  if (authors.length > 0) paper.authors = authors;
  const categories = categoriesOf(item);
  if (categories.length > 0) paper.categories = categories;
  const rest = {
    abstract: markupOf(textField(item, 'abstract')),
    venue: markupOf(firstText(item, 'container-title') ?? firstText(item, 'event-title')),
    url: textField(item, 'URL')?.trim().split(/\s/, 1)[0] || arxivAddress(item),
    doi: textField(item, 'DOI')?.trim(),
  };
  for (const name of ['abstract', 'venue', 'url', 'doi'] as const) {
    const value = rest[name];
    if (value !== undefined && value !== '') paper[name] = value;
  }
  return paper;
}

/** The string of a field, or the first where it has several, as Crossref writes titles. */
function firstText(item: Fields, name: string): string | undefined {
  const value = item[name];
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return textField({ [name]: first }, name);
}

function markupOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : plainMarkup(text);
}

/** "Given particles Family Suffix" of each author, or the name as it is written where it has no parts. */
function authorsOf(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrongType('author', 'an array', value);
  return value.map((author: unknown, index) => {
    if (typeof author === 'string') return plainMarkup(author);
    if (!isJsonObject(author)) throw wrongType(`author[${index}]`, 'an object with a name', author);
    const { literal, given, family, suffix, name } = author;
    const parts = [given, author['dropping-particle'], author['non-dropping-particle'], family, suffix];
    const written = parts.filter((part) => typeof part === 'string' && part.trim() !== '').join(' ');
    const whole = [written, literal, name].find((text) => typeof text === 'string' && text !== '');
    return typeof whole === 'string' ? plainMarkup(whole) : '';
  });
}

function categoriesOf(item: Fields): string[] {
  const value = item.categories ?? item.keyword;
  if (value === undefined || value === null) return [];
  const list: unknown = typeof value === 'string' ? value.split(/[,;]/) : value;
  if (!Array.isArray(list)) throw wrongType('keyword', 'a string', value);
  const texts = list.filter((category) => typeof category === 'string');
  return categoriesWithinBounds(texts.map(plainMarkup));
}

/** The day where one is written, else the year; nothing for "in press". */
function issuedOf(value: unknown): Pick<PaperInput, 'published' | 'year'> {
  if (typeof value === 'string' || typeof value === 'number') return dateInText(String(value));
  if (!isJsonObject(value)) return {};
  const dateParts: unknown = value['date-parts'];
  const parts: unknown = Array.isArray(dateParts) ? dateParts[0] : undefined;
  if (Array.isArray(parts) && parts.length > 0) {
    const written = parts.filter((part) => part !== null && part !== '').map(String);
    const [year] = written;
    const known = parseDate(written.slice(0, 3).join('-'));
    if (known?.day) return { published: known.day };
    if (year !== undefined && isPlausibleYear(Number(year))) return { year: Number(year) };
  }
  const text = [value.raw, value.literal].find((written) => typeof written === 'string');
  return typeof text === 'string' ? dateInText(text) : {};
}

function dateInText(text: string): Pick<PaperInput, 'published' | 'year'> {
  const written = text.slice(0, MOST_OF_A_DATE).trim();
  const known = parseDate(written);
  if (known?.day) return { published: known.day };
  const year = known?.year ?? yearInText(written);
  return year === undefined ? {} : { year };
}

/** The address of a preprint whose arXiv id stands in its number, or in a note or venue as "arXiv:2401.01335 [cs]". */
function arxivAddress(item: Fields): string | undefined {
  for (const name of ['number', 'note', 'container-title']) {
    const text = item[name];
    const written = typeof text === 'string' ? ARXIV_IN_TEXT.exec(text)?.[1] : undefined;
    const id = written === undefined ? undefined : parseArxivId(written.replace(/\.$/, ''));
    if (id !== undefined) return `https://arxiv.org/abs/${id.base}`;
  }
  return undefined;
}

function wrongType(field: string, expected: string, value: unknown): FieldProblem {
  return new FieldProblem('wrong_type', `${field}: expected ${expected}, got ${typeNameOf(value)}`);
}
