import type { PaperInput, ReadOutcome } from '../paper.js';
import { type ArxivFields, arxivAuthorsOfText, arxivPaper, versionNumber } from './arxiv-fields.js';
import { MAX_DATE_LENGTH } from './bounds.js';
import { type KnownDate, parseDate, yearInText } from './dates.js';
import type { PaperReader } from './format.js';
import { FieldProblem, outcomeOf } from './record-fields.js';
import {
  childOf,
  childrenOf,
  childText,
  readXmlRecords,
  rootOf,
  textOf,
  type XmlElement,
} from './xml-records.js';

/** How the OAI-PMH server of arXiv names its papers. */
const OAI_PREFIX = 'oai:arXiv.org:';
const ARXIV_ADDRESS = /^https?:\/\/arxiv\.org\/abs\//;
/** The end of an embargo and the like, of OpenAIRE: no date of the paper. */
const OTHER_DATE = /^info:/i;
const ROOTS = ['OAI-PMH', 'ListRecords', 'GetRecord'];
const DOI = /^(?:doi:\s*|https?:\/\/(?:dx\.)?doi\.org\/)?(10\.\d{4,9}\/\S+)$/i;

/**
 * Records that the OAI-PMH server of arXiv gave (ListRecords and GetRecord), with any of its metadata: arXiv, arXivRaw or
 * oai_dc. Pages may follow each other in one file. Records of other servers are read where they have oai_dc.
 */
export const arxivOai: PaperReader = {
  name: 'arxiv-oai',
  looksLike: (head) => ROOTS.includes(rootOf(head) ?? ''),
  read: (text, { source }) =>
    readXmlRecords(text, source, {
      roots: ROOTS,
      records: ['record', 'error'],
      toOutcomes: (element) =>
        element.name === 'error' ? outcomesOfError(element) : [outcomeOfRecord(element)],
    }),
};

/** What the server says instead of records; that none match is no error. */
function outcomesOfError(error: XmlElement): ReadOutcome[] {
  const code = error.attributes.code ?? 'error';
  if (code === 'noRecordsMatch') return [];
  const text = textOf(error);
  const what = text === undefined ? code : `${code}: ${text.slice(0, 200)}`;
  const reason = `the OAI-PMH server answered with an error: ${what}`;
  return [{ kind: 'bad', line: error.line, problem: 'broken_record', reason }];
}

function outcomeOfRecord(record: XmlElement): ReadOutcome {
  return outcomeOf(record.line, record, () => paperFromRecord(record));
}

function paperFromRecord(record: XmlElement): PaperInput {
  const header = childOf(record, 'header');
  const identifier = childText(header, 'identifier');
  if (header?.attributes.status === 'deleted') {
    const which = identifier === undefined ? '' : `: ${identifier.slice(0, 100)}`;
    throw new FieldProblem('deleted_at_source', `deleted at its source${which}`);
  }
  const metadata = childOf(record, 'metadata')?.content.find((child) => typeof child !== 'string');
  if (metadata === undefined) throw new FieldProblem('broken_record', 'the record has no metadata');
  switch (metadata.name) {
    case 'arXiv':
      return paperFromArxiv(metadata, identifier);
    case 'arXivRaw':
      return paperFromRaw(metadata, identifier);
    case 'dc':
      return paperFromDublinCore(metadata, identifier);
    default:
      throw new FieldProblem(
        'wrong_type',
        `metadata: expected arXiv, arXivRaw or oai_dc, got ${metadata.name.slice(0, 40)}`,
      );
  }
}

/** metadataPrefix=arXiv: authors by the parts of their names, two dates, no version. */
function paperFromArxiv(metadata: XmlElement, identifier: string | undefined): PaperInput {
  const authors = childrenOf(childOf(metadata, 'authors'), 'author').map((author) =>
    ['forenames', 'keyname', 'suffix'].flatMap((part) => childText(author, part) ?? []).join(' '),
  );
  return arxivPaper({
    ...fieldsOfBoth(metadata, identifier),
    authors: authors.filter((name) => name !== ''),
    published: childText(metadata, 'created'),
    updated: childText(metadata, 'updated'),
  });
}

