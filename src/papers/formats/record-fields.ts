import type { PaperInput, PassedOver, ReadPaper } from '../paper.js';
import { isLonger } from '../text-length.js';
import { AUTHOR_BOUNDS, CATEGORY_BOUNDS, tooLong } from './bounds.js';
import { isJsonObject, typeNameOf } from './parse-json.js';
import type { Problem } from './problems.js';

/** The fields of PaperInput, which records and columns are named by. */
export const FIELD_NAMES = [
  'id',
  'title',
  'abstract',
  'authors',
  'published',
  'updated',
  'year',
  'categories',
  'venue',
  'url',
  'doi',
] as const satisfies readonly (keyof PaperInput)[];

const KNOWN: ReadonlySet<string> = new Set(FIELD_NAMES);

export function isFieldName(name: string): boolean {
  return KNOWN.has(name);
}

/** A record with named fields, not yet trusted. */
export type Fields = Readonly<Record<string, unknown>>;

/** Why a record cannot be used; becomes the reason of a bad record. */
export class FieldProblem extends Error {
  readonly problem: Problem;

  constructor(problem: Problem, reason: string) {
    super(reason);
    this.problem = problem;
  }
}

/** The outcome of a value that should be a record; `toPaper` may throw FieldProblem. */
export function outcomeOf(
  line: number,
  value: unknown,
  toPaper: (fields: Fields) => PaperInput,
): ReadPaper | PassedOver {
  if (!isJsonObject(value))
    return { kind: 'bad', line, problem: 'wrong_type', reason: `not an object but ${typeNameOf(value)}` };
  try {
    return { kind: 'paper', line, paper: toPaper(value) };
  } catch (thrown) {
    if (thrown instanceof FieldProblem) {
      const { problem, message } = thrown;
      return { kind: 'bad', line, problem, reason: message };
    }
    throw thrown;
  }
}

/**
 * A paper from fields named as in PaperInput. Fields that are null, missing or unknown are absent. Throws
 * FieldProblem when there is no title, or when a field has the wrong type.
 */
export function paperFromFields(fields: Fields): PaperInput {
  const paper: PaperInput = { title: titleField(fields) };
  const id = idField(fields);
  if (id !== undefined) paper.id = id;
  for (const name of ['abstract', 'published', 'updated', 'venue', 'url', 'doi'] as const) {
    const text = textField(fields, name);
    if (text !== undefined) paper[name] = text;
  }
  const authors = authorsField(fields);
  if (authors !== undefined) paper.authors = authors;
  const categories = categoriesField(fields);
  if (categories !== undefined) paper.categories = categories;
  const year = yearField(fields);
  if (year !== undefined) paper.year = year;
  return paper;
}

/** The title as given; throws FieldProblem when there is none but blanks. */
export function titleField(fields: Fields): string {
  const title = textField(fields, 'title');
  if (title === undefined || title.trim() === '') throw new FieldProblem('no_title', 'no title');
  return title;
}

/** A field that must be a string if it is there. */
export function textField(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw wrongType(name, 'a string', value);
  return value;
}

/**
 * An id is a string, or a whole number that JSON carries exactly. Other numbers are refused: 2401.01330 as a
 * number is 2401.0133, another paper's id.
 */
export function idField(fields: Fields): string | undefined {
  const value = fields.id;
  if (typeof value !== 'number') return textField(fields, 'id');
  if (Number.isSafeInteger(value)) return String(value);
  throw new FieldProblem('bad_id', `id: the number ${value} may have lost digits; write the id as a string`);
}

/** Categories from an array of strings, or from one string with spaces, commas or semicolons between them. */
export function categoriesField(fields: Fields): string[] | undefined {
  const value = fields.categories;
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') {
    refuseLonger('categories', value, CATEGORY_BOUNDS.together);
    return value.split(/[\s,;]+/).filter((part) => part !== '');
  }
  if (!Array.isArray(value)) throw wrongType('categories', 'an array of strings or a string', value);
  return value.map((item: unknown, index) => {
    if (typeof item !== 'string') throw wrongType(`categories[${index}]`, 'a string', item);
    return item;
  });
}

/**
 * As many of the keywords as a paper may have, without those that are too long for one: that somebody lists more than
 * anybody reads should not cost the paper.
 */
export function categoriesWithinBounds(keywords: readonly string[]): string[] {
  const { count, each, together } = CATEGORY_BOUNDS;
  const kept = new Set<string>();
  let room = together;
  for (const keyword of keywords) {
    const category = keyword.trim();
    if (category === '' || kept.has(category) || isLonger(category, each)) continue;
    room -= category.length;
    if (room < 0 || kept.size === count) break;
    kept.add(category);
  }
  return [...kept];
}

function authorsField(fields: Fields): string[] | undefined {
  const value = fields.authors;
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return authorsOfText(value);
  if (!Array.isArray(value)) throw wrongType('authors', 'an array or a string', value);
  return value.map((item: unknown, index) => {
    const name = isJsonObject(item) ? item.name : item;
    if (typeof name === 'string') return name;
    throw wrongType(`authors[${index}]`, 'a string or an object with a name', item);
  });
}

/**
 * The authors that one string lists: "A; B", "A, B and C", "A and B", or "Last, First and Last, First" as in
 * BibTeX, which is told by a comma after the last "and". Throws FieldProblem when it is too long for any list.
 */
export function authorsOfText(text: string): string[] {
  refuseLonger('authors', text, AUTHOR_BOUNDS.together);
  const clean = (names: string[]) => names.map((name) => name.trim()).filter((name) => name !== '');
  if (text.includes(';')) return clean(text.split(';'));
  // On single blanks first: `\s+and` would try a long run of them from each of its characters on.
  const byAnd = clean(text.replaceAll(/\s+/g, ' ').split(/,? and /));
  const isBibtex = byAnd.length > 1 && byAnd.at(-1)?.includes(',');
  // "Sammy Davis, Jr." is one name.
  return isBibtex ? byAnd : clean(byAnd.flatMap((part) => part.split(/, (?!(?:Jr|Sr|II|III|IV)\b)/)));
}

function yearField(fields: Fields): number | undefined {
  const value = fields.year;
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') throw wrongType('year', 'a year', value);
  if (value.trim() === '') return undefined;
  // "2024.0" is how tables with gaps in a column of numbers are written.
  const year = /^\s*(\d{1,4})(?:\.0*)?\s*$/.exec(value)?.[1];
  if (year === undefined) throw new FieldProblem('bad_date', `year: "${value.slice(0, 40)}" is not a year`);
  return Number(year);
}

/** For a text that lists several, before it is taken apart. */
function refuseLonger(name: string, text: string, most: number): void {
  if (isLonger(text, most)) throw new FieldProblem('too_long', `${name}: ${tooLong(most)}`);
}

function wrongType(field: string, expected: string, value: unknown): FieldProblem {
  return new FieldProblem('wrong_type', `${field}: expected ${expected}, got ${typeNameOf(value)}`);
}
