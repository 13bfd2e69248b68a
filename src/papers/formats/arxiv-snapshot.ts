import type { PaperInput } from '../paper.js';
import { arxivAuthorsOfText, arxivPaper, versionNumber } from './arxiv-fields.js';
import type { PaperReader } from './format.js';
import { readJsonLines } from './jsonl.js';
import { isJsonObject } from './parse-json.js';
import { categoriesField, type Fields, idField, textField, titleField } from './record-fields.js';

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
  return arxivPaper({
    title: titleField(fields),
    id: idField(fields),
    version: lastVersion(fields.versions),
    abstract: textField(fields, 'abstract'),
    authors: parsedAuthors(fields.authors_parsed) ?? arxivAuthorsOfText(textField(fields, 'authors') ?? ''),
    categories: categoriesField(fields),
    published: firstVersionDate(fields.versions),
    updated: textField(fields, 'update_date'),
    venue: textField(fields, 'journal-ref'),
    doi: textField(fields, 'doi'),
  });
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

/** The number of the version that is listed last, "v3". */
function lastVersion(versions: unknown): number | undefined {
  const last: unknown = Array.isArray(versions) ? versions.at(-1) : undefined;
  return isJsonObject(last) ? versionNumber(textField(last, 'version')) : undefined;
}
