/**
 * What is found while half of a corpus is replaced, before the index is made anew:
 *   node dist/benchmarks/churn.js [--data <folder>] [--json]
 * 20,000 papers in HNSW; half of them are replaced by other papers in random order, and laid over the index. After every
 * fortieth part recall@10 is measured against exhaustive search of what is alive, and the time beside an index that
 * never changed.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { indexVectors } from '../src/build/index-vectors.js';
import { POOL_SIZE } from '../src/recommend/candidates.js';
import { ExactIndex } from '../src/vectors/exact.js';
import { openVectorIndex } from '../src/vectors/open.js';
import { VectorOverlay } from '../src/vectors/overlay.js';
import { measureRecall } from '../src/vectors/recall.js';
import type { VectorIndex } from '../src/vectors/vector-index.js';
import {
  alternate,
  atLeast,
  type BenchOptions,
  medianRatio,
  type Row,
  randomNumbers,
  rounded,
  runAlone,
  told,
} from './harness.js';
import { labelled, madeCorpus } from './made-corpus.js';
import { labelOf, withFolder } from './made-index.js';

const QUERIES = 200;
const CHECKPOINTS = 20;
const ROUNDS = 5;

export function run(options: BenchOptions): Promise<Row[]> {
  const size = options.sizes[0] ?? (options.quick ? 2000 : 20_000);
  return withFolder({ ...options, keep: undefined }, async (folder) => {
    const corpus = await madeCorpus(options, 2 * size + QUERIES);
    const { dimensions } = corpus;
    await mkdir(join(folder, 'churn'));
    const files = await indexVectors(
      labelled(size, (row) => corpus.vector(row), labelOf(0)),
      {
        ...{ folder: join(folder, 'churn'), count: size, dimensions },
        ...{ signal: new AbortController().signal, onEvent: () => undefined },
      },
    );
    const opening = { engine: 'hnsw', exactBelow: 0, poolSize: POOL_SIZE } as const;
    const { index: base } = await openVectorIndex(join(folder, 'churn'), files, opening);
    const overlay = new VectorOverlay(base);
    const live = new Map(
      Array.from({ length: size }, (_, row) => [labelOf(row), corpus.vector(row)] as const),
    );
    const queries = Array.from({ length: QUERIES }, (_, i) => corpus.vector(2 * size + i));
    const order = shuffled([...live.keys()]).slice(0, size / 2);
    const measured: { share: number; recall: number; time: number }[] = [];
    for (let done = 0; done <= CHECKPOINTS; done++) {
      const from = Math.round(((done - 1) * order.length) / CHECKPOINTS);
      const to = Math.round((done * order.length) / CHECKPOINTS);
      for (let i = Math.max(0, from); i < to; i++) {
        const label = order[i] ?? 0;
        overlay.put(label, corpus.vector(size + i));
        live.set(label, corpus.vector(size + i));
      }
      const view = overlay.view();
      const { recall } = await measureRecall(view, ExactIndex.fromVectors(live, dimensions), queries, 10);
      measured.push({ share: to / size, recall, time: await slowdown(view, base, queries) });
    }
    await base.close();
    const least = measured.reduce((worst, one) => (one.recall < worst.recall ? one : worst));
    const early = measured.filter(({ share }) => share <= 0.05);
    return [
      atLeast(0.98, {
        what: `recall@10 while half of ${size} papers are replaced, the least of ${measured.length} checkpoints`,
        against: 'exhaustive search of what is alive',
        measured: least.recall,
        note: measured
          .map(({ share, recall }) => `${Math.round(100 * share)} %: ${rounded(recall)}`)
          .join(', '),
      }),
      told({
        what: 'time of a search with a twentieth of the papers replaced',
        against: 'the index before',
        measured: early.at(-1)?.time ?? null,
        note: measured.map(({ share, time }) => `${Math.round(100 * share)} %: ${rounded(time)}`).join(', '),
      }),
    ];
  });
}

function slowdown(view: VectorIndex, base: VectorIndex, queries: readonly Float32Array[]): Promise<number> {
  const all = (index: VectorIndex) => async () => {
    for (const query of queries) await index.search(query, POOL_SIZE);
  };
  return alternate(ROUNDS, { view: all(view), base: all(base) }).then(({ view: ours, base: theirs }) =>
    medianRatio(ours, theirs),
  );
}

function shuffled(labels: number[]): number[] {
  const random = randomNumbers(11);
  for (let i = labels.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [labels[i], labels[j]] = [labels[j] ?? 0, labels[i] ?? 0];
  }
  return labels;
}

await runAlone(import.meta.url, run);
