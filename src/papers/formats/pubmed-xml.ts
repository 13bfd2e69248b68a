import type { PaperInput, ReadOutcome } from '../paper.js';
import { parseDate } from './dates.js';
import type { PaperReader } from './format.js';
import { plainMarkup } from './markup-text.js';
import { categoriesWithinBounds, FieldProblem, outcomeOf } from './record-fields.js';
import {
  childOf,
  childrenOf,
  childText,
  readXmlRecords,
  rootOf,
  textOf,
  type XmlElement,
} from './xml-records.js';

const SETS = ['PubmedArticleSet', 'PubmedBookArticleSet'];
const RECORDS = ['PubmedArticle', 'PubmedBookArticle', 'DeleteCitation'];
/** What stands in the place of a title that PubMed does not have. */
const NO_TITLE = /^\[(?:Not Available|In Process Citation)\]\.?$/i;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * PubMed's XML: what efetch gives, and the files of its baseline and updates. Ids are "pmid:12345": bare numbers are
 * what other sources count their papers with too, and one of them would take the other's place.
 */
export const pubmedXml: PaperReader = {
  name: 'pubmed-xml',
  looksLike: (head) => {
    const root = rootOf(head);
    return root !== undefined && (SETS.includes(root) || RECORDS.includes(root));
  },
  read: (text, { source }) =>
    readXmlRecords(text, source, { roots: SETS, records: RECORDS, toOutcomes: outcomesOf }),
};

function outcomesOf(record: XmlElement): ReadOutcome[] {
  if (record.name !== 'DeleteCitation') {
    const toPaper = record.name === 'PubmedArticle' ? paperFromArticle : paperFromBook;
    return [outcomeOf(record.line, record, () => toPaper(record))];
  }
  return childrenOf(record, 'PMID').map((pmid) => {
    const reason = `deleted at its source: pmid:${textOf(pmid)?.slice(0, 40) ?? ''}`;
    return { kind: 'bad', line: pmid.line, problem: 'deleted_at_source', reason };
  });
}

function paperFromArticle(record: XmlElement): PaperInput {
  const citation = childOf(record, 'MedlineCitation');
  const article = childOf(citation, 'Article');
  const journal = childOf(article, 'Journal');
  const articleIds = childOf(childOf(record, 'PubmedData'), 'ArticleIdList');
  const title = titleText(childOf(article, 'ArticleTitle')) ?? titleText(childOf(article, 'VernacularTitle'));
  if (title === undefined) throw new FieldProblem('no_title', 'no title');
  return paperOf({
    pmid: childText(citation, 'PMID'),
    title,
    abstract: abstractOf(childOf(article, 'Abstract')),
    authors: authorsOf(childrenOf(article, 'AuthorList')),
    categories: meshDescriptors(citation),
    dates: [
      ...childrenOf(article, 'ArticleDate'),
      ...childrenOf(childOf(journal, 'JournalIssue'), 'PubDate'),
    ],
    venue:
      childText(journal, 'Title') ??
      childText(journal, 'ISOAbbreviation') ??
      childText(childOf(citation, 'MedlineJournalInfo'), 'MedlineTA'),
    doi: doiOf(childrenOf(article, 'ELocationID')) ?? doiOf(childrenOf(articleIds, 'ArticleId')),
  });
}

/** A chapter of a book, or the book itself where no chapter is named. */
function paperFromBook(record: XmlElement): PaperInput {
  const document = childOf(record, 'BookDocument');
  const book = childOf(document, 'Book');
  const chapter = titleText(childOf(document, 'ArticleTitle'));
  const bookTitle = titleText(childOf(book, 'BookTitle'));
  const title = chapter ?? bookTitle;
  if (title === undefined) throw new FieldProblem('no_title', 'no title');
  const authors = authorsOf(childrenOf(document, 'AuthorList'));
  return paperOf({
    pmid: childText(document, 'PMID'),
    title,
    abstract: abstractOf(childOf(document, 'Abstract')),
    authors: authors.length > 0 ? authors : authorsOf(childrenOf(book, 'AuthorList')),
    categories: [],
    dates: [...childrenOf(document, 'ContributionDate'), ...childrenOf(book, 'PubDate')],
    venue: chapter === undefined ? undefined : bookTitle,
    doi:
      doiOf(childrenOf(childOf(document, 'ArticleIdList'), 'ArticleId')) ??
      doiOf(childrenOf(document, 'ELocationID')),
  });
}

