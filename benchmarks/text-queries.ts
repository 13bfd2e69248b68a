/**
 * Queries by text over HTTP, against a loop that only embeds: one worker with one thread, the same texts.
 *   node dist/benchmarks/text-queries.js [--index <folder>] [--data <folder>] [--json]
 * Once drawn by Zipf's law from 5,000 sentences of abstracts, as popular questions come again, and once without any
 * repetition. Service and loop take turns of 500 queries; what the service remembers, it keeps from turn to turn.
 */
import { readConfig } from '../src/config.js';
import { InferenceThread } from '../src/embedding/thread.js';
import { findModel } from '../src/open-corpus.js';
import {
  alternate,
  atLeast,
  type BenchOptions,
  median,
  type Row,
  rounded,
  runAlone,
  zipfDraws,
} from './harness.js';
import { MODEL, madeCorpus } from './made-corpus.js';
import { madeIndex, withFolder } from './made-index.js';
import { Client, inParallel, serve } from './service-process.js';
import { realSentences } from './texts.js';

const CONNECTIONS = 16;
const DISTINCT = 5000;
const WARMING = 50;

export function run(options: BenchOptions): Promise<Row[]> {
  return withFolder(options, async (folder) => {
    const index = options.index ?? (await usualIndex(options, folder));
    const count = options.quick ? 200 : 5000;
    const turn = options.quick ? 50 : 500;
    const sentences = await realSentences(options, DISTINCT + count);
    const popular = sentences.slice(0, options.quick ? 200 : DISTINCT);
    const repeated = zipfDraws(count, popular.length).map((i) => popular[i] ?? '');
    // The sample page has few sentences; with a number in front each is a text that nobody asked before.
    const fresh = Array.from({ length: count }, (_, i) => {
      const sentence = sentences[(DISTINCT + i) % sentences.length] ?? '';
      return options.quick ? `${i} ${sentence}` : sentence;
    });
    const byZipf = await compare(index, repeated, turn);
    const once = await compare(index, fresh, turn);
    const what = `POST text query, semantic, ${CONNECTIONS} connections, ${count} queries`;
    const against = 'a loop over the same texts, one worker, one thread';
    return [
      atLeast(options.quick ? 0.3 : 3, { what: `${what} by Zipf`, against, ...byZipf }),
      atLeast(options.quick ? 0.25 : 1.5, { what: `${what}, none repeats`, against, ...once }),
    ];
  });
}

/** How many papers are searched where nothing else is said. */
export function usualSize({ sizes, quick }: BenchOptions): number {
  return sizes[0] ?? (quick ? 2000 : 100_000);
}

/** The made index that is asked when no other is named. */
export async function usualIndex(options: BenchOptions, folder: string): Promise<string> {
  const size = usualSize(options);
  return (await madeIndex(await madeCorpus(options, size), size, folder)).folder;
}

/** How many times the requests a second of the loop the service answers. */
async function compare(
  index: string,
  texts: readonly string[],
  turn: number,
): Promise<{ measured: number; note: string }> {
  const thread = new InferenceThread(await findModel(MODEL, readConfig({})));
  await thread.ready;
  const service = await serve(index);
  const client = new Client(service.url, CONNECTIONS);
  try {
    // Neither begins cold, and what warms them is asked by neither again.
    await inParallel(CONNECTIONS, WARMING, (i) =>
      client.post('/v1/search', { q: `warm ${i}`, mode: 'semantic' }),
    );
    for (let i = 0; i < WARMING; i++) await thread.embed(`warm ${i}`, 'query');
    const times = await alternate(Math.ceil(texts.length / turn), {
      service: (round) => {
        const part = texts.slice(round * turn, (round + 1) * turn);
        return inParallel(CONNECTIONS, part.length, (i) =>
          client.post('/v1/search', { q: part[i], mode: 'semantic' }),
        );
      },
      loop: async (round) => {
        for (const text of texts.slice(round * turn, (round + 1) * turn)) await thread.embed(text, 'query');
      },
    });
    const seconds = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / 1000;
    const rate = texts.length / seconds(times.service);
    const bare = texts.length / seconds(times.loop);
    const turns = times.service.map((ms, i) => (times.loop[i] ?? 0) / ms);
    const note = `${rounded(rate)} against ${rounded(bare)} a second; median of turns ${rounded(median(turns))}`;
    return { measured: rate / bare, note };
  } finally {
    client.close();
    await service.stop();
    await thread.close();
  }
}

await runAlone(import.meta.url, run);
