/**
 * Exact search against the graph on small corpora, which are searched exactly by default:
 *   node dist/benchmarks/small-corpora.js [--data <folder>] [--json]
 */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { indexVectors } from '../src/build/index-vectors.js';
import { POOL_SIZE } from '../src/recommend/candidates.js';
import { openVectorIndex } from '../src/vectors/open.js';
import type { VectorIndex } from '../src/vectors/vector-index.js';
import { bareGraph } from './bare-hnswlib.js';
import {
  alternate,
  atLeast,
  type BenchOptions,
  median,
  medianRatio,
  type Row,
  rounded,
  runAlone,
} from './harness.js';
import { labelled, type MadeCorpus, madeCorpus } from './made-corpus.js';
import { labelOf, withFolder } from './made-index.js';

const SIZES = [100, 500, 1000, 2000];
const QUERIES = 100;
const ROUNDS = 30;

export function run(options: BenchOptions): Promise<Row[]> {
  const sizes = options.sizes.length > 0 ? options.sizes : options.quick ? [500, 2000] : SIZES;
  return withFolder({ ...options, keep: undefined }, async (folder) => {
    const corpus = await madeCorpus(options, Math.max(...sizes) + QUERIES);
    const rows: Row[] = [];
    for (const size of sizes)
      rows.push(...(await compare(corpus, size, join(folder, String(size)), options)));
    return rows;
  });
}

async function compare(
  corpus: MadeCorpus,
  size: number,
  folder: string,
  options: BenchOptions,
): Promise<Row[]> {
  await mkdir(folder);
  const vectors = labelled(size, (row) => corpus.vector(row), labelOf(0));
  const { signal } = new AbortController();
  const { dimensions } = corpus;
  const files = await indexVectors(vectors, {
    folder,
    count: size,
    dimensions,
    signal,
    onEvent: () => undefined,
  });
  const open = async (engine: 'exact' | 'hnsw') =>
    (await openVectorIndex(folder, files, { engine, exactBelow: 0, poolSize: POOL_SIZE })).index;
  const exact = await open('exact');
  const hnsw = await open('hnsw');
  try {
    const queries = Array.from({ length: QUERIES }, (_, i) => corpus.vector(size + i));
    const all = (index: VectorIndex, k: number) => async () => {
      for (const query of queries) await index.search(query, k);
    };
    // As many neighbours as every query for papers asks for, and as few as it answers.
    const graph = await bareGraph(corpus, size, folder);
    graph.setEf(POOL_SIZE);
    const times = await alternate(ROUNDS, {
      exact: all(exact, POOL_SIZE),
      hnsw: all(hnsw, POOL_SIZE),
      bare: () =>
        queries.forEach((query) => void graph.searchKnn(Array.from(query), Math.min(POOL_SIZE, size))),
    });
    const few = await alternate(ROUNDS, { exact: all(exact, 10), hnsw: all(hnsw, 10) });
    const micro = (values: readonly number[]) => rounded((1000 * median(values)) / QUERIES);
    const what = `exact search, ${size} papers`;
    return [
      atLeast(options.quick ? 0.3 : 1, {
        what,
        against: "HNSW, nearpaper's own walk",
        measured: medianRatio(times.hnsw, times.exact),
        note:
          `${micro(times.exact)} against ${micro(times.hnsw)} µs for ${POOL_SIZE} neighbours, ` +
          `${micro(few.exact)} against ${micro(few.hnsw)} µs for 10`,
      }),
      atLeast(options.quick ? 0.3 : 1, {
        what,
        against: 'HNSW, hnswlib-node',
        measured: medianRatio(times.bare, times.exact),
        note: `${micro(times.exact)} against ${micro(times.bare)} µs for ${POOL_SIZE} neighbours`,
      }),
    ];
  } finally {
    await exact.close();
    await hnsw.close();
  }
}

await runAlone(import.meta.url, run);
