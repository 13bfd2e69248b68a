/**
 * A build of 10,000 abstracts whose embeddings are stored, as after a build that was stopped when it had embedded all: from
 * the start of the command to the published generation, next to hnswlib-node adding the same vectors to a graph.
 *   node dist/benchmarks/build-time.js [--data <folder>] [--sizes 10000] [--json]
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_EF_CONSTRUCTION, DEFAULT_M } from '../src/vectors/hnsw-writer.js';
import { loadHnswlib } from '../src/vectors/native.js';
import {
  atMost,
  type BenchOptions,
  median,
  medianRatio,
  millisecondsOf,
  type Row,
  rounded,
  runAlone,
} from './harness.js';
import { type MadeCorpus, madeCorpus } from './made-corpus.js';
import { madeIndex, withFolder } from './made-index.js';

const PAPERS = 10_000;
const QUICK_PAPERS = 2000;
const ROUNDS = 5;

export function run(options: BenchOptions): Promise<Row[]> {
  return withFolder(options, async (folder) => {
    const size = options.sizes[0] ?? (options.quick ? QUICK_PAPERS : PAPERS);
    const corpus = await madeCorpus(options, size);
    const builds: number[] = [];
    const adds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const ways = [
        async () => void builds.push(await buildOnce(corpus, size, join(folder, 'build-time'))),
        async () => void adds.push(await addAll(corpus, size)),
      ];
      for (const way of round % 2 === 0 ? ways : ways.reverse()) await way();
    }
    // Small corpora cost the start of the process and of the model all the same.
    const row = {
      what: `build from JSONL to published, ${size} abstracts, embeddings stored`,
      against: 'hnswlib-node addPoint alone, plain arrays',
      measured: medianRatio(builds, adds),
      note: `${rounded(median(builds) / 1000)} s and ${rounded(median(adds) / 1000)} s`,
    };
    return [atMost(options.quick ? 12 : 1.5, row)];
  });
}

/** Milliseconds of the command. */
async function buildOnce(corpus: MadeCorpus, size: number, folder: string): Promise<number> {
  try {
    return (await madeIndex(corpus, size, folder)).seconds * 1000;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Milliseconds to add all vectors, once they are plain arrays. */
async function addAll(corpus: MadeCorpus, size: number): Promise<number> {
  const loaded = await loadHnswlib();
  if (!loaded.ok) throw new Error(loaded.reason);
  const vectors = Array.from({ length: size }, (_, row) => Array.from(corpus.vector(row)));
  const graph = new loaded.module.HierarchicalNSW('ip', corpus.dimensions);
  graph.initIndex(size, DEFAULT_M, DEFAULT_EF_CONSTRUCTION, 100);
  const milliseconds = await millisecondsOf(() => {
    for (const [label, vector] of vectors.entries()) graph.addPoint(vector, label);
  });
  // Frees the graph now: the garbage collector does not see how large it is.
  graph.initIndex(1, 2, 1, 0);
  return milliseconds;
}

await runAlone(import.meta.url, run);