function paperOf(fields: {
  pmid: string | undefined;
  title: string;
  abstract: string;
  authors: string[];
  categories: string[];
  /** The best known first. */
  dates: XmlElement[];
  venue: string | undefined;
  doi: string | undefined;
}): PaperInput {
  const { pmid, title, abstract, authors, categories, venue, doi } = fields;
  const paper: PaperInput = { title };
  if (pmid !== undefined) {
    paper.id = `pmid:${pmid}`;
    paper.url = `https://pubmed.ncbi.nlm.nih.gov/${pmid}/`;
  }
  if (abstract !== '') paper.abstract = abstract;
  if (authors.length > 0) paper.authors = authors;
  if (categories.length > 0) paper.categories = categories;
  if (venue !== undefined) paper.venue = venue;
  if (doi !== undefined) paper.doi = doi;
  const dates = fields.dates.flatMap((date) => dateIn(date) ?? []);
  const day = dates.find((date) => date.day !== null)?.day ?? null;
  const year = dates[0]?.year;
  if (day !== null) paper.published = day;
  else if (year !== undefined) paper.year = year;
  return paper;
}

/** Text that may have <sub>, <i> or MathML in it, as elements or, in old records, written out as text. */
function richText(element: XmlElement | undefined): string | undefined {
  if (element === undefined) return undefined;
  const isPlain = element.content.every((part) => typeof part === 'string');
  const text = plainMarkup(isPlain ? element.content.join('') : markupIn(element)).trim();
  return text === '' ? undefined : text;
}

function markupIn(element: XmlElement): string {
  return element.content.map((part) => (typeof part === 'string' ? escaped(part) : tagged(part))).join('');
}

function tagged(element: XmlElement): string {
  const { name, attributes } = element;
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  return `<${name}${written.join('')}>${markupIn(element)}</${name}>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/** A title without the brackets that tell that it is translated; undefined when PubMed has none. */
function titleText(element: XmlElement | undefined): string | undefined {
  const text = richText(element);
  if (text === undefined || NO_TITLE.test(text)) return undefined;
  return withoutBrackets(text);
}

/** The inside of brackets that stand around a whole title, with the stop after them. */
function withoutBrackets(title: string): string {
  const stop = title.endsWith('].') ? '.' : '';
  const whole = stop === '' ? title : title.slice(0, -1);
  if (!whole.startsWith('[') || !whole.endsWith(']')) return title;
  let depth = 0;
  for (const { 0: bracket, index } of whole.matchAll(/[[\]]/g)) {
    depth += bracket === '[' ? 1 : -1;
    if (depth === 0 && index < whole.length - 1) return title;
  }
  return `${whole.slice(1, -1)}${stop}`;
}

/** "BACKGROUND: ... METHODS: ...", or the one text that there is. */
function abstractOf(abstract: XmlElement | undefined): string {
  return childrenOf(abstract, 'AbstractText')
    .flatMap((section) => {
      const text = richText(section);
      if (text === undefined) return [];
      const label = section.attributes.Label?.trim().replace(/:$/, '') ?? '';
      return label === '' || label === 'UNLABELLED' ? text : `${label}: ${text}`;
    })
    .join(' ');
}

function authorsOf(lists: XmlElement[]): string[] {
  const list = lists.find(({ attributes }) => attributes.Type === 'authors') ?? lists[0];
  return childrenOf(list, 'Author').flatMap((author) => {
    // Names that were wrong stay in the list beside the right ones.
    if (author.attributes.ValidYN === 'N') return [];
    const parts = [
      childText(author, 'ForeName') ?? childText(author, 'Initials'),
      childText(author, 'LastName'),
      childText(author, 'Suffix'),
    ];
    const name = parts.filter((part) => part !== undefined).join(' ');
    return name !== '' ? name : (richText(childOf(author, 'CollectiveName')) ?? []);
  });
}

/** The headings without their qualifiers, as many as a paper may have. */
function meshDescriptors(citation: XmlElement | undefined): string[] {
  const headings = childrenOf(childOf(citation, 'MeshHeadingList'), 'MeshHeading');
  return categoriesWithinBounds(headings.flatMap((heading) => childText(heading, 'DescriptorName') ?? []));
}

/** The DOI among ELocationIDs or ArticleIds. */
function doiOf(ids: XmlElement[]): string | undefined {
  const isDoi = ({ EIdType, IdType, ValidYN }: XmlElement['attributes']) =>
    (EIdType ?? IdType) === 'doi' && ValidYN !== 'N';
  return textOf(ids.find(({ attributes }) => isDoi(attributes)));
}

/** The day, or else the year, of Year, Month (a number or a name) and Day, or of "2019 Jan-Feb"; null without either. */
function dateIn(element: XmlElement): { day: string | null; year: number } | null {
  const year =
    childText(element, 'Year') ?? /\b(?:1[5-9]|20)\d\d\b/.exec(childText(element, 'MedlineDate') ?? '')?.[0];
  if (year === undefined) return null;
  const month = childText(element, 'Month') ?? '';
  const named = MONTHS.indexOf(month.slice(0, 3).toLowerCase()) + 1;
  const day = `${year}-${named > 0 ? named : month}-${childText(element, 'Day') ?? ''}`;
  // A day that does not exist leaves the year.
  return parseDate(day) ?? parseDate(year);
}
