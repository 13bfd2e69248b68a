/** Looking papers up: one by id, and the corpus page by page. */
import { NearpaperError } from '../errors.js';
import type { PaperField, PaperView } from './answer.js';
import { viewOf } from './answer.js';
import type { Corpus } from './corpus.js';
import { requirePaper } from './similar.js';

/** Errors: `unknown_paper`. */
export async function getPaper(
  corpus: Corpus,
  id: string,
  fields: readonly PaperField[],
): Promise<PaperView> {
  const { label } = await requirePaper(corpus, id);
  const [paper] = await corpus.store.get([label]);
  if (paper === undefined) throw new NearpaperError('internal', `The store lost the paper ${id}.`);
  return viewOf(paper, fields);
}

export interface PaperList {
  papers: PaperView[];
  /** Opaque; null after the last page. */
  next: string | null;
}

/** Papers in the order of the corpus. Errors: `invalid_request` for a cursor that no page gave. */
export async function listPapers(
  corpus: Corpus,
  query: { cursor: string | undefined; limit: number; fields: readonly PaperField[] },
): Promise<PaperList> {
  const page = await corpus.store.list(
    query.cursor === undefined ? 0 : readCursor(query.cursor),
    query.limit,
  );
  return {
    papers: page.papers.map((paper) => viewOf(paper, query.fields)),
    next: page.next === null ? null : writeCursor(page.next),
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
