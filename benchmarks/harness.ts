/**
 * What all benchmarks share: their arguments, measuring in turns, and rows that say what was measured, against what,
 * and whether it is enough. Absolute times differ between machines, so a row compares two things of one run.
 */
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { setImmediate as giveWay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadHnswlib } from '../src/vectors/native.js';

/** The arguments that every benchmark takes; each reads those that mean something to it. */
export interface BenchOptions {
  /** Folder of vectors-106602x384.i8 and sample-10k.jsonl.gz. */
  data: string;
  /** An index that was built before, for what is asked over HTTP; absent: one of 100,000 papers is made. */
  index: string | undefined;
  /** Where made indexes stay, to be used again; absent: a temporary folder. */
  keep: string | undefined;
  /** Folder that plots are written to; absent: none are. */
  figures: string | undefined;
  /** Numbers of papers, of which most benchmarks read the first; empty: the benchmark's own. */
  sizes: readonly number[];
  /** How long a soak lasts. */
  minutes: number;
  /** Small, without any data set, and with wide margins: finds what got much slower, on any machine. */
  quick: boolean;
}

/** One line of the table. */
export interface Row {
  what: string;
  against: string;
  /** 'x' for a ratio, otherwise such as 'ms'. */
  unit: string;
  /** Null where nothing could be measured. */
  measured: number | null;
  /** What `measured` has to reach; null where it is told for comparison only. */
  target: Target | null;
  ok: boolean;
  note?: string;
}

export interface Target {
  is: 'at least' | 'at most';
  value: number;
}

export type Benchmark = (options: BenchOptions) => Promise<Row[]>;

/** What a row is about, before it is compared with a target. */
export type Measured = Omit<Row, 'target' | 'ok' | 'unit'> & { unit?: string };

export function atLeast(value: number, row: Measured): Row {
  return {
    unit: 'x',
    ...row,
    target: { is: 'at least', value },
    ok: row.measured !== null && row.measured >= value,
  };
}

export function atMost(value: number, row: Measured): Row {
  return {
    unit: 'x',
    ...row,
    target: { is: 'at most', value },
    ok: row.measured !== null && row.measured <= value,
  };
}

/** A row without a target. */
export function told(row: Measured): Row {
  return { unit: 'x', ...row, target: null, ok: true };
}

/**
 * Runs each way once a round, and every other round in the opposite order, so that whatever else the machine does hits
 * all alike. Milliseconds of each run, by way, in the order of the rounds.
 */
export async function alternate<Way extends string>(
  rounds: number,
  ways: Record<Way, (round: number) => unknown>,
): Promise<Record<Way, number[]>> {
  const names = Object.keys(ways) as Way[]; // Object.keys forgets what the keys are
  const times = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Way, number[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      // What gives way to others by the clock begins with a whole turn, as a request does.
      await giveWay();
      times[name].push(await millisecondsOf(() => ways[name](round)));
    }
  }
  return times;
}

export async function millisecondsOf(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** The smallest of `values` that at least this share of them do not exceed (nearest rank). NaN for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The median of a[i] / b[i]: runs of one round are compared with each other, so a slow minute cancels out. */
export function medianRatio(a: readonly number[], b: readonly number[]): number {
  return median(a.map((value, i) => value / (b[i] ?? Number.NaN)));
}

/** The same numbers from 0 (in) to 1 (out) every time for the same seed: mulberry32 by Tommy Ettinger, public domain. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` draws from 0 to items - 1, of which number i comes with probability proportional to 1 / (i + 1). */
export function zipfDraws(count: number, items: number, seed = 1): number[] {
  const random = randomNumbers(seed);
  const ends: number[] = [];
  let sum = 0;
  for (let i = 1; i <= items; i++) {
    sum += 1 / i;
    ends.push(sum);
  }
  return Array.from({ length: count }, () => {
    const drawn = random() * sum;
    let low = 0;
    let high = items - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? sum) > drawn) high = middle;
      else low = middle + 1;
    }
    return low;
  });
}

/** The arguments of the process, with which `all` starts every benchmark too. Throws for one that there is not. */
export function readArguments(args = process.argv.slice(2)) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args,
    options: {
      data: text,
      index: text,
      keep: text,
      figures: text,
      sizes: text,
      minutes: text,
      only: text,
      quick: flag,
      json: flag,
    },
  });
  const sizes = (values.sizes ?? '').split(',').filter((size) => size !== '');
  const options: BenchOptions = {
    data: resolve(values.data ?? process.env.BENCH_DATA ?? '../shared/datasets/scale'),
    index: values.index,
    keep: values.keep,
    figures: values.figures,
    sizes: sizes.map(Number),
    minutes: Number(values.minutes ?? (values.quick ? 0.1 : 60)),
    quick: values.quick,
  };
  return { options, json: values.json, only: values.only?.split(',') };
}

/** Runs a benchmark when its file is what Node was started with; exits with 1 when a row is not ok. */
export async function runAlone(moduleUrl: string, run: Benchmark): Promise<void> {
  if (process.argv[1] === undefined || realpathSync(process.argv[1]) !== fileURLToPath(moduleUrl)) return;
  const { options, json } = readArguments();
  await report(await run(options), json);
}

/** Prints rows, and has the process exit with 1 when one of them is not ok. */
export async function report(rows: readonly Row[], json: boolean): Promise<void> {
  const machine = await hardware();
  const facts = Object.entries(machine).map(([name, value]) => `${name} ${value}`);
  process.stdout.write(
    json
      ? `${JSON.stringify({ hardware: machine, rows }, null, 2)}\n`
      : `${table(rows)}\n\n${facts.join('; ')}\n`,
  );
  if (rows.some(({ ok }) => !ok)) process.exitCode = 1;
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(({ what, against, target, measured, unit, ok, note }) => [
    what,
    against,
    target === null ? '' : `${target.is} ${target.value} ${unit}`,
    measured === null ? 'not measured' : `${rounded(measured)} ${unit}`,
    target === null ? '' : ok ? 'ok' : 'MISSED',
    note ?? '',
  ]);
  const head = ['what', 'against', 'target', 'measured', 'ok', ''];
  const widths = head.map((name, i) => Math.max(name.length, ...lines.map((line) => line[i]?.length ?? 0)));
  return [head, ...lines]
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Three digits that count. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

/** What figures depend on. */
export async function hardware() {
  const loaded = await loadHnswlib();
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: rounded(totalmem() / 2 ** 30),
    node: process.version,
    onnxruntime: versionOf('onnxruntime-node'),
    hnswlib: `${versionOf('hnswlib-node')}, ${loaded.ok ? loaded.build : 'absent'}`,
    date: new Date().toISOString().slice(0, 10),
  };
}

/** The version of an installed package, which need not let its package.json be imported. */
function versionOf(name: string): string {
  const require = createRequire(import.meta.url);
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const { version }: { version?: unknown } = require(`${folder}/${name}/package.json`);
      if (typeof version === 'string') return version;
    } catch {
      // Not in this folder.
    }
  }
  return 'absent';
}
