import { createReadStream } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { NearpaperError } from '../../errors.js';
import type { ReadOutcome } from '../paper.js';
import { decoded, unpacked } from './decode-bytes.js';
import type { FormatName, PaperReader, ReadContext } from './format.js';
import { peek } from './peek.js';
import { readerOf, recogniseReader } from './readers.js';
import { StrayLines } from './stray-bytes.js';
import { readingFailure, unrecognised } from './unreadable.js';
import { UnusedNames } from './unused-names.js';

/** How much of the text is looked at to recognise its format, in UTF-16 code units. */
const HEAD_LENGTH = 64 * 1024;

export interface ReadPapersOptions {
  /** The format; recognised from the beginning of the text when absent. */
  format?: FormatName | undefined;
  /** What "-" reads, `process.stdin` in the entries. */
  stdin?: Readable | undefined;
  /** Refuses an input from the first line on that is not UTF-8; such lines are read as Windows-1252 otherwise. */
  strictEncoding?: boolean | undefined;
  /** Ends the reading; its reason is thrown. */
  signal?: AbortSignal | undefined;
}

/** An input that is open, and whose format is known. */
export interface PaperReading {
  /** How errors name the input: its path, or "standard input". */
  source: string;
  /** The format given or recognised; null when the input is blank and none was given. */
  format: FormatName | null;
  /**
   * The records, in the order of the input; can be iterated once. Throws NearpaperError `input_unreadable`
   * after the records that could be read, when the rest cannot be.
   */
  outcomes: AsyncIterable<ReadOutcome>;
  /** What else to tell about what was read by now, such as the columns that are not used. */
  notes(): string[];
  /** Releases the file when the outcomes are not going to be iterated; iterating them does it too. */
  close(): void;
}

/**
 * Opens a file of papers, or standard input for "-", and reads it as a stream: path -> bytes -> gzip unpacked
 * -> text -> format -> records. An input of nothing but blanks yields no records and no error.
 *
 * Throws NearpaperError `input_unreadable` when the input cannot be opened or its format is not recognised.
 */
export async function readPapers(source: string, options: ReadPapersOptions = {}): Promise<PaperReading> {
  const { signal } = options;
  signal?.throwIfAborted();
  const name = source === '-' ? 'standard input' : source;
  const input = openInput(source, options.stdin);
  if (signal !== undefined) addAbortSignal(signal, input);
  const strays = options.strictEncoding === true ? null : new StrayLines();
  try {
    const text = await peek(
      decoded(unpacked(bytesOf(input)), strays),
      (taken) => lengthOf(taken) >= HEAD_LENGTH,
    );
    const head = text.taken.join('');
    const reader = options.format === undefined ? recogniseReader(head) : readerOf(options.format);
    if (reader === undefined && text.failure !== null) throw text.failure.thrown;
    if (reader === undefined && head.trim() !== '') throw unrecognised(name, head);
    const unused = new UnusedNames();
    return {
      source: name,
      format: reader?.name ?? null,
      outcomes: outcomesOf(reader, text.all, { source: name, head, unused }, signal),
      notes: () => [unused.note(name), strays?.note(name) ?? null].filter((note) => note !== null),
      close: () => {
        input.destroy();
      },
    };
  } catch (thrown) {
    input.destroy();
    signal?.throwIfAborted();
    throw readingFailure(name, thrown, 0);
  }
}

/** The records of a text, with the failures of its source named after the last of them. */
async function* outcomesOf(
  reader: PaperReader | undefined,
  text: AsyncIterable<string>,
  context: ReadContext,
  signal: AbortSignal | undefined,
): AsyncGenerator<ReadOutcome, void, undefined> {
  let line = 0;
  try {
    if (reader === undefined) {
      await refuseText(text, context.source);
      return;
    }
    for await (const outcome of reader.read(text, context)) {
      line = outcome.line;
      yield outcome;
    }
  } catch (thrown) {
    signal?.throwIfAborted();
    throw readingFailure(context.source, thrown, line);
  }
}

/** Reads to its end an input that begins with nothing but blanks; throws when something else comes after all. */
async function refuseText(text: AsyncIterable<string>, source: string): Promise<void> {
  for await (const piece of text) if (piece.trim() !== '') throw unrecognised(source, piece);
}

function openInput(source: string, stdin: Readable | undefined): Readable {
  if (source !== '-') return createReadStream(source);
  if (stdin !== undefined) return stdin;
  throw new NearpaperError('usage', 'Standard input ("-") cannot be read here. Name a file.', {
    field: 'file',
  });
}

async function* bytesOf(input: Readable): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of input) {
    if (chunk instanceof Uint8Array) yield chunk;
    else yield Buffer.from(String(chunk));
  }
}

function lengthOf(pieces: string[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}
