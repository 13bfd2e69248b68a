import type { ReadOutcome } from '../paper.js';
import { MAX_RECORD_LENGTH } from './format.js';
import { OpenBrackets } from './json-brackets.js';
import { type JsonRecord, outcomeOfRecord, type ToOutcome } from './json-outcome.js';
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
  toOutcome: ToOutcome,
): AsyncGenerator<ReadOutcome, void, undefined> {
  let held = new PrettyRecord();
  const finished = (): ReadOutcome[] => {
    const { record } = held;
    held = new PrettyRecord();
    return record === null ? [] : [outcomeOfRecord(record, toOutcome)];
  };
  for await (const line of linesOf(text)) {
    // An object without indentation is an outermost one: after a broken record, reading goes on there.
    if (line.text?.startsWith('{') && !held.expectsValue) yield* finished();
    if (held.add(line)) yield* finished();
  }
  yield* finished();
}

/** One object that arrives line by line. */
class PrettyRecord {
  /** Where it begins; null before it does. */
  #line: number | null = null;
  #parts: string[] = [];
  #length = 0;
  readonly #open = new OpenBrackets();
  #isTooDeep = false;
  /** How the last line that is not blank ends. */
  #ending = '';

  /** What there is of it; null before it begins. */
  get record(): JsonRecord | null {
    const line = this.#line;
    if (line === null) return null;
    if (this.#isTooDeep) return { line, text: null, fault: 'too_deep' };
    if (this.#length > MAX_RECORD_LENGTH) return { line, text: null, fault: 'too_long' };
    return { line, text: this.#parts.join('\n') };
  }

  /** Whether an object may come next: a member's value, or an element of an array. */
  get expectsValue(): boolean {
    return this.#ending === ':' || (this.#open.innermost === ']' && /[[,]/.test(this.#ending));
  }

  /** Takes a line; true when all the brackets that were opened are closed with it. */
  add({ number, text }: Line): boolean {
    if (this.#line === null && text?.trim() === '') return false;
    this.#line ??= number;
    this.#ending = text?.trimEnd().at(-1) ?? this.#ending;
    this.#length += text === null ? MAX_RECORD_LENGTH : text.length + 1;
    // A string that is not closed goes too: to look for its end from each of its quotes on would take quadratic time.
    const brackets = (text ?? '').replaceAll(/"(?:[^"\\]|\\.)*"?/g, '').matchAll(/[{}[\]]/g);
    for (const [bracket] of brackets) {
      if (bracket === '{' || bracket === '[') this.#open.open(bracket);
      else this.#open.close(bracket);
      this.#isTooDeep ||= this.#open.isTooDeep;
    }
    if (this.#length > MAX_RECORD_LENGTH || this.#isTooDeep) this.#parts = [];
    else this.#parts.push(text ?? '');
    return this.#open.depth === 0;
  }
}
