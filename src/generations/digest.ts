/** The checksum of a file that is not read for anything else. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import type { Digest } from '../index-file.js';

/** Below so many bytes, some 20 ms of hashing, a thread takes longer to start than the work it takes over. */
const THREAD_BYTES = 32 << 20;

/**
 * Size and SHA-256 of a file. The event loop stays free: a large file is hashed in a thread of its own, besides whatever
 * else is being opened. Errors: whatever the file system says.
 */
export async function describeFile(path: string): Promise<Digest> {
  const { size } = await stat(path);
  return { bytes: size, sha256: await (size < THREAD_BYTES ? inPieces(path) : inThread(path)) };
}

async function inPieces(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece);
  return hash.digest('hex');
}

function inThread(path: string): Promise<string> {
  // Without the process's own flags: --input-type, say, lets no file be run at all.
  const worker = new Worker(new URL('./digest-worker.js', import.meta.url), {
    workerData: path,
    execArgv: [],
  });
  return new Promise((resolve, reject) => {
    let sha256: string | undefined;
    worker.on('message', (found: string) => {
      sha256 = found;
    });
    worker.on('error', reject);
    // 'exit' comes last: then nothing of the thread is left.
    worker.on('exit', (code) => {
      if (sha256 !== undefined) resolve(sha256);
      else reject(new Error(`the thread that hashes ${path} ended with code ${code}`));
    });
  });
}
