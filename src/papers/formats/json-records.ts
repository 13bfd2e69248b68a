import { NearpaperError } from '../../errors.js';
import type { ReadOutcome } from '../paper.js';
import type { ReadContext } from './format.js';
import { BrokenJsonArray, JsonElementSplitter } from './json-elements.js';
import { firstLines, linesOf } from './lines.js';
import { isJsonObject, parseJson } from './parse-json.js';
import { firstPrettyObject, isPrettyPrinted, readPrettyPrinted } from './pretty-json.js';

/** Makes an outcome of a parsed record, which may be any JSON value. */
export type ToOutcome = (line: number, value: unknown) => ReadOutcome;

/** How many records of a head are looked at, so that a bad first one does not hide the format. */
const RECORDS_LOOKED_AT = 20;

/**
 * The records of a JSON text however they are held: an object a line, objects over several lines each, an array of them,
 * or an array that is a member of an object, as the pages of web services are. Throws NearpaperError
 * `input_unreadable` where an array is broken beyond a record.
 */
export async function* readJsonRecords(
  text: AsyncIterable<string>,
  context: ReadContext,
  { isRecord, toOutcome }: { isRecord: (value: Record<string, unknown>) => boolean; toOutcome: ToOutcome },
): AsyncGenerator<ReadOutcome, void, undefined> {
  if (holdsArray(context.head, isRecord)) yield* readArray(text, context.source, toOutcome);
  else if (isPrettyPrinted(context.head)) yield* readPrettyPrinted(text, toOutcome);
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

/** The elements of the outermost array, or of the first array of objects inside an outermost object. */
export async function* readArray(
  text: AsyncIterable<string>,
  source: string,
  toOutcome: ToOutcome,
): AsyncGenerator<ReadOutcome, void, undefined> {
  const splitter = new JsonElementSplitter();
  try {
    for await (const piece of text) {
      for (const { line, text: whole } of splitter.push(piece)) yield outcomeOfText(line, whole, toOutcome);
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

function outcomeOfText(line: number, whole: string | null, toOutcome: ToOutcome): ReadOutcome {
  if (whole === null) {
    return { kind: 'bad', line, problem: 'too_long', reason: 'the record is longer than 8 MiB' };
  }
  const parsed = parseJson(whole);
  return parsed.ok
    ? toOutcome(line, parsed.value)
    : { kind: 'bad', line, problem: 'broken_record', reason: `${parsed.reason} of the record` };
}

/**
 * Whether a JSON text that begins like this holds such records in any of the ways that `readJsonRecords` reads. Cheap, and
 * never throws. A record that the head holds only in part is looked at too, where `telling` finds it in its text.
 */
export function holdsRecords(
  head: string,
  isRecord: (value: Record<string, unknown>) => boolean,
  telling: RegExp,
): boolean {
  if (!/^\s*[[{]/.test(head)) return false;
  const records = recordsIn(head);
  return records.length > 0 ? records.some(isRecord) : telling.test(head);
}

/** The first whole records of a head, and those in the first array of each. */
function recordsIn(head: string): Record<string, unknown>[] {
  if (isArray(head)) return elementsIn(head);
  if (isPrettyPrinted(head)) {
    const object = firstPrettyObject(head);
    return [...(isJsonObject(object) ? [object] : []), ...elementsIn(head)];
  }
  const lines = firstLines(head, RECORDS_LOOKED_AT).map((line) => parseJson(line));
  const objects = lines.flatMap((parsed) => (parsed.ok && isJsonObject(parsed.value) ? [parsed.value] : []));
  return hasObjectALine(head) ? objects : [...objects, ...elementsIn(head)];
}

/** Whether the records are the elements of an array: by itself, or inside an object that is none of them. */
function holdsArray(head: string, isRecord: (value: Record<string, unknown>) => boolean): boolean {
  if (isArray(head)) return true;
  if (hasObjectALine(head)) return false;
  const [first = ''] = firstLines(head, 1);
  const whole = parseJson(first);
  const outermost = whole.ok ? whole.value : isPrettyPrinted(head) ? firstPrettyObject(head) : undefined;
  if (isJsonObject(outermost)) {
    const arrays = Object.values(outermost).filter(Array.isArray);
    const isEmpty = arrays.length > 0 && arrays.every((array) => array.length === 0);
    return !isRecord(outermost) && (isEmpty || elementsIn(head).some(isRecord));
  }
  // The object is longer than the head: what comes before its first array tells.
  const beginning = membersBeforeArray(head);
  return beginning !== undefined && !isRecord(beginning);
}

function isArray(head: string): boolean {
  return /^\s*\[/.test(head);
}

/** Whether the first two lines are an object each, one of which may be broken. */
function hasObjectALine(head: string): boolean {
  const [first = '', second = ''] = firstLines(head, 2);
  return first.startsWith('{') && first.endsWith('}') && second.startsWith('{');
}

/** The members of an outermost object up to the first that is an array; undefined where none is. */
function membersBeforeArray(head: string): Record<string, unknown> | undefined {
  let depth = 0;
  let nameAt = 0;
  // A string without an end is taken to the end, since it would be walked again from each of its quotes on.
  for (const { 0: mark, index } of head.matchAll(/"(?:[^"\\]|\\.)*(?:"|$)|[{}[\]]/gs)) {
    if (mark === '[' && depth === 1) {
      const before = head.slice(0, nameAt).trimEnd();
      const parsed = parseJson(`${before.endsWith(',') ? before.slice(0, -1) : before}}`);
      return parsed.ok && isJsonObject(parsed.value) ? parsed.value : undefined;
    }
    if (mark === '{' || mark === '[') depth += 1;
    else if (mark === '}' || mark === ']') depth -= 1;
    else if (depth === 1) nameAt = index;
  }
  return undefined;
}

function elementsIn(head: string): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  const splitter = new JsonElementSplitter();
  try {
    for (const { text } of splitter.push(head)) {
      const parsed = text === null ? undefined : parseJson(text);
      if (parsed?.ok && isJsonObject(parsed.value)) found.push(parsed.value);
      if (found.length >= RECORDS_LOOKED_AT) break;
    }
  } catch (thrown) {
    if (!(thrown instanceof BrokenJsonArray)) throw thrown;
  }
  return found;
}
