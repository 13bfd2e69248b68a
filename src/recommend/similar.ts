/** Papers nearest to one paper. */
import { NearpaperError } from '../errors.js';
import type { ResolvedPaper } from '../papers/store.js';
import { type Answer, type AnswerOptions, answer, nearest, type Warning } from './answer.js';
import type { Corpus } from './corpus.js';

export interface SimilarQuery extends AnswerOptions {
  /** The paper's id, or another way to write it: see api.md on aliases. */
  id: string;
}

/**
 * The papers nearest to the paper `id`, which is never among them; versions of one paper are one paper in the
 * store. Errors: `unknown_paper`, `overloaded`, `cancelled`.
 */
export async function similar(corpus: Corpus, query: SimilarQuery, signal: AbortSignal): Promise<Answer> {
  const seed = await requirePaper(corpus, query.id);
  const [target] = await corpus.vectors.vectors([seed.label]);
  if (target === undefined) {
    throw new NearpaperError('internal', `The index has no vector for the stored paper ${seed.id}.`);
  }
  const pool = await nearest(corpus, target, { exact: query.exact, without: new Set([seed.label]) }, signal);
  const warnings: Warning[] = seed.hasAbstract
    ? []
    : [
        {
          code: 'no_abstract',
          detail: 'Compared by its title alone: the corpus has no abstract of it.',
          ids: [seed.id],
        },
      ];
  return answer(corpus, pool, query, warnings);
}

/** The paper with this id or alias. Errors: `unknown_paper`. */
export async function requirePaper(corpus: Corpus, id: string): Promise<ResolvedPaper> {
  const paper = await corpus.store.resolve(id);
  if (paper !== undefined) return paper;
  throw new NearpaperError('unknown_paper', `The corpus has no paper ${JSON.stringify(id)}.`, { ids: [id] });
}
