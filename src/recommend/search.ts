/** Papers nearest to a text. */
import { type Answer, type AnswerOptions, answer, nearest, type Warning } from './answer.js';
import type { SearchableCorpus } from './corpus.js';

export interface SearchQuery extends AnswerOptions {
  text: string;
}

/** The papers nearest to a text in meaning. Errors: `overloaded`, `cancelled`. */
export async function search(
  corpus: SearchableCorpus,
  query: SearchQuery,
  signal: AbortSignal,
): Promise<Answer> {
  const { vector, truncated } = await corpus.embedder.embedQuery(query.text, signal);
  const pool = await nearest(corpus, vector, { exact: query.exact }, signal);
  const warnings: Warning[] = truncated
    ? [
        {
          code: 'text_truncated',
          detail: "The text is longer than the model's window; only its beginning was compared.",
        },
      ]
    : [];
  return answer(corpus, pool, query, warnings);
}
