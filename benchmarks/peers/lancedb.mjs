/** LanceDB on disk in a temporary folder: its kinds of index, each with as much effort as the recall needs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, Index } from '@lancedb/lancedb';
import { load, reportBest, versionOf } from './vectors.mjs';

const data = load();
const folder = await mkdtemp(join(tmpdir(), 'peer-lancedb-'));
const db = await connect(folder);
const rows = Array.from({ length: data.size }, (_, id) => ({ id, vector: Array.from(data.vector(id)) }));
const table = await db.createTable('papers', rows);
rows.length = 0;

const partitions = Math.round(Math.sqrt(data.size));
const kinds = {
  'one HNSW graph of bytes': Index.hnswSq({
    distanceType: 'cosine',
    numPartitions: 1,
    m: 16,
    efConstruction: 200,
  }),
  [`${partitions} partitions of floats`]: Index.ivfFlat({
    distanceType: 'cosine',
    numPartitions: partitions,
  }),
  [`${partitions} partitions of product codes`]: Index.ivfPq({
    distanceType: 'cosine',
    numPartitions: partitions,
    numSubVectors: 96,
  }),
};

async function* settings() {
  for (const [kind, index] of Object.entries(kinds)) {
    await table.createIndex('vector', { config: index, replace: true });
    const graph = kind.includes('HNSW');
    // What is stored in full needs no second look, a graph of bytes may, and product codes need one.
    for (const factor of kind.endsWith('floats') ? [null] : graph ? [null, 2] : [5]) {
      for (const effort of graph ? [20, 24, 32, 48, 64, 96, 128, 256] : [5, 10, 20, 30, 40, 60, 80, 120]) {
        yield {
          family: `${kind} ${factor}`,
          setting: `${kind}, ${graph ? 'ef' : 'nprobes'} ${effort}${factor === null ? '' : `, refine ${factor}`}`,
          async search(vector) {
            let query = table
              .query()
              .nearestTo(vector)
              .distanceType('cosine')
              .limit(data.k)
              .select(['id', '_distance']);
            query = graph ? query.nprobes(1).ef(effort) : query.nprobes(effort);
            if (factor !== null) query = query.refineFactor(factor);
            return (await query.toArray()).map(({ id }) => id);
          },
        };
      }
    }
  }
}

try {
  await reportBest(data, versionOf('@lancedb/lancedb'), settings());
} finally {
  table.close();
  db.close();
  await rm(folder, { recursive: true });
}
