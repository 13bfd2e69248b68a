/**
 * Cost as the corpus grows: time per query, memory and build time at 1,000 papers to a million.
 *   node dist/benchmarks/scale.js [--sizes 1000,10000,100000] [--keep <folder>] [--figures docs/figures] [--json]
 * A million takes half an hour to build and 10 GB of disk: with --keep, an index is built once. Papers beyond the
 * 106,602 real ones lie between a real paper and one of its ten nearest. --figures writes plots.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  atLeast,
  atMost,
  type BenchOptions,
  millisecondsOf,
  quantile,
  type Row,
  randomNumbers,
  rounded,
  runAlone,
  told,
} from './harness.js';
import { logPlot, type Series } from './log-plot.js';
import { type MadeCorpus, madeCorpus } from './made-corpus.js';
import { type MadeIndex, madeIndex, withFolder } from './made-index.js';
import { searchedBytes } from './memory.js';
import { Client, serve } from './service-process.js';
import { realSentences } from './texts.js';

const SIZES = [1000, 10_000, 100_000];
const MILLION = 1_000_000;
const RECALL_QUERIES = 100;
const SEMANTIC = '?mode=semantic';

/** What one size costs: milliseconds, seconds and bytes. */
interface Costs {
  papers: number;
  /** By meaning and words, as by default, and by meaning alone, which is what a vector index answers. */
  byId: Times;
  byMeaning: Times;
  keyword: Times;
  hybrid: Times;
  /** By meaning alone. */
  recall: number;
  buildSeconds: number;
  buildBytes: number;
  readySeconds: number;
  restingBytes: number;
  /** After all queries. */
  residentBytes: number;
  fileBytes: number;
}

interface Times {
  p50: number;
  p99: number;
}

export function run(options: BenchOptions): Promise<Row[]> {
  const sizes = options.sizes.length > 0 ? options.sizes : options.quick ? [500, 2000] : SIZES;
  return withFolder(options, async (folder) => {
    const corpus = await madeCorpus(options, Math.max(...sizes));
    const costs: Costs[] = [];
    for (const size of sizes) costs.push(await costsOf(corpus, size, folder, options));
    if (options.figures !== undefined) await plot(costs, options.figures);
    return costs.flatMap(rowsOf);
  });
}

async function costsOf(
  corpus: MadeCorpus,
  size: number,
  folder: string,
  options: BenchOptions,
): Promise<Costs> {
  const index = await madeIndex(corpus, size, folder);
  const measured = { ...(await askAll(index, options)), fileBytes: await searchedBytes(index.folder) };
  const costs: Costs = {
    papers: size,
    buildSeconds: index.seconds,
    buildBytes: index.peakBytes,
    ...measured,
  };
  await writeFile(join(index.folder, 'costs.json'), JSON.stringify(costs, null, 2));
  return costs;
}

/** One connection, one query at a time. */
async function askAll({ folder, papers }: MadeIndex, options: BenchOptions) {
  const service = await serve(folder);
  const client = new Client(service.url, 1);
  try {
    const restingBytes = await service.rss();
    const random = randomNumbers(papers);
    const path = (query = '') => `/v1/papers/made-${Math.floor(random() * papers)}/similar${query}`;
    const sentences = await realSentences(options, 400);
    const search = (mode: string) => (i: number) =>
      client.post('/v1/search', { q: sentences[i % sentences.length], mode });
    const count = options.quick ? 200 : 2000;
    const byId = await timesOf(count, () => client.get(path()));
    const byMeaning = await timesOf(count, () => client.get(path(SEMANTIC)));
    // Hybrid first, of texts that nobody asked before; the model knows them when keywords are searched alone.
    const hybrid = await timesOf(Math.min(200, sentences.length), search('hybrid'));
    const keyword = await timesOf(Math.min(200, sentences.length), search('keyword'));
    const recall = await recallOf(client, () => path(SEMANTIC));
    const residentBytes = await service.rss();
    return {
      byId,
      byMeaning,
      keyword,
      hybrid,
      recall,
      readySeconds: service.readySeconds,
      restingBytes,
      residentBytes,
    };
  } finally {
    client.close();
    await service.stop();
  }
}

