/**
 * What each way of asking costs beside the plain one, over HTTP on one connection:
 *   node dist/benchmarks/answers.js [--index <folder>] [--data <folder>] [--json]
 * A text that is asked again costs no run of the model, so the cost of search alone shows; a new one is what a person
 * waits for.
 */
import {
  alternate,
  atMost,
  type BenchOptions,
  median,
  medianRatio,
  type Row,
  rounded,
  runAlone,
} from './harness.js';
import { withFolder } from './made-index.js';
import { Client, serve } from './service-process.js';
import { usualIndex } from './text-queries.js';
import { realTexts } from './texts.js';

const BATCHED = 40;

type Ask = (i: number) => Promise<unknown>;

/** One way of asking beside another: how many times as long it may take, and in a quick run. */
interface Comparison {
  what: string;
  against: string;
  most: number;
  mostQuick: number;
}

export function run(options: BenchOptions): Promise<Row[]> {
  return withFolder(options, async (folder) => {
    const index = options.index ?? (await usualIndex(options, folder));
    const rounds = options.quick ? 12 : 60;
    const service = await serve(index);
    const client = new Client(service.url, 1);
    try {
      const ways = await waysOf(client, options, rounds);
      const times = await alternate(rounds, ways);
      const batches = await alternate(options.quick ? 2 : 5, await batchesOf(client, options));
      const all: Record<string, number[]> = { ...times, ...batches };
      return COMPARISONS.map(({ what, against, most, mostQuick }) => {
        const [a = [], b = []] = [all[what], all[against]];
        return atMost(options.quick ? mostQuick : most, {
          what,
          against,
          measured: medianRatio(a, b),
          note: `${rounded(median(a))} against ${rounded(median(b))} ms`,
        });
      });
    } finally {
      client.close();
      await service.stop();
    }
  });
}

const COMPARISONS: readonly Comparison[] = [
  ...['sentence', 'abstract'].flatMap((text) => [
    { what: `new ${text}, explain`, against: `new ${text}, semantic`, most: 3, mostQuick: 5 },
    { what: `new ${text}, hybrid`, against: `new ${text}, semantic`, most: 1.5, mostQuick: 3 },
  ]),
  { what: 'known text, explain', against: 'known text, semantic', most: 3, mostQuick: 6 },
  { what: 'similar, explain', against: 'similar', most: 3, mostQuick: 6 },
  { what: 'similar, limit 100, explain', against: 'similar, limit 100', most: 4, mostQuick: 8 },
  { what: '40 new texts in a batch', against: '40 new texts one by one', most: 1, mostQuick: 1.3 },
];

async function waysOf(client: Client, options: BenchOptions, rounds: number): Promise<Record<string, Ask>> {
  const texts = await realTexts(options, 100);
  const ids = await idsOf(client);
  const similar = (i: number, query = '') =>
    client.get(`/v1/papers/${encodeURIComponent(ids[i % ids.length] ?? '')}/similar${query}`);
  const search = (q: string, more: object) => client.post('/v1/search', { q, ...more });
  const title = (i: number) => texts[i % texts.length]?.title ?? '';
  const abstract = (i: number) => (texts[i % texts.length]?.abstract ?? '').slice(0, 1500);
  const sentence = (i: number) => (abstract(i).split(/(?<=\.) /)[0] ?? '').slice(0, 400);
  const ways: Record<string, Ask> = {
    similar: (i) => similar(i),
    'similar, explain': (i) => similar(i, '?explain=true'),
    'similar, limit 100': (i) => similar(i, '?limit=100'),
    'similar, limit 100, explain': (i) => similar(i, '?limit=100&explain=true'),
    'known text, semantic': (i) => search(title(i), { mode: 'semantic' }),
    'known text, explain': (i) => search(title(i), { mode: 'semantic', explain: true }),
  };
  for (const [name, textOf] of Object.entries({ sentence, abstract })) {
    // Another word in front makes a text that nobody asked before, of the same length.
    ways[`new ${name}, semantic`] = (i) => search(`a${i} ${textOf(i)}`, { mode: 'semantic' });
    ways[`new ${name}, hybrid`] = (i) => search(`b${i} ${textOf(i)}`, { mode: 'hybrid' });
    ways[`new ${name}, explain`] = (i) => search(`c${i} ${textOf(i)}`, { mode: 'semantic', explain: true });
  }
  for (let i = 0; i < rounds; i++) await search(title(i), { mode: 'semantic' });
  return ways;
}

async function batchesOf(client: Client, options: BenchOptions): Promise<Record<string, Ask>> {
  const texts = await realTexts(options, 100);
  const queries = (round: string) =>
    Array.from({ length: BATCHED }, (_, i) =>
      `${round} ${i} ${texts[i % texts.length]?.abstract}`.slice(0, 1500),
    );
  return {
    '40 new texts one by one': async (round) => {
      for (const q of queries(`one ${round}`)) await client.post('/v1/search', { q });
    },
    '40 new texts in a batch': (round) =>
      client.post('/v1/batch', { requests: queries(`all ${round}`).map((q) => ({ search: { q } })) }),
  };
}

async function idsOf(client: Client): Promise<string[]> {
  const { body } = await client.get('/v1/papers?limit=100&fields=id');
  const { papers }: { papers: { id: string }[] } = JSON.parse(body);
  return papers.map(({ id }) => id);
}

await runAlone(import.meta.url, run);
