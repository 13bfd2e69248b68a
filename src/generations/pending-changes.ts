/** Reading what is acknowledged and not in a generation yet. */
import { Worker } from 'node:worker_threads';
import { type ErrorCode, messageOf, NearpaperError } from '../errors.js';
import type { Change } from '../papers/change.js';
import { openJournal } from '../papers/journal.js';
import type { JournalPlace } from './journal-name.js';
import type { Manifest } from './manifest.js';

export interface PendingTask {
  place: JournalPlace;
  fingerprint: string;
}

export type FromReader =
  /** Some of them; a message takes the one who gets it some 10 microseconds a change. */
  | { kind: 'changes'; changes: Change[] }
  | { kind: 'done' }
  | { kind: 'failed'; code: ErrorCode; message: string };

/**
 * The changes that a generation does not contain, in their order: those after `place.seq`. They are read, and their
 * checksums verified, in a thread, since whoever reads may have to wait for who writes. Errors: `index_damaged`, also for a
 * journal that is missing; `model_mismatch`.
 */
export async function pendingChanges(
  place: JournalPlace | null,
  { model }: Pick<Manifest, 'model'>,
): Promise<Change[]> {
  if (place === null) return [];
  return inThread({ place, fingerprint: model.fingerprint });
}

/** For the thread: some 50 microseconds each. */
export function* readPending({ place, fingerprint }: PendingTask): Generator<Change> {
  const journal = openJournal(place.path, 'read');
  try {
    yield* journal.changesAfter(place.seq, fingerprint);
  } finally {
    journal.close();
  }
}

function inThread(task: PendingTask): Promise<Change[]> {
  // Without the process's own flags: --input-type, say, lets no file be run at all.
  const worker = new Worker(new URL('./pending-worker.js', import.meta.url), {
    workerData: task,
    execArgv: [],
  });
  return new Promise((resolve, reject) => {
    const changes: Change[] = [];
    let failure: NearpaperError | undefined = new NearpaperError(
      'internal',
      'The thread that reads the journal ended before it was done.',
    );
    worker.on('message', (message: FromReader) => {
      if (message.kind === 'changes') for (const change of message.changes) changes.push(change);
      else if (message.kind === 'failed') failure = new NearpaperError(message.code, message.message);
      else failure = undefined;
    });
    worker.on('error', (thrown) => {
      failure = new NearpaperError('internal', `Reading the journal failed: ${messageOf(thrown)}`);
    });
    // 'exit' comes last: then nothing of the thread is left.
    worker.on('exit', () => {
      if (failure === undefined) resolve(changes);
      else reject(failure);
    });
  });
}
