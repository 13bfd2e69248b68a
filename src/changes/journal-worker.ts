/** Entry of a worker thread: appends to the journal, where waiting for the disk holds up nobody. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { messageOf, NearpaperError } from '../errors.js';
import type { Change } from '../papers/change.js';
import { type Journal, openJournal } from '../papers/journal.js';
import type { FromJournal, JournalRequest, JournalTask, ToJournal } from './journal-protocol.js';

function main(port: MessagePort, { path, fingerprint }: JournalTask): void {
  const send = (message: FromJournal) => port.postMessage(message);
  const told = (thrown: unknown) => ({
    code: thrown instanceof NearpaperError ? thrown.code : ('internal' as const),
    message: messageOf(thrown),
  });
  /** Undefined after a failure: what is on disk is looked at anew before anything else is done. */
  let journal: Journal | undefined;
  let model = fingerprint;
  const opened = () => {
    journal ??= openJournal(path, 'write');
    return journal;
  };
  const answer = (request: JournalRequest): readonly Change[] => {
    switch (request.kind) {
      case 'append':
        opened().append(model, request.changes);
        return [];
      case 'read':
        return [...opened().changesAfter(request.seq, model)];
      case 'vectors':
        opened().putVectors(request.fingerprint, request.entries);
        return [];
      case 'model':
        model = request.fingerprint;
        return [];
      case 'trim':
        opened().trim(request.seq);
        return [];
      case 'close':
        return [];
    }
  };
  port.on('message', ({ id, ...request }: ToJournal) => {
    try {
      send({ kind: 'done', id, changes: answer(request) });
    } catch (thrown) {
      send({ kind: 'failed', id, ...told(thrown) });
      journal?.close();
      journal = undefined;
    }
    if (request.kind !== 'close') return;
    journal?.close();
    // Without a port to listen to, nothing keeps the thread.
    port.close();
  });
  try {
    opened();
  } catch (thrown) {
    send({ kind: 'unopened', ...told(thrown) });
    port.close();
  }
}

if (parentPort === null) throw new Error('This file is started by the service, as a worker thread.');
main(parentPort, workerData);
