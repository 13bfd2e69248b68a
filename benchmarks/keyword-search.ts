/**
 * Keyword search for one sentence among 100,000 papers:
 *   node dist/benchmarks/keyword-search.js [--data <folder>] [--keep <folder>] [--json]
 * Sentences of arXiv abstracts; none of them is of a paper in the index.
 */
import {
  atMost,
  type BenchOptions,
  median,
  millisecondsOf,
  quantile,
  type Row,
  rounded,
  runAlone,
} from './harness.js';
import { madeCorpus } from './made-corpus.js';
import { madeIndex, openMade, withFolder } from './made-index.js';
import { usualSize } from './text-queries.js';
import { realSentences } from './texts.js';

/** As many as a hybrid search takes. */
const K = 100;

export function run(options: BenchOptions): Promise<Row[]> {
  return withFolder(options, async (folder) => {
    const size = usualSize(options);
    const generation = await openMade(await madeIndex(await madeCorpus(options, size), size, folder));
    try {
      const sentences = await realSentences(options, options.quick ? 200 : 2000);
      // Not cold, nor warm by the same sentences: one half is searched, then the other is timed.
      const half = sentences.length >> 1;
      for (const sentence of sentences.slice(0, half)) await generation.keywords.search(sentence, K);
      const times: number[] = [];
      for (const sentence of sentences.slice(half)) {
        times.push(await millisecondsOf(() => generation.keywords.search(sentence, K)));
      }
      return [
        atMost(options.quick ? 40 : 3, {
          what: `keyword search for one sentence, p99, ${size} papers`,
          against: `${times.length} sentences of abstracts`,
          unit: 'ms',
          measured: quantile(times, 0.99),
          note: `median ${rounded(median(times))}, longest ${rounded(quantile(times, 1))}`,
        }),
      ];
    } finally {
      await generation.close();
    }
  });
}

await runAlone(import.meta.url, run);
