#!/usr/bin/env node
/**
 * The command. This file takes what the operating system gives - arguments, environment, streams, signals - and
 * hands it on as plain values; nothing else reads them. It loads the rest only after the signal handlers are in
 * place: a container's process 1 that is told to stop in its first instant must not miss it.
 */
import { readFileSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { parseEnv } from 'node:util';

type StopSignal = 'SIGINT' | 'SIGTERM';

/** One wish to stop may arrive twice: the terminal tells the whole group, and npm passes on what it was told. */
const SAME_WISH_MS = 300;
const WRONG_USE = 2;

const stop = new AbortController();
let stoppedBy: StopSignal | undefined;
let stoppedAt = 0;
let reload: (() => void) | undefined;
let reloadWanted = false;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stoppedBy === undefined) {
      stoppedBy = signal;
      stoppedAt = performance.now();
      stop.abort();
    } else if (performance.now() - stoppedAt > SAME_WISH_MS) endAtOnce(signal);
  });
}
process.on('SIGHUP', () => {
  // What was published while the service starts must not be missed: its start may have read CURRENT already.
  if (reload === undefined) reloadWanted = true;
  else reload();
});
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (thrown: NodeJS.ErrnoException) => {
    // A reader that has seen enough, such as `head`, is no failure.
    if (thrown.code !== 'EPIPE') throw thrown;
  });
}

/**
 * For who will not wait for a clean end, or when something hangs: exit code 128 + n, as a shell reports it. Safe at
 * any moment, as safe as a power cut: a published generation is never touched in place, CURRENT changes by one
 * rename, a draft is in SQLite transactions, and the writer's lock goes with the process.
 */
function endAtOnce(signal: StopSignal): void {
  // Dies of the signal itself: process.exit would terminate workers, which aborts while one is inside the model.
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // Still here: the kernel spares a container's process 1.
  process.exit(128 + constants.signals[signal]);
}

/** Settings may lie in a file; what the environment says wins over it. Returns what is wrong with the file. */
function loadSettingsFile(path: string): string | undefined {
  try {
    // A folder of this name is a virtual environment of Python's, and none of our business.
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
    if (text.includes('\0')) throw new Error('it is not text in UTF-8');
    for (const [name, value] of Object.entries(parseEnv(text))) process.env[name] ??= value;
    return undefined;
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    return `The settings file ${path} in the working folder cannot be read: ${why}. Mend it, or move it away.`;
  }
}

const problem = loadSettingsFile('.env');
if (problem !== undefined) {
  process.stderr.write(`nearpaper: ${problem}\n`);
  process.exitCode = WRONG_USE;
} else {
  const { run } = await import('./commands/run.js');
  process.exitCode = await run({
    arguments: process.argv.slice(2),
    environment: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: stop.signal,
    stoppedBy: () => stoppedBy,
    onReload: (listener) => {
      reload = listener;
      if (reloadWanted) listener();
    },
  });
}
