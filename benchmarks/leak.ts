/**
 * Whether memory grows with what has been asked: queries of random length, none of which repeats.
 *   node dist/benchmarks/leak.js [--index <folder>] [--data <folder>] [--keep <folder>] [--json]
 */
import { atMost, type BenchOptions, type Row, randomNumbers, rounded, runAlone } from './harness.js';
import { withFolder } from './made-index.js';
import { Client, inParallel, serve } from './service-process.js';
import { usualIndex } from './text-queries.js';
import { realTexts } from './texts.js';

const CONNECTIONS = 8;
const LONGEST = 400;
const MB = 2 ** 20;

export function run(options: BenchOptions): Promise<Row[]> {
  return withFolder(options, async (folder) => {
    const queries = options.quick ? 1000 : 20_000;
    // Long enough for the cache of vectors to be full.
    const warmUp = options.quick ? 500 : 10_000;
    const texts = await realTexts(options, 10_000);
    const random = randomNumbers(3);
    const service = await serve(options.index ?? (await usualIndex(options, folder)));
    const client = new Client(service.url, CONNECTIONS);
    const ask = (i: number) => {
      const { title, abstract } = texts[i % texts.length] ?? { title: '', abstract: '' };
      const length = 1 + Math.floor(LONGEST * random() ** 2);
      return client.post('/v1/search', { q: `${i} ${`${title} ${abstract}`.slice(0, length)}` });
    };
    try {
      await inParallel(CONNECTIONS, warmUp, ask);
      const before = await service.rss();
      await inParallel(CONNECTIONS, queries, (i) => ask(warmUp + i));
      const after = await service.rss();
      return [
        atMost(options.quick ? 30 : 10, {
          what: `growth of RSS over ${queries} queries of random length`,
          against: `RSS after ${warmUp}`,
          unit: '%',
          measured: 100 * (after / before - 1),
          note: `${rounded(before / MB)} to ${rounded(after / MB)} MB`,
        }),
      ];
    } finally {
      client.close();
      await service.stop();
    }
  });
}

await runAlone(import.meta.url, run);
