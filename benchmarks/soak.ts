/**
 * A service at half load for as long as is wanted, asked and changed at once:
 *   node dist/benchmarks/soak.js [--minutes 60] [--index <folder>] [--data <folder>] [--keep <folder>] [--json]
 * First the rates that it sustains: papers similar to one, texts that nobody asked before, papers stored. Then a sixth of
 * each together, half of the machine; of the papers that came all but the latest are removed again, so the corpus does
 * not grow. Memory must be flat and no answer an error.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Feed, paperOf, send, serveCopy, statusOf } from './feeding.js';
import { atMost, type BenchOptions, median, quantile, type Row, rounded, runAlone, told } from './harness.js';
import { randomIds } from './http-paths.js';
import { withFolder } from './made-index.js';
import { type Ask, closedLoop, openLoop } from './raw-load.js';
import { usualIndex } from './text-queries.js';
import { realTexts } from './texts.js';

const SHARE = 1 / 6;
const MB = 2 ** 20;
const SAMPLE_MS = 10_000;
/** Papers that stay before they are removed again. */
const KEPT = 500;

export function run(options: BenchOptions): Promise<Row[]> {
  return withFolder(options, async (folder) => {
    const index = options.index ?? (await usualIndex(options, folder));
    const texts = await realTexts(options, 10_000);
    const service = await serveCopy(index, join(folder, 'soaked'));
    const { url } = service;
    try {
      const ids = await randomIds(url, 20_000);
      const byId: Ask = (i) => ({
        path: `/v1/papers/${encodeURIComponent(ids[i % ids.length] ?? '')}/similar`,
      });
      const byText: Ask = (i) => ({
        path: '/v1/search',
        body: JSON.stringify({ q: `${i} ${texts[i % texts.length]?.title}` }),
      });
      const warm = options.quick ? 500 : 10_000;
      const rates = {
        byId: (await closedLoop(url, { connections: 8, ms: warm, ask: byId })).rate,
        byText: (await closedLoop(url, { connections: 8, ms: warm, ask: byText })).rate,
        stored: await storingRate(url, texts, warm),
      };
      const ms = options.minutes * 60_000;
      const began = performance.now();
      let running = true;
      const memory: number[] = [];
      const sampling = (async () => {
        while (running) {
          memory.push(await service.rss());
          if (memory.length % 30 === 0) tell(memory, began);
          await sleep(SAMPLE_MS);
        }
      })();
      const [idLoad, textLoad, writes] = await Promise.all([
        openLoop(url, { rate: rates.byId * SHARE, ms, ask: byId, from: 1_000_000 }),
        openLoop(url, { rate: rates.byText * SHARE, ms, ask: byText, from: 10_000_000 }),
        change(url, texts, rates.stored * SHARE, ms),
      ]);
      running = false;
      await sampling;
      const answers = [...idLoad.answers, ...textLoad.answers];
      const failed = answers.filter(({ status }) => status !== 200).length + writes.failed;
      const quarter = Math.floor(memory.length / 4);
      const early = median(memory.slice(quarter, 2 * quarter));
      const late = median(memory.slice(3 * quarter));
      const { changes } = await statusOf(url);
      return [
        atMost(options.quick ? 50 : 10, {
          what: `growth of memory over ${options.minutes} minutes at half load, last quarter`,
          against: 'second quarter',
          unit: '%',
          measured: 100 * (late / early - 1),
          note: `${rounded(early / MB)} to ${rounded(late / MB)} MB, most ${rounded(Math.max(...memory) / MB)}`,
        }),
        atMost(0, {
          what: 'answers that were no success',
          against: `${answers.length} questions, ${writes.done} changes, ${changes.last} of them stored`,
          unit: 'answers',
          measured: failed,
        }),
        told({
          what: 'similar by id, p99 over the whole time',
          against: `${rounded(idLoad.rate)} a second beside ${rounded(textLoad.rate)} texts and ${rounded((writes.done * 1000) / ms)} changes`,
          unit: 'ms',
          measured: quantile(
            idLoad.answers.map((answer) => answer.ms),
            0.99,
          ),
        }),
      ];
    } finally {
      await service.stop();
    }
  });
}

function tell(memory: readonly number[], began: number): void {
  const minutes = Math.round((performance.now() - began) / 60_000);
  process.stderr.write(`${minutes} minutes, ${rounded((memory.at(-1) ?? 0) / MB)} MB\n`);
}

async function storingRate(url: string, texts: Parameters<typeof paperOf>[0], ms: number): Promise<number> {
  const feed = new Feed(url, (i) => paperOf(texts, i));
  feed.resume();
  await sleep(ms);
  const rate = (feed.stored * 1000) / ms;
  await feed.end();
  return rate;
}

/** Papers at this rate, each removed again once so many have come after it. */
async function change(
  url: string,
  texts: Parameters<typeof paperOf>[0],
  rate: number,
  ms: number,
): Promise<{ done: number; failed: number }> {
  const began = performance.now();
  const under = new Set<Promise<void>>();
  const counts = { done: 0, failed: 0 };
  const one = async (i: number): Promise<void> => {
    const paper = paperOf(texts, 1_000_000 + i);
    const put = await send('PUT', `${url}/v1/papers/${paper.id}`, paper);
    const gone = i < KEPT ? undefined : await send('DELETE', `${url}/v1/papers/fed-${1_000_000 + i - KEPT}`);
    counts.done += gone === undefined ? 1 : 2;
    if (!put.ok || gone?.ok === false) counts.failed++;
  };
  for (let i = 0; performance.now() - began < ms; i++) {
    const due = began + (i * 1000) / rate;
    await sleep(Math.max(0, due - performance.now()));
    const going: Promise<void> = one(i).finally(() => under.delete(going));
    under.add(going);
  }
  await Promise.all(under);
  return counts;
}

await runAlone(import.meta.url, run);
