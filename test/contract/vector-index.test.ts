import type { TestContext } from 'node:test';
import { ExactIndex } from '../../src/vectors/exact.js';
import { openExactIndex } from '../../src/vectors/exact-file.js';
import { openHnswIndex } from '../../src/vectors/hnsw.js';
import type { BaseIndex, VectorIndex } from '../../src/vectors/vector-index.js';
import { type Entry, temporaryFolder, writeExact, writeHnsw } from '../vectors/files.js';
import { HISTORIES, type History, type OpenBase } from '../vectors/overlaid.js';
import { vectorIndexContract } from './vector-index.js';

const openHnsw = async (
  t: TestContext,
  entries: readonly Entry[],
  dimensions: number,
  poolSize: number,
): Promise<BaseIndex> => {
  const folder = await temporaryFolder(t);
  const vectors = await writeExact(folder, entries, dimensions);
  const exact = await openExactIndex(folder, vectors);
  const facts = await writeHnsw(folder, entries, vectors, { ef: 40 });
  return openHnswIndex(folder, facts, { exact, poolSize });
};

vectorIndexContract({
  name: 'exact, from a file',
  recall: 1,
  empty: true,
  async open(t, entries, dimensions) {
    const folder = await temporaryFolder(t);
    return openExactIndex(folder, await writeExact(folder, entries, dimensions));
  },
});

vectorIndexContract({
  name: 'exact, in memory',
  recall: 1,
  empty: true,
  open: async (_t, entries, dimensions) => ExactIndex.fromVectors(entries, dimensions),
});

vectorIndexContract({ name: 'HNSW', recall: 0.95, empty: false, open: openHnsw });

vectorIndexContract({
  name: 'HNSW, every search exact',
  recall: 1,
  empty: false,
  async open(...given): Promise<VectorIndex> {
    const index = await openHnsw(...given);
    return {
      engine: index.engine,
      size: index.size,
      dimensions: index.dimensions,
      search: (vector, k, options) => index.search(vector, k, { ...options, exact: true }),
      similarities: (vector, labels) => index.similarities(vector, labels),
      vectors: (labels) => index.vectors(labels),
      close: () => index.close(),
    };
  },
});

for (const [name, history] of Object.entries<History>(HISTORIES)) {
  vectorIndexContract({
    name: `exact under changes, ${name}`,
    recall: 1,
    empty: true,
    open: async (_t, entries, dimensions) =>
      history(async (base) => ExactIndex.fromVectors(base, dimensions), entries, dimensions),
  });

  vectorIndexContract({
    name: `HNSW under changes, ${name}`,
    recall: 0.95,
    empty: false,
    async open(t, entries, dimensions, poolSize) {
      // There are no graphs over nothing.
      const open: OpenBase = async (base) =>
        base.length === 0 ? ExactIndex.fromVectors([], dimensions) : openHnsw(t, base, dimensions, poolSize);
      return history(open, entries, dimensions);
    },
  });
}
