import { TextDecoder } from 'node:util';
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

/** Bytes that are not text of the encoding that the input is in. */
export class BadEncoding extends Error {
  /** The 1-based line in which they are. */
  readonly line: number;
  readonly encoding: Encoding;

  constructor(line: number, encoding: Encoding) {
    super(`line ${line} is not ${encoding}`);
    this.line = line;
    this.encoding = encoding;
  }
}

type Encoding = 'UTF-8' | 'UTF-16LE' | 'UTF-16BE';

/**
 * Text from bytes: UTF-8, or UTF-16 when a byte order mark says so; the mark itself is dropped. Throws BadEncoding
 * after the text before the first bytes that are none.
 */
export async function* decoded(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const { taken, all } = await peek(bytes, (chunks) => lengthOf(chunks) >= 2);
  const encoding = encodingOf(Buffer.concat(taken));
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  let line = 1;
  let isFirst = true;
  /** The text of whole characters; what is broken among them is thrown after what comes before it. */
  function* textOf(whole: Uint8Array): Generator<string, void, undefined> {
    if (whole.length === 0) return;
    const text = decodeOrNull(decoder, whole);
    const good = text ?? textBeforeFault(whole, encoding);
    const unmarked = isFirst && good.startsWith('\ufeff') ? good.slice(1) : good;
    isFirst = false;
    if (unmarked !== '') yield unmarked;
    line += lineBreaksIn(good);
    if (text === null) throw new BadEncoding(line, encoding);
  }
  let held: Uint8Array = new Uint8Array();
  for await (const chunk of all) {
    const known = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const end = known.length - lengthOfHalfCharacter(known, encoding);
    held = known.subarray(end);
    yield* textOf(known.subarray(0, end));
  }
  yield* textOf(held);
}

function encodingOf([first, second]: Uint8Array): Encoding {
  if (first === 0xff && second === 0xfe) return 'UTF-16LE';
  if (first === 0xfe && second === 0xff) return 'UTF-16BE';
  return 'UTF-8';
}

function decodeOrNull(decoder: TextDecoder, bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch (thrown) {
    if (thrown instanceof TypeError) return null;
    throw thrown;
  }
}

/** A byte at a time, which is slow, and done once. */
function textBeforeFault(bytes: Uint8Array, encoding: Encoding): string {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  let text = '';
  try {
    for (const byte of bytes) text += decoder.decode(Uint8Array.of(byte), { stream: true });
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown;
  }
  return text;
}

/** How many bytes at the end begin a character that the next bytes may complete. */
function lengthOfHalfCharacter(bytes: Uint8Array, encoding: Encoding): number {
  const { length } = bytes;
  if (encoding !== 'UTF-8') {
    const odd = length % 2;
    const high = bytes[length - odd - (encoding === 'UTF-16LE' ? 1 : 2)] ?? 0;
    return (high & 0xfc) === 0xd8 ? odd + 2 : odd;
  }
  for (let back = 1; back <= Math.min(3, length); back += 1) {
    const byte = bytes[length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}

function lineBreaksIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

function lengthOf(chunks: Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}
