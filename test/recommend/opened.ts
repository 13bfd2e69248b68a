/** Real indexes, opened with the model that made them, for tests of recommend/. */
import { readConfig } from '../../src/config.js';
import type { Embedder } from '../../src/embedding/embedder.js';
import { corpusOf, openCorpus } from '../../src/open-corpus.js';
import type { Answer } from '../../src/recommend/answer.js';
import type { SearchableCorpus } from '../../src/recommend/corpus.js';
import { indexOf, type PaperRecord } from '../support/corpus.js';
import type { CleanUp } from '../support/temporary-folder.js';

/** Builds these papers and opens them with the model. */
export async function openedCorpus(t: CleanUp, papers: readonly PaperRecord[]): Promise<SearchableCorpus> {
  const { overlay, embedder } = await openCorpus(
    readConfig({ NEARPAPER_INDEX: await indexOf(t, papers), NEARPAPER_WORKERS: '1' }),
  );
  t.after(async () => {
    await overlay.close();
    await embedder.close();
  });
  return { ...corpusOf(overlay), embedder };
}

/** The embedder, counting how often it is called. */
export function counted(embedder: Embedder): { embedder: Embedder; texts: string[] } {
  const texts: string[] = [];
  const { model, fingerprint, dimensions, queueDepth, failure } = embedder;
  return {
    texts,
    embedder: {
      model,
      fingerprint,
      dimensions,
      queueDepth,
      failure,
      embedDocuments: (given, signal) => {
        texts.push(...given);
        return embedder.embedDocuments(given, signal);
      },
      embedQuery: (text, signal) => {
        texts.push(text);
        return embedder.embedQuery(text, signal);
      },
      close: () => embedder.close(),
    },
  };
}

/** Of a caller that stays. */
export const signal = new AbortController().signal;

export const idsOf = ({ results }: Answer): string[] => results.map(({ paper }) => paper.id);
/** Every paper that an answer shows or stands for. */
export const allIdsOf = ({ results }: Answer): string[] =>
  results.flatMap(({ paper, also }) => [paper.id, ...also]);
export const codesOf = ({ warnings }: Answer): string[] => warnings.map(({ code }) => code);
