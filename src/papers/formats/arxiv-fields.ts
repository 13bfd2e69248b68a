import type { PaperInput } from '../paper.js';
import { plainLatex } from './latex-text.js';
import { authorsOfText, categoriesWithinBounds } from './record-fields.js';

/** What the formats of arXiv know of a paper, as they write it: texts with LaTeX in them. */
export interface ArxivFields {
  title: string;
  /** Without a version. */
  id?: string | undefined;
  /** From 1. */
  version?: number | undefined;
  abstract?: string | undefined;
  authors?: string[] | undefined;
  categories?: string[] | undefined;
  published?: string | undefined;
  updated?: string | undefined;
  venue?: string | undefined;
  /** Some records carry several DOIs with blanks between them; the first is the paper's own. */
  doi?: string | undefined;
}

/** The paper that these fields describe, its texts as people read them. What is absent, stays so. */
export function arxivPaper(fields: ArxivFields): PaperInput {
  const paper: PaperInput = { title: readable(fields.title) };
  const { id, version, authors, abstract, venue } = fields;
  const categories = categoriesWithinBounds(fields.categories ?? []);
  if (id !== undefined) {
    paper.id = id;
    paper.url = `https://arxiv.org/abs/${id}`;
  }
  if (version !== undefined) paper.version = version;
  if (abstract !== undefined) paper.abstract = readable(abstract);
  if (authors !== undefined && authors.length > 0) paper.authors = authors.map(readable);
  if (categories.length > 0) paper.categories = categories;
  if (fields.published !== undefined) paper.published = fields.published;
  if (fields.updated !== undefined) paper.updated = fields.updated;
  if (venue !== undefined) paper.venue = readable(venue);
  const doi = fields.doi?.trim().split(/\s+/, 1)[0];
  if (doi !== undefined && doi !== '') paper.doi = doi;
  return paper;
}

/** arXiv breaks lines; most texts are clean ASCII without the breaks, which nothing needs to look at again. */
function readable(text: string): string {
  return plainLatex(text.trim().replaceAll('\n', ' '), { keepsSets: true });
}

/** The id and the version of "2401.01335v2" or "cs/0112017v1". */
export function idAndVersion(versioned: string): { id: string; version: number | undefined } {
  const [, id = versioned, version] = /^(.+)v(\d{1,4})$/.exec(versioned) ?? [];
  return { id, version: version === undefined ? undefined : Number(version) };
}

/** The number of the last of "v1", "v2", ...; undefined when it is not written so. */
export function versionNumber(name: string | undefined): number | undefined {
  const digits = /^v([1-9]\d{0,3})$/.exec(name?.trim() ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * The names in a line of authors, without affiliations: "A. Nother (MIT), B. Else (1 and 2) ((1) Here, (2) There)". Throws
 * FieldProblem when it is too long for any list.
 */
export function arxivAuthorsOfText(text: string): string[] {
  return authorsOfText(withoutParentheses(text));
}

/** What stands in no parentheses; one that is never closed stays. */
function withoutParentheses(text: string): string {
  if (!text.includes('(')) return text;
  let kept = '';
  let depth = 0;
  let from = 0;
  for (const { 0: mark, index } of text.matchAll(/[()]/g)) {
    if (mark === '(') {
      if (depth === 0) {
        kept += text.slice(from, index);
        from = index;
      }
      depth += 1;
    } else if (depth > 0) {
      depth -= 1;
      if (depth === 0) from = index + 1;
    }
  }
  return kept + text.slice(from);
}
