/**
 * What the way from socket to answer costs, for one paper and for papers similar to one:
 *   node dist/benchmarks/http-paths.js --index <folder> [--keep <folder>] [--json]
 * Against raw node:http that has the same bytes ready, against a naive service of the same parts, and against a bare
 * loop of searchKnn. Each is a process of its own with its log and metrics on, and they take turns; the generator of
 * the load shares the machine with each of them alike. Ids are random: for papers similar to one those of the whole
 * corpus, none twice before all have come; for single papers 1,000, of which the raw server holds the answers.
 */
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { requireGeneration } from '../src/generations/folder.js';
import { type ChildProgram, startProgram } from './child-program.js';
import {
  atLeast,
  type BenchOptions,
  median,
  medianRatio,
  type Row,
  randomNumbers,
  rounded,
  runAlone,
} from './harness.js';
import { withFolder } from './made-index.js';
import { closedLoop } from './raw-load.js';
import { serve } from './service-process.js';
import { usualIndex } from './text-queries.js';

const CONNECTIONS = 16;
/** Of these the raw server has the answers. */
const PREPARED = 1000;

export function run(options: BenchOptions): Promise<Row[]> {
  return withFolder(options, async (folder) => {
    const index = options.index ?? (await usualIndex(options, folder));
    // Named after the published generation, of which it holds the vectors.
    const graph = join(folder, `bare-${basename((await requireGeneration(index)).folder)}.hnsw`);
    const programs: ChildProgram[] = [];
    const start = async (file: string, ...args: string[]) => {
      const program = await startProgram(file, args);
      programs.push(program);
      return program;
    };
    const service = await serve(index);
    try {
      const ids = await randomIds(service.url);
      const prepared = join(folder, 'prepared.json');
      await writeFile(prepared, JSON.stringify(await answersOf(service.url, ids.slice(0, PREPARED))));
      const raw = await start('raw-service.js', prepared);
      const naive = await start('naive-service.js', index, graph);
      const bare = await start('bare-search.js', index, graph);
      const urls = { ours: service.url, naive: naive.url, raw: raw.url };
      return await compare(urls, bare, ids, options.quick);
    } finally {
      await service.stop();
      for (const program of programs) await program.stop();
    }
  });
}

async function compare(
  urls: Record<'ours' | 'naive' | 'raw', string>,
  bare: ChildProgram,
  ids: readonly string[],
  quick: boolean,
): Promise<Row[]> {
  const ms = quick ? 500 : 2000;
  let asked = 0;
  const rate = async (url: string, path: (id: string) => string, among: number): Promise<number> => {
    const ask = (i: number) => ({ path: path(ids[i % among] ?? '') });
    const load = await closedLoop(url, { connections: CONNECTIONS, ms, ask, from: asked });
    asked += load.answers.length;
    const failed = load.answers.find(({ status }) => status !== 200);
    if (failed !== undefined) throw new Error(`${url} answered ${failed.status}`);
    return load.rate;
  };
  const similar = (mode: string) => (id: string) => `${paperPath(id)}/similar?mode=${mode}`;
  const ways = {
    raw: () => rate(urls.raw, paperPath, PREPARED),
    paper: () => rate(urls.ours, paperPath, PREPARED),
    naivePaper: () => rate(urls.naive, paperPath, PREPARED),
    semantic: () => rate(urls.ours, similar('semantic'), ids.length),
    naiveSimilar: () => rate(urls.naive, similar('semantic'), ids.length),
    hybrid: () => rate(urls.ours, similar('hybrid'), ids.length),
    bare: () => bare.ask(ms).then(Number),
  };
  // The first round compiles what is hot.
  const rates = await inTurns(quick ? 3 : 6, ways);
  const perSecond = (values: readonly number[]) => `${rounded(median(values))}/s`;
  const row = (what: string, against: string, least: number, ours: number[], theirs: number[]) =>
    atLeast(quick ? least / 2 : least, {
      what,
      against,
      measured: medianRatio(ours, theirs),
      note: `${perSecond(ours)} against ${perSecond(theirs)}`,
    });
  const rawName = 'raw node:http, the same bytes';
  const naiveName = 'the naive service';
  const loop = 'a bare loop of searchKnn';
  return [
    row('GET paper', rawName, 0.4, rates.paper, rates.raw),
    row('GET paper', naiveName, 2, rates.paper, rates.naivePaper),
    row('GET similar, semantic', loop, 0.6, rates.semantic, rates.bare),
    row('GET similar, semantic', naiveName, 1.4, rates.semantic, rates.naiveSimilar),
    row('GET similar, hybrid', loop, 0.6, rates.hybrid, rates.bare),
    row('GET similar, hybrid', naiveName, 1.4, rates.hybrid, rates.naiveSimilar),
  ];
}

/** Rates by way, of all rounds but the first; every other round goes the other way round. */
async function inTurns<Way extends string>(
  rounds: number,
  ways: Record<Way, () => Promise<number>>,
): Promise<Record<Way, number[]>> {
  const names = Object.keys(ways) as Way[]; // Object.keys forgets what the keys are
  const rates = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Way, number[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const rate = await ways[name]();
      if (round > 0) rates[name].push(rate);
    }
  }
  return rates;
}

function paperPath(id: string): string {
  return `/v1/papers/${encodeURIComponent(id)}`;
}

/** The ids of the corpus in random order, or `most` of them. */
export async function randomIds(url: string, most = Number.POSITIVE_INFINITY): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const response = await fetch(
      `${url}/v1/papers?limit=100&fields=id${cursor === null ? '' : `&cursor=${cursor}`}`,
    );
    const page = (await response.json()) as { papers: { id: string }[]; next: string | null }; // as documented
    for (const { id } of page.papers) ids.push(id);
    cursor = page.next;
  } while (cursor !== null);
  const random = randomNumbers(7);
  for (let i = ids.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [ids[i], ids[j]] = [ids[j] ?? '', ids[i] ?? ''];
  }
  return ids.slice(0, most);
}

/** What the service answers, head and body; the headers that Node adds by itself are left to Node. */
async function answersOf(url: string, ids: readonly string[]): Promise<[string, string[], string][]> {
  const own = new Set(['connection', 'keep-alive', 'date']);
  const answers: [string, string[], string][] = [];
  for (const id of ids) {
    const path = paperPath(id);
    const response = await fetch(url + path);
    const headers = [...response.headers].filter(([name]) => !own.has(name)).flat();
    answers.push([path, headers, await response.text()]);
  }
  return answers;
}

await runAlone(import.meta.url, run);
