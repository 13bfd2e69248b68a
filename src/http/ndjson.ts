/** NDJSON both ways: the lines of a body while it arrives, and what comes of them in their order. */
import { isUtf8 } from 'node:buffer';
import type { Response } from 'express';
import { type ErrorCode, messageOf, NearpaperError } from '../errors.js';
import { Pace } from '../pacing.js';

/** One line that is not blank: the value that it holds, or why it holds none. */
export interface NdjsonLine {
  /** 1-based, blank lines counted. */
  number: number;
  /** Its length; 0 for a line that was too long to be kept. */
  bytes: number;
  read: { value: unknown } | { error: NearpaperError };
}

const LINE_FEED = 0x0a;
const BLANK = /^[ \t\r]*$/;
const BYTE_ORDER_MARK = Buffer.from('\ufeff');

/** So many times the longest line may come without any line that is answered; then the body is given up. */
const MOST_PASSED_OVER = 8;

/**
 * The lines of a body, ended by LF or CRLF. A line of more than `longest` bytes is told as soon as it is longer, and
 * passed over without being held. Gives way to the event loop. Errors: `body_too_large` after 8 times `longest` bytes,
 * too long or blank, from which no line came; `cancelled` when the signal aborts; those of `chunks`.
 */
export async function* ndjsonLines(
  chunks: AsyncIterable<Buffer>,
  longest: number,
  signal?: AbortSignal,
): AsyncGenerator<NdjsonLine, void, undefined> {
  const pace = new Pace(signal);
  const held = new HeldLine(longest);
  let number = 1;
  let passedOver = 0;
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; ) {
      const feed = chunk.indexOf(LINE_FEED, start);
      const piece = chunk.subarray(start, feed === -1 ? chunk.length : feed);
      start += piece.length + 1;
      passedOver += piece.length + (feed === -1 ? 0 : 1);
      const tooLong = held.outgrows(piece);
      let line = tooLong ? refusedLine(number, 0, 'body_too_large', `longer than ${longest} bytes`) : null;
      if (feed === -1) {
        held.keep(piece);
      } else {
        const whole = held.end(piece);
        if (pace.due()) await pace.turn();
        if (whole !== null) line = readLine(whole, number);
        number++;
      }
      if (line !== null) {
        passedOver = 0;
        yield line;
      } else if (passedOver > MOST_PASSED_OVER * longest) {
        throw nothingCame(MOST_PASSED_OVER * longest);
      }
    }
  }
  const last = held.end(NOTHING);
  const line = last === null ? null : readLine(last, number);
  if (line !== null) yield line;
}

const NOTHING = Buffer.alloc(0);

function nothingCame(bytes: number): NearpaperError {
  return new NearpaperError('body_too_large', `In the last ${bytes} bytes was no line.`);
}

/**
 * A line while it arrives. Its bytes are copied: what a connection gives is a view of far more memory than it shows, and
 * a caller may send byte by byte.
 */
class HeldLine {
  readonly #longest: number;
  #buffer = NOTHING;
  /** Bytes of the line so far, kept or not. */
  #bytes = 0;

  constructor(longest: number) {
    this.#longest = longest;
  }

  /** Whether the line becomes too long with this piece, and was not before. */
  outgrows(piece: Buffer): boolean {
    return this.#bytes <= this.#longest && this.#bytes + piece.length > this.#longest;
  }

  /** Adds what is not the end. */
  keep(piece: Buffer): void {
    const bytes = this.#bytes + piece.length;
    if (bytes > this.#longest) {
      this.#buffer = NOTHING;
    } else {
      if (bytes > this.#buffer.length) this.#grow(bytes);
      piece.copy(this.#buffer, this.#bytes);
    }
    this.#bytes = bytes;
  }

  /** The whole line, to be read before the next piece comes; null for one that was too long. Begins the next line. */
  end(piece: Buffer): Buffer | null {
    if (this.#bytes === 0 && piece.length <= this.#longest) return piece;
    this.keep(piece);
    const whole = this.#bytes > this.#longest ? null : this.#buffer.subarray(0, this.#bytes);
    this.#buffer = NOTHING;
    this.#bytes = 0;
    return whole;
  }

  /** To twice its size at least, so that the bytes of a line are copied twice at most on average. */
  #grow(bytes: number): void {
    const grown = Buffer.allocUnsafe(Math.min(this.#longest, Math.max(bytes, 2 * this.#buffer.length)));
    this.#buffer.copy(grown, 0, 0, this.#bytes);
    this.#buffer = grown;
  }
}

/** Null when it is blank. */
function readLine(bytes: Buffer, number: number): NdjsonLine | null {
  if (!isUtf8(bytes)) return refusedLine(number, bytes.length, 'invalid_text', 'not UTF-8');
  const text = withoutMark(bytes, number).toString('utf8');
  if (BLANK.test(text)) return null;
  try {
    return { number, bytes: bytes.length, read: { value: JSON.parse(text) } };
  } catch (thrown) {
    return refusedLine(number, bytes.length, 'invalid_json', `not valid JSON: ${messageOf(thrown)}`);
  }
}

function refusedLine(number: number, bytes: number, code: ErrorCode, what: string): NdjsonLine {
  return { number, bytes, read: { error: new NearpaperError(code, `The line is ${what}.`) } };
}

/** The first line may begin with a byte order mark. */
function withoutMark(line: Buffer, number: number): Buffer {
  const { length } = BYTE_ORDER_MARK;
  const marked = number === 1 && line.subarray(0, length).equals(BYTE_ORDER_MARK);
  return marked ? line.subarray(length) : line;
}

/** What may be under way at a time. */
export interface Room {
  lines: number;
  bytes: number;
}

/** Answers to lines, sent in the order of the lines, each as soon as those before it are. */
export class OrderedAnswers {
  readonly #response: Response;
  readonly #room: Room;
  /** One for each line that is under way; they do not reject. */
  readonly #underWay: Promise<void>[] = [];
  #bytes = 0;

  constructor(response: Response, room: Room) {
    this.#response = response;
    this.#room = room;
  }

  /** Resolves when a line of so many bytes may begin: a line is under way until its answer is on its way. */
  async room(bytes: number): Promise<void> {
    while (
      this.#underWay.length >= this.#room.lines ||
      (this.#underWay.length > 0 && this.#bytes + bytes > this.#room.bytes)
    ) {
      await this.#underWay[0];
    }
  }

  /** `answer` must not reject. */
  add(bytes: number, answer: Promise<object>): void {
    this.#bytes += bytes;
    this.#underWay.push(this.#sendAfter(this.#underWay.at(-1), answer, bytes));
  }

  /** Resolves when every answer is on its way, or the caller gone. */
  async sent(): Promise<void> {
    await this.#underWay.at(-1);
  }

  async #sendAfter(before: Promise<void> | undefined, answer: Promise<object>, bytes: number): Promise<void> {
    const line = await answer;
    await before;
    await sendLine(this.#response, line);
    this.#bytes -= bytes;
    this.#underWay.shift();
  }
}

/** Resolves when the caller has read enough for the next line, or is gone. */
export function sendLine(response: Response, line: object): Promise<void> {
  if (response.destroyed || response.write(`${JSON.stringify(line)}\n`)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.once('drain', done).once('close', done);
  });
}
