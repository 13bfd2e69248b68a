/** From vectors to index files: exact always, HNSW where its native module is there, its recall measured. */
import { setImmediate as giveWay } from 'node:timers/promises';
import { ExactIndexWriter, openExactIndex } from '../vectors/exact-file.js';
import { type HnswFile, openHnswIndex } from '../vectors/hnsw.js';
import { DEFAULT_EF_CONSTRUCTION, DEFAULT_M, HnswIndexWriter } from '../vectors/hnsw-writer.js';
import { type Hnswlib, loadHnswlib } from '../vectors/native.js';
import { measureRecall, type Recall, sampleLabels } from '../vectors/recall.js';
import type { IndexFile } from '../vectors/vector-index.js';
import type { BuildEvent } from './progress.js';

export interface BuiltVectors {
  exact: IndexFile;
  hnsw: HnswFile | null;
  recall: Recall | null;
}

export interface IndexOptions {
  folder: string;
  /** Number of vectors to come. */
  count: number;
  dimensions: number;
  signal: AbortSignal;
  onEvent: (event: BuildEvent) => void;
}

/**
 * Points added to the graph between two turns of the event loop, the only time a signal arrives. A point takes about
 * a millisecond, so a turn takes up to 16: fine in a build, which answers nobody meanwhile, and a Ctrl-C is heard
 * sooner than anyone notices.
 */
const POINTS_PER_TURN = 16;

/** Writes the index files of one generation. Errors: `invalid_vector`, `index_unwritable`, `cancelled`. */
export async function indexVectors(
  vectors: Iterable<{ label: number; vector: Float32Array }>,
  options: IndexOptions,
): Promise<BuiltVectors> {
  const { folder, count, dimensions, signal, onEvent } = options;
  const hnswlib = await loadHnswlib();
  const exactWriter = new ExactIndexWriter(folder, { dimensions, capacity: count });
  const hnswWriter = hnswlib.ok
    ? new HnswIndexWriter(hnswlib.module, folder, { dimensions, capacity: count })
    : null;
  const labels: number[] = [];
  for (const { label, vector } of vectors) {
    exactWriter.add(label, vector);
    hnswWriter?.add(label, vector);
    labels.push(label);
    if (labels.length % POINTS_PER_TURN === 0) {
      await giveWay();
      signal.throwIfAborted();
      onEvent({ kind: 'indexing', done: labels.length, total: count });
    }
  }
  onEvent({ kind: 'indexing', done: labels.length, total: count });
  const exact = await exactWriter.commit();
  if (hnswWriter === null || !hnswlib.ok) return { exact, hnsw: null, recall: null };
  const written = await hnswWriter.commit();
  return { exact, ...(await chooseEffort(hnswlib.module, exact, written, labels, options)) };
}

/**
 * Search efforts (ef, Malkov & Yashunin 2018, section 4) tried in turn until recall reaches the floor; more effort
 * costs time in proportion. The first is as large as the pool, the least that keeps answers independent of the limit.
 */
const EFFORTS = [128, 256, 512] as const;
const RECALL_FLOOR = 0.99;
const RECALL_QUERIES = 200;
const RECALL_AT = 10;

/** Measures recall at 10, the query's own paper not counted, and settles the search effort. */
async function chooseEffort(
  module: Hnswlib,
  exactFile: IndexFile,
  written: IndexFile,
  labels: readonly number[],
  { folder, signal, onEvent }: IndexOptions,
): Promise<{ hnsw: HnswFile; recall: Recall }> {
  let outcome: { hnsw: HnswFile; recall: Recall } | undefined;
  for (const ef of EFFORTS) {
    signal.throwIfAborted();
    onEvent({ kind: 'measuring', ef });
    const exact = await openExactIndex(folder, exactFile);
    const hnsw: HnswFile = { ...written, M: DEFAULT_M, efConstruction: DEFAULT_EF_CONSTRUCTION, ef };
    // Closes `exact` with it.
    const index = await openHnswIndex(module, folder, hnsw, { exact, poolSize: RECALL_AT + 1 });
    try {
      const sampled = sampleLabels(labels.length, RECALL_QUERIES).map((i) => labels[i] ?? 0);
      const queries = (await exact.vectors(sampled)).filter((vector) => vector !== undefined);
      const found = await measureRecall(index, exact, queries, RECALL_AT + 1, signal);
      // The paper itself is the nearest of the eleven and always found: take it out of the count.
      const recall = Math.max(0, (found.recall * (RECALL_AT + 1) - 1) / RECALL_AT);
      outcome = { hnsw, recall: { recall, k: RECALL_AT, queries: found.queries } };
      if (recall >= RECALL_FLOOR) return outcome;
    } finally {
      await index.close();
    }
  }
  if (outcome === undefined) throw new Error('no search effort was tried');
  onEvent({
    kind: 'note',
    message: `Recall stays below ${RECALL_FLOOR} even at search effort ${outcome.hnsw.ef}; NEARPAPER_ENGINE=exact is always right.`,
  });
  return outcome;
}
