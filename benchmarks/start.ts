/**
 * From starting the process to the log line that says it is ready, every file verified, with 100,000 papers: next to a
 * start with 47 papers and three times what hnswlib-node takes to read its own file of the same graph.
 *   node dist/benchmarks/start.js [--data <folder>] [--index <folder>] [--keep <folder>] [--json]
 */
import { join } from 'node:path';
import { loadHnswlib } from '../src/vectors/native.js';
import { bareGraph } from './bare-hnswlib.js';
import { atMost, type BenchOptions, median, millisecondsOf, type Row, rounded, runAlone } from './harness.js';
import { madeCorpus } from './made-corpus.js';
import { madeIndex, withFolder } from './made-index.js';
import { serve } from './service-process.js';
import { usualSize } from './text-queries.js';

const FEW = 47;
const ROUNDS = 7;
const READS = 3;

export function run(options: BenchOptions): Promise<Row[]> {
  return withFolder(options, async (folder) => {
    const size = usualSize(options);
    const corpus = await madeCorpus(options, size);
    const large = options.index ?? (await madeIndex(corpus, size, folder)).folder;
    const small = (await madeIndex(corpus, FEW, folder)).folder;
    await bareGraph(corpus, size, folder);
    const file = join(folder, `hnswlib-${size}-of-${corpus.realPapers}.bin`);
    const times = { large: [] as number[], small: [] as number[], read: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      const ways = [
        async () => times.large.push(await readySeconds(large)),
        async () => times.small.push(await readySeconds(small)),
        async () => times.read.push(await readSeconds(file, corpus.dimensions)),
      ];
      for (const way of round % 2 === 0 ? ways : ways.reverse()) await way();
    }
    const [ours, few, read] = [median(times.large), median(times.small), median(times.read)];
    return [
      atMost(options.quick ? 3 : 1, {
        what: `start to ready, ${size} papers`,
        against: `start on ${FEW} papers and ${READS} x readIndexSync`,
        measured: ours / (few + READS * read),
        note: `${rounded(ours)} s, ${rounded(few)} s and ${READS} x ${rounded(read)} s`,
      }),
    ];
  });
}

async function readySeconds(index: string): Promise<number> {
  const service = await serve(index);
  await service.stop();
  return service.readySeconds;
}

async function readSeconds(file: string, dimensions: number): Promise<number> {
  const loaded = await loadHnswlib();
  if (!loaded.ok) throw new Error(loaded.reason);
  // It has more methods than nearpaper itself calls, and so than its type of it.
  const graph = new loaded.module.HierarchicalNSW('ip', dimensions) as unknown as {
    readIndexSync(path: string): boolean;
    initIndex(capacity: number, M: number, efConstruction: number, seed: number): void;
  };
  const milliseconds = await millisecondsOf(() => graph.readIndexSync(file));
  graph.initIndex(1, 2, 1, 0);
  return milliseconds / 1000;
}

await runAlone(import.meta.url, run);
