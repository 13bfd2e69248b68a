/**
 * Floors of quality on whole sets of judged data, asked as the service is asked by default. Run on demand:
 *   npm run eval -- [--only csfcube,scifact,acm-cr] [folder for the indexes]
 * The data are looked for in JUDGED_DATA, or in shared/datasets beside the repository. The indexes are kept, so that
 * only the first run embeds: csfcube and scifact take about two minutes on two cores, acm-cr half an hour. Prints a
 * table for docs/quality.md; exits with 1 when a figure is below its floor.
 */
import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../../src/build/build.js';
import { BuildDisplay } from '../../src/commands/build-display.js';
import { readConfig } from '../../src/config.js';
import type { Evaluation } from '../../src/evaluation/evaluate.js';
import { readJudgedData } from '../../src/evaluation/judged-data.js';
import { METRICS } from '../../src/evaluation/metrics.js';
import { findModel } from '../../src/open-corpus.js';
import { packageRoot } from '../../src/package-root.js';
import { belowFloors, evaluateIndex, type Floors } from './evaluate-index.js';
import { acmCr, CSFCUBE, type JudgedSet, locate, NOT_FOUND, SCIFACT } from './judged-folder.js';

interface FlooredSet {
  title: string;
  /** Sets of the same name share a corpus and its index. */
  corpus: 'csfcube' | 'scifact' | 'acm-cr';
  set: JudgedSet;
  floors: Floors;
}

/**
 * What was measured for the default, less .005, and .01 for ACM-CR, whose whole abstracts were vectors of 256 tokens made
 * before; docs/quality.md has the date and the commit.
 */
const SETS: readonly FlooredSet[] = [
  {
    title: 'CSFCube fold 1',
    corpus: 'csfcube',
    set: CSFCUBE,
    floors: { MAP: 0.42, 'NDCG%20': 0.596 },
  },
  { title: 'SciFact test', corpus: 'scifact', set: SCIFACT, floors: { 'nDCG@10': 0.736 } },
  {
    title: 'ACM-CR sentences',
    corpus: 'acm-cr',
    set: acmCr('sentences'),
    floors: { 'nDCG@10': 0.359 },
  },
  {
    title: 'ACM-CR paragraphs',
    corpus: 'acm-cr',
    set: acmCr('paragraphs'),
    floors: { 'nDCG@10': 0.339 },
  },
  {
    title: 'ACM-CR papers',
    corpus: 'acm-cr',
    set: acmCr('papers'),
    floors: { 'nDCG@10': 0.257 },
  },
];
const CORPORA = [...new Set(SETS.map(({ corpus }) => corpus))];

const { only, folder } = readArguments();
const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort());

const rows: string[] = [];
const remarks: string[] = [];
const failures: string[] = [];
const built = new Set<string>();
for (const { title, corpus, set, floors } of SETS) {
  if (!only.has(corpus)) continue;
  const located = locate(set);
  if (located === null) {
    remarks.push(`${title} skipped: ${NOT_FOUND}.`);
    continue;
  }
  const indexFolder = join(folder, corpus);
  if (!built.has(corpus)) await buildIndex(indexFolder, located.corpus, stopping.signal);
  built.add(corpus);
  const data = await readJudgedData(located, stopping.signal);
  const evaluation = await evaluateIndex(indexFolder, data, set.threshold, stopping.signal);
  rows.push(...rowsOf(title, evaluation, floors));
  remarks.push(...evaluation.warnings.map(({ detail }) => `${title}: ${detail}`));
  failures.push(...belowFloors(evaluation, floors).map((failure) => `${title}: ${failure}`));
}
print([...tableOf(rows), ...remarks.map((remark) => `\n${remark}`)]);
if (failures.length > 0) print(['', 'Below their floors:', ...failures]);
process.exitCode = failures.length > 0 ? 1 : 0;

function readArguments(): { only: ReadonlySet<string>; folder: string } {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string', default: CORPORA.join(',') } },
  });
  const only = new Set(values.only.split(','));
  const unknown = [...only].filter((name) => !CORPORA.some((corpus) => corpus === name));
  if (unknown.length > 0) {
    throw new Error(`--only takes names of ${CORPORA.join(', ')}, not ${unknown.join(', ')}.`);
  }
  return { only, folder: positionals[0] ?? join(tmpdir(), 'nearpaper-eval') };
}

/** The index of exactly the papers of the file; what an earlier run embedded is kept. */
async function buildIndex(indexFolder: string, corpusFile: string, signal: AbortSignal): Promise<void> {
  await mkdir(indexFolder, { recursive: true });
  const config = readConfig({ NEARPAPER_INDEX: indexFolder });
  const display = new BuildDisplay(process.stderr);
  try {
    await build({
      indexFolder,
      inputs: [corpusFile],
      stdin: process.stdin,
      format: 'jsonl',
      strict: false,
      prune: true,
      force: true,
      fresh: false,
      sample: false,
      model: null,
      resolveModel: (setting) => findModel(setting, config, signal),
      workers: config.workers,
      signal,
      onEvent: (event) => display.show(event),
    });
  } finally {
    display.end();
  }
}

/** One row of the table for each metric that has a floor. */
function rowsOf(title: string, { metrics, queries }: Evaluation, floors: Floors): string[] {
  return METRICS.flatMap((metric) => {
    const [floor, estimate] = [floors[metric], metrics[metric]];
    if (floor === undefined || estimate === undefined) return [];
    const [low, high] = estimate.interval;
    const interval = `${low.toFixed(4)} to ${high.toFixed(4)}`;
    const cells = [title, metric, estimate.mean.toFixed(4), interval, floor.toFixed(4), queries.length];
    return [`| ${cells.join(' | ')} |`];
  });
}

function tableOf(lines: readonly string[]): string[] {
  const date = new Date().toISOString().slice(0, 10);
  return [
    `Measured on ${date} at ${commit()}.`,
    ...(lines.length === 0 ? [] : ['', '| set | metric | measured | 95 % interval | floor | queries |']),
    ...(lines.length === 0 ? [] : ['|---|---|---|---|---|---|']),
    ...lines,
  ];
}

/** The commit of the code, and whether files differ from it. */
function commit(): string {
  const git = (...parameters: string[]) =>
    execFileSync('git', parameters, {
      cwd: packageRoot(),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', '--short=10', 'HEAD')}${changed ? ' with changes' : ''}`;
  } catch {
    return 'a commit unknown to git';
  }
}

function print(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}
