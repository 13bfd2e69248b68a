/** Index files in temporary folders, made by the writers themselves. */

import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ExactIndexWriter } from '../../src/vectors/exact-file.js';
import type { HnswFile } from '../../src/vectors/hnsw.js';
import { HnswIndexWriter } from '../../src/vectors/hnsw-writer.js';
import { type Hnswlib, loadHnswlib } from '../../src/vectors/native.js';
import type { IndexFile } from '../../src/vectors/vector-index.js';

export type Entry = readonly [label: number, vector: Float32Array];

/** A folder that is gone after the test. */
export async function temporaryFolder(t: Pick<TestContext, 'after'>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nearpaper-vectors-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** hnswlib-node, which these tests need. */
export async function hnswlib(): Promise<Hnswlib> {
  const loaded = await loadHnswlib();
  if (!loaded.ok) throw new Error(`hnswlib-node is needed for this test: ${loaded.reason}`);
  return loaded.module;
}

export async function writeExact(
  folder: string,
  entries: readonly Entry[],
  dimensions: number,
): Promise<IndexFile> {
  const writer = new ExactIndexWriter(folder, { dimensions, capacity: entries.length });
  for (const [label, vector] of entries) writer.add(label, vector);
  return writer.commit();
}

/** The graph over `vectors`, the file that `writeExact` wrote of the same entries. */
export async function writeHnsw(
  folder: string,
  entries: readonly Entry[],
  vectors: IndexFile,
  changed: { M?: number; efConstruction?: number; ef?: number; seed?: number; capacity?: number } = {},
): Promise<HnswFile> {
  const { dimensions } = vectors;
  const { ef, capacity, seed, ...settings } = { M: 16, efConstruction: 200, ef: 64, seed: 100, ...changed };
  const writer = new HnswIndexWriter(await hnswlib(), folder, {
    dimensions,
    capacity: capacity ?? entries.length,
    seed,
    ...settings,
  });
  for (const [label, vector] of entries) writer.add(label, vector);
  return { ...(await writer.commit(vectors)), ...settings, ef };
}

/** Changes a file's bytes in place. Resolves to facts whose size and checksum fit the changed file. */
export async function alter<T extends IndexFile>(
  folder: string,
  facts: T,
  change: (bytes: Buffer) => Buffer | undefined,
): Promise<T> {
  const path = join(folder, facts.file);
  const bytes = await readFile(path);
  const changed = change(bytes) ?? bytes;
  await writeFile(path, changed);
  return { ...facts, bytes: changed.length, sha256: createHash('sha256').update(changed).digest('hex') };
}

/** Labels with gaps, as after removals: 3, 5, 7, 11, 13, 15, ... in an order that is not theirs. */
export function withLabels(vectors: readonly Float32Array[]): Entry[] {
  const entries = vectors.map((vector, i): Entry => [3 + 2 * i + (i >= 3 ? 2 : 0), vector]);
  return [...entries.filter((_, i) => i % 2 === 1), ...entries.filter((_, i) => i % 2 === 0)];
}
