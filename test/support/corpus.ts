/** Real indexes in temporary folders, made by the real `build()` with the vendored models. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { build } from '../../src/build/build.js';
import type { BuildResult } from '../../src/build/progress.js';
import { readConfig } from '../../src/config.js';
import { findModel } from '../../src/open-corpus.js';
import { packageRoot } from '../../src/package-root.js';
import { type CleanUp, temporaryFolder } from './temporary-folder.js';

export const SAMPLE_PAGE = join(packageRoot(), 'index-data', 'sample-page.txt');
export const SAMPLE_SIZE = 47;

/** Titles and abstracts of the sample page in its order, read without any code of nearpaper. */
export function samplePairs(): { title: string; abstract: string }[] {
  const lines = readFileSync(SAMPLE_PAGE, 'utf8')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(5);
  return Array.from({ length: lines.length / 2 }, (_, i) => ({
    title: lines[2 * i] ?? '',
    abstract: lines[2 * i + 1] ?? '',
  }));
}

export interface PaperRecord {
  id?: string;
  title: string;
  abstract?: string;
  [field: string]: unknown;
}

/** Three short papers, for tests to which it does not matter what the corpus holds. */
export const THREE_PAPERS: readonly PaperRecord[] = [
  {
    id: 'arXiv:2401.00001',
    title: 'Rewards for language models',
    abstract: 'We train language models with rewards from human feedback.',
    authors: ['Ada Lovelace', 'Alan Turing'],
    published: '2024-01-02',
    categories: ['cs.LG', 'cs.CL'],
    venue: 'A Workshop',
    url: 'https://arxiv.org/abs/2401.00001',
    doi: '10.1000/182',
  },
  {
    id: 'arXiv:2401.00002',
    title: 'Galaxies at high redshift',
    abstract: 'We measure the light of galaxies.',
  },
  { id: 'arXiv:2401.00003', title: 'A title without an abstract' },
];

/** Builds, or brings up to date, the index in `indexFolder` from these inputs. */
export async function buildIndex(
  indexFolder: string,
  inputs: readonly string[],
  options: { model?: string; sample?: boolean; fresh?: boolean } = {},
): Promise<BuildResult> {
  const config = readConfig({ NEARPAPER_INDEX: indexFolder });
  return build({
    indexFolder,
    inputs,
    stdin: Readable.from([]),
    format: undefined,
    strict: true,
    prune: false,
    force: false,
    fresh: options.fresh ?? false,
    sample: options.sample ?? false,
    model: options.model ?? null,
    resolveModel: (setting) => findModel(setting, config),
    workers: config.workers,
    signal: new AbortController().signal,
    onEvent: () => undefined,
  });
}

/** Writes papers as JSONL. */
export async function writePapers(path: string, papers: readonly PaperRecord[]): Promise<string> {
  await writeFile(path, `${papers.map((paper) => JSON.stringify(paper)).join('\n')}\n`);
  return path;
}

/** An index of the 47 sample papers in a folder of its own. Takes some three seconds: make it once a file. */
export async function sampleIndex(t: CleanUp): Promise<string> {
  const folder = await temporaryFolder(t);
  await buildIndex(folder, [SAMPLE_PAGE], { sample: true });
  return folder;
}

/** An index of these papers in a folder of its own, half a second for a few. */
export async function indexOf(t: CleanUp, papers: readonly PaperRecord[] = THREE_PAPERS): Promise<string> {
  const folder = await temporaryFolder(t);
  await buildIndex(folder, [await writePapers(join(folder, 'papers.jsonl'), papers)]);
  return folder;
}
