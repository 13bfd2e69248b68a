import { createGunzip } from 'node:zlib';
import { peek } from './peek.js';

/** How many compressed bytes are unpacked at a time: gzip packs at most 1032 to 1, so at most 17 MB come out. */
const GZIP_SLICE = 16 * 1024;

/** Unpacks gzip, told by its first two bytes and not by the input's name; other bytes pass as they are. */
export async function* unpacked(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { taken, all } = await peek(bytes, (chunks) => lengthOf(chunks) >= 2);
  const [first, second] = Buffer.concat(taken);
  yield* first === 0x1f && second === 0x8b ? gunzipped(all) : all;
}

/**
 * Unpacks gzip of one or more members. What could be unpacked of a truncated input comes out before the error
 * is thrown, and all but the last 16 KiB of a corrupt one: a gunzip stream that is iterated drops more.
 */
async function* gunzipped(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const gunzip = createGunzip();
  const out: Uint8Array[] = [];
  let failure: Error | null = null;
  gunzip.on('data', (chunk: Uint8Array) => out.push(chunk));
  gunzip.on('error', (error) => {
    failure = error;
  });
  // A fault closes the stream without calling back the write that it happened in.
  let closed = () => {};
  gunzip.once('close', () => closed());
  try {
    for await (const chunk of bytes) {
      for (let start = 0; start < chunk.length; start += GZIP_SLICE) {
        const slice = chunk.subarray(start, start + GZIP_SLICE);
        await new Promise<void>((resolve) => {
          closed = resolve;
          gunzip.write(slice, () => resolve());
        });
        yield* out.splice(0);
        if (failure !== null) throw failure;
      }
    }
    await new Promise<void>((resolve) => {
      closed = resolve;
      gunzip.end();
    });
    yield* out.splice(0);
    if (failure !== null) throw failure;
  } finally {
    gunzip.destroy();
  }
}

function lengthOf(chunks: Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}
