/**
 * A large corpus from file to service: how long, how much memory, and how much faster the second time.
 *   node dist/benchmarks/large-corpus.js <file> <index folder, empty>
 * Prints one JSON object; exits with 1 when a bound is missed (those of 45,983 arXiv abstracts on two cores).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { packageRoot } from '../src/package-root.js';

const BOUNDS = { peakMb: 1500, againSeconds: 30, readySeconds: 5 };
const { positionals } = parseArgs({ allowPositionals: true });
const [file, folder] = positionals;
if (file === undefined || folder === undefined) throw new Error('name a file of papers and an empty folder');

const first = await build(file, folder);
const again = await build(file, folder);
const readySeconds = await startToReady(folder);
const report = {
  papers: first.report.papers,
  recall: first.report.recall,
  buildSeconds: round(first.seconds),
  peakMb: Math.max(first.peakMb, again.peakMb),
  again: { kind: again.report.kind, embedded: again.report.embedded, seconds: round(again.seconds) },
  readySeconds: round(readySeconds),
};
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
const { peakMb, againSeconds } = BOUNDS;
const holds =
  report.peakMb <= peakMb &&
  again.report.embedded === 0 &&
  again.seconds <= againSeconds &&
  readySeconds <= BOUNDS.readySeconds;
process.exitCode = holds ? 0 : 1;

interface BuildReport {
  kind: string;
  papers: number;
  embedded: number;
  recall: unknown;
}

async function build(
  input: string,
  index: string,
): Promise<{ report: BuildReport; seconds: number; peakMb: number }> {
  const started = performance.now();
  const child = command(['build', '--json', input], index, 'pipe');
  let output = '';
  let errors = '';
  child.stdout?.on('data', (piece) => {
    output += piece;
  });
  child.stderr?.on('data', (piece) => {
    errors += piece;
    process.stderr.write(piece);
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the build ended with ${code}`);
  const peakMb = Math.round(Number(/peak (\d+) kB/.exec(errors)?.[1] ?? Number.NaN) / 1024);
  return { report: JSON.parse(output), seconds: (performance.now() - started) / 1000, peakMb };
}

/** Seconds from starting the process to its line that says it is ready. */
async function startToReady(index: string): Promise<number> {
  const started = performance.now();
  const child = command(['serve', '--port', '0'], index, 'inherit');
  if (child.stdout === null) throw new Error('the service has no output');
  let ready = Number.NaN;
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.includes('"ready on ')) continue;
    ready = (performance.now() - started) / 1000;
    child.kill('SIGTERM');
  }
  return ready;
}

/** The command, which says its peak memory on standard error when it ends. */
function command(args: string[], index: string, stderr: 'pipe' | 'inherit'): ChildProcess {
  const report =
    "process.on('exit',()=>process.stderr.write('peak '+process.resourceUsage().maxRSS+' kB\\n'))";
  const cli = join(packageRoot(), 'dist', 'src', 'cli.js');
  return spawn(process.execPath, ['--import', `data:text/javascript,${report}`, cli, ...args], {
    env: { ...process.env, NEARPAPER_INDEX: index },
    stdio: ['ignore', 'pipe', stderr],
  });
}

function round(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
