/**
 * Whether the service lives while its workers have more texts than they can embed:
 *   node dist/benchmarks/liveness.js [--index <folder>] [--data <folder>] [--json]
 * 32 connections ask whole abstracts that nobody asked before; meanwhile /livez is asked every 5 ms on a connection of
 * its own, and the event loop of the service says how late it comes round.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  atMost,
  type BenchOptions,
  millisecondsOf,
  quantile,
  type Row,
  rounded,
  runAlone,
} from './harness.js';
import { withFolder } from './made-index.js';
import { Client, inParallel, serve } from './service-process.js';
import { usualIndex } from './text-queries.js';
import { realTexts } from './texts.js';

const CONNECTIONS = 32;
const PAUSE_MS = 5;

export function run(options: BenchOptions): Promise<Row[]> {
  return withFolder(options, async (folder) => {
    const index = options.index ?? (await usualIndex(options, folder));
    const texts = await realTexts(options, 1000);
    const service = await serve(index);
    const load = new Client(service.url, CONNECTIONS);
    const prober = new Client(service.url, 1);
    try {
      let running = true;
      let answered = 0;
      const ask = async (i: number) => {
        if (!running) return;
        const { abstract } = texts[i % texts.length] ?? { abstract: '' };
        await load.post('/v1/search', { q: `${i} ${abstract}`, mode: 'semantic' });
        answered++;
      };
      const asking = inParallel(CONNECTIONS, 1_000_000, ask);
      // Code that is compiled now would show as a late loop once.
      await probe(prober, 200);
      await service.resetLoopDelay();
      const before = answered;
      const began = performance.now();
      const times = await probe(prober, options.quick ? 400 : 3000);
      const loop = await service.loopDelay();
      const rate = ((answered - before) / (performance.now() - began)) * 1000;
      running = false;
      await asking;
      const against = `${rounded(rate)} abstracts a second by ${CONNECTIONS} connections`;
      const spread = (values: { p50: number; max: number }) =>
        `median ${rounded(values.p50)}, longest ${rounded(values.max)}`;
      const livez = { p50: quantile(times, 0.5), max: quantile(times, 1) };
      return [
        atMost(options.quick ? 250 : 10, {
          what: '/livez p99 while embedding is saturated',
          against,
          unit: 'ms',
          measured: quantile(times, 0.99),
          note: spread(livez),
        }),
        atMost(options.quick ? 250 : 15, {
          what: 'event-loop delay p99 while embedding is saturated',
          against,
          unit: 'ms',
          measured: loop.p99,
          note: spread(loop),
        }),
      ];
    } finally {
      load.close();
      prober.close();
      await service.stop();
    }
  });
}

/** Milliseconds of each of `count` requests. */
async function probe(client: Client, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    times.push(await millisecondsOf(() => client.get('/livez')));
    await sleep(PAUSE_MS);
  }
  return times;
}

await runAlone(import.meta.url, run);
