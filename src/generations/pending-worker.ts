/** Entry of a worker thread: reads and verifies the pending changes of a generation. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, NearpaperError } from '../errors.js';
import { type FromReader, readPending } from './pending-changes.js';

function read(): FromReader {
  try {
    return { kind: 'changes', changes: readPending(workerData) };
  } catch (thrown) {
    const code = thrown instanceof NearpaperError ? thrown.code : 'internal';
    return { kind: 'failed', code, message: messageOf(thrown) };
  }
}

parentPort?.postMessage(read());
