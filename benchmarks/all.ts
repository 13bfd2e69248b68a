/**
 * Every benchmark, one after another, as one table:
 *   npm run bench -- [--only search,scale] [--data <folder>] [--index <folder>] [--keep <folder>] [--json]
 *   npm run bench -- --quick
 * Each runs in a process of its own, as `node dist/benchmarks/<name>.js` with the same arguments does. Exits with 1 when
 * a target is missed. With --quick a few run small, need no data set and have wide margins: a check for regressions.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type BenchOptions, type Row, readArguments, report } from './harness.js';
import { withFolder } from './made-index.js';

/** In the order in which they run; `quick`: also in a quick run; `long`: an hour, only when it is named. */
const BENCHMARKS: readonly { name: string; quick: boolean; long?: true }[] = [
  { name: 'text-queries', quick: true },
  { name: 'liveness', quick: true },
  { name: 'http-paths', quick: false },
  { name: 'bulk-embedding', quick: true },
  { name: 'search', quick: true },
  { name: 'small-corpora', quick: true },
  { name: 'subset-search', quick: true },
  { name: 'answers', quick: true },
  { name: 'keyword-search', quick: true },
  { name: 'reading', quick: true },
  { name: 'build-time', quick: false },
  { name: 'start', quick: false },
  { name: 'memory', quick: false },
  { name: 'overload', quick: false },
  { name: 'leak', quick: false },
  { name: 'live-writes', quick: true },
  { name: 'churn', quick: true },
  { name: 'scale', quick: false },
  { name: 'soak', quick: false, long: true },
];

const { options, json, only } = readArguments();
const unknown = only?.filter((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name)) ?? [];
if (unknown.length > 0) {
  const names = BENCHMARKS.map(({ name }) => name).join(', ');
  throw new Error(`there is no benchmark ${unknown.join(', ')}: choose from ${names}`);
}
const chosen = BENCHMARKS.filter(
  ({ name, quick, long }) => only?.includes(name) ?? (options.quick ? quick : !long),
);
const rows = await withFolder(options, async (keep) => {
  const all: Row[] = [];
  for (const { name } of chosen)
    all.push(...(await rowsOf(name, { ...options, keep, sizes: name === 'scale' ? options.sizes : [] })));
  return all;
});
await report(rows, json);

/** Runs one benchmark and takes its rows; one that fails is a row of its own, so that the others are still told. */
async function rowsOf(name: string, given: BenchOptions): Promise<Row[]> {
  const began = performance.now();
  process.stderr.write(`${name} ... `);
  const script = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  const child = spawn(process.execPath, [script, ...argumentsOf(given), '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (piece) => {
    output += piece;
  });
  const [code] = await once(child, 'close');
  process.stderr.write(`${Math.round((performance.now() - began) / 1000)} s\n`);
  try {
    const { rows: its }: { rows: Row[] } = JSON.parse(output);
    return its;
  } catch {
    const what = `${name} ended with ${code}`;
    return [{ what, against: '', unit: 'x', measured: null, target: null, ok: false }];
  }
}

function argumentsOf({ data, index, keep, figures, sizes, minutes, quick }: BenchOptions): string[] {
  const named = {
    ...{ data, index, keep, figures, minutes: String(minutes) },
    sizes: sizes.length > 0 ? sizes.join(',') : undefined,
  };
  const values = Object.entries(named).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  return quick ? [...values, '--quick'] : values;
}
