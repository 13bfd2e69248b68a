/** From vectors to index files: exact always, HNSW where its native module is there, its recall measured. */
import { setImmediate as giveWay } from 'node:timers/promises';
import type { ExactIndex } from '../vectors/exact.js';
import { ExactIndexWriter, openExactIndex } from '../vectors/exact-file.js';
import { type HnswFile, openHnswIndex } from '../vectors/hnsw.js';
import { DEFAULT_EF_CONSTRUCTION, DEFAULT_M, HnswIndexWriter } from '../vectors/hnsw-writer.js';
import { loadHnswlib } from '../vectors/native.js';
import { measureRecall, type Recall, sampleLabels } from '../vectors/recall.js';
import type { IndexFile, VectorIndex } from '../vectors/vector-index.js';
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
  /** Told when the exact index is on disk, before the graph is begun. */
  onExact?: (file: IndexFile) => void;
}

/**
 * Points added to the graph between two turns of the event loop, the only time a signal arrives. A point takes about
 * a millisecond, so a turn takes up to 16: fine in a build, which answers nobody meanwhile, and a Ctrl-C is heard
 * sooner than anyone notices.
 */
const POINTS_PER_TURN = 16;
/** The same for vectors that are only copied. */
const VECTORS_PER_TURN = 1024;

/** Writes the index files of one generation. Errors: `invalid_vector`, `index_unwritable`, `cancelled`. */
export async function indexVectors(
  vectors: Iterable<{ label: number; vector: Float32Array }>,
  options: IndexOptions,
): Promise<BuiltVectors> {
  const { folder, count, dimensions, signal, onEvent, onExact } = options;
  const writer = new ExactIndexWriter(folder, { dimensions, capacity: count });
  const labels: number[] = [];
  for (const { label, vector } of vectors) {
    writer.add(label, vector);
    if (labels.push(label) % VECTORS_PER_TURN !== 0) continue;
    await giveWay();
    signal.throwIfAborted();
  }
  const file = await writer.commit();
  onExact?.(file);
  const hnswlib = await loadHnswlib();
  if (!hnswlib.ok) {
    onEvent({ kind: 'indexing', done: labels.length, total: count });
    return { exact: file, hnsw: null, recall: null };
  }
  const exact = await openExactIndex(folder, file);
  try {
    const graph = new HnswIndexWriter(hnswlib.module, folder, { dimensions, capacity: count });
    await addAll(graph, exact, labels, options);
    const written = await graph.commit(file);
    return { exact: file, ...(await chooseEffort(exact, written, labels, options)) };
  } finally {
    await exact.close();
  }
}

/** Adds the very vectors that searches will compare, in the order of `labels`. */
async function addAll(
  graph: HnswIndexWriter,
  exact: VectorIndex,
  labels: readonly number[],
  { count, signal, onEvent }: IndexOptions,
): Promise<void> {
  for (let from = 0; from < labels.length; from += POINTS_PER_TURN) {
    const some = labels.slice(from, from + POINTS_PER_TURN);
    for (const [i, vector] of (await exact.vectors(some)).entries()) {
      if (vector !== undefined) graph.add(some[i] ?? 0, vector);
    }
    await giveWay();
    signal.throwIfAborted();
    onEvent({ kind: 'indexing', done: from + some.length, total: count });
  }
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
  exact: ExactIndex,
  written: IndexFile,
  labels: readonly number[],
  { folder, signal, onEvent }: IndexOptions,
): Promise<{ hnsw: HnswFile; recall: Recall }> {
  const graph = { ...written, M: DEFAULT_M, efConstruction: DEFAULT_EF_CONSTRUCTION };
  // Closes `exact` with it. The largest effort, below which every other one is a matter of the search.
  const index = await openHnswIndex(
    folder,
    { ...graph, ef: Math.max(...EFFORTS) },
    { exact, poolSize: RECALL_AT + 1 },
  );
  let outcome: { hnsw: HnswFile; recall: Recall } | undefined;
  try {
    const sampled = sampleLabels(labels.length, RECALL_QUERIES).map((i) => labels[i] ?? 0);
    const queries = (await exact.vectors(sampled)).filter((vector) => vector !== undefined);
    for (const ef of EFFORTS) {
      signal.throwIfAborted();
      onEvent({ kind: 'measuring', ef });
      const found = await measureRecall(index, exact, queries, RECALL_AT + 1, signal, ef);
      // The paper itself is the nearest of the eleven and always found: take it out of the count.
      const recall = Math.max(0, (found.recall * (RECALL_AT + 1) - 1) / RECALL_AT);
      outcome = { hnsw: { ...graph, ef }, recall: { recall, k: RECALL_AT, queries: found.queries } };
      if (recall >= RECALL_FLOOR) return outcome;
    }
  } finally {
    await index.close();
  }
  if (outcome === undefined) throw new Error('no search effort was tried');
  onEvent({
    kind: 'note',
    message: `Recall stays below ${RECALL_FLOOR} even at search effort ${outcome.hnsw.ef}; NEARPAPER_ENGINE=exact is always right.`,
  });
  return outcome;
}
