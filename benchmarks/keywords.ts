/**
 * Speed, size and quality of the keyword index on a dataset of `corpus.jsonl.gz` (id, title, abstract) and
 * `queries*.jsonl` (id, text): `node --expose-gc dist/benchmarks/keywords.js DATASET [RUNS]` builds the index,
 * searches every query and prints one JSON object a line. With RUNS, a folder, it writes what the queries found to
 * RUNS/<queries>.run.tsv (query, paper, score), for judging.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { openKeywordIndex } from '../src/keywords/keyword-file.js';
import type { KeywordIndex } from '../src/keywords/keyword-index.js';
import { KeywordIndexWriter } from '../src/keywords/keyword-index-writer.js';
import { containsPhrase } from '../src/keywords/phrases.js';
import { termsOf } from '../src/keywords/terms.js';

interface CorpusPaper {
  id: string;
  title: string;
  abstract: string;
}

interface Query {
  id: string;
  text: string;
}

/** As many as a hybrid search takes. */
const K = 100;

const [dataset, runs] = process.argv.slice(2);
if (dataset === undefined) {
  process.stderr.write('Name the folder of a dataset.\n');
  process.exit(2);
}

function print(result: object): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

function memoryMiB(): { heapMiB: number; buffersMiB: number } {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heapMiB: Math.round(heapUsed / 2 ** 20), buffersMiB: Math.round(arrayBuffers / 2 ** 20) };
}

async function readCorpus(folder: string): Promise<CorpusPaper[]> {
  const lines = createInterface({
    input: createReadStream(join(folder, 'corpus.jsonl.gz')).pipe(createGunzip()),
  });
  const papers: CorpusPaper[] = [];
  for await (const line of lines) {
    const { id, title, abstract } = JSON.parse(line) as CorpusPaper;
    papers.push({ id, title, abstract: abstract ?? '' });
  }
  return papers;
}

/** Milliseconds: the median, the slowest twentieth and hundredth. */
function spread(times: readonly number[]): { median: number; p95: number; p99: number; slowest: number } {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => Number((sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(3));
  return { median: at(0.5), p95: at(0.95), p99: at(0.99), slowest: at(1) };
}

async function build(folder: string, papers: readonly CorpusPaper[]) {
  const begun = performance.now();
  const writer = new KeywordIndexWriter(folder);
  papers.forEach((paper, label) => {
    writer.add(label, paper);
  });
  const added = performance.now();
  const facts = await writer.commit();
  const seconds = (from: number, to: number) => Number(((to - from) / 1000).toFixed(2));
  print({
    papers: facts.papers,
    terms: facts.terms,
    fileMiB: Number((facts.bytes / 2 ** 20).toFixed(1)),
    addSeconds: seconds(begun, added),
    commitSeconds: seconds(added, performance.now()),
  });
  return facts;
}

async function search(index: KeywordIndex, papers: readonly CorpusPaper[], file: string): Promise<void> {
  const content = await readFile(join(dataset ?? '', file), 'utf8');
  const queries: Query[] = content
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { id, text, title, abstract } = JSON.parse(line) as Query & CorpusPaper;
      return { id, text: text ?? `${title} ${abstract}` };
    });
  for (const { text } of queries) await index.search(text, K);
  const run = runs === undefined ? undefined : createWriteStream(join(runs, `${file}.run.tsv`));
  const times: number[] = [];
  let terms = 0;
  for (const { id, text } of queries) {
    const begun = performance.now();
    const { best } = await index.search(text, K);
    times.push(performance.now() - begun);
    terms += new Set(termsOf(text).map(({ stem }) => stem)).size;
    for (const { label, score } of best) run?.write(`${id}\t${papers[label]?.id}\t${score}\n`);
  }
  run?.end();
  if (run) await finished(run);
  print({ file, queries: queries.length, meanTerms: Math.round(terms / queries.length), ms: spread(times) });
}

/** Cutting abstracts into terms and looking for a phrase in them, microseconds each. */
function texts(papers: readonly CorpusPaper[]): void {
  const some = papers.slice(0, 20_000);
  const each = (work: (paper: CorpusPaper) => unknown) => {
    for (const paper of some) work(paper);
    const begun = performance.now();
    for (const paper of some) work(paper);
    return Number(((1000 * (performance.now() - begun)) / some.length).toFixed(1));
  };
  print({
    termsOfMicroseconds: each(({ abstract }) => termsOf(abstract)),
    containsPhraseMicroseconds: each(({ abstract }) => containsPhrase(abstract, 'the most likely outcome')),
  });
}

const papers = await readCorpus(dataset);
const folder = await mkdtemp(join(tmpdir(), 'nearpaper-keywords-'));
try {
  texts(papers);
  const facts = await build(folder, papers);
  const before = memoryMiB();
  const begun = performance.now();
  const index = await openKeywordIndex(folder, facts);
  const openMs = Math.round(performance.now() - begun);
  const after = memoryMiB();
  print({
    openMs,
    heapMiB: after.heapMiB - before.heapMiB,
    buffersMiB: after.buffersMiB - before.buffersMiB,
  });
  const files = (await readdir(dataset)).filter((name) => /^queries.*\.jsonl$/.test(name));
  for (const file of files.sort()) await search(index, papers, file);
  await index.close();
} finally {
  await rm(folder, { recursive: true, force: true });
}
