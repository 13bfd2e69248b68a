import {
  BLANKS,
  DROPPED_ARGUMENTS,
  LETTER_ACCENTS,
  LETTERS,
  SIGN_ACCENTS,
  SIGNS,
  SYMBOLS,
  UNSEEN,
} from './latex-commands.js';

/** Without any of these there is nothing to do. Dollars alone are math or money, and stay either way. */
const ANY_LATEX = /[\\{}~]|``|''|--/;

/** Where something other than running text begins. Runs of hyphens are taken whole: a long one is a ruler. */
const SPECIAL = /[\\{}$~]|``|''|-{2,}/g;

/** What stands for another sign. */
const TYPED: ReadonlyMap<string, string> = new Map([
  ['~', ' '],
  ['--', '–'],
  ['---', '—'],
  ['``', '“'],
  ["''", '”'],
]);

const COMMAND_NAME = /[A-Za-z]+\*?/y;
const BLANK_RUN = /\s+/y;
const OPTIONAL_ARGUMENT = /\s?\[[^[\]{}\\]{0,200}\]/y;
const ADDRESS = /\{([^{}]*)\}/y;

/** What hardly stands in text between two dollars of money. */
const MATH_SIGN = /[\\^_=]/;

/** How far apart dollars may be that are math only by what stands between them, and not by how they stand. */
const MOST_OF_LOOSE_MATH = 200;

/** Marks on one letter beyond which they are noise; bounds the composing of a letter. */
const MOST_MARKS = 4;

