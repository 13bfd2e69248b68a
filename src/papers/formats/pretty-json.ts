import type { ReadOutcome } from '../paper.js';
import { MAX_RECORD_LENGTH } from './format.js';
import { firstLines, type Line, linesOf } from './lines.js';
import { parseJson } from './parse-json.js';

/**
 * Whether JSON objects that begin like this are written over several lines each, as `jq` and indenting programs
 * do. A broken first record of JSON Lines is none: its second line begins with another record.
 */
export function isPrettyPrinted(head: string): boolean {
  const [first, second] = firstLines(head, 2);
  if (first === undefined || second === undefined || !first.startsWith('{') || parseJson(first).ok)
    return false;
  return /[{[:]$/.test(first) || /^["}\]]/.test(second);
}

/** The objects of such a text, each as a record; what comes before the next object at a line's start is a bad one. */
export async function* readPrettyPrinted(
  text: AsyncIterable<string>,
  toOutcome: (line: number, value: unknown) => ReadOutcome,
): AsyncGenerator<ReadOutcome, void, undefined> {
  let record = new PrettyRecord();
  const finished = (): ReadOutcome[] => {
    const { line, text: whole } = record;
    record = new PrettyRecord();
    if (line === null) return [];
    if (whole === null)
      return [{ kind: 'bad', line, problem: 'too_long', reason: 'the record is longer than 8 MiB' }];
    const parsed = parseJson(whole);
    return parsed.ok
      ? [toOutcome(line, parsed.value)]
      : [{ kind: 'bad', line, problem: 'broken_record', reason: `${parsed.reason} of the record` }];
  };
  for await (const line of linesOf(text)) {
    // An object without indentation is an outermost one: after a broken record, reading goes on there.
    if (line.text?.startsWith('{') && !record.expectsValue) yield* finished();
    if (record.add(line)) yield* finished();
  }
  yield* finished();
}

/** The first object of the head of such a text; undefined when it is not JSON, or longer than the head. */
export function firstPrettyObject(head: string): unknown {
  const record = new PrettyRecord();
  for (const [index, text] of head.split('\n').entries()) {
    if (!record.add({ number: index + 1, text })) continue;
    const parsed = parseJson(record.text ?? '');
    return parsed.ok ? parsed.value : undefined;
  }
  return undefined;
}

/** One object that arrives line by line. */
class PrettyRecord {
  /** Where it begins; null before it does. */
  line: number | null = null;
  #parts: string[] = [];
  #length = 0;
  /** The brackets that are open, innermost last. */
  readonly #open: string[] = [];
  /** How the last line that is not blank ends. */
  #ending = '';

  /** Its text; null when it is longer than a record may be. */
  get text(): string | null {
    return this.#length > MAX_RECORD_LENGTH ? null : this.#parts.join('\n');
  }

  /** Whether an object may come next: a member's value, or an element of an array. */
  get expectsValue(): boolean {
    return this.#ending === ':' || (this.#open.at(-1) === '[' && /[[,]/.test(this.#ending));
  }

  /** Takes a line; true when all the brackets that were opened are closed with it. */
  add({ number, text }: Line): boolean {
    if (this.line === null && text?.trim() === '') return false;
    this.line ??= number;
    this.#ending = text?.trimEnd().at(-1) ?? this.#ending;
    this.#length += text === null ? MAX_RECORD_LENGTH : text.length + 1;
    if (this.#length > MAX_RECORD_LENGTH) this.#parts = [];
    else this.#parts.push(text ?? '');
    // A string that is not closed goes too: to look for its end from each of its quotes on would take quadratic time.
    const brackets = (text ?? '').replaceAll(/"(?:[^"\\]|\\.)*"?/g, '').matchAll(/[{}[\]]/g);
    for (const [bracket] of brackets) {
      if (bracket === '{' || bracket === '[') this.#open.push(bracket);
      else this.#open.pop();
    }
    return this.#open.length === 0;
  }
}
