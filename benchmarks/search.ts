/**
 * Search at recall@10 of .99 among 100,000 vectors, one query at a time: through nearpaper's adapter, in bare hnswlib-node
 * over the same graph, and in other engines with what of their settings reaches that recall in the least time.
 *   node dist/benchmarks/search.js [--data <folder>] [--keep <folder>] [--json]
 * The engines are packages of their own: `npm ci` in benchmarks/peers first. Each runs in a process of its own between
 * two measurements of nearpaper, which it is compared with.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../src/package-root.js';
import type { VectorIndex } from '../src/vectors/vector-index.js';
import type { BareGraph } from './bare-hnswlib.js';
import {
  alternate,
  atLeast,
  type BenchOptions,
  median,
  medianRatio,
  type Row,
  rounded,
  runAlone,
  told,
} from './harness.js';
import { withSearchedCorpus } from './searched-corpus.js';
import { kthLargest, recallOf, TIE, type Truth } from './truth.js';

const K = 10;
const RECALL = 0.99;
const EFFORTS = [10, 12, 14, 16, 18, 20, 24, 28, 32, 40, 48, 64, 96, 128, 192, 256];
const ROUNDS = 40;

/** How many times nearpaper's time they take at least; null where it is told for comparison only. */
const PEERS: readonly { name: string; target: number | null }[] = [
  { name: 'lancedb', target: 8 },
  { name: 'sqlite-vec', target: 100 },
  { name: 'chroma', target: null },
  { name: 'usearch', target: null },
];

interface Tuned {
  effort: number;
  recall: number;
}

export function run(options: BenchOptions): Promise<Row[]> {
  return withSearchedCorpus(options, options.quick ? 100 : 200, async (searched) => {
    const { size, corpus, generation, graph, truth, folder } = searched;
    const ours = await tunedIndex(generation.vectors, truth);
    const bare = await tunedGraph(graph, truth);
    const rows = [await againstBare(generation.vectors, graph, truth, { ours, bare, options })];
    if (options.quick) return rows;
    const file = join(folder, `truth-${size}.json`);
    await writeFile(file, JSON.stringify(forPeers(truth, corpus.realPapers, size)));
    const once = () => millisecondsAQuery(generation.vectors, truth, ours);
    for (const peer of PEERS) rows.push(await againstPeer(peer, { data: options.data, file, once }));
    return rows;
  });
}

/** The least effort that reaches the recall, or the most there is. */
async function tunedIndex(index: VectorIndex, truth: Truth): Promise<Tuned> {
  let tuned = { effort: 0, recall: 0 };
  for (const effort of EFFORTS) {
    const found: number[][] = [];
    for (const { vector } of truth.queries) {
      found.push((await index.search(vector, K, { effort })).map(({ label }) => label));
    }
    tuned = { effort, recall: recallOf(truth, found, K) };
    if (tuned.recall >= RECALL) break;
  }
  return tuned;
}

async function tunedGraph(graph: BareGraph, truth: Truth): Promise<Tuned> {
  let tuned = { effort: 0, recall: 0 };
  for (const effort of EFFORTS) {
    graph.setEf(effort);
    const found = truth.queries.map(({ plain }) => graph.searchKnn(plain, K).neighbors);
    tuned = { effort, recall: recallOf(truth, found, K) };
    if (tuned.recall >= RECALL) break;
  }
  return tuned;
}

async function againstBare(
  index: VectorIndex,
  graph: BareGraph,
  { queries }: Truth,
  { ours, bare, options }: { ours: Tuned; bare: Tuned; options: BenchOptions },
): Promise<Row> {
  graph.setEf(bare.effort);
  const times = await alternate(ROUNDS, {
    adapter: () => searchAll(index, queries, ours),
    bare: () => {
      for (const { plain } of queries) graph.searchKnn(plain, K);
    },
  });
  const micro = (values: readonly number[]) => rounded((1000 * median(values)) / queries.length);
  return atLeast(options.quick ? 0.6 : 0.95, {
    what: `search, recall@10 of ${RECALL}, ${index.size} papers, through the adapter`,
    against: 'hnswlib-node with plain arrays, same build',
    measured: medianRatio(times.bare, times.adapter),
    note:
      `${micro(times.adapter)} µs, effort ${ours.effort}, recall ${rounded(ours.recall)}; ` +
      `${micro(times.bare)} µs, ef ${bare.effort}, recall ${rounded(bare.recall)}`,
  });
}

async function searchAll(index: VectorIndex, queries: Truth['queries'], { effort }: Tuned): Promise<void> {
  for (const { vector } of queries) await index.search(vector, K, { effort });
}

async function millisecondsAQuery(index: VectorIndex, { queries }: Truth, ours: Tuned): Promise<number> {
  const times = await alternate(ROUNDS / 2, { adapter: () => searchAll(index, queries, ours) });
  return median(times.adapter) / queries.length;
}

/** What peers/vectors.mjs reads: rows of the file of vectors, and how near the last of the k nearest is. */
function forPeers({ queries, similarities }: Truth, all: number, size: number) {
  const rows = queries.map((_, i) => size + Math.floor((i * (all - size)) / queries.length));
  const floors = similarities.map((column) => kthLargest(column, K) - TIE);
  return { size, k: K, recall: RECALL, rows, floors };
}

/** What a peer's script prints. */
interface PeerReport {
  version: string;
  setting: string;
  recall: number;
  msPerQuery: number;
}

async function againstPeer(
  { name, target }: (typeof PEERS)[number],
  { data, file, once }: { data: string; file: string; once: () => Promise<number> },
): Promise<Row> {
  const what = 'the same search';
  const peers = join(packageRoot(), 'benchmarks', 'peers');
  const absent = (note: string) => {
    const row = { what, against: name, measured: null, note };
    return target === null ? told(row) : atLeast(target, row);
  };
  if (!existsSync(join(peers, 'node_modules')))
    return absent('not installed, see benchmarks/peers/README.md');
  const before = await once();
  const { status, stdout } = spawnSync(process.execPath, [join(peers, `${name}.mjs`), data, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) return absent(`its script ended with ${status}`);
  const { version, setting, recall, msPerQuery }: PeerReport = JSON.parse(stdout);
  const ours = (before + (await once())) / 2;
  const row = {
    what,
    against: `${name} ${version}`,
    measured: msPerQuery / ours,
    note: `${rounded(msPerQuery)} ms, recall ${rounded(recall)}, ${setting}; ours ${rounded(ours)} ms`,
  };
  return target === null ? told(row) : atLeast(target, row);
}

await runAlone(import.meta.url, run);
