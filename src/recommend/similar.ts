/** Papers nearest to one paper. */
import { NearpaperError } from '../errors.js';
import type { ResolvedPaper } from '../papers/store.js';
import type { Answer, QueryOptions } from './answer.js';
import type { Corpus } from './corpus.js';
import { nearestIn } from './hybrid.js';
import { matchesOfSeeds } from './match.js';
import type { SearchMode } from './mode.js';
import { narrow } from './narrowing.js';
import { present } from './present.js';
import { recommend } from './recommend.js';
import { SamePaper } from './same-paper.js';
import { findSeeds, sourcesOf } from './seeds.js';

export interface SimilarQuery extends QueryOptions {
  /** The paper's id, or another way to write it: see api.md on aliases. */
  id: string;
  /** What papers are compared by; hybrid when absent. */
  mode?: SearchMode | undefined;
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
  const query = { positives: [{ id }], negatives: [], strategy: 'average', ...options } as const;
  return recommend(corpus, query, signal);
}

/** Added to the score of the paper itself, so that it goes before one that is as good: a copy of it. */
const ITSELF_BONUS = 1;

/** For a search whose text is an id: that paper, if the filters let it pass, and then the papers nearest to it. */
export async function answerAsPaper(
  corpus: Corpus,
  paper: ResolvedPaper,
  { mode = 'hybrid', ...options }: Omit<SimilarQuery, 'id'>,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const { positives, warnings } = await findSeeds(
    corpus,
    { positives: [{ id: paper.id }], negatives: [] },
    signal,
  );
  const [seed] = positives;
  if (seed === undefined) throw new NearpaperError('internal', `The corpus lost the paper ${paper.id}.`);
  const asked = await narrow(corpus, options, signal);
  const { subset, excluded } = asked;
  // It is given its place whatever the index finds: more papers than that was asked for may have the very same vector.
  const narrowing = { ...asked, excluded: new Set([...excluded, paper.label]) };
  const others = await nearestIn(
    corpus,
    mode,
    { vector: seed.vector, text: seed.text, narrowing, options },
    signal,
  );
  const wanted = !excluded.has(paper.label) && (subset === undefined || subset.has(paper.label));
  const best = others.reduce((most, { score }) => Math.max(most, score), 1);
  const itself = { label: paper.label, similarity: 1, score: best + ITSELF_BONUS };
  const candidates = wanted ? [itself, ...others] : others;
  const same = new SamePaper(corpus, []);
  return present(
    corpus,
    {
      candidates,
      ...(await matchesOfSeeds(corpus, positives, candidates, same, signal)),
      same,
      sources: options.explain ? sourcesOf(positives) : [],
      warnings: [
        {
          code: 'read_as_id',
          detail: wanted
            ? 'The text is the id of a paper: it comes first, then the papers nearest to it.'
            : 'The text is the id of a paper, which the filters leave out: these are the papers nearest to it.',
          ids: [paper.id],
        },
        ...asked.warnings,
        ...warnings,
      ],
    },
    options,
    signal,
  );
}
