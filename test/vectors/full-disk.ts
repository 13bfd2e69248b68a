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
import type { VectorIndexWriter } from '../../src/vectors/vector-index.js';
import { clustered } from './clustered.js';
import { hnswlib } from './files.js';

// Without a handler the signal that comes with the limit ends the process.
process.on('SIGXFSZ', () => undefined);

const DIMENSIONS = 64;
const folder = process.argv[2] ?? '';
const vectors = clustered(2000, DIMENSIONS, 1);
const module = await hnswlib();

async function outcome(writer: VectorIndexWriter): Promise<string> {
  for (const [label, vector] of vectors.entries()) writer.add(label, vector);
  try {
    await writer.commit();
    return 'committed';
  } catch (thrown) {
    return thrown instanceof NearpaperError ? thrown.code : String(thrown);
  }
}

const settings = { dimensions: DIMENSIONS, capacity: vectors.length };
const exact = await outcome(new ExactIndexWriter(folder, settings));
const hnsw = await outcome(new HnswIndexWriter(module, folder, settings));
const left = await readdir(folder);

// What hnswlib says by itself.
const native = new module.HierarchicalNSW('ip', DIMENSIONS);
native.initIndex(vectors.length, 16, 200, 100);
for (const [label, vector] of vectors.entries()) native.addPoint(Array.from(vector), label);
const alone = await native.writeIndex(join(folder, 'alone'));

process.stdout.write(JSON.stringify({ exact, hnsw, left, alone }));