/** metadataPrefix=arXivRaw: every version with its date, the authors in one line. */
function paperFromRaw(metadata: XmlElement, identifier: string | undefined): PaperInput {
  const versions = childrenOf(metadata, 'version');
  const last = versions.length > 1 ? versions.at(-1) : undefined;
  return arxivPaper({
    ...fieldsOfBoth(metadata, identifier),
    version: versionNumber(versions.at(-1)?.attributes.version),
    authors: arxivAuthorsOfText(childText(metadata, 'authors') ?? ''),
    published: childText(versions[0], 'date'),
    updated: childText(last, 'date'),
  });
}

function fieldsOfBoth(metadata: XmlElement, identifier: string | undefined) {
  return {
    id: childText(metadata, 'id') ?? arxivIdOf(identifier),
    title: titleOf(metadata),
    abstract: childText(metadata, 'abstract'),
    categories: childText(metadata, 'categories')?.split(/\s+/),
    venue: childText(metadata, 'journal-ref'),
    doi: childText(metadata, 'doi'),
  };
}

/**
 * metadataPrefix=oai_dc, which every OAI-PMH server has: dates of versions or of anything else, the comments as further
 * descriptions, and subjects in words.
 */
function paperFromDublinCore(metadata: XmlElement, identifier: string | undefined): PaperInput {
  const texts = (name: string) => childrenOf(metadata, name).flatMap((element) => textOf(element) ?? []);
  const identifiers = texts('identifier');
  const address = identifiers.find((text) => ARXIV_ADDRESS.test(text));
  const id = arxivIdOf(identifier) ?? address?.replace(ARXIV_ADDRESS, '');
  const fields = {
    title: titleOf(metadata),
    abstract: texts('description').find((text) => !text.startsWith('Comment:')),
    authors: texts('creator').map(forenamesFirst),
    categories: texts('subject'),
    ...datesOf(texts('date')),
    doi: identifiers.flatMap((text) => DOI.exec(text)?.[1] ?? [])[0],
  };
  if (id !== undefined) return arxivPaper({ ...fields, id });
  const paper = arxivPaper(fields);
  return identifier === undefined ? paper : { ...paper, id: identifier };
}

/** The first and the last of dates in anybody's spelling; the year where none of them is one ("c2005"). */
function datesOf(texts: string[]): Pick<ArxivFields, 'published' | 'updated'> {
  const written = texts.map((text) => text.slice(0, MAX_DATE_LENGTH).trim());
  const known = written.flatMap((text) => parseDate(text) ?? []);
  if (known.length === 0) {
    const years = written.flatMap((text) => (OTHER_DATE.test(text) ? [] : (yearInText(text) ?? [])));
    return { published: years.sort((a, b) => a - b)[0]?.toString() };
  }
  // Of one year, a day is better to have.
  const first = known.reduce((a, b) => (sortKey(b) < sortKey(a) ? b : a));
  const lastDay = known.map(({ day }) => day ?? '').reduce((a, b) => (b > a ? b : a));
  const isLater = lastDay !== '' && lastDay !== first.day;
  return { published: first.day ?? String(first.year), updated: isLater ? lastDay : undefined };
}

function sortKey({ day, year }: KnownDate): string {
  return day ?? `${year}-99`;
}

function titleOf(metadata: XmlElement): string {
  const title = childText(metadata, 'title');
  if (title === undefined) throw new FieldProblem('no_title', 'no title');
  return title;
}

function arxivIdOf(identifier: string | undefined): string | undefined {
  return identifier?.startsWith(OAI_PREFIX) ? identifier.slice(OAI_PREFIX.length) : undefined;
}

/** "Zixiang Chen" of "Chen, Zixiang"; the suffix of "Davis, Sammy, Jr." stays behind. */
function forenamesFirst(name: string): string {
  const [last = name, first, ...suffix] = name.split(/,\s*/);
  return [first, last, ...suffix].filter((part) => part !== undefined && part !== '').join(' ');
}
