/** NDJSON both ways: the lines of a body while it arrives, and what comes of them in their order. */
import { isUtf8 } from 'node:buffer';
import type { Response } from 'express';
import { messageOf, NearpaperError } from '../errors.js';
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

/**
 * The lines of a body, ended by LF or CRLF. A line of more than `longest` bytes is passed over without being held.
 * Gives way to the event loop. Errors: `cancelled` when the signal aborts, and those of `chunks`.
 */
export async function* ndjsonLines(
  chunks: AsyncIterable<Buffer>,
  longest: number,
  signal?: AbortSignal,
): AsyncGenerator<NdjsonLine, void, undefined> {
  const pace = new Pace(signal);
  let number = 1;
  let held = new HeldLine(longest);
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      held.add(chunk.subarray(start, end));
      if (pace.due()) await pace.turn();
      const line = held.read(number);
      if (line !== null) yield line;
      held = new HeldLine(longest);
      number++;
      start = end + 1;
    }
    held.add(chunk.subarray(start));
  }
  const last = held.read(number);
  if (last !== null) yield last;
}

/** A line whose end has not arrived. */
class HeldLine {
  readonly #longest: number;
  #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(longest: number) {
    this.#longest = longest;
  }

  add(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#bytes > this.#longest) this.#pieces = [];
    else if (piece.length > 0) this.#pieces.push(piece);
  }

  /** Null when it is blank. */
  read(number: number): NdjsonLine | null {
    const refused = (error: NearpaperError, bytes = this.#bytes) => ({ number, bytes, read: { error } });
    if (this.#bytes > this.#longest) {
      const detail = `The line is longer than ${this.#longest} bytes.`;
      return refused(new NearpaperError('body_too_large', detail), 0);
    }
    const bytes = this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces);
    if (bytes === undefined || bytes.length === 0) return null;
    if (!isUtf8(bytes)) return refused(new NearpaperError('invalid_text', 'The line is not UTF-8.'));
    const text = withoutMark(bytes, number).toString('utf8');
    if (BLANK.test(text)) return null;
    try {
      return { number, bytes: bytes.length, read: { value: JSON.parse(text) } };
    } catch (thrown) {
      const detail = `The line is not valid JSON: ${messageOf(thrown)}.`;
      return refused(new NearpaperError('invalid_json', detail));
    }
  }
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
