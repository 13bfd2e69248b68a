#!/usr/bin/env node
/**
 * The command. This file takes what the operating system gives - arguments, environment, streams, signals - and
 * hands it on as plain values; nothing else reads them. It loads the rest only after the signal handlers are in
 * place: a container's process 1 that is told to stop in its first instant must not miss it.
 */
import { existsSync } from 'node:fs';

const stop = new AbortController();
let reload: (() => void) | undefined;
let stoppedBy: 'SIGINT' | 'SIGTERM' | undefined;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    stoppedBy ??= signal;
    stop.abort();
  });
}
process.on('SIGHUP', () => reload?.());
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (thrown: NodeJS.ErrnoException) => {
    // A reader that has seen enough, such as `head`, is no failure.
    if (thrown.code !== 'EPIPE') throw thrown;
  });
}

// Settings may lie in a file; what the environment says wins over it.
if (existsSync('.env')) process.loadEnvFile('.env');

const { run } = await import('./commands/run.js');
process.exitCode = await run({
  arguments: process.argv.slice(2),
  environment: process.env,
  workingFolder: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
  stoppedBy: () => stoppedBy,
  onReload: (listener) => {
    reload = listener;
  },
});
