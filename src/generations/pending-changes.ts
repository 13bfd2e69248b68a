/** Reading what is acknowledged and not in a generation yet. */
import { Worker } from 'node:worker_threads';
import { type ErrorCode, messageOf, NearpaperError } from '../errors.js';
import type { Change } from '../papers/change.js';
import { openJournal } from '../papers/journal.js';
import type { JournalPlace } from './journal-name.js';
import type { Manifest } from './manifest.js';

/** Up to so many are read at once, in some 2 ms; a thread takes longer to start. */
const AT_ONCE = 32;

export interface PendingTask {
  place: JournalPlace;
  generation: string;
  fingerprint: string;
}

export type FromReader =
  | { kind: 'changes'; changes: Change[] }
  | { kind: 'failed'; code: ErrorCode; message: string };

/**
 * The changes that a generation does not contain, in their order. The event loop stays free: many are read, and their
 * checksums verified, in a thread. Errors: `index_damaged`, also for a journal that is missing; `model_mismatch`.
 */
export async function pendingChanges(
  place: JournalPlace | null,
  { generation, model }: Pick<Manifest, 'generation' | 'model'>,
): Promise<Change[]> {
  if (place === null) return [];
  const task = { place, generation, fingerprint: model.fingerprint };
  return countOf(place) <= AT_ONCE ? readPending(task) : inThread(task);
}

function countOf({ path, seq }: JournalPlace): number {
  const journal = openJournal(path, 'read');
  try {
    return journal.lastSeq - seq;
  } finally {
    journal.close();
  }
}

/** As `pendingChanges`, here and now: some 50 microseconds each. */
export function readPending({ place, generation, fingerprint }: PendingTask): Change[] {
  const journal = openJournal(place.path, 'read');
  try {
    if (journal.trimmedTo > place.seq) {
      throw new NearpaperError(
        'index_damaged',
        `The changes from ${place.seq + 1} to ${journal.trimmedTo} are in a later generation than ${generation}, which ` +
          'CURRENT names. Let CURRENT name the newest generation beside it, or restore a backup with `nearpaper restore`.',
      );
    }
    return [...journal.changesAfter(place.seq, fingerprint)];
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
    let outcome: FromReader | undefined;
    worker.on('message', (message: FromReader) => {
      outcome = message;
    });
    worker.on('error', (thrown) => {
      outcome = { kind: 'failed', code: 'internal', message: messageOf(thrown) };
    });
    // 'exit' comes last: then nothing of the thread is left.
    worker.on('exit', (code) => {
      if (outcome?.kind === 'changes') resolve(outcome.changes);
      else if (outcome !== undefined) reject(new NearpaperError(outcome.code, outcome.message));
      else
        reject(new NearpaperError('internal', `The thread that reads the journal ended with code ${code}.`));
    });
  });
}
