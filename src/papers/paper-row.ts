/** Between a paper and its row in the store. */
import { hash as digest } from 'node:crypto';
import type { Paper } from './paper.js';

/** Every field of a paper, in the order in which they are shown. */
export const PAPER_FIELDS = [
  'id',
  'title',
  'authors',
  'published',
  'venue',
  'url',
  'abstract',
  'year',
  'updated',
  'categories',
  'doi',
] as const satisfies readonly (keyof Paper)[];

/** A row of some of these columns, under the names of the fields; lists are JSON in it. */
export type PaperRow = Partial<Record<keyof Paper, string | number | null>>;

/** Makes lists of a row's JSON, in place; it is the paper then, as far as its columns go. */
export function paperOfRow<Field extends keyof Paper>(row: PaperRow): Pick<Paper, Field> {
  if (typeof row.authors === 'string') Object.assign(row, { authors: stringsOf(row.authors) });
  if (typeof row.categories === 'string') Object.assign(row, { categories: stringsOf(row.categories) });
  // The table is strict: its columns have the types of a paper's fields.
  return row as unknown as Pick<Paper, Field>;
}

/** The strings of a stored list. */
export function stringsOf(json: string): string[] {
  const parsed: unknown = JSON.parse(json);
  return Array.isArray(parsed) ? parsed.filter((entry) => typeof entry === 'string') : [];
}

/** What a row holds of a paper besides its id, from title to content_hash in the order of the table's columns. */
export function rowValues(paper: Omit<Paper, 'id'>, hash: Buffer): unknown[] {
  return [
    paper.title,
    paper.abstract,
    JSON.stringify(paper.authors),
    paper.published,
    paper.updated,
    paper.year,
    JSON.stringify(paper.categories),
    paper.venue,
    paper.url,
    paper.doi,
    hash,
    contentHash(paper),
  ];
}

/** SHA-256 over what is embedded. Title and abstract hold no control characters, so NUL separates them. */
export function textHash(paper: { title: string; abstract: string }): Buffer {
  return digest('sha256', `${paper.title}\0${paper.abstract}`, 'buffer');
}

/** SHA-256 over every field but the id. */
export function contentHash(paper: Omit<Paper, 'id'>): Buffer {
  const { title, abstract, authors, published, updated, year, categories, venue, url, doi } = paper;
  const fields = [title, abstract, authors, published, updated, year, categories, venue, url, doi];
  return digest('sha256', JSON.stringify(fields), 'buffer');
}

/** A stored vector as numbers: a copy, since SQLite's buffer need not be aligned to 4 bytes. */
export function floatsOf(blob: Buffer): Float32Array {
  return new Float32Array(Uint8Array.from(blob).buffer);
}
