/** hnswlib-node as it is, without what nearpaper puts around it: the same native build, settings, vectors and order. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_EF_CONSTRUCTION, DEFAULT_M } from '../src/vectors/hnsw-writer.js';
import { loadHnswlib } from '../src/vectors/native.js';
import type { MadeCorpus } from './made-corpus.js';
import { labelOf } from './made-index.js';

export interface BareGraph {
  initIndex(capacity: number, M: number, efConstruction: number, seed: number): void;
  addPoint(vector: number[], label: number): void;
  readIndex(path: string): Promise<boolean>;
  writeIndex(path: string): Promise<boolean>;
  setEf(ef: number): void;
  searchKnn(
    vector: number[],
    k: number,
    filter?: (label: number) => boolean,
  ): { neighbors: number[]; distances: number[] };
}

/** The seed that nearpaper's own writer takes. */
const SEED = 100;

/** An empty graph of the build that nearpaper itself would load. */
export async function newBareGraph(dimensions: number): Promise<BareGraph> {
  const loaded = await loadHnswlib();
  if (!loaded.ok) throw new Error(loaded.reason);
  // The module's objects have more methods than nearpaper itself calls, and so than its type of them.
  return new loaded.module.HierarchicalNSW('ip', dimensions) as unknown as BareGraph;
}

/** The graph of the corpus's first `size` papers: the one kept in `folder`, or a new one. */
export async function bareGraph(corpus: MadeCorpus, size: number, folder: string): Promise<BareGraph> {
  const graph = await newBareGraph(corpus.dimensions);
  const file = join(folder, `hnswlib-${size}-of-${corpus.realPapers}.bin`);
  const kept = await access(file).then(
    () => true,
    () => false,
  );
  if (kept) {
    await graph.readIndex(file);
    return graph;
  }
  graph.initIndex(size, DEFAULT_M, DEFAULT_EF_CONSTRUCTION, SEED);
  for (let row = 0; row < size; row++) graph.addPoint(Array.from(corpus.vector(row)), labelOf(row));
  await graph.writeIndex(file);
  return graph;
}
