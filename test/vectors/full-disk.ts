/**
 * Run by hnsw-hazards.test.ts in a process that may write no file beyond a few kilobytes, which every user can ask
 * for and which fails as a full disk does: a write comes back short, the next with an error. Prints what each
 * writer made of it, as JSON.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { NearpaperError } from '../../src/errors.js';
import { ExactIndexWriter } from '../../src/vectors/exact-file.js';
import { HnswIndexWriter } from '../../src/vectors/hnsw-writer.js';
import type { IndexFile } from '../../src/vectors/vector-index.js';
import { clustered } from './clustered.js';
import { hnswlib } from './files.js';

// Without a handler the signal that comes with the limit ends the process.
process.on('SIGXFSZ', () => undefined);

const DIMENSIONS = 64;
const folder = process.argv[2] ?? '';
const vectors = clustered(2000, DIMENSIONS, 1);
const module = await hnswlib();

async function outcome(commit: () => Promise<IndexFile>): Promise<string> {
  try {
    await commit();
    return 'committed';
  } catch (thrown) {
    return thrown instanceof NearpaperError ? thrown.code : String(thrown);
  }
}

const settings = { dimensions: DIMENSIONS, capacity: vectors.length };
const exactWriter = new ExactIndexWriter(folder, settings);
const hnswWriter = new HnswIndexWriter(module, folder, settings);
for (const [label, vector] of vectors.entries()) {
  exactWriter.add(label, vector);
  hnswWriter.add(label, vector);
}
const exact = await outcome(() => exactWriter.commit());
// The vectors that the graph would be of, had they been written.
const file = {
  file: 'vectors.i16',
  bytes: 0,
  sha256: '0'.repeat(64),
  count: vectors.length,
  dimensions: DIMENSIONS,
};
const hnsw = await outcome(() => hnswWriter.commit(file));
const left = await readdir(folder);

// What hnswlib says by itself.
const native = new module.HierarchicalNSW('ip', DIMENSIONS);
native.initIndex(vectors.length, 16, 200, 100);
for (const [label, vector] of vectors.entries()) native.addPoint(Array.from(vector), label);
const alone = await native.writeIndex(join(folder, 'alone'));

process.stdout.write(JSON.stringify({ exact, hnsw, left, alone }));
