/** The parts of an index without nearpaper around them: hnswlib-node as it is, plain arrays, and the store. */
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { currentGeneration } from '../src/generations/folder.js';
import { readManifest } from '../src/generations/manifest.js';
import { openStore, type PaperStore, storedEmbeddings } from '../src/papers/store.js';
import { type BareGraph, newBareGraph } from './bare-hnswlib.js';

export interface BareParts {
  store: PaperStore;
  graph: BareGraph;
  /** By label, as hnswlib-node wants them. */
  vectors: number[][];
}

/** For an index without a graph. */
const USUAL = { M: 16, efConstruction: 200, ef: 64 };

/** Builds the graph once and keeps it in `graphFile`; with 100,000 papers that takes minutes. */
export async function openBareParts(indexFolder: string, graphFile: string): Promise<BareParts> {
  const path = await currentGeneration(indexFolder);
  if (path === undefined || path === null) throw new Error(`${indexFolder} holds no index`);
  const manifest = await readManifest(path.folder);
  const storePath = join(path.folder, manifest.store.file);
  const vectors: number[][] = [];
  for (const { label, vector } of storedEmbeddings(storePath, manifest.model.fingerprint)) {
    if (vector === undefined) throw new Error(`the paper ${label} has no vector`);
    vectors[label] = Array.from(vector);
  }
  const { M, efConstruction, ef } = manifest.vectors.hnsw ?? USUAL;
  const graph = await newBareGraph(manifest.model.dimensions);
  if (existsSync(graphFile)) await graph.readIndex(graphFile);
  else {
    graph.initIndex(vectors.length, M, efConstruction, 1);
    vectors.forEach((vector, label) => void graph.addPoint(vector, label));
    await graph.writeIndex(`${graphFile}.new`);
    await rename(`${graphFile}.new`, graphFile);
  }
  graph.setEf(ef);
  return { store: await openStore(storePath), graph, vectors };
}
