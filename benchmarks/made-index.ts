/**
 * An index of a made corpus, built by `nearpaper build` from a file of papers, whose embeddings are put where a stopped
 * build would have left them: a million papers take no hours of the model.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { readConfig } from '../src/config.js';
import { requireGeneration } from '../src/generations/folder.js';
import { type Generation, openGeneration } from '../src/generations/open.js';
import { findModel } from '../src/open-corpus.js';
import { packageRoot } from '../src/package-root.js';
import { openDraft } from '../src/papers/draft.js';
import { normalisePaper } from '../src/papers/formats/normalise.js';
import { textHash } from '../src/papers/paper-row.js';
import { POOL_SIZE } from '../src/recommend/candidates.js';
import type { BenchOptions } from './harness.js';
import { type MadeCorpus, MODEL } from './made-corpus.js';

/** What the build of an index took. */
export interface BuildFacts {
  papers: number;
  seconds: number;
  /** Most resident memory of the build, in bytes. */
  peakBytes: number;
}

export interface MadeIndex extends BuildFacts {
  folder: string;
}

const BATCH = 1000;
const FACTS = 'made.json';

/** Runs `work` with a folder that is kept when `keep` is given, and otherwise removed afterwards. */
export async function withFolder<T>(
  { keep }: BenchOptions,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  if (keep !== undefined) {
    await mkdir(keep, { recursive: true });
    return work(keep);
  }
  const folder = await mkdtemp(join(tmpdir(), 'nearpaper-bench-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The index of the corpus's first `size` papers within `folder`: the one that is there, or a new one. */
export async function madeIndex(corpus: MadeCorpus, size: number, folder: string): Promise<MadeIndex> {
  const index = join(folder, `${size}-of-${corpus.realPapers}`);
  try {
    const facts: BuildFacts = JSON.parse(await readFile(join(index, FACTS), 'utf8'));
    return { ...facts, folder: index };
  } catch {
    // None yet, or one that was left half-made.
    await rm(index, { recursive: true, force: true });
  }
  await mkdir(join(index, 'building'), { recursive: true });
  const papers = join(index, 'papers.jsonl');
  await prepare(corpus, size, papers, join(index, 'building', 'papers.db'));
  const facts = { papers: size, ...(await build(papers, index)) };
  await rm(papers);
  await writeFile(join(index, FACTS), JSON.stringify(facts));
  return { ...facts, folder: index };
}

/** Writes the papers to a file and their embeddings to a draft. */
async function prepare(corpus: MadeCorpus, size: number, papers: string, draftPath: string): Promise<void> {
  const { fingerprint } = await findModel(MODEL, readConfig({}));
  const draft = openDraft(draftPath, { papers: null, embeddings: null });
  const file = createWriteStream(papers);
  try {
    for (let from = 0; from < size; from += BATCH) {
      const entries: { textHash: Buffer; vector: Float32Array }[] = [];
      for (let row = from; row < Math.min(from + BATCH, size); row++) {
        const paper = corpus.paper(row);
        const normalised = normalisePaper(paper);
        if (!normalised.ok) throw new Error(`paper ${row}: ${normalised.reason}`);
        entries.push({ textHash: textHash(normalised.paper), vector: corpus.vector(row) });
        if (!file.write(`${JSON.stringify(paper)}\n`)) await once(file, 'drain');
      }
      draft.putEmbeddings(fingerprint, entries);
    }
  } finally {
    draft.close();
    file.end();
    await finished(file);
  }
}

/** `nearpaper build`, which says its most memory on standard error when it ends. */
async function build(papers: string, index: string): Promise<{ seconds: number; peakBytes: number }> {
  const tell = "process.on('exit',()=>process.stderr.write('peak '+process.resourceUsage().maxRSS+' kB\\n'))";
  const cli = join(packageRoot(), 'dist', 'src', 'cli.js');
  const began = performance.now();
  const child = spawn(
    process.execPath,
    ['--import', `data:text/javascript,${tell}`, cli, 'build', '--json', '--index', index, papers],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let errors = '';
  child.stderr.on('data', (piece) => {
    errors += piece;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the build ended with ${code}: ${errors.slice(-2000)}`);
  const peakBytes = 1024 * Number(/peak (\d+) kB/.exec(errors)?.[1]);
  return { seconds: (performance.now() - began) / 1000, peakBytes };
}

/** Opens the published generation with the graph, whatever its size. */
export async function openMade({ folder }: Pick<MadeIndex, 'folder'>): Promise<Generation> {
  const path = await requireGeneration(folder);
  return openGeneration(path, { engine: 'hnsw', exactBelow: 0, poolSize: POOL_SIZE });
}

/** The label that the store gave paper `row` of a made corpus: they are counted from 1 in the order of the file. */
export function labelOf(row: number): number {
  return row + 1;
}
