/**
 * What happens when four times as much arrives as can be answered:
 *   node dist/benchmarks/overload.js [--index <folder>] [--data <folder>] [--keep <folder>] [--json]
 * For papers similar to one, and for texts that nobody asked before. First one caller alone, then 16 that each wait for
 * an answer, which tells the rate that is sustained; then four times that rate, whether answers come or not, while
 * /livez is asked on a connection of its own; and after it the 16 again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { atLeast, atMost, type BenchOptions, quantile, type Row, rounded, runAlone } from './harness.js';
import { randomIds } from './http-paths.js';
import { withFolder } from './made-index.js';
import { type Ask, Connection, closedLoop, openLoop, type Timed } from './raw-load.js';
import { serve } from './service-process.js';
import { usualIndex } from './text-queries.js';
import { realTexts } from './texts.js';

const TIMES = 4;
const LANES = 16;
/** Ids or texts before any comes again. */
const DISTINCT = 5000;
const PROBE_PAUSE_MS = 5;
/** From the end of the overload to the callers who must be served as if nothing had been, and how long they ask. */
const AFTER_MS = 2000;
const AFTERWARDS_MS = 3000;

export function run(options: BenchOptions): Promise<Row[]> {
  return withFolder(options, async (folder) => {
    const service = await serve(options.index ?? (await usualIndex(options, folder)));
    try {
      const ids = await randomIds(service.url, DISTINCT);
      const texts = await realTexts(options, DISTINCT);
      const byId: Ask = (i) => ({
        path: `/v1/papers/${encodeURIComponent(ids[i % ids.length] ?? '')}/similar`,
      });
      // A number in front makes a text that nobody asked before.
      const byText: Ask = (i) => ({
        path: '/v1/search',
        body: JSON.stringify({ q: `${i} ${texts[i % texts.length]?.title}` }),
      });
      return [
        ...(await overload(service.url, 'similar by id', byId, options)),
        ...(await overload(service.url, 'new texts', byText, options)),
      ];
    } finally {
      await service.stop();
    }
  });
}

async function overload(url: string, what: string, ask: Ask, { quick }: BenchOptions): Promise<Row[]> {
  const ms = quick ? 2000 : 10_000;
  let from = 0;
  const closed = async (connections: number, duration = ms / 3) => {
    const load = await closedLoop(url, { connections, ms: duration, ask, from });
    from += load.answers.length;
    return load;
  };
  await closed(LANES);
  const alone = await closed(1);
  const sustained = await closed(LANES);
  const rate = TIMES * sustained.rate;
  // From here on the generator pauses for nothing: what it asks first finds the queue of an idle service.
  await openLoop(url, { rate, ms: 1000, ask, from: 1e6 });
  const probing = probe(url, ms);
  const flood = await openLoop(url, { rate, ms, ask, from: 2e6 });
  const livez = await probing;
  await sleep(AFTER_MS);
  const after = await closed(LANES, AFTERWARDS_MS);

  const against = `${rounded(rate)}/s, of which ${rounded(sustained.rate)} are sustained`;
  const wide = quick ? 3 : 1;
  return [
    ...duringFlood(what, against, { unloaded: alone.answers, flood: flood.answers, livez, wide }),
    atLeast(quick ? 0.4 : 0.7, {
      what: `${what}: accepted a second`,
      against: 'sustained',
      measured: (withStatus(flood.answers, 200).length * 1000) / ms / sustained.rate,
      note: `${rounded(flood.rate)}/s came`,
    }),
    atLeast(1, {
      what: `${what}: ${LANES} callers who wait for answers, share answered`,
      against: 'before the overload',
      measured: shareOf(sustained.answers, 200),
    }),
    atLeast(1, {
      what: `${what}: ${LANES} callers who wait for answers, share answered`,
      against: `${AFTER_MS / 1000} s after the overload`,
      measured: shareOf(after.answers, 200),
    }),
  ];
}

interface Flood {
  unloaded: readonly Timed[];
  flood: readonly Timed[];
  /** Milliseconds of each probe. */
  livez: readonly number[];
  /** How much wider than the the margins are. */
  wide: number;
}

function duringFlood(what: string, against: string, { unloaded, flood, livez, wide }: Flood): Row[] {
  const alone = p99(withStatus(unloaded, 200));
  const accepted = p99(withStatus(flood, 200));
  const refused = withStatus(flood, 503);
  return [
    atMost(3 * wide, {
      what: `${what}: p99 of the accepted`,
      against: 'p99 of one caller alone',
      measured: accepted / alone,
      note: `${rounded(accepted)} ms against ${rounded(alone)} ms`,
    }),
    atMost(20 * wide, { what: `${what}: p99 of the refused`, against, unit: 'ms', measured: p99(refused) }),
    atLeast(1, {
      what: `${what}: share of refused with Retry-After`,
      against,
      measured: refused.filter(({ retryAfter }) => retryAfter).length / refused.length,
    }),
    atMost(0, {
      what: `${what}: answers neither 200 nor 503`,
      against,
      unit: 'answers',
      measured: flood.length - withStatus(flood, 200).length - refused.length,
    }),
    atMost(10 * wide, { what: `${what}: /livez p99`, against, unit: 'ms', measured: quantile(livez, 0.99) }),
  ];
}

const withStatus = (answers: readonly Timed[], status: number) =>
  answers.filter((answer) => answer.status === status);
const shareOf = (answers: readonly Timed[], status: number) =>
  withStatus(answers, status).length / answers.length;
const p99 = (answers: readonly Timed[]) =>
  quantile(
    answers.map(({ ms }) => ms),
    0.99,
  );

/** Milliseconds of each of the requests for /livez during `ms`. */
async function probe(url: string, ms: number): Promise<number[]> {
  const connection = await Connection.open(url);
  const times: number[] = [];
  const began = performance.now();
  while (performance.now() - began < ms) {
    times.push((await connection.send('/livez')).ms);
    await sleep(PROBE_PAUSE_MS);
  }
  connection.close();
  return times;
}

await runAlone(import.meta.url, run);
