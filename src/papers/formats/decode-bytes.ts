import { TextDecoder } from 'node:util';
import { BinaryInput, refuseBinary, UNKNOWN_BINARY } from './binary-input.js';
import { lineBreaksIn } from './line-breaks.js';
import { peek } from './peek.js';
import { BadEncoding, type StrayLines } from './stray-bytes.js';

export { unpacked } from './gunzip.js';

/** How many bytes at the beginning tell the encoding, or that it is no text. */
const BYTES_THAT_TELL = 512;

const LINE_BREAK = 0x0a;

/** A line is held until it ends, and so many bytes of one that does not; a record may have several lines. */
const MOST_OF_A_LINE = 1024 * 1024;

/** What Windows-1252 has at 0x80 to 0x9f, where Latin-1 has control characters; TextDecoder of Node 20 knows only those. */
const WINDOWS_1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

type Utf16 = 'UTF-16LE' | 'UTF-16BE';

/**
 * Text from bytes: UTF-16 when a byte order mark says so, what an XML declaration names, or else UTF-8; a byte order mark
 * is dropped. A line that is no text of the encoding is read as Windows-1252 and added to `strays`. Without them,
 * and in UTF-16, throws BadEncoding after the text before the first bytes that are none. Throws BinaryInput where
 * the bytes are no text at all.
 */
export async function* decoded(
  bytes: AsyncIterable<Uint8Array>,
  strays: StrayLines | null = null,
): AsyncGenerator<string, void, undefined> {
  const { taken, all } = await peek(bytes, (chunks) => lengthOf(chunks) >= BYTES_THAT_TELL);
  const beginning = Buffer.concat(taken).subarray(0, BYTES_THAT_TELL);
  const utf16 = utf16Of(beginning);
  if (utf16 !== null) yield* decodedUtf16(all, utf16);
  else {
    refuseBinary(beginning);
    yield* decodedLines(all, declaredEncoding(beginning), strays);
  }
}

function utf16Of([first, second]: Uint8Array): Utf16 | null {
  if (first === 0xff && second === 0xfe) return 'UTF-16LE';
  if (first === 0xfe && second === 0xff) return 'UTF-16BE';
  return null;
}

