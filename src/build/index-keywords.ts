/** From titles and abstracts to the keyword index. */
import { setImmediate as giveWay } from 'node:timers/promises';
import type { KeywordFile } from '../keywords/keyword-file.js';
import { KeywordIndexWriter } from '../keywords/keyword-index-writer.js';
import type { BuildEvent } from './progress.js';

export interface KeywordOptions {
  folder: string;
  /** Number of papers to come. */
  count: number;
  signal: AbortSignal;
  onEvent: (event: BuildEvent) => void;
}

/** Papers between two turns of the event loop, the only time a signal arrives: some 10 ms. */
const PAPERS_PER_TURN = 128;

/** Writes the keyword index of one generation. Errors: `index_unwritable`, `cancelled`. */
export async function indexKeywords(
  papers: Iterable<{ label: number; title: string; abstract: string }>,
  { folder, count, signal, onEvent }: KeywordOptions,
): Promise<KeywordFile> {
  const writer = new KeywordIndexWriter(folder);
  let done = 0;
  for (const { label, title, abstract } of papers) {
    writer.add(label, { title, abstract });
    if (++done % PAPERS_PER_TURN === 0) {
      await giveWay();
      signal.throwIfAborted();
      onEvent({ kind: 'keywords', done, total: count });
    }
  }
  onEvent({ kind: 'keywords', done, total: count });
  return writer.commit();
}
