/** Files of judged data, read line by line: plain or packed with gzip, UTF-8. */
import { createReadStream } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { NearpaperError } from '../errors.js';
import { decoded, unpacked } from '../papers/formats/decode-bytes.js';
import { linesOf } from '../papers/formats/lines.js';
import { isJsonObject, parseJson } from '../papers/formats/parse-json.js';
import { readingFailure } from '../papers/formats/unreadable.js';

/** A line that is not blank, and how to refuse it. */
export interface JudgedLine {
  text: string;
  /** 1-based. */
  number: number;
  /** The error `input_unreadable` that names file and line. `reason` says what is wrong and what is accepted. */
  refusal: (reason: string) => NearpaperError;
}

/** Errors: `input_unreadable` with file and line; the signal's reason when it aborts. */
export async function* judgedLines(
  file: string,
  signal: AbortSignal,
): AsyncGenerator<JudgedLine, void, undefined> {
  signal.throwIfAborted();
  const input = createReadStream(file);
  addAbortSignal(signal, input);
  let last = 0;
  try {
    for await (const { text, number } of linesOf(decoded(unpacked(input)))) {
      const refusal = (reason: string) =>
        new NearpaperError('input_unreadable', `${file}, line ${number}: ${reason}`);
      if (text === null) throw refusal('the line is longer than 8 MiB.');
      last = number;
      if (text.trim() !== '') yield { text, number, refusal };
    }
  } catch (thrown) {
    signal.throwIfAborted();
    throw readingFailure(file, thrown, last);
  } finally {
    input.destroy();
  }
}

/** The columns of a line: between tabs where it has one, else between white space. */
export function columnsOf({ text }: JudgedLine): string[] {
  const columns = text.includes('\t') ? text.split('\t') : text.trim().split(/\s+/);
  return columns.map((column) => column.trim());
}

/** The object that a line of JSON holds. Errors: `input_unreadable`. */
export function objectOf({ text, refusal }: JudgedLine): Record<string, unknown> {
  const parsed = parseJson(text);
  if (!parsed.ok) throw refusal(`${parsed.reason}.`);
  if (!isJsonObject(parsed.value)) throw refusal('each line must be a JSON object.');
  return parsed.value;
}
