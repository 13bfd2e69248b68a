/** Many queries at once, each answered or refused by itself. */
import { CachedEmbedder } from '../embedding/cached-embedder.js';
import { NearpaperError } from '../errors.js';
import type { Answer } from './answer.js';
import type { SearchableCorpus } from './corpus.js';
import { type RecommendationQuery, recommend } from './recommend.js';
import { type SearchQuery, search } from './search.js';
import { type SimilarQuery, similar } from './similar.js';

export type BatchQuery =
  | { kind: 'similar'; query: SimilarQuery }
  | { kind: 'search'; query: SearchQuery }
  | { kind: 'recommendations'; query: RecommendationQuery };

export type BatchOutcome = { kind: 'answered'; answer: Answer } | { kind: 'failed'; thrown: unknown };

/**
 * Queries of one batch that are under way at once: enough to keep every embedding worker busy, few enough that one
 * batch does not fill the queue that everyone shares.
 */
const AT_ONCE = 8;
/** More texts than a batch may have. */
const MOST_TEXTS = 1000;

/**
 * The outcomes in the order of the queries. The same text in several of them is embedded once. Errors: `cancelled` when
 * the signal aborts; everything else fails one query only.
 */
export async function batch(
  shared: SearchableCorpus,
  queries: readonly BatchQuery[],
  signal: AbortSignal,
): Promise<BatchOutcome[]> {
  // Whatever the service keeps, within a batch no text is embedded twice.
  const embedder = new CachedEmbedder(shared.embedder, { texts: MOST_TEXTS });
  const corpus = { ...shared, embedder };
  const outcomes: BatchOutcome[] = [];
  const waiting = [...queries.entries()].reverse();
  let lanes = AT_ONCE;
  async function work(): Promise<void> {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      signal.throwIfAborted();
      const [at, query] = next;
      const outcome = await outcomeOf(corpus, query, signal);
      if (lanes > 1 && isOverloaded(outcome)) {
        // The queue does not hold as much of one batch: the others take this one too, and wait for their own texts.
        waiting.push(next);
        break;
      }
      outcomes[at] = outcome;
    }
    lanes--;
  }
  // Also when one fails, none may be left that uses the corpus when it is given back.
  const ended = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
  const failure = ended.find(({ status }) => status === 'rejected');
  if (failure?.status === 'rejected') throw failure.reason;
  return outcomes;
}

function isOverloaded(outcome: BatchOutcome): boolean {
  return (
    outcome.kind === 'failed' &&
    outcome.thrown instanceof NearpaperError &&
    outcome.thrown.code === 'overloaded'
  );
}

async function outcomeOf(
  corpus: SearchableCorpus,
  query: BatchQuery,
  signal: AbortSignal,
): Promise<BatchOutcome> {
  try {
    return { kind: 'answered', answer: await answerTo(corpus, query, signal) };
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    return { kind: 'failed', thrown };
  }
}

function answerTo(corpus: SearchableCorpus, asked: BatchQuery, signal: AbortSignal): Promise<Answer> {
  switch (asked.kind) {
    case 'similar':
      return similar(corpus, asked.query, signal);
    case 'search':
      return search(corpus, asked.query, signal);
    case 'recommendations':
      return recommend(corpus, asked.query, signal);
  }
}
