import type { PaperInput, ReadOutcome } from '../paper.js';
import type { PaperReader } from './format.js';
import { memberAt, textAt, textsAt } from './json-members.js';
import { readJsonRecords } from './json-records.js';
import { holdsRecords } from './json-shape.js';
import { plainMarkup } from './markup-text.js';
import { isJsonObject } from './parse-json.js';
import { type Fields, outcomeOf, textField, titleField } from './record-fields.js';

/**
 * Answers of Semantic Scholar's Graph and Recommendations APIs: one paper, a batch, a page of a search, of citations or of
 * references. Ids are the API's, `paperId`. A summary (`tldr`) is no abstract. Where arXiv has the paper, its
 * page there is the url.
 */
export const s2Graph: PaperReader = {
  name: 's2-graph',
  looksLike: (head) => holdsRecords(head, isRecord, /"paperId"\s*:\s*"[\da-f]{40}"/i),
  read: (text, context) => readJsonRecords(text, context, { isRecord, toOutcome }),
};

/** The members that hold the paper of a citation and of a reference. */
const WRAPPERS = ['citingPaper', 'citedPaper'] as const;

function isRecord(value: Fields): boolean {
  return typeof value.paperId === 'string' || WRAPPERS.some((name) => isJsonObject(value[name]));
}

function toOutcome(line: number, value: unknown): ReadOutcome {
  if (value === null) {
    const reason = 'null: the service found no paper for this id';
    return { kind: 'bad', line, problem: 'not_a_paper', reason };
  }
  const wrapper = WRAPPERS.find((name) => isJsonObject(memberAt(value, name)));
  return outcomeOf(line, wrapper === undefined ? value : memberAt(value, wrapper), paperOfGraph);
}

function paperOfGraph(fields: Fields): PaperInput {
  const paper: PaperInput = { title: plainMarkup(titleField(fields)) };
  const arxiv = textAt(fields, 'externalIds', 'ArXiv');
  const corpusId = memberAt(fields, 'externalIds', 'CorpusId') ?? fields.corpusId;
  const abstract = textField(fields, 'abstract');
  const venue =
    textAt(fields, 'venue') ??
    textAt(fields, 'publicationVenue', 'name') ??
    textAt(fields, 'journal', 'name');
  const found = {
    // What is only cited somewhere has no paperId, and maybe a corpus id.
    id: textAt(fields, 'paperId') ?? (Number.isSafeInteger(corpusId) ? `CorpusId:${corpusId}` : undefined),
    abstract: abstract === undefined ? undefined : plainMarkup(abstract),
    published: textField(fields, 'publicationDate'),
    venue: venue === undefined ? undefined : plainMarkup(venue),
    url: arxiv === undefined ? textAt(fields, 'url') : `https://arxiv.org/abs/${arxiv}`,
    doi: textAt(fields, 'externalIds', 'DOI'),
  };
  for (const name of ['id', 'abstract', 'published', 'venue', 'url', 'doi'] as const) {
    const text = found[name];
    if (text !== undefined) paper[name] = text;
  }
  if (typeof fields.year === 'number') paper.year = fields.year;
  const authors = textsAt(fields.authors, 'name');
  if (authors.length > 0) paper.authors = authors;
  const categories = [...textsAt(fields.fieldsOfStudy), ...textsAt(fields.s2FieldsOfStudy, 'category')];
  if (categories.length > 0) paper.categories = categories;
  return paper;
}
