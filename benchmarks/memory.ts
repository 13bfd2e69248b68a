/**
 * What 100,000 papers add to the resident memory of a service that is ready, against the size of their index on disk:
 *   node dist/benchmarks/memory.js [--index <folder>] [--data <folder>] [--json]
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from '../src/build/build.js';
import { readConfig } from '../src/config.js';
import { requireGeneration } from '../src/generations/folder.js';
import { findModel } from '../src/open-corpus.js';
import { packageRoot } from '../src/package-root.js';
import { atMost, type BenchOptions, type Row, rounded, runAlone } from './harness.js';
import { withFolder } from './made-index.js';
import { serve } from './service-process.js';
import { usualIndex } from './text-queries.js';

export function run(options: BenchOptions): Promise<Row[]> {
  return withFolder(options, async (folder) => {
    const index = options.index ?? (await usualIndex(options, folder));
    const few = await restingBytes(await sampleIndex(folder));
    const many = await restingBytes(index);
    const files = await searchedBytes(index);
    const mib = (bytes: number) => rounded(bytes / 2 ** 20);
    return [
      atMost(1.6, {
        what: 'resident memory above the 47-paper service, ready',
        against: 'the index file plus the keyword index',
        measured: (many - few) / files,
        note: `${mib(many)} less ${mib(few)} MiB against ${mib(files)} MiB`,
      }),
    ];
  });
}

/** Resident memory of a service that has become ready and was asked nothing, in bytes. */
export async function restingBytes(index: string): Promise<number> {
  const service = await serve(index);
  try {
    return await service.rss();
  } finally {
    await service.stop();
  }
}

/** Bytes of the files that search reads: vectors, graph and keywords. */
export async function searchedBytes(index: string): Promise<number> {
  const { folder } = await requireGeneration(index);
  let sum = 0;
  for (const file of await readdir(folder)) {
    if (/^(vectors|keywords)\./.test(file)) sum += (await stat(join(folder, file))).size;
  }
  return sum;
}

/** The index of the sample corpus, 47 papers. */
export async function sampleIndex(folder: string): Promise<string> {
  const indexFolder = join(folder, 'sample');
  const config = readConfig({ NEARPAPER_INDEX: indexFolder });
  await build({
    indexFolder,
    inputs: [join(packageRoot(), 'index-data', 'sample-page.txt')],
    stdin: process.stdin,
    format: undefined,
    strict: true,
    prune: false,
    force: false,
    fresh: false,
    sample: true,
    model: null,
    resolveModel: (setting) => findModel(setting, config),
    workers: config.workers,
    signal: new AbortController().signal,
    onEvent: () => undefined,
  });
  return indexFolder;
}

await runAlone(import.meta.url, run);