/** What an XML declaration names, where it can be: what is read a byte at a time up to there is no UTF-16. */
function declaredEncoding(beginning: Uint8Array): string {
  const text = Buffer.from(beginning).toString('latin1');
  const name = /^\s*<\?xml\s[^<>]*?\bencoding\s*=\s*["']([a-z][\w.:-]*)["']/i.exec(text)?.[1];
  if (name === undefined || /^utf-?16/i.test(name)) return 'UTF-8';
  try {
    const { encoding } = new TextDecoder(name);
    return encoding === 'utf-8' ? 'UTF-8' : name;
  } catch (thrown) {
    if (thrown instanceof RangeError) return 'UTF-8';
    throw thrown;
  }
}

/** UTF-16, in pieces as they come. */
async function* decodedUtf16(
  bytes: AsyncIterable<Uint8Array>,
  encoding: Utf16,
): AsyncGenerator<string, void, undefined> {
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
  for await (const chunk of bytes) {
    const known = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const end = known.length - lengthOfHalfUtf16(known, encoding);
    held = known.subarray(end);
    yield* textOf(known.subarray(0, end));
  }
  yield* textOf(held);
}

/**
 * An encoding in which a line break is one byte, in pieces of whole lines, so that a line is judged as a whole however the
 * bytes are cut. Of a longer line than that, parts of MOST_OF_A_LINE bytes are judged.
 */
async function* decodedLines(
  bytes: AsyncIterable<Uint8Array>,
  encoding: string,
  strays: StrayLines | null,
): AsyncGenerator<string, void, undefined> {
  const decoder = new LineDecoder(encoding, strays);
  let held: Uint8Array[] = [];
  let heldLength = 0;
  const holdOnly = (rest: Uint8Array) => {
    held = rest.length === 0 ? [] : [rest];
    heldLength = rest.length;
  };
  for await (const chunk of bytes) {
    const end = chunk.lastIndexOf(LINE_BREAK) + 1;
    if (end > 0) {
      // Only the line that was begun before is put together: the rest of a chunk need not be copied.
      const start = held.length === 0 ? 0 : chunk.indexOf(LINE_BREAK) + 1;
      if (start > 0) yield* decoder.decode(joined([...held, chunk.subarray(0, start)]));
      yield* decoder.decode(chunk.subarray(start, end));
      holdOnly(chunk.subarray(end));
    } else {
      held.push(chunk);
      heldLength += chunk.length;
    }
    if (heldLength >= MOST_OF_A_LINE) {
      const known = joined(held);
      const ends = decoder.endOfWholeParts(known);
      yield* decoder.decode(known.subarray(0, ends));
      holdOnly(known.subarray(ends));
    }
  }
  yield* decoder.decode(joined(held));
}

/** Decodes pieces of a text that end with a line, or with a part of MOST_OF_A_LINE bytes of one, or with the text. */
class LineDecoder {
  readonly #encoding: string;
  readonly #decoder: TextDecoder;
  readonly #strays: StrayLines | null;
  #line = 1;
  #isFirst = true;

  constructor(encoding: string, strays: StrayLines | null) {
    this.#encoding = encoding;
    this.#decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
    this.#strays = strays;
  }

  *decode(piece: Uint8Array): Generator<string, void, undefined> {
    const bytes = this.#isFirst && startsWithUtf8Mark(piece) ? piece.subarray(3) : piece;
    this.#isFirst &&= piece.length === 0;
    if (bytes.length === 0) return;
    const whole = this.#decodedOrNull(bytes);
    if (whole === null && this.#strays === null) {
      const good = textBeforeFault(bytes, this.#encoding);
      if (good !== '') yield good;
      throw new BadEncoding(this.#line + lineBreaksIn(good), this.#encoding);
    }
    if (whole === null) yield* this.#decodeByLines(bytes);
    else {
      this.#line += lineBreaksIn(whole);
      yield whole;
    }
  }

  #decodedOrNull(bytes: Uint8Array): string | null {
    // The standard has no Latin-1: by all of its names it is Windows-1252.
    return this.#decoder.encoding === 'windows-1252'
      ? decodedWindows1252(bytes)
      : decodeOrNull(this.#decoder, bytes);
  }

  /** Where the last part of full length of a line without an end ends. */
  endOfWholeParts(line: Uint8Array): number {
    let end = 0;
    for (const part of this.#partsOf(line)) if (part.length >= MOST_OF_A_LINE - 3) end += part.length;
    return end;
  }

  *#decodeByLines(bytes: Uint8Array): Generator<string, void, undefined> {
    const texts: string[] = [];
    for (let start = 0; start < bytes.length; ) {
      const found = bytes.indexOf(LINE_BREAK, start);
      const end = found === -1 ? bytes.length : found + 1;
      for (const part of this.#partsOf(bytes.subarray(start, end))) {
        const text = this.#decodedOrNull(part);
        if (text === null) {
          if (part.includes(0)) {
            if (texts.length > 0) yield texts.join('');
            throw new BinaryInput(UNKNOWN_BINARY);
          }
          this.#strays?.add(this.#line, this.#encoding);
        }
        texts.push(text ?? decodedWindows1252(part));
      }
      if (found !== -1) this.#line += 1;
      start = end;
    }
    yield texts.join('');
  }

  *#partsOf(line: Uint8Array): Generator<Uint8Array, void, undefined> {
    let rest = line;
    while (rest.length >= MOST_OF_A_LINE) {
      const most = rest.subarray(0, MOST_OF_A_LINE);
      const half = this.#encoding === 'UTF-8' ? lengthOfHalfUtf8(most) : 0;
      yield most.subarray(0, MOST_OF_A_LINE - half);
      rest = rest.subarray(MOST_OF_A_LINE - half);
    }
    if (rest.length > 0) yield rest;
  }
}

function startsWithUtf8Mark([first, second, third]: Uint8Array): boolean {
  return first === 0xef && second === 0xbb && third === 0xbf;
}

function decodedWindows1252(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('latin1')
    .replaceAll(/[\u0080-\u009f]/g, (character) => WINDOWS_1252.charAt(character.charCodeAt(0) - 0x80));
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
function textBeforeFault(bytes: Uint8Array, encoding: string): string {
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
function lengthOfHalfUtf16(bytes: Uint8Array, encoding: Utf16): number {
  const odd = bytes.length % 2;
  const high = bytes[bytes.length - odd - (encoding === 'UTF-16LE' ? 1 : 2)] ?? 0;
  return (high & 0xfc) === 0xd8 ? odd + 2 : odd;
}

/** The same in UTF-8. */
function lengthOfHalfUtf8(bytes: Uint8Array): number {
  const { length } = bytes;
  for (let back = 1; back <= Math.min(3, length); back += 1) {
    const byte = bytes[length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}

function joined(chunks: Uint8Array[]): Uint8Array {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}

function lengthOf(chunks: Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}
