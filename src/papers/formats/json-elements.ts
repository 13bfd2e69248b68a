import { MAX_RECORD_LENGTH } from './format.js';

/** The text of one array element; null when it was longer than a record may be. */
export interface JsonElement {
  /** The 1-based line where the element begins. */
  line: number;
  text: string | null;
}

/** A fault in the array itself, after which no element can be told from the next. */
export class BrokenJsonArray extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

const STRING_MARKS = /["\\\n]/g;
const STRUCTURE_MARKS = /["{}[\],\n]/g;
const CLOSER = { '{': '}', '[': ']' } as const;

/**
 * Cuts a JSON text that arrives in pieces into the elements of its array: the outermost one, or the first
 * array of objects directly inside an outermost object. It only follows brackets and strings and leaves every
 * judgement of an element to JSON.parse, so that one bad element does not end the reading, every element has
 * its line, and an overlong one is passed over without being held. Give it all pieces, then call `end`.
 */
export class JsonElementSplitter {
  #phase: 'before' | 'elements' | 'after' = 'before';
  #line = 1;
  #inString = false;
  /** The next piece begins with a character that a backslash escapes. */
  #escaped = false;
  /** The brackets that must close, innermost last: of the whole text before the array, then of the element. */
  #closers: string[] = [];
  #sawText = false;
  #sawWrapper = false;
  #sawArray = false;
  #parts: string[] = [];
  #length = 0;
  /** The line of the first bracket, quote or comma of the current element; null before it. */
  #elementLine: number | null = null;
  #tooLong = false;

  /** The elements that end in this piece. Throws BrokenJsonArray, after those before the fault. */
  *push(piece: string): Generator<JsonElement, void, undefined> {
    let from = 0;
    let at = this.#escaped ? 1 : 0;
    if (piece !== '') this.#escaped = false;
    this.#sawText ||= piece.trim() !== '';
    while (at < piece.length && this.#phase !== 'after') {
      const mark = this.#nextMark(piece, at);
      if (mark === -1) break;
      at = mark + 1;
      const character = piece.charAt(mark);
      if (character === '\n') {
        this.#line += 1;
        continue;
      }
      this.#elementLine ??= this.#line;
      if (this.#inString) {
        if (character === '\\') {
          at += 1;
          this.#escaped = at > piece.length;
        } else this.#inString = false;
      } else if (character === '"') this.#inString = true;
      else if (this.#phase === 'before') {
        if (this.#entersArray(character)) from = character === '[' ? at : mark;
      } else if (this.#endsElement(character)) {
        this.#keep(piece.slice(from, mark));
        yield* this.#finishElement(character === ']');
        from = at;
      }
    }
    if (this.#phase === 'elements') this.#keep(piece.slice(from));
    if (this.#phase === 'after') this.#refuseMore(piece.slice(from));
  }

  /** Throws BrokenJsonArray unless the array was there and closed. A blank text is fine. */
  end(): void {
    if (this.#phase === 'elements') {
      const detail = this.#elementLine === null ? '' : ': the record that begins there is not complete';
      throw new BrokenJsonArray(
        this.#elementLine ?? this.#line,
        `the text ends before the array is closed${detail}`,
      );
    }
    if (this.#phase === 'before' && this.#sawText && !this.#sawArray) {
      throw new BrokenJsonArray(this.#line, 'there is no array of records in it');
    }
  }

  #nextMark(piece: string, at: number): number {
    const marks = this.#inString ? STRING_MARKS : STRUCTURE_MARKS;
    marks.lastIndex = at;
    return marks.exec(piece)?.index ?? -1;
  }

  /** Follows the brackets before the array; true at the one that opens it, or that opens its first object. */
  #entersArray(character: string): boolean {
    if (character === ',') return false;
    if (character === '{' || character === '[') {
      const isOutermostArray = character === '[' && this.#closers.length === 0;
      const isInFirstArray = this.#closers.length === 2 && this.#closers.join('') === '}]';
      const isFirstObject = character === '{' && isInFirstArray;
      if (character === '[' && this.#closers.length <= 1) this.#sawArray = true;
      if (character === '{') this.#sawWrapper = true;
      if (isOutermostArray || isFirstObject) {
        this.#phase = 'elements';
        this.#elementLine = isFirstObject ? this.#line : null;
        this.#closers = isFirstObject ? ['}'] : [];
        return true;
      }
      this.#closers.push(CLOSER[character]);
    } else this.#close(character);
    return false;
  }

  /** Follows the brackets inside the array; true at a comma or bracket that ends the element. */
  #endsElement(character: string): boolean {
    if (character === '{' || character === '[') this.#closers.push(CLOSER[character]);
    else if (this.#closers.length === 0 && character !== '}') return true;
    else if (character !== ',') this.#close(character);
    return false;
  }

  #close(character: string): void {
    if (this.#closers.pop() !== character) {
      const record =
        this.#phase === 'elements' ? ` in the record that begins at line ${this.#elementLine}` : '';
      throw new BrokenJsonArray(this.#line, `a "${character}" closes what was not open${record}`);
    }
  }

  #keep(text: string): void {
    this.#length += text.length;
    if (this.#length <= MAX_RECORD_LENGTH) this.#parts.push(text);
    else {
      this.#tooLong = true;
      this.#parts = [];
    }
  }

  *#finishElement(isLast: boolean): Generator<JsonElement, void, undefined> {
    const text = this.#parts.join('');
    const line = this.#elementLine ?? this.#line;
    // Nothing before the closing bracket is an empty array, or a comma too many, which hides no record.
    if (this.#tooLong) yield { line, text: null };
    else if (!isLast || text.trim() !== '') yield { line, text: text.trim() };
    if (isLast) this.#phase = 'after';
    this.#parts = [];
    this.#length = 0;
    this.#tooLong = false;
    this.#elementLine = null;
  }

  /** After an outermost array nothing may come: a second array would be lost in silence. */
  #refuseMore(rest: string): void {
    if (!this.#sawWrapper && rest.trim() !== '') {
      throw new BrokenJsonArray(
        this.#line + blankLinesBefore(rest),
        'something follows the end of the array',
      );
    }
    if (!this.#sawWrapper) this.#line += blankLinesBefore(rest);
  }
}

function blankLinesBefore(text: string): number {
  const blanks = text.length - text.trimStart().length;
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < blanks; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
