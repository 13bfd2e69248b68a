/**
 * What each way of asking costs beside the plain one, on an index that was built before:
 *   node dist/benchmarks/answers.js <index folder>
 * Medians in milliseconds and ratios, interleaved in one run, over HTTP on this machine. Exits with 1 when explaining
 * costs more than three times the plain call, a batch is no faster than its queries one by one, or a new text costs more
 * than half again as much in hybrid mode as in semantic mode, embedding included.
 */
import { parseArgs } from 'node:util';
import pino from 'pino';
import { readConfig } from '../src/config.js';
import { startService } from '../src/server.js';

const ROUNDS = 60;
const BATCHED = 40;
const { positionals } = parseArgs({ allowPositionals: true });
const config = readConfig({ NEARPAPER_INDEX: positionals[0] ?? 'index-data', PORT: '0' });
const service = await startService({ config, logger: pino({ level: 'silent' }), version: 'benchmark' });
try {
  const { papers } = await get<{ papers: { id: string; title: string; abstract: string }[] }>(
    '/v1/papers?limit=100&fields=id,title,abstract',
  );
  const ids: string[] = papers.map(({ id }) => id);
  const similar = (i: number) => `/v1/papers/${encodeURIComponent(ids[i % ids.length] ?? '')}/similar`;
  const words = (i: number) => encodeURIComponent(papers[i % papers.length]?.title ?? '');
  // Every text is asked once before, so that what is compared is the search and not the model.
  for (let i = 0; i < ROUNDS; i++) await get(`/v1/search?q=${words(i)}`);
  const ways: Record<string, (i: number) => Promise<unknown>> = {
    similar: (i) => get(similar(i)),
    'similar, explain': (i) => get(`${similar(i)}?explain=true`),
    'similar, limit 100': (i) => get(`${similar(i)}?limit=100`),
    'similar, limit 100, explain': (i) => get(`${similar(i)}?limit=100&explain=true`),
    'similar, diversity .5': (i) => get(`${similar(i)}?diversity=.5`),
    'similar, from 2025': (i) => get(`${similar(i)}?from=2025`),
    'similar, exact': (i) => get(`${similar(i)}?exact=true`),
    'search, semantic': (i) => get(`/v1/search?mode=semantic&q=${words(i)}`),
    'search, keyword': (i) => get(`/v1/search?mode=keyword&q=${words(i)}`),
    'search, hybrid': (i) => get(`/v1/search?q=${words(i)}`),
    'search, hybrid, explain': (i) => get(`/v1/search?explain=true&q=${words(i)}`),
    'new sentence, semantic': (i) => get(`/v1/search?mode=semantic&q=${sentence('d', i)}`),
    'new sentence, hybrid': (i) => get(`/v1/search?q=${sentence('e', i)}`),
    'new abstract, semantic': (i) => get(`/v1/search?mode=semantic&q=${fresh('f', i)}`),
    'new abstract, hybrid': (i) => get(`/v1/search?q=${fresh('g', i)}`),
    'recommend, 3 seeds': (i) => seeds(i, 3),
    'recommend, 10 seeds': (i) => seeds(i, 10),
    'recommend, 100 seeds': (i) => seeds(i, 100),
  };
  const medians = await race(ways);
  const of = (name: string) => medians.get(name) ?? 0;
  for (const [name, ms] of medians) print(name, ms, ms / of('similar'));
  const explained = [
    of('similar, explain') / of('similar'),
    of('similar, limit 100, explain') / of('similar, limit 100'),
    of('search, hybrid, explain') / of('search, hybrid'),
  ];
  process.stdout.write(`explain / plain: ${explained.map((ratio) => ratio.toFixed(2)).join(', ')}\n`);
  const mixed = ['sentence', 'abstract'].map(
    (text) => of(`new ${text}, hybrid`) / of(`new ${text}, semantic`),
  );
  process.stdout.write(
    `hybrid / semantic, new texts: ${mixed.map((ratio) => ratio.toFixed(2)).join(', ')}\n`,
  );
  const oneByOne = await time(() => each(BATCHED, (i) => get(`/v1/search?q=${fresh('a', i)}`)));
  const batched = await time(() =>
    post('/v1/batch', {
      requests: range(BATCHED).map((i) => ({ search: { q: decodeURIComponent(fresh('b', i)) } })),
    }),
  );
  const repeated = await time(() =>
    post('/v1/batch', {
      requests: range(BATCHED).map((i) => ({ search: { q: `${decodeURIComponent(fresh('c', i % 4))}` } })),
    }),
  );
  print(`${BATCHED} new texts one by one`, oneByOne, 1);
  print(`${BATCHED} new texts in a batch`, batched, batched / oneByOne);
  print(`${BATCHED} queries for 4 new texts in a batch`, repeated, repeated / oneByOne);
  process.exitCode = Math.max(...explained) <= 3 && Math.max(...mixed) <= 1.5 && batched < oneByOne ? 0 : 1;

  function seeds(i: number, count: number): Promise<unknown> {
    const positives = range(count).map((n) => ({ id: ids[(i + n) % ids.length] }));
    return post('/v1/recommendations', { positives });
  }

  /** The first sentence of an abstract, as nobody asked it before. */
  function sentence(round: string, i: number): string {
    const [first = ''] = (papers[i % papers.length]?.abstract ?? '').split(/(?<=\.) /);
    return encodeURIComponent(`${round}${i} ${first}`.slice(0, 400));
  }

  /** A text that nobody asked before. */
  function fresh(round: string, i: number): string {
    return encodeURIComponent(`${round}${i} ${papers[i % papers.length]?.abstract}`.slice(0, 1500));
  }
} finally {
  await service.stop();
}

/** Each way once a round, in turn, so that whatever else the machine does hits all alike. */
async function race(ways: Record<string, (i: number) => Promise<unknown>>): Promise<Map<string, number>> {
  const times = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, ask] of Object.entries(ways)) times.get(name)?.push(await time(() => ask(round)));
  }
  return new Map([...times].map(([name, all]) => [name, median(all)]));
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

async function get<T = unknown>(path: string): Promise<T> {
  const response = await fetch(service.url + path);
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response.json() as Promise<T>; // what the route is documented to answer
}

async function post(path: string, body: unknown) {
  const response = await fetch(service.url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response.json();
}

async function each(count: number, work: (i: number) => Promise<unknown>): Promise<void> {
  for (const i of range(count)) await work(i);
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function print(name: string, ms: number, ratio: number): void {
  process.stdout.write(
    `${name.padEnd(44)} ${ms.toFixed(2).padStart(9)} ms  ${ratio.toFixed(2).padStart(6)}\n`,
  );
}