/** After these a tilde is no tie between words: "about ~10 %", "(~3x)", "host/~user". */
const NO_TIE_AFTER = /^[\s(/[<=]?$/;

/**
 * Text with LaTeX in it as people read it: accents and special letters as Unicode, ties and spaces as blanks, dashes
 * and quotes, the argument of a command without its name, no braces. Math ($..$, $$..$$, \(..\), \[..\]) stays as it is
 * written, and so does a command without an argument that is not known (\alpha, \ourmethod, C:\folder). Citations,
 * footnotes and labels go. Never throws; linear in the length of the text, and the result is at most twice as long.
 */
export function plainLatex(text: string): string {
  return ANY_LATEX.test(text) ? new LatexText(text).read() : text;
}

/** One pass over a text. Groups are counted and accents are kept for the letter to come, so nothing is recursive. */
class LatexText {
  readonly #text: string;
  #at = 0;
  #out = '';
  /** The last character of the output: asking a long string under construction for it would copy it each time. */
  #last = '';
  /** Combining marks for the next letter, the innermost first. */
  #marks = '';
  #depth = 0;
  /** The group that is being passed over: its depth, and where it begins in the text. */
  #dropped: { depth: number; from: number } | null = null;
  #mayDrop = true;
  /** Closing delimiters of math that do not come any more, so that they are looked for once. */
  readonly #exhausted = new Set<string>();

  constructor(text: string) {
    this.#text = text;
  }

  read(): string {
    this.#readToEnd();
    if (this.#dropped !== null) {
      // The group is never closed: better its text than to lose the rest of the abstract.
      this.#at = this.#dropped.from;
      this.#dropped = null;
      this.#mayDrop = false;
      this.#readToEnd();
    }
    return this.#out;
  }

  #readToEnd(): void {
    const text = this.#text;
    while (this.#at < text.length) {
      SPECIAL.lastIndex = this.#at;
      const end = SPECIAL.test(text) ? SPECIAL.lastIndex : null;
      const next = end === null ? text.length : specialStart(text, this.#at, end);
      if (next > this.#at) this.#emitRun(text.slice(this.#at, next));
      this.#at = next;
      if (end !== null) this.#readSpecial(text.slice(next, end));
    }
  }

  #readSpecial(special: string): void {
    if (special === '\\') this.#readCommand();
    else if (special === '$') this.#readDollar();
    else {
      this.#at += special.length;
      if (special === '{') this.#depth += 1;
      else if (special === '}') this.#closeGroup();
      else if (special === '~' && NO_TIE_AFTER.test(this.#last)) this.#emit('~');
      else this.#emit(TYPED.get(special) ?? special);
    }
  }

  #closeGroup(): void {
    this.#marks = '';
    if (this.#dropped !== null && this.#depth === this.#dropped.depth) this.#dropped = null;
    if (this.#depth > 0) this.#depth -= 1;
  }

  #readCommand(): void {
    const sign = this.#text.charAt(this.#at + 1);
    const mark = SIGN_ACCENTS.get(sign);
    const meaning = SIGNS.get(sign);
    if (sign === '(') this.#readMath('\\(', '\\)');
    else if (sign === '[') this.#readMath('\\[', '\\]');
    else if (mark !== undefined) this.#readAccent(mark, sign, this.#at + 2);
    else if (meaning !== undefined) {
      this.#at += 2;
      this.#emit(meaning);
    } else this.#readNamed();
  }

  /** A mark for the letter at `from`, or in the group or command there; `instead` where nothing can bear it. */
  #readAccent(mark: string, instead: string, from: number): void {
    const isEmpty = this.#text.startsWith('{}', from);
    const bearer = String.fromCodePoint(this.#text.codePointAt(from) ?? 0);
    this.#at = from;
    if (isEmpty || !/[\p{L}{\\]/u.test(bearer)) this.#emit(instead);
    else if (this.#marks.length < MOST_MARKS) this.#marks = mark + this.#marks;
  }

  #readNamed(): void {
    const start = this.#at;
    const end = this.#past(COMMAND_NAME, start + 1);
    const name = this.#text.slice(start + 1, end).replace('*', '');
    const afterBlanks = this.#past(BLANK_RUN, end);
    this.#at = end;
    const letter = LETTERS.get(name);
    const mark = LETTER_ACCENTS.get(name);
    if (letter !== undefined || UNSEEN.has(name) || BLANKS.has(name)) {
      this.#at = afterBlanks;
      if (letter !== undefined) this.#emitLetter(letter);
      else if (BLANKS.has(name)) this.#emit(' ');
    } else if (mark !== undefined) {
      this.#readAccent(mark, this.#text.slice(start, afterBlanks), afterBlanks);
    } else if (name === 'url' || name === 'path') {
      this.#readAddress();
    } else if (DROPPED_ARGUMENTS.has(name)) {
      this.#dropArgument();
    } else {
      this.#readOther(name, start);
    }
  }

  /** A symbol, or a command that is not known: its argument stays without its name, and its name without an argument. */
  #readOther(name: string, start: number): void {
    const symbol = SYMBOLS.get(name);
    // Without a name this is a backslash that is no command's.
    const isEmpty = this.#text.startsWith('{}', this.#at);
    if (symbol !== undefined) this.#emit(symbol);
    else if (isEmpty || this.#text.charAt(this.#at) !== '{') this.#emit(this.#text.slice(start, this.#at));
    if (isEmpty) this.#at += 2;
  }

  #readAddress(): void {
    ADDRESS.lastIndex = this.#at;
    const found = ADDRESS.exec(this.#text);
    if (found === null) return;
    this.#at = ADDRESS.lastIndex;
    this.#emit((found[1] ?? '').replaceAll(/\\([_%#&~$])/g, '$1'));
  }

  #dropArgument(): void {
    this.#at = this.#past(OPTIONAL_ARGUMENT, this.#at);
    if (this.#text.charAt(this.#at) !== '{') return;
    this.#at += 1;
    this.#depth += 1;
    if (this.#mayDrop && this.#dropped === null) this.#dropped = { depth: this.#depth, from: this.#at };
  }

  /** Math, or a dollar: `$5`. */
  #readDollar(): void {
    const start = this.#at;
    if (this.#text.startsWith('$$', start)) this.#readMath('$$', '$$');
    else {
      const end = closingDollar(this.#text, start + 1);
      const isMath = end !== -1 && isMathBetween(this.#text, start, end);
      this.#at = isMath ? end + 1 : start + 1;
      this.#emit(this.#text.slice(start, this.#at));
    }
  }

  #readMath(open: string, close: string): void {
    const start = this.#at;
    const end = this.#exhausted.has(close) ? -1 : this.#text.indexOf(close, start + 2);
    if (end === -1) this.#exhausted.add(close);
    this.#at = end === -1 ? start + open.length : end + close.length;
    this.#emit(this.#text.slice(start, this.#at));
  }

  #past(run: RegExp, from: number): number {
    run.lastIndex = from;
    return run.test(this.#text) ? run.lastIndex : from;
  }

  /** Running text; its first letter bears the marks that wait. */
  #emitRun(run: string): void {
    const trimmed = this.#marks === '' ? run : run.trimStart();
    const first = String.fromCodePoint(trimmed.codePointAt(0) ?? 0x20);
    if (this.#marks === '' || !/\p{L}/u.test(first)) this.#emit(run);
    else {
      this.#emitLetter(first);
      this.#emit(trimmed.slice(first.length));
    }
  }

  /** A letter with the marks that wait. Under a mark the i and j without dots are the ordinary ones. */
  #emitLetter(letter: string): void {
    if (this.#marks === '') this.#emit(letter);
    else {
      const base = letter === 'ı' ? 'i' : letter === 'ȷ' ? 'j' : letter;
      this.#emit((base + this.#marks).normalize('NFC'));
    }
  }

  #emit(text: string): void {
    this.#marks = '';
    if (text === '' || this.#dropped !== null) return;
    this.#out += text;
    this.#last = text.charAt(text.length - 1);
  }
}

/** Where what SPECIAL found begins, when it ends at `end`: the match itself is not asked for, which is the slow part. */
function specialStart(text: string, from: number, end: number): number {
  const sign = text.charAt(end - 1);
  if (sign === '`' || sign === "'") return end - 2;
  if (sign !== '-') return end - 1;
  let start = end - 2;
  while (start > from && text.charAt(start - 1) === '-') start -= 1;
  return start;
}

/** Where the next dollar stands that is not escaped; -1 without any. */
function closingDollar(text: string, from: number): number {
  for (let at = text.indexOf('$', from); at !== -1; at = text.indexOf('$', at + 1)) {
    if (text.charAt(at - 1) !== '\\' || text.charAt(at - 2) === '\\') return at;
  }
  return -1;
}

/** Whether two dollars hold math, by how they touch what they hold ("$5 and $10" do not), or else by what it is. */
function isMathBetween(text: string, start: number, end: number): boolean {
  const isTight =
    /\S/.test(text.charAt(start + 1)) && /\S/.test(text.charAt(end - 1)) && !/\d/.test(text.charAt(end + 1));
  if (isTight) return true;
  return end - start <= MOST_OF_LOOSE_MATH && MATH_SIGN.test(text.slice(start, end));
}
