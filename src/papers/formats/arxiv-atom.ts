import type { PaperInput, ReadOutcome } from '../paper.js';
import { arxivPaper, idAndVersion } from './arxiv-fields.js';
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

/** The id of an answer, a paper or an error of arXiv: other feeds may link to it, but have other ids. */
const ARXIV_ID = /<(?:[\w.-]+:)?id>\s*https?:\/\/(?:[\w-]+\.)?arxiv\.org\/(?:api|abs)\//;
const PAPER_ADDRESS = /^https?:\/\/(?:[\w-]+\.)?arxiv\.org\/abs\/(\S+)$/;
const ERROR_ADDRESS = /^https?:\/\/(?:[\w-]+\.)?arxiv\.org\/api\/errors/;
/** "cs.CL", "hep-th"; beside them stand classes of the MSC and the ACM, such as "68T50" and "I.2.7". */
const CATEGORY = /^[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z-]+)?$/;

/** The answers of the arXiv API (export.arxiv.org/api/query), in Atom. */
export const arxivAtom: PaperReader = {
  name: 'arxiv-atom',
  looksLike: (head) => {
    const root = rootOf(head);
    return (root === 'feed' || root === 'entry') && ARXIV_ID.test(head);
  },
  read: (text, { source }) =>
    readXmlRecords(text, source, {
      roots: ['feed'],
      records: ['entry'],
      toOutcomes: (entry) => [outcomeOfEntry(entry)],
    }),
};

function outcomeOfEntry(entry: XmlElement): ReadOutcome {
  return outcomeOf(entry.line, entry, () => paperFromEntry(entry));
}

function paperFromEntry(entry: XmlElement): PaperInput {
  const address = childText(entry, 'id') ?? '';
  if (ERROR_ADDRESS.test(address)) {
    const summary = childText(entry, 'summary') ?? 'without a reason';
    throw new FieldProblem('broken_record', `the arXiv API answered with an error: ${summary.slice(0, 200)}`);
  }
  const title = childText(entry, 'title');
  if (title === undefined) throw new FieldProblem('no_title', 'no title');
  const versioned = PAPER_ADDRESS.exec(address)?.[1];
  if (versioned === undefined)
    throw new FieldProblem('bad_id', `id: "${address.slice(0, 100)}" is not the address of an arXiv paper`);
  return arxivPaper({
    ...idAndVersion(versioned),
    title,
    abstract: childText(entry, 'summary'),
    authors: childrenOf(entry, 'author').flatMap((author) => childText(author, 'name') ?? []),
    categories: categoriesOf(entry),
    published: childText(entry, 'published'),
    updated: childText(entry, 'updated'),
    venue: childText(entry, 'journal_ref'),
    doi: textOf(childOf(entry, 'doi')),
  });
}

/** The primary category first. */
function categoriesOf(entry: XmlElement): string[] {
  const elements = [...childrenOf(entry, 'primary_category'), ...childrenOf(entry, 'category')];
  const terms = elements.flatMap(({ attributes }) => attributes.term ?? []);
  return [...new Set(terms.filter((term) => CATEGORY.test(term)))];
}
