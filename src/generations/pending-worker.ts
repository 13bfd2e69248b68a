/** Entry of a worker thread: reads and verifies the pending changes of a generation. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, NearpaperError } from '../errors.js';
import type { Change } from '../papers/change.js';
import { type FromReader, readPending } from './pending-changes.js';

/** Changes in one message: their receiver does other things between two messages. */
const PIECE = 32;

function send(message: FromReader): void {
  parentPort?.postMessage(message);
}

function read(): void {
  let piece: Change[] = [];
  for (const change of readPending(workerData)) {
    if (piece.push(change) < PIECE) continue;
    send({ kind: 'changes', changes: piece });
    piece = [];
  }
  send({ kind: 'changes', changes: piece });
}

try {
  read();
  send({ kind: 'done' });
} catch (thrown) {
  const code = thrown instanceof NearpaperError ? thrown.code : 'internal';
  send({ kind: 'failed', code, message: messageOf(thrown) });
}
