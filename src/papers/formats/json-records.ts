import { NearpaperError } from '../../errors.js';
import type { ReadOutcome } from '../paper.js';
import type { ReadContext } from './format.js';
import { BrokenJsonArray, JsonElementSplitter } from './json-elements.js';
import { outcomeOfRecord, type ToOutcome } from './json-outcome.js';
import { type IsRecord, shapeOf } from './json-shape.js';
import { linesOf } from './lines.js';
import { parseJson } from './parse-json.js';
import { readPrettyPrinted } from './pretty-json.js';

/**
 * The records of a JSON text however they are held: an object a line, objects over several lines each, an array of them,
 * or arrays that are members of objects, as the pages of web services are, one or several. Throws NearpaperError
 * `input_unreadable` where an array is broken beyond a record.
 */
export async function* readJsonRecords(
  text: AsyncIterable<string>,
  context: ReadContext,
  { isRecord, toOutcome }: { isRecord: IsRecord; toOutcome: ToOutcome },
): AsyncGenerator<ReadOutcome, void, undefined> {
  const shape = shapeOf(context.head, isRecord);
  if (shape === 'array') yield* readArray(text, context.source, toOutcome);
  else if (shape === 'objects') yield* readPrettyPrinted(text, toOutcome);
  else yield* readLines(text, toOutcome);
}

/** An object a line; blank lines are none. */
export async function* readLines(
  text: AsyncIterable<string>,
  toOutcome: ToOutcome,
): AsyncGenerator<ReadOutcome, void, undefined> {
  for await (const { number: line, text: whole } of linesOf(text)) {
    if (whole === null) {
      yield { kind: 'bad', line, problem: 'too_long', reason: 'the line is longer than 8 MiB' };
    } else if (whole.trim() !== '') {
      const parsed = parseJson(whole);
      yield parsed.ok
        ? toOutcome(line, parsed.value)
        : { kind: 'bad', line, problem: 'broken_record', reason: parsed.reason };
    }
  }
}

/** The elements of the outermost array, or of the first array of objects inside an outermost object and of its like. */
export async function* readArray(
  text: AsyncIterable<string>,
  source: string,
  toOutcome: ToOutcome,
): AsyncGenerator<ReadOutcome, void, undefined> {
  const splitter = new JsonElementSplitter();
  try {
    for await (const piece of text) {
      for (const record of splitter.push(piece)) yield outcomeOfRecord(record, toOutcome);
    }
    splitter.end();
  } catch (thrown) {
    if (!(thrown instanceof BrokenJsonArray)) throw thrown;
    throw new NearpaperError(
      'input_unreadable',
      `${source}, line ${thrown.line}: the JSON array cannot be read further, ${thrown.message}. ` +
        'Mend it there, or write one record a line (JSON Lines), where a broken record costs only itself.',
      { cause: thrown },
    );
  }
}
