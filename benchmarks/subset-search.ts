/**
 * Filters that leave 1 % and .1 % of 100,000 papers, from the dates in the request to the ten nearest within them, against
 * hnswlib-node with a callback that looks the same dates up:
 *   node dist/benchmarks/subset-search.js [--data <folder>] [--keep <folder>] [--json]
 * Every query has dates of its own, so none is answered from what an earlier one left.
 */
import type { Generation } from '../src/generations/open.js';
import {
  alternate,
  atLeast,
  type BenchOptions,
  median,
  medianRatio,
  type Row,
  rounded,
  runAlone,
} from './harness.js';
import { DAYS, FIRST_DAY, type MadeCorpus } from './made-corpus.js';
import { labelOf } from './made-index.js';
import { type SearchedCorpus, withSearchedCorpus } from './searched-corpus.js';
import { recallOf, type Truth } from './truth.js';

const K = 10;
const WARMING = 500;
const DAY_MS = 86_400_000;

/** Days from the first on, both included. */
interface Range {
  first: number;
  last: number;
}

interface Searched extends SearchedCorpus {
  /** Day of each label. */
  days: Int32Array;
}

export function run(options: BenchOptions): Promise<Row[]> {
  return withSearchedCorpus(options, options.quick ? 50 : 100, async (corpus) => {
    const searched = { ...corpus, days: daysOf(corpus.corpus, corpus.size) };
    return options.quick
      ? [await compare(searched, 0.01, 2)]
      : [await compare(searched, 0.01, 8), await compare(searched, 0.001, 100)];
  });
}

function daysOf(corpus: MadeCorpus, size: number): Int32Array {
  const days = new Int32Array(labelOf(size));
  for (let row = 0; row < size; row++) {
    days[labelOf(row)] = (Date.parse(corpus.paper(row).published) - FIRST_DAY) / DAY_MS;
  }
  return days;
}

async function compare(searched: Searched, share: number, target: number): Promise<Row> {
  const { generation, graph, truth, days } = searched;
  const wide = Math.max(1, Math.round(share * DAYS));
  const { length } = truth.queries;
  const ranges: Range[] = truth.queries.map((_, i) => {
    const first = Math.floor((i * (DAYS - wide)) / length);
    return { first, last: first + wide - 1 };
  });
  const passes = (query: number, label: number) => {
    const { first, last } = ranges[query] ?? { first: 0, last: -1 };
    const day = days[label] ?? -1;
    return day >= first && day <= last;
  };
  // What is hot is compiled first, in ranges that nobody asks for again.
  for (let i = 0; i < WARMING; i++) {
    const first = (i * 7) % (DAYS - wide - 2);
    await within(generation, truth, i % length, { first, last: first + wide });
    if (i < 3) graph.searchKnn(truth.queries[i]?.plain ?? [], K, (label) => passes(i, label));
  }
  const found: { ours: number[][]; callback: number[][] } = { ours: [], callback: [] };
  const times = await alternate(length, {
    ours: async (i) => {
      found.ours[i] = await within(generation, truth, i, ranges[i] ?? { first: 0, last: -1 });
    },
    callback: (i) => {
      const plain = truth.queries[i]?.plain ?? [];
      found.callback[i] = graph.searchKnn(plain, K, (label) => passes(i, label)).neighbors;
    },
  });
  const recall = recallOf(truth, found.ours, K, passes);
  const theirs = recallOf(truth, found.callback, K, passes);
  const row = atLeast(target, {
    what: `filter that leaves ${share * 100} % of ${generation.store.size} papers, subset resolution included`,
    against: "hnswlib's callback filter",
    measured: medianRatio(times.callback, times.ours),
    note:
      `${rounded(median(times.ours))} ms, recall ${rounded(recall)}; ` +
      `${rounded(median(times.callback))} ms, recall ${rounded(theirs)}`,
  });
  return { ...row, ok: row.ok && recall === 1 };
}

async function within(
  { store, vectors }: Generation,
  truth: Truth,
  i: number,
  range: Range,
): Promise<number[]> {
  const day = (number: number) => new Date(FIRST_DAY + number * DAY_MS).toISOString().slice(0, 10);
  const { labels } = await store.subset([{ kind: 'dates', from: day(range.first), to: day(range.last) }]);
  const { vector } = truth.queries[i] ?? { vector: new Float32Array() };
  return (await vectors.search(vector, K, { subset: labels })).map(({ label }) => label);
}

await runAlone(import.meta.url, run);