/** After a tenth as many that are not counted. */
async function timesOf(count: number, ask: (i: number) => Promise<unknown>): Promise<Times> {
  for (let i = 0; i < count / 10; i++) await ask(count + i);
  const times: number[] = [];
  for (let i = 0; i < count; i++) times.push(await millisecondsOf(() => ask(i)));
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

/** The share of the ten that an exhaustive search answers which the usual search answers too. */
async function recallOf(client: Client, path: () => string): Promise<number> {
  let hits = 0;
  let wanted = 0;
  for (let i = 0; i < RECALL_QUERIES; i++) {
    const paper = path();
    const truth = await idsOf(client, `${paper}&exact=true`);
    const found = new Set(await idsOf(client, paper));
    hits += truth.filter((id) => found.has(id)).length;
    wanted += truth.length;
  }
  return hits / wanted;
}

async function idsOf(client: Client, path: string): Promise<string[]> {
  const { body } = await client.get(path);
  const { results }: { results: { paper: { id: string } }[] } = JSON.parse(body);
  return results.map(({ paper }) => paper.id);
}

function rowsOf(costs: Costs): Row[] {
  const { papers, byId, byMeaning, keyword, hybrid, recall, restingBytes, residentBytes } = costs;
  const gib = (bytes: number) => rounded(bytes / 2 ** 30);
  const against = `${papers} papers, one connection`;
  const timeOf = (what: string, { p50, p99 }: Times) => ({
    what,
    against,
    unit: 'ms',
    measured: p99,
    note: `median ${rounded(p50)}`,
  });
  const time = timeOf('by id, p99', byId);
  const semantic = timeOf('by id, by meaning alone, p99', byMeaning);
  const near = { what: 'by id, by meaning alone, recall@10', against, unit: '', measured: recall };
  const memory = {
    what: 'resident memory after the queries',
    against,
    unit: 'GiB',
    measured: gib(residentBytes),
    note: `${gib(restingBytes)} when ready, files ${gib(costs.fileBytes)}, build ${gib(costs.buildBytes)}`,
  };
  const large = papers >= MILLION;
  // 3 GB are 2.79 GiB.
  const bounded = large
    ? [atMost(10, time), atMost(10, semantic), atLeast(0.98, near), atMost(2.79, memory)]
    : [told(time), told(semantic), told(near), told(memory)];
  return [
    ...bounded,
    told({ what: 'keyword search for a known sentence, median', against, unit: 'ms', measured: keyword.p50 }),
    told({ what: 'hybrid search for a new sentence, median', against, unit: 'ms', measured: hybrid.p50 }),
    told({ what: 'build, embeddings stored', against, unit: 's', measured: costs.buildSeconds }),
    told({ what: 'start to ready', against, unit: 's', measured: costs.readySeconds }),
  ];
}

/** Writes three plots and the figures that they show. */
async function plot(costs: readonly Costs[], figures: string): Promise<void> {
  const series = (name: string, value: (one: Costs) => number): Series => ({
    name,
    points: costs.map((one) => [one.papers, value(one)] as const),
  });
  const mib = (bytes: number) => bytes / 2 ** 20;
  const plots = {
    'time-per-query': logPlot({
      title: 'Time per query over HTTP, one connection',
      x: 'papers',
      y: 'ms',
      series: [
        series('by id, p99', ({ byId }) => byId.p99),
        series('by id, median', ({ byId }) => byId.p50),
        series('by meaning, p99', ({ byMeaning }) => byMeaning.p99),
        series('known, keywords', ({ keyword }) => keyword.p50),
        series('new sentence, median', ({ hybrid }) => hybrid.p50),
      ],
    }),
    memory: logPlot({
      title: 'Memory',
      x: 'papers',
      y: 'MiB',
      series: [
        series('build, at most', ({ buildBytes }) => mib(buildBytes)),
        series('service, ready', ({ restingBytes }) => mib(restingBytes)),
        series('index files', ({ fileBytes }) => mib(fileBytes)),
      ],
    }),
    'build-time': logPlot({
      title: 'Time to build and to start',
      x: 'papers',
      y: 'seconds',
      series: [
        series('build, embeddings stored', ({ buildSeconds }) => buildSeconds),
        series('start to ready', ({ readySeconds }) => readySeconds),
      ],
    }),
  };
  await mkdir(figures, { recursive: true });
  for (const [name, svg] of Object.entries(plots)) await writeFile(join(figures, `${name}.svg`), svg);
  await writeFile(join(figures, 'scale.json'), `${JSON.stringify(costs, null, 2)}\n`);
}

await runAlone(import.meta.url, run);
