/** Looking papers up: one by id, several by id, and the corpus page by page. */
import { NearpaperError } from '../errors.js';
import { Pace } from '../pacing.js';
import { pageOf } from '../papers/store.js';
import { type PaperField, type PaperView, type QueryOptions, type Warning, withId } from './answer.js';
import type { Corpus } from './corpus.js';
import { clausesOf, filterWarnings, unknownIds } from './narrowing.js';

/** Errors: `unknown_paper`. */
export async function getPaper(
  corpus: Corpus,
  id: string,
  fields: readonly PaperField[],
): Promise<PaperView> {
  const { papers } = await lookUp(corpus, { ids: [id], fields });
  const [paper] = papers;
  if (paper?.paper) return paper.paper;
  throw new NearpaperError('unknown_paper', `The corpus has no paper ${JSON.stringify(id)}.`, { ids: [id] });
}

export interface LookUp {
  /** In the order asked; `paper` is null for an id that the corpus does not know. */
  papers: { asked: string; paper: PaperView | null }[];
  warnings: Warning[];
}

/** The papers with these ids or aliases. */
export async function lookUp(
  corpus: Corpus,
  { ids, fields }: { ids: readonly string[]; fields: readonly PaperField[] },
  signal?: AbortSignal,
): Promise<LookUp> {
  const papers: LookUp['papers'] = [];
  const shown = withId(fields);
  const pace = new Pace(signal);
  for (const asked of ids) {
    if (pace.due()) await pace.turn();
    papers.push({ asked, paper: (await corpus.store.read(asked, shown)) ?? null });
  }
  const unknown = new Set(papers.filter(({ paper }) => paper === null).map(({ asked }) => asked));
  return { papers, warnings: unknown.size === 0 ? [] : [unknownIds('ids', [...unknown])] };
}

export interface PaperList {
  papers: PaperView[];
  /** Opaque; null after the last page. */
  next: string | null;
  warnings: Warning[];
}

export type ListQuery = Pick<QueryOptions, 'from' | 'to' | 'category' | 'venue' | 'author'> & {
  cursor?: string | undefined;
  limit: number;
  fields: readonly PaperField[];
};

/** Papers that pass the filters, in the order of the corpus. Errors: `invalid_request` for a cursor that no page gave. */
export async function listPapers(corpus: Corpus, query: ListQuery, signal?: AbortSignal): Promise<PaperList> {
  const from = query.cursor === undefined ? 0 : readCursor(query.cursor);
  const clauses = clausesOf(query);
  const filtered = await corpus.store.subset(clauses, signal);
  const { page, next } = pageOf(filtered.labels, from, query.limit);
  const papers = await corpus.store.get(page, withId(query.fields));
  return {
    papers: papers.filter((paper) => paper !== undefined),
    next: next === null ? null : writeCursor(next),
    warnings: clauses.length === 0 ? [] : filterWarnings(filtered),
  };
}

function writeCursor(position: number): string {
  return Buffer.from(`from:${position}`).toString('base64url');
}

function readCursor(cursor: string): number {
  const position = /^from:(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.[1];
  if (position !== undefined) return Number(position);
  throw new NearpaperError('invalid_request', 'The cursor is not one that a page of this list gave.', {
    field: 'cursor',
    accepted: 'the value of `next` in the page before',
  });
}
