/** Papers nearest to one paper. */
import { NearpaperError } from '../errors.js';
import type { ResolvedPaper } from '../papers/store.js';
import type { Answer, QueryOptions } from './answer.js';
import { bySimilarity, nearest, POOL_SIZE } from './candidates.js';
import type { Corpus } from './corpus.js';
import { matchesOfSeeds } from './match.js';
import { narrow } from './narrowing.js';
import { present } from './present.js';
import { recommend } from './recommend.js';
import { findSeeds, sourcesOf } from './seeds.js';

export interface SimilarQuery extends QueryOptions {
  /** The paper's id, or another way to write it: see api.md on aliases. */
  id: string;
}

/**
 * The papers nearest to the paper `id`: a recommendation with one positive, so neither the paper nor another copy of
 * it is among them. Errors: `unknown_paper`, `overloaded`, `cancelled`.
 */
export function similar(
  corpus: Corpus,
  { id, ...options }: SimilarQuery,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  return recommend(corpus, { positives: [{ id }], negatives: [], strategy: 'average', ...options }, signal);
}

/** Added to the score of the paper itself, so that it goes before one that is equally similar: a copy of it. */
const ITSELF_BONUS = 1;

/** For a search whose text is an id: that paper, if the filters let it pass, and then the papers nearest to it. */
export async function answerAsPaper(
  corpus: Corpus,
  paper: ResolvedPaper,
  options: QueryOptions,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const { positives, warnings } = await findSeeds(
    corpus,
    { positives: [{ id: paper.id }], negatives: [] },
    signal,
  );
  const [seed] = positives;
  if (seed === undefined) throw new NearpaperError('internal', `The corpus lost the paper ${paper.id}.`);
  const narrowing = await narrow(corpus, options, signal);
  const neighbours = await nearest(corpus, seed.vector, narrowing, options, signal);
  const { subset, excluded } = narrowing;
  const wanted = !excluded.has(paper.label) && (subset === undefined || subset.has(paper.label));
  // The index need not find it: more papers than it was asked for may have the very same vector.
  const itself = { label: paper.label, similarity: 1, score: 1 + ITSELF_BONUS };
  const others = bySimilarity(neighbours).filter(({ label }) => label !== paper.label);
  const candidates = wanted ? [itself, ...others].slice(0, POOL_SIZE) : others;
  return present(
    corpus,
    {
      candidates,
      ...(await matchesOfSeeds(corpus, positives, candidates, [], signal)),
      seeds: [],
      sources: await sourcesOf(corpus, positives, options.explain, signal),
      warnings: [
        {
          code: 'read_as_id',
          detail: wanted
            ? 'The text is the id of a paper: it comes first, then the papers nearest to it.'
            : 'The text is the id of a paper, which the filters leave out: these are the papers nearest to it.',
          ids: [paper.id],
        },
        ...narrowing.warnings,
        ...warnings,
      ],
    },
    options,
    signal,
  );
}

/** The paper with this id or alias. Errors: `unknown_paper`. */
export async function requirePaper(corpus: Corpus, id: string): Promise<ResolvedPaper> {
  const paper = await corpus.store.resolve(id);
  if (paper !== undefined) return paper;
  throw new NearpaperError('unknown_paper', `The corpus has no paper ${JSON.stringify(id)}.`, { ids: [id] });
}
