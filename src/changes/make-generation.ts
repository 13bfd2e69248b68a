/** Has a child process make the next generation. */
import { type ChildProcess, fork } from 'node:child_process';
import type { BuildEvent } from '../build/progress.js';
import { NearpaperError } from '../errors.js';
import type { FromRebuild, RebuildTask } from './rebuild-protocol.js';

export interface Making {
  /** Aborting it ends the process at once; what it embedded is kept for the next one. */
  signal: AbortSignal;
  onEvent: (event: BuildEvent) => void;
}

const ENTRY = new URL('../rebuild-process.js', import.meta.url);

/**
 * Resolves to the name of the generation that lies in `building` when the process is gone. Errors: those of a build;
 * `cancelled`; `internal` when the process died.
 */
export async function makeInProcess(task: RebuildTask, { signal, onEvent }: Making): Promise<string> {
  if (signal.aborted) throw stopped(signal);
  // Without the process's own flags, and without its streams: it has nothing to say but through the channel.
  const child = fork(ENTRY, { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  let last: FromRebuild | undefined;
  child.on('message', (message: FromRebuild) => {
    if (message.kind === 'event') onEvent(message.event);
    else last = message;
  });
  const kill = () => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  child.send(task, (thrown) => {
    if (thrown !== null) kill();
  });
  const end = await ended(child);
  signal.removeEventListener('abort', kill);
  if (last?.kind === 'made') return last.generation;
  if (signal.aborted) throw stopped(signal);
  if (last?.kind === 'failed') throw new NearpaperError(last.code, last.message);
  throw new NearpaperError('internal', `The process that makes the next generation died (${end}).`);
}

function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (thrown) => resolve(thrown.message));
    // 'close' comes when its channel is empty too.
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

function stopped(signal: AbortSignal): NearpaperError {
  return new NearpaperError('cancelled', 'The rebuild was stopped.', { cause: signal.reason });
}
