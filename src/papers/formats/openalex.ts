import { parseArxivId } from '../ids.js';
import type { PaperInput, ReadOutcome } from '../paper.js';
import type { PaperReader } from './format.js';
import { textFromInvertedIndex } from './inverted-index.js';
import { memberAt, textAt, textsAt } from './json-members.js';
import { readJsonRecords } from './json-records.js';
import { holdsRecords } from './json-shape.js';
import { plainMarkup } from './markup-text.js';
import { isJsonObject } from './parse-json.js';
import { FieldProblem, type Fields, outcomeOf, textField, titleField } from './record-fields.js';

/** What the id of a work looks like; those of authors and venues begin with another letter. */
const WORK_ID = /^(?:https?:\/\/(?:api\.)?openalex\.org\/(?:works\/)?)?(W\d+)$/i;

const TELLING_FIELDS = ['display_name', 'authorships', 'abstract_inverted_index', 'publication_year', 'ids'];

/** Older works have concepts in place of topics, most of them hardly touched upon. */
const LEAST_SCORE_OF_CONCEPT = 0.3;

/**
 * Works of OpenAlex: its snapshot (JSON Lines), pages and single works of its API. Ids are "W123". A publication
 * date of the first of January stands for a year of which no more is known, so only the year is taken from it.
 * Categories are the field of the primary topic and the topics, or the concepts of older works. Where one location
 * is arXiv, it is the url.
 */
export const openAlex: PaperReader = {
  name: 'openalex',
  looksLike: (head) =>
    holdsRecords(
      head,
      isRecord,
      /"id"\s*:\s*"https:\/\/openalex\.org\/W\d+",\s*"(?:doi|title|display_name)"/,
    ),
  read: (text, context) => readJsonRecords(text, context, { isRecord, toOutcome }),
};

/** Whether it is a work as OpenAlex writes it, and no record of somebody who uses its ids. */
function isRecord(value: Fields): boolean {
  return workIdOf(value) !== undefined && TELLING_FIELDS.some((name) => name in value);
}

function workIdOf({ id }: Fields): string | undefined {
  return typeof id === 'string' ? WORK_ID.exec(id)?.[1]?.toUpperCase() : undefined;
}

function toOutcome(line: number, value: unknown): ReadOutcome {
  if (isJsonObject(value) && (value.is_paratext === true || value.type === 'paratext')) {
    return {
      kind: 'bad',
      line,
      problem: 'not_a_paper',
      reason: 'paratext, such as a cover or a table of contents',
    };
  }
  return outcomeOf(line, value, paperOfWork);
}

function paperOfWork(fields: Fields): PaperInput {
  const id = workIdOf(fields) ?? workIdOf({ id: memberAt(fields, 'ids', 'openalex') });
  if (id === undefined)
    throw new FieldProblem('bad_id', 'id: expected the address of a work, with an id as W123');
  const title = textAt(fields, 'title') ?? textAt(fields, 'display_name');
  const paper: PaperInput = { id, title: plainMarkup(titleField({ title })) };
  const abstract = textFromInvertedIndex(fields.abstract_inverted_index);
  if (abstract !== undefined) paper.abstract = withoutHeading(plainMarkup(abstract));
  const published = textField(fields, 'publication_date');
  const isOnlyYear = published?.endsWith('-01-01') ?? true;
  if (published !== undefined && !isOnlyYear) paper.published = published;
  if (typeof fields.publication_year === 'number') paper.year = fields.publication_year;
  else if (published !== undefined && isOnlyYear) paper.year = Number(published.slice(0, 4));
  const authors = authorsOf(fields.authorships);
  if (authors.length > 0) paper.authors = authors;
  const categories = categoriesOf(fields);
  if (categories.length > 0) paper.categories = categories;
  const venue =
    textAt(fields, 'primary_location', 'source', 'display_name') ??
    textAt(fields, 'host_venue', 'display_name');
  if (venue !== undefined) paper.venue = plainMarkup(venue);
  const doi = textAt(fields, 'doi') ?? textAt(fields, 'ids', 'doi');
  if (doi !== undefined) paper.doi = doi;
  paper.url = urlOf(fields) ?? `https://openalex.org/${id}`;
  return paper;
}

function authorsOf(authorships: unknown): string[] {
  if (!Array.isArray(authorships)) return [];
  return authorships.flatMap(
    (authorship: unknown) =>
      textAt(authorship, 'author', 'display_name') ?? textAt(authorship, 'raw_author_name') ?? [],
  );
}

function categoriesOf(fields: Fields): string[] {
  const topics = textsAt(fields.topics, 'display_name');
  const field = textAt(fields, 'primary_topic', 'field', 'display_name');
  const primary = textAt(fields, 'primary_topic', 'display_name');
  const found = [field, primary, ...topics].filter((name) => name !== undefined);
  if (found.length > 0 || !Array.isArray(fields.concepts)) return [...new Set(found)];
  const isMeant = (concept: unknown) => Number(memberAt(concept, 'score') ?? 1) >= LEAST_SCORE_OF_CONCEPT;
  return textsAt(fields.concepts.filter(isMeant), 'display_name');
}

function urlOf(fields: Fields): string | undefined {
  const primary = textAt(fields, 'primary_location', 'landing_page_url');
  const pages = [primary, ...textsAt(fields.locations, 'landing_page_url')];
  // A DOI of arXiv's is told by the DOI already, and by its page better.
  const isArxivPage = (page: string | undefined) =>
    page !== undefined && /arxiv\.org\//i.test(page) && parseArxivId(page) !== undefined;
  return pages.find(isArxivPage) ?? primary ?? pages[1];
}

/** Sentences begin like this after the heading; "Abstract Meaning Representation" is the subject of one. */
const HEADING =
  /^(?:(?:Abstract|ABSTRACT)\s*[:.—–]\s*|ABSTRACT\s+|Abstract\s+(?=(?:The|This|These|There|We|Our|In|A|An|It|Its|To|For|As|At|On|By|With|While|Although|Despite|Many|Most|Recent|Recently|Here|Background|Objectives?|Purpose|Introduction|Aims?|Motivation|Context|Summary)\b))/;

function withoutHeading(abstract: string): string {
  const heading = HEADING.exec(abstract)?.[0];
  return heading === undefined ? abstract : abstract.slice(heading.length);
}
