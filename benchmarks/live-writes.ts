/**
 * What changing a corpus costs while it is asked:
 *   node dist/benchmarks/live-writes.js [--index <folder>] [--data <folder>] [--keep <folder>] [--json]
 * Papers come in as fast as they are taken, in one stream; in turns with idle seconds one caller asks for papers similar
 * to one, and one for texts that nobody asked before. Then papers one by one, each searched for at once; and the memory
 * of the service while it makes its next generation and moves to it.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig } from '../src/config.js';
import { embedPapers } from '../src/embedding/paper-vectors.js';
import { createEmbedder } from '../src/embedding/pool.js';
import { findModel } from '../src/open-corpus.js';
import { Feed, paperOf, send, serveCopy, statusOf } from './feeding.js';
import { atMost, type BenchOptions, median, quantile, type Row, rounded, runAlone, told } from './harness.js';
import { randomIds } from './http-paths.js';
import { MODEL, type Text } from './made-corpus.js';
import { withFolder } from './made-index.js';
import { type Ask, closedLoop } from './raw-load.js';
import type { ServiceProcess } from './service-process.js';
import { usualIndex } from './text-queries.js';
import { realTexts } from './texts.js';

const ROUNDS = 6;
const SINGLE_WRITES = 100;
const MB = 2 ** 20;
/** So many changes are pending when memory at the swap is measured: a twentieth of the usual corpus. */
const CHANGES = 5000;

export function run(options: BenchOptions): Promise<Row[]> {
  return withFolder(options, async (folder) => {
    const index = options.index ?? (await usualIndex(options, folder));
    const texts = await realTexts(options, 5000);
    // No rebuild by itself: its share of the processor is measured apart.
    const service = await serveCopy(index, join(folder, 'changing'), { NEARPAPER_REBUILD_AFTER: '1000000' });
    try {
      const oneText = await millisecondsOfOne(texts);
      return [
        ...(await whileWriting(service.url, texts, oneText, options)),
        ...(await untilVisible(service.url, texts, options)),
        ...(await atTheSwap(service, texts, options)),
      ];
    } finally {
      await service.stop();
    }
  });
}

/** How long the model takes for one paper, title and abstract and the title alone: the median of some. */
async function millisecondsOfOne(texts: readonly Text[]): Promise<number> {
  const embedder = await createEmbedder(await findModel(MODEL, readConfig({})), { workers: 1, maxQueued: 1 });
  const times: number[] = [];
  for (const { title, abstract } of texts.slice(0, 60)) {
    const began = performance.now();
    await embedPapers(embedder, [{ title, abstract }]);
    times.push(performance.now() - began);
  }
  await embedder.close();
  return median(times.slice(10));
}

async function whileWriting(
  url: string,
  texts: readonly Text[],
  oneText: number,
  { quick }: BenchOptions,
): Promise<Row[]> {
  const ms = quick ? 500 : 4000;
  const ids = await randomIds(url, 5000);
  const byId: Ask = (i) => ({ path: `/v1/papers/${encodeURIComponent(ids[i % ids.length] ?? '')}/similar` });
  const byText: Ask = (i) => ({
    path: '/v1/search',
    body: JSON.stringify({ q: `${i} ${texts[i % texts.length]?.title}` }),
  });
  const times = { idle: { byId: [], byText: [] }, writing: { byId: [], byText: [] } } as Record<
    'idle' | 'writing',
    Record<'byId' | 'byText', number[]>
  >;
  let from = 0;
  const measure = async (state: 'idle' | 'writing') => {
    for (const [kind, ask] of [
      ['byId', byId],
      ['byText', byText],
    ] as const) {
      const { answers } = await closedLoop(url, { connections: 1, ms, ask, from });
      from += answers.length;
      times[state][kind].push(...answers.filter(({ status }) => status === 200).map((answer) => answer.ms));
    }
  };
  // Code that is compiled now would count as slow answers of an idle service.
  await measure('idle');
  times.idle = { byId: [], byText: [] };
  const feed = new Feed(url, (i) => paperOf(texts, i));
  let stored = 0;
  let seconds = 0;
  for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
    await measure('idle');
    feed.resume();
    const [before, began] = [feed.stored, performance.now()];
    await measure('writing');
    stored += feed.stored - before;
    seconds += (performance.now() - began) / 1000;
    feed.pause();
    await drained(url);
  }
  const [alone, aloneSeconds] = await fedAlone(url, feed, quick ? 1000 : 10_000);
  await feed.end();
  if (feed.refused.length > 0) throw new Error(`refused: ${feed.refused[0]}`);
  const p99 = (values: readonly number[]) => quantile(values, 0.99);
  const slower = p99(times.writing.byText) - p99(times.idle.byText);
  const during = `${rounded(stored / seconds)} papers a second stored meanwhile`;
  return [
    told({
      what: 'papers stored a second, end to end',
      against: 'nothing else asked',
      unit: '/s',
      measured: alone / aloneSeconds,
    }),
    atMost(quick ? 10 : 2, {
      what: 'similar by id, p99 while papers are stored at full speed',
      against: 'p99 of an idle service',
      measured: p99(times.writing.byId) / p99(times.idle.byId),
      note: `${rounded(p99(times.writing.byId))} against ${rounded(p99(times.idle.byId))} ms; medians ${rounded(median(times.writing.byId))} and ${rounded(median(times.idle.byId))}; ${during}`,
    }),
    atMost(quick ? 10 : 1, {
      what: 'new text, p99 while papers are stored at full speed, beyond p99 of an idle service',
      against: `embedding one paper (${rounded(oneText)} ms)`,
      measured: slower / oneText,
      note: `${rounded(p99(times.writing.byText))} against ${rounded(p99(times.idle.byText))} ms; medians ${rounded(median(times.writing.byText))} and ${rounded(median(times.idle.byText))}`,
    }),
  ];
}

