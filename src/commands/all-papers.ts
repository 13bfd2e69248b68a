/** The whole corpus, page by page: a large one takes no memory. */
import type { PaperView } from '../recommend/answer.js';
import type { Corpus } from '../recommend/corpus.js';
import { type ListQuery, listPapers } from '../recommend/papers.js';

/** Every page of a list, in the order of the corpus. Errors: those of the list, and the signal's reason. */
export async function* pagesOf(
  corpus: Corpus,
  query: ListQuery,
  signal: AbortSignal,
): AsyncGenerator<PaperView[], void, undefined> {
  let cursor: string | undefined;
  do {
    const { papers, next } = await listPapers(corpus, { ...query, cursor });
    yield papers;
    signal.throwIfAborted();
    cursor = next ?? undefined;
  } while (cursor !== undefined);
}
