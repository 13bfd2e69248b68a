import type { PaperInput } from '../paper.js';
import type { PaperReader } from './format.js';
import { readJsonLines } from './jsonl.js';
import { isJsonObject } from './parse-json.js';
import {
  authorsOfText,
  categoriesField,
  type Fields,
  idField,
  textField,
  titleField,
} from './record-fields.js';

/** Fields of the snapshot that hardly another corpus has together. */
const TELLING_FIELDS = ['submitter', 'journal-ref', 'report-no', 'versions', 'update_date', 'authors_parsed'];
const TELLING_FIELDS_NEEDED = 3;

/**
 * The metadata snapshot of arXiv (on Kaggle as arxiv-metadata-oai-snapshot.json): one JSON object a line, with
 * field names of its own. Ids stay as they are, "0704.0001".
 */
export const arxivSnapshot: PaperReader = {
  name: 'arxiv-snapshot',
  looksLike: (head) =>
    head.trimStart().startsWith('{') &&
    TELLING_FIELDS.filter((field) => head.includes(`"${field}":`)).length >= TELLING_FIELDS_NEEDED,
  read: (text, context) => readJsonLines(text, context, paperFromSnapshot),
};

function paperFromSnapshot(fields: Fields): PaperInput {
  const paper: PaperInput = { title: titleField(fields) };
  const id = idField(fields);
  if (id !== undefined) {
    paper.id = id;
    paper.url = `https://arxiv.org/abs/${id}`;
  }
  const authors = parsedAuthors(fields.authors_parsed) ?? authorsOfText(textField(fields, 'authors') ?? '');
  if (authors.length > 0) paper.authors = authors;
  const categories = categoriesField(fields);
  if (categories !== undefined) paper.categories = categories;
  // Some records carry several DOIs with spaces between them; the first is the paper's own.
  const doi = textField(fields, 'doi')?.trim().split(/\s+/)[0];
  const rest = {
    abstract: textField(fields, 'abstract'),
    published: firstVersionDate(fields.versions),
    updated: textField(fields, 'update_date'),
    venue: textField(fields, 'journal-ref'),
    doi,
  };
  for (const name of ['abstract', 'published', 'updated', 'venue', 'doi'] as const) {
    const value = rest[name];
    if (value !== undefined) paper[name] = value;
  }
  return paper;
}

/** "First Last Suffix" from [[last, first, suffix, ...], ...]; undefined when it is not such a list. */
function parsedAuthors(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const names: string[] = [];
  for (const author of value) {
    if (!Array.isArray(author)) return undefined;
    const [last, first, suffix]: unknown[] = author;
    const name = [first, last, suffix]
      .filter((part) => typeof part === 'string' && part.trim() !== '')
      .join(' ');
    if (name !== '') names.push(name);
  }
  return names;
}

/** The date of version v1, such as "Mon, 2 Apr 2007 19:18:42 GMT", which is listed first. */
function firstVersionDate(versions: unknown): string | undefined {
  const first: unknown = Array.isArray(versions) ? versions[0] : undefined;
  return isJsonObject(first) ? textField(first, 'created') : undefined;
}
