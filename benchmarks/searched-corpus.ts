/** What searches of vectors are measured over: a made corpus, its index, hnswlib's own graph of it, and the truth. */
import type { Generation } from '../src/generations/open.js';
import { type BareGraph, bareGraph } from './bare-hnswlib.js';
import type { BenchOptions } from './harness.js';
import { type MadeCorpus, madeCorpus } from './made-corpus.js';
import { madeIndex, openMade, withFolder } from './made-index.js';
import { usualSize } from './text-queries.js';
import { type Truth, truthOf } from './truth.js';

export interface SearchedCorpus {
  /** Papers that are searched; the queries are papers beyond them. */
  size: number;
  corpus: MadeCorpus;
  generation: Generation;
  graph: BareGraph;
  truth: Truth;
  /** Where the index lies, and anything else may. */
  folder: string;
}

/** Runs `work` over the usual number of papers, with `count` queries. */
export function withSearchedCorpus<T>(
  options: BenchOptions,
  count: number,
  work: (searched: SearchedCorpus) => Promise<T>,
): Promise<T> {
  return withFolder(options, async (folder) => {
    const size = usualSize(options);
    const corpus = await madeCorpus(options, size + count);
    const generation = await openMade(await madeIndex(corpus, size, folder));
    try {
      const graph = await bareGraph(corpus, size, folder);
      return await work({ size, corpus, generation, graph, truth: truthOf(corpus, size, count), folder });
    } finally {
      await generation.close();
    }
  });
}
