import type { PaperInput, ReadOutcome } from '../paper.js';
import type { PaperReader } from './format.js';
import { textAt, textsAt } from './json-members.js';
import { readJsonRecords } from './json-records.js';
import { holdsRecords } from './json-shape.js';
import { plainMarkup } from './markup-text.js';
import { isJsonObject } from './parse-json.js';
import { FieldProblem, type Fields, outcomeOf, textField, titleField } from './record-fields.js';

/**
 * The datasets of Semantic Scholar: "papers", which have no abstracts, and "abstracts", as JSON Lines, apart or in one
 * file. Both have the id `CorpusId:123`. Where arXiv has the paper, its page there is the url.
 */
export const s2Dataset: PaperReader = {
  name: 's2-dataset',
  looksLike: (head) => holdsRecords(head, isRecord, /"corpusid"\s*:\s*\d/),
  read: (text, context) => readJsonRecords(text, context, { isRecord, toOutcome }),
};

const NO_CORPUS_ID = 'corpusid: expected a number';

function isRecord(value: Fields): boolean {
  return typeof value.corpusid === 'number' || typeof value.corpusid === 'string';
}

function toOutcome(line: number, value: unknown): ReadOutcome {
  if (isJsonObject(value) && !('title' in value)) return outcomeWithoutTitle(line, value);
  const outcome = outcomeOf(line, value, paperOfDataset);
  if (outcome.kind !== 'paper' || outcome.paper.abstract !== undefined) return outcome;
  return { ...outcome, abstractElsewhere: true };
}

/** An abstract, or a record of another dataset, such as citations and embeddings. */
function outcomeWithoutTitle(line: number, fields: Fields): ReadOutcome {
  const id = corpusId(fields);
  const abstract = textAt(fields, 'abstract');
  if (id === undefined) return { kind: 'bad', line, problem: 'bad_id', reason: NO_CORPUS_ID };
  if (abstract !== undefined) return { kind: 'abstract', line, id, abstract: plainMarkup(abstract) };
  const reason =
    'abstract' in fields ? 'an abstract without text' : 'a record of neither the papers nor the abstracts';
  return { kind: 'bad', line, problem: 'not_a_paper', reason };
}

function corpusId({ corpusid: id }: Fields): string | undefined {
  const isNumber = typeof id === 'number' ? Number.isSafeInteger(id) : /^\d{1,15}$/.test(String(id));
  return isNumber ? `CorpusId:${id}` : undefined;
}

function paperOfDataset(fields: Fields): PaperInput {
  const id = corpusId(fields);
  if (id === undefined) throw new FieldProblem('bad_id', NO_CORPUS_ID);
  const paper: PaperInput = { id, title: plainMarkup(titleField(fields)) };
  const abstract = textAt(fields, 'abstract');
  if (abstract !== undefined) paper.abstract = plainMarkup(abstract);
  const authors = textsAt(fields.authors, 'name');
  if (authors.length > 0) paper.authors = authors;
  const published = textField(fields, 'publicationdate');
  if (published !== undefined) paper.published = published;
  if (typeof fields.year === 'number') paper.year = fields.year;
  const categories = textsAt(fields.s2fieldsofstudy, 'category');
  if (categories.length > 0) paper.categories = categories;
  const venue = textAt(fields, 'venue') ?? textAt(fields, 'journal', 'name');
  if (venue !== undefined) paper.venue = plainMarkup(venue);
  const arxiv = textAt(fields, 'externalids', 'ArXiv');
  const url = arxiv === undefined ? textAt(fields, 'url') : `https://arxiv.org/abs/${arxiv}`;
  if (url !== undefined) paper.url = url;
  const doi = textAt(fields, 'externalids', 'DOI');
  if (doi !== undefined) paper.doi = doi;
  return paper;
}
