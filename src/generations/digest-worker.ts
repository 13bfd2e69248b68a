/** Entry of a worker thread: the SHA-256 of one file, read and hashed without a break. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

/** Stays in a core's second-level cache between reading and hashing. */
const PIECE_BYTES = 256 * 1024;

function sha256Of(path: string): string {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  const file = openSync(path, 'r');
  try {
    for (let read = readSync(file, piece); read > 0; read = readSync(file, piece)) {
      hash.update(piece.subarray(0, read));
    }
    return hash.digest('hex');
  } finally {
    closeSync(file);
  }
}

if (parentPort === null) throw new Error('This file is started by digest.ts, as a worker thread.');
const path: unknown = workerData;
parentPort.postMessage(sha256Of(String(path)));
