import { parseArxivId } from '../ids.js';
import type { PaperInput, ReadOutcome } from '../paper.js';
import type { PaperReader } from './format.js';
import { memberAt, textAt, textsAt } from './json-members.js';
import { readJsonRecords } from './json-records.js';
import { holdsRecords } from './json-shape.js';
import { isJsonObject } from './parse-json.js';
import { FieldProblem, type Fields, outcomeOf, textField, titleField } from './record-fields.js';

/** Fields that papers have on Hugging Face and hardly anywhere else. */
const TELLING_FIELDS = ['upvotes', 'discussionId', 'submittedOnDailyBy', 'submittedOnDailyAt', 'ai_summary'];

/**
 * The daily papers of Hugging Face, `/api/daily_papers`, and single ones, `/api/papers/2401.01335`. Ids are those of
 * arXiv, and so is the url. Authors who hid the paper from their profile are still authors.
 */
export const dailyPapers: PaperReader = {
  name: 'daily-papers',
  looksLike: (head) => holdsRecords(head, isRecord, /"paper"\s*:\s*\{\s*"id"\s*:\s*"\d{4}\.\d{4,5}"/),
  read: (text, context) => readJsonRecords(text, context, { isRecord, toOutcome }),
};

function isRecord(value: Fields): boolean {
  if (isJsonObject(value.paper))
    return typeof value.paper.id === 'string' && typeof value.paper.title === 'string';
  if (typeof value.id !== 'string' || parseArxivId(value.id) === undefined) return false;
  // Of a paper by many authors, a head may hold no more than some of them.
  const [author]: unknown[] = Array.isArray(value.authors) ? value.authors : [];
  return TELLING_FIELDS.some((name) => name in value) || memberAt(author, '_id') !== undefined;
}

function toOutcome(line: number, value: unknown): ReadOutcome {
  return outcomeOf(line, value, (fields) =>
    // What was handed in for the day has the paper's title and summary beside it too.
    paperOfPage(isJsonObject(fields.paper) ? { ...fields, ...fields.paper } : fields),
  );
}

function paperOfPage(fields: Fields): PaperInput {
  const paper: PaperInput = { title: titleField(fields) };
  const id = textField(fields, 'id');
  const arxiv = id === undefined ? undefined : parseArxivId(id);
  if (arxiv === undefined) throw new FieldProblem('bad_id', 'id: expected an id of arXiv');
  paper.id = arxiv.base;
  paper.url = `https://arxiv.org/abs/${arxiv.base}`;
  if (arxiv.version !== null) paper.version = arxiv.version;
  const abstract = textField(fields, 'summary');
  if (abstract !== undefined) paper.abstract = abstract;
  const published = textAt(fields, 'publishedAt');
  if (published !== undefined) paper.published = published;
  const authors = textsAt(fields.authors, 'name');
  if (authors.length > 0) paper.authors = authors;
  return paper;
}
