import { MAX_RECORD_LENGTH } from './format.js';
import { OpenBrackets } from './json-brackets.js';
import type { JsonRecord, RecordFault } from './json-outcome.js';

/** A fault in the text around the records, after which no record can be told from the next. */
export class BrokenJsonArray extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

const STRING_MARKS = /["\\\n]/g;
const STRUCTURE_MARKS = /["{}[\],\n]/g;
const NO_ARRAY = 'there is no array of records in it';

/** More than the name of any member. */
const MAX_NAME_LENGTH = 1000;

/**
 * Cuts a JSON text that arrives in pieces into its records: the elements of its outermost array, or those of an array
 * that is a member of an outermost object, a page. Of the first page that is its first array of objects. Further pages
 * may follow it, and their array has the same name; an object without one is passed on whole, as if it were a record.
 * The splitter only follows brackets and strings and leaves every judgement of a record to JSON.parse, so that one bad
 * record does not end the reading, every record has its line, and an overlong one is passed over without being held.
 * Give it all pieces, then call `end`.
 */
export class JsonElementSplitter {
  /** Where in an outermost value it is: before the records (or between such values), in the array, behind it. */
  #phase: 'before' | 'elements' | 'behind' = 'before';
  #line = 1;
  #inString = false;
  /** The next piece begins with a character that a backslash escapes. */
  #escaped = false;
  readonly #brackets = new OpenBrackets();
  /** What the outermost values are; null before the first. */
  #outermost: 'array' | 'pages' | null = null;
  /** How many brackets are open between two elements. */
  #base = 0;
  /** The name of the array of the first page, with its quotes; null until there is one. */
  #member: string | null = null;
  /** The last text directly in the page, a name or a value: where it begins in this piece, and what earlier ones had. */
  #nameAt = 0;
  #nameHeld = '';
  /** The name of the last array directly in the page; null before any. */
  #arrayName: string | null = null;
  #parts: string[] = [];
  #length = 0;
  /** The line of the first bracket, quote or comma of the current record; null before it. */
  #recordLine: number | null = null;
  #fault: RecordFault | null = null;

  /** The records that end in this piece. Throws BrokenJsonArray, after those before the fault. */
  *push(piece: string): Generator<JsonRecord, void, undefined> {
    let from = 0;
    let at = this.#escaped ? 1 : 0;
    if (piece !== '') this.#escaped = false;
    this.#nameAt = 0;
    while (at < piece.length) {
      if (this.#brackets.depth === 0) {
        at = this.#nextOutermost(piece, at);
        from = at;
      }
      const mark = this.#nextMark(piece, at);
      if (mark === -1) break;
      at = mark + 1;
      const character = piece.charAt(mark);
      if (character === '\n') {
        this.#line += 1;
        continue;
      }
      this.#recordLine ??= this.#line;
      if (this.#inString) {
        if (character === '\\') {
          at += 1;
          this.#escaped = at > piece.length;
        } else this.#inString = false;
      } else if (character === '"') this.#beginString(mark);
      else if (this.#phase === 'elements') {
        if (!this.#endsElement(character)) continue;
        this.#keep(piece.slice(from, mark));
        yield* this.#finishElement(character === ']');
        from = at;
      } else if (this.#entersArray(character, piece, mark)) from = character === '[' ? at : mark;
      else if (this.#brackets.depth === 0) {
        if (this.#phase === 'before') this.#keep(piece.slice(from, at));
        yield* this.#finishPage();
      }
    }
    if (this.#phase !== 'behind' && this.#brackets.depth > 0) this.#keep(piece.slice(from));
    if (this.#phase === 'before' && this.#nameHeld.length <= MAX_NAME_LENGTH) {
      this.#nameHeld += piece.slice(this.#nameAt, this.#nameAt + MAX_NAME_LENGTH);
    }
  }

  /** Throws BrokenJsonArray unless everything was closed. A blank text is fine. */
  end(): void {
    if (this.#brackets.depth === 0) return;
    if (this.#phase !== 'elements') {
      throw new BrokenJsonArray(this.#line, 'the text ends before the object around it is closed');
    }
    const detail = this.#recordLine === null ? '' : ': the record that begins there is not complete';
    throw new BrokenJsonArray(
      this.#recordLine ?? this.#line,
      `the text ends before the array is closed${detail}`,
    );
  }

  /** Where the next outermost value begins, or the end of the piece. Throws where something else comes. */
  #nextOutermost(piece: string, at: number): number {
    let next = at;
    for (; next < piece.length && piece.charAt(next).trim() === ''; next += 1) {
      if (piece.charAt(next) === '\n') this.#line += 1;
    }
    const character = piece.charAt(next);
    const mayBeObject = this.#outermost !== 'array';
    const mayBeArray = this.#outermost === null;
    if (character === '' || (character === '{' && mayBeObject) || (character === '[' && mayBeArray)) {
      return next;
    }
    if (mayBeArray) throw new BrokenJsonArray(this.#line, NO_ARRAY);
    const last = mayBeObject ? 'object around it' : 'array';
    throw new BrokenJsonArray(this.#line, `something follows the end of the ${last}`);
  }

  #nextMark(piece: string, at: number): number {
    const marks = this.#inString ? STRING_MARKS : STRUCTURE_MARKS;
    marks.lastIndex = at;
    return marks.exec(piece)?.index ?? -1;
  }

  #beginString(mark: number): void {
    this.#inString = true;
    if (this.#phase !== 'before' || this.#brackets.depth !== 1) return;
    this.#nameAt = mark;
    this.#nameHeld = '';
  }

  /** Follows the brackets around the array; true at the one that opens it, or that opens its first object. */
  #entersArray(character: string, piece: string, mark: number): boolean {
    if (character === ',') return false;
    if (character !== '{' && character !== '[') {
      this.#close(character);
      return false;
    }
    const { depth, innermost } = this.#brackets;
    this.#open(character);
    if (this.#phase === 'behind') return false;
    if (depth === 0) {
      this.#outermost = character === '[' ? 'array' : 'pages';
      if (character === '[') this.#beginArray(1);
      return character === '[';
    }
    if (character === '[' && depth === 1) {
      this.#arrayName = this.#nameBefore(piece, mark);
      if (this.#arrayName !== this.#member) return false;
      this.#beginArray(2);
      return true;
    }
    if (character === '[' || depth !== 2 || innermost !== ']' || this.#member !== null) return false;
    this.#member = this.#arrayName;
    this.#beginArray(2);
    this.#recordLine = this.#line;
    return true;
  }

  /** The name before an array directly in the page, with its quotes; blank when it cannot be told. */
  #nameBefore(piece: string, mark: number): string {
    const label = this.#nameHeld + piece.slice(this.#nameAt, Math.min(mark, this.#nameAt + MAX_NAME_LENGTH));
    const name = label.trimEnd();
    return name.endsWith(':') ? name.slice(0, -1).trimEnd() : '';
  }

  #beginArray(base: number): void {
    this.#phase = 'elements';
    this.#base = base;
    this.#beginRecord();
  }

  #beginRecord(): void {
    this.#parts = [];
    this.#length = 0;
    this.#recordLine = null;
    this.#fault = null;
  }

  /** Follows the brackets inside the array; true at a comma or bracket that ends the element. */
  #endsElement(character: string): boolean {
    const isBetween = this.#brackets.depth === this.#base;
    if (character === '{' || character === '[') this.#open(character);
    else if (character === ',') return isBetween;
    else {
      this.#close(character);
      return isBetween;
    }
    return false;
  }

  #open(bracket: '{' | '['): void {
    this.#brackets.open(bracket);
    if (this.#brackets.isTooDeep) this.#refuse('too_deep');
  }

  #close(character: string): void {
    if (this.#brackets.close(character)) return;
    const record = this.#phase === 'elements' ? ` in the record that begins at line ${this.#recordLine}` : '';
    throw new BrokenJsonArray(this.#line, `a "${character}" closes what was not open${record}`);
  }

  #keep(text: string): void {
    this.#length += text.length;
    if (this.#length > MAX_RECORD_LENGTH) this.#refuse('too_long');
    else if (this.#fault === null) this.#parts.push(text);
  }

  #refuse(fault: RecordFault): void {
    this.#fault ??= fault;
    this.#parts = [];
  }

  *#finishElement(isLast: boolean): Generator<JsonRecord, void, undefined> {
    const record = this.#record();
    // Nothing before the closing bracket is an empty array, or a comma too many, which hides no record.
    if (!isLast || record.text !== '') yield record;
    if (isLast) this.#phase = this.#brackets.depth === 0 ? 'before' : 'behind';
    this.#beginRecord();
  }

  /** At the end of an outermost object, which goes out whole if it had no array of records. */
  *#finishPage(): Generator<JsonRecord, void, undefined> {
    if (this.#phase === 'before') {
      if (this.#member !== null) yield this.#record();
      // Before the first page that has records, an empty array may be theirs.
      else if (this.#arrayName === null) throw new BrokenJsonArray(this.#line, NO_ARRAY);
    }
    this.#phase = 'before';
    this.#arrayName = null;
    this.#beginRecord();
  }

  #record(): JsonRecord {
    const line = this.#recordLine ?? this.#line;
    return this.#fault === null
      ? { line, text: this.#parts.join('').trim() }
      : { line, text: null, fault: this.#fault };
  }
}