async function fedAlone(url: string, feed: Feed, ms: number): Promise<[papers: number, seconds: number]> {
  const [before, began] = [feed.stored, performance.now()];
  feed.resume();
  await sleep(ms);
  const seconds = (performance.now() - began) / 1000;
  const papers = feed.stored - before;
  feed.pause();
  await drained(url);
  return [papers, seconds];
}

async function drained(url: string): Promise<void> {
  while ((await statusOf(url)).changes.queued > 0) await sleep(20);
}

/** Papers one by one, each asked for as soon as it is acknowledged: then the next query must see it. */
async function untilVisible(url: string, texts: readonly Text[], { quick }: BenchOptions): Promise<Row[]> {
  const times: number[] = [];
  let seen = 0;
  const count = quick ? 10 : SINGLE_WRITES;
  for (let i = 0; i < count; i++) {
    const paper = paperOf(texts, 2_000_000 + i);
    const began = performance.now();
    const { status } = await send('PUT', `${url}/v1/papers/${paper.id}`, paper);
    times.push(performance.now() - began);
    if (status !== 201) throw new Error(`PUT answered ${status}`);
    const response = await fetch(`${url}/v1/search?limit=1&fields=id&q=${encodeURIComponent(paper.title)}`);
    // As documented. A text that came before under another number is a copy, of which one stands for both.
    const { results } = (await response.json()) as { results: { paper: { id: string }; also: string[] }[] };
    if ([results[0]?.paper.id, ...(results[0]?.also ?? [])].includes(paper.id)) seen++;
  }
  return [
    told({
      what: 'from a PUT to its acknowledgement, when the next query sees it; median',
      against: 'one at a time, nothing else asked',
      unit: 'ms',
      measured: median(times),
      note: `p99 ${rounded(quantile(times, 0.99))} ms`,
    }),
    told({
      what: 'papers that the next query found by their title',
      against: `${count} stored`,
      unit: 'papers',
      measured: seen,
    }),
  ];
}

/** Resident memory of the service before, while its child works, and most of all while two generations are open. */
async function atTheSwap(
  service: ServiceProcess,
  texts: readonly Text[],
  { quick }: BenchOptions,
): Promise<Row[]> {
  const { url } = service;
  const feed = new Feed(url, (i) => paperOf(texts, 3_000_000 + i));
  feed.resume();
  while ((await statusOf(url)).changes.pending < (quick ? 50 : CHANGES)) await sleep(100);
  await feed.end();
  const steady = await service.rss();
  const began = performance.now();
  await send('POST', `${url}/v1/admin/rebuild`);
  let most = steady;
  while ((await statusOf(url)).rebuild.state === 'running') {
    most = Math.max(most, await service.rss());
    await sleep(5);
  }
  const seconds = (performance.now() - began) / 1000;
  await sleep(2000);
  const after = await service.rss();
  return [
    told({
      what: 'most memory of the service while it moves to the next generation',
      against: 'before',
      measured: most / steady,
      note: `${rounded(most / MB)} against ${rounded(steady / MB)} MB, afterwards ${rounded(after / MB)}; the rebuild took ${rounded(seconds)} s`,
    }),
  ];
}

await runAlone(import.meta.url, run);
