import { Parser } from 'csv-parse';
import { systemCode } from '../../errors.js';
import { MAX_RECORD_LENGTH } from './format.js';
import { lineBreaksIn, withLineFeeds } from './line-breaks.js';

/** One row of a table, or why the lines from `line` to `lastLine` are none. Lines are 1-based. */
export type CsvRow =
  | { kind: 'row'; line: number; cells: string[] }
  | { kind: 'broken'; line: number; lastLine: number; fault: 'too-long' | 'open-quote' };

/** The most bytes of UTF-8 that a UTF-16 code unit stands for. */
const BYTES_A_UNIT = 3;

/**
 * The rows of a CSV text that arrives in pieces; blank lines are none. A fault ends csv-parse, so where a row may become too
 * long it is given one line at a time, and a new parser can go on at the line after the fault.
 */
export async function* csvRowsOf(
  text: AsyncIterable<string>,
  delimiter: string,
): AsyncGenerator<CsvRow, void, undefined> {
  let rows = new RowParser(delimiter, 1);
  let line = 1;
  let skipping = false;
  // csv-parse counts a quoted CRLF as two lines.
  for await (const chunk of withLineFeeds(text)) {
    const mayFault = rows.heldBytes + BYTES_A_UNIT * chunk.length > MAX_RECORD_LENGTH;
    for (const piece of skipping || mayFault ? linesIn(chunk) : [chunk]) {
      if (!skipping) {
        yield* await rows.write(piece);
        if (rows.fault !== null) {
          yield { kind: 'broken', line: rows.nextLine, lastLine: line, fault: rows.fault };
          skipping = true;
        }
      }
      line += lineBreaksIn(piece);
      if (skipping && piece.endsWith('\n')) {
        rows = new RowParser(delimiter, line);
        skipping = false;
      }
    }
  }
  if (skipping) return;
  yield* await rows.end();
  if (rows.fault !== null) {
    yield { kind: 'broken', line: rows.nextLine, lastLine: line, fault: rows.fault };
  }
}

/** csv-parse as a plain object: text in, rows out, and the fault that ended it. */
class RowParser {
  /** Where the row after the last complete one begins. */
  nextLine: number;
  fault: 'too-long' | 'open-quote' | null = null;
  /** At most so much was given of a row that is not complete. */
  heldBytes = 0;
  readonly #parser: Parser;
  #rows: CsvRow[] = [];

  constructor(delimiter: string, firstLine: number) {
    this.nextLine = firstLine;
    this.#parser = new Parser({
      delimiter,
      record_delimiter: '\n',
      relax_column_count: true,
      relax_quotes: true,
      max_record_size: MAX_RECORD_LENGTH,
      // Rows are taken here and not from the readable side, which drops what it holds at a fault.
      on_record: (cells: string[], context) => {
        this.#take(cells, firstLine - 1 + context.lines);
        return null;
      },
    });
    // The callback of each write reports the fault too; without a listener it would end the process.
    this.#parser.on('error', () => {});
    this.#parser.resume();
  }

  async write(text: string): Promise<CsvRow[]> {
    const fault = await new Promise<Error | null | undefined>((resolve) => {
      this.#parser.write(text, resolve);
    });
    this.heldBytes = BYTES_A_UNIT * text.length + (this.#rows.length > 0 ? 0 : this.heldBytes);
    return this.#takenUntil(fault);
  }

  async end(): Promise<CsvRow[]> {
    const fault = await new Promise<Error | undefined>((resolve) => {
      this.#parser.once('error', resolve);
      this.#parser.once('end', () => resolve(undefined));
      this.#parser.end();
    });
    return this.#takenUntil(fault);
  }

  #take(cells: string[], lastLine: number): void {
    const breaks = cells.reduce((count, cell) => count + lineBreaksIn(cell), 0);
    this.nextLine = lastLine + 1;
    const isBlank = cells.length === 1 && cells[0]?.trim() === '';
    if (!isBlank) this.#rows.push({ kind: 'row', line: lastLine - breaks, cells });
  }

  #takenUntil(fault: Error | null | undefined): CsvRow[] {
    if (fault) {
      const code = systemCode(fault);
      if (code === 'CSV_MAX_RECORD_SIZE') this.fault = 'too-long';
      else if (code === 'CSV_QUOTE_NOT_CLOSED') this.fault = 'open-quote';
      else throw fault;
    }
    return this.#rows.splice(0);
  }
}

/** The text cut after every line break. A line longer than it comes in several pieces. */
function* linesIn(chunk: string): Generator<string, void, undefined> {
  let start = 0;
  for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', start)) {
    yield chunk.slice(start, end + 1);
    start = end + 1;
  }
  if (start < chunk.length) yield chunk.slice(start);
}
