/** Indexes vectors in a thread of its own: adding a point to a graph is a call of a millisecond that nothing can share. */
import { Worker } from 'node:worker_threads';
import { messageOf, NearpaperError } from '../errors.js';
import type { IndexFile } from '../vectors/vector-index.js';
import type { FromIndexer, IndexingTask, ThreadFailure, ToIndexer } from './index-protocol.js';
import type { BuiltVectors } from './index-vectors.js';
import type { BuildEvent } from './progress.js';

export interface IndexingListeners {
  signal: AbortSignal;
  onEvent: (event: BuildEvent) => void;
  /** The vectors are on disk and can be searched, while their graph is being made. */
  onExact: (file: IndexFile) => void;
}

/**
 * `indexVectors` over a draft's embeddings, in a worker thread. Settles when the thread is gone. The draft must not be
 * written meanwhile. Errors: those of `indexVectors`; the signal's reason when it aborts.
 */
export async function indexInThread(
  task: IndexingTask,
  { signal, onEvent, onExact }: IndexingListeners,
): Promise<BuiltVectors> {
  signal.throwIfAborted();
  // Without the process's own flags: --input-type, say, lets no file be run at all.
  const worker = new Worker(new URL('./index-worker.js', import.meta.url), {
    workerData: task,
    execArgv: [],
  });
  // Told, not terminated: the thread may be inside native code or in the middle of a file.
  const stop = () => worker.postMessage('stop' satisfies ToIndexer);
  signal.addEventListener('abort', stop, { once: true });
  let built: BuiltVectors | undefined;
  let failure: unknown;
  worker.on('message', (message: FromIndexer) => {
    if (message.kind === 'event') onEvent(message.event);
    else if (message.kind === 'exact') onExact(message.file);
    else if (message.kind === 'built') built = message.vectors;
    else failure = failureOf(message);
  });
  worker.on('error', (thrown: unknown) => {
    failure = new NearpaperError('internal', `The thread that indexes vectors died: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  });
  // 'exit' comes last, after 'error' and every message.
  const code = await new Promise<number>((resolve) => worker.on('exit', resolve));
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (failure !== undefined) throw failure;
  if (built !== undefined) return built;
  throw new NearpaperError('internal', `The thread that indexes vectors ended with code ${code}.`);
}

/** The thread's failure as it would have been here. */
function failureOf({ code, systemCode, message, stack }: ThreadFailure): Error {
  const cause = Object.assign(new Error(message), systemCode !== undefined && { code: systemCode });
  if (stack !== undefined) cause.stack = stack;
  return code === undefined ? cause : new NearpaperError(code, message, { cause });
}
