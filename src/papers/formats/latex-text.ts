import {
  BLANKS,
  DROPPED_ARGUMENTS,
  LETTER_ACCENTS,
  LETTERS,
  MATH_COMMANDS,
  SIGN_ACCENTS,
  SIGNS,
  SYMBOLS,
  UNSEEN,
} from './latex-commands.js';
import { argumentsEnd, closingDollar, isMathBetween, scriptEnd, setEnd } from './latex-math.js';
import { superscript } from './markup-fold.js';

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
const SCRIPT = /\{([^{}\\$]{0,40})\}/y;

/** What people escape who write no LaTeX: don\'t, \"so\". */
const QUOTES = /^['"`]$/;
/** How a word ends behind an apostrophe. In a word this is an accent, as in \'sroda. */
const BEHIND_APOSTROPHE = /(?:s|m|ll|re)(?![\p{L}\\{])/iuy;

/** Marks on one letter beyond which they are noise; bounds the composing of a letter. */
const MOST_MARKS = 4;

/** After these a tilde is no tie between words: "about ~10 %", "(~3x)", "host/~user". */
const NO_TIE_AFTER = /^[\s(/[<=]?$/;

/**
 * Text with LaTeX in it as people read it: accents and special letters as Unicode, ties and spaces as blanks, dashes
 * and quotes, the argument of a command without its name, no braces. Math ($..$, $$..$$, \(..\), \[..\]) stays as it is
 * written, and so do exponents, indices and commands of math outside of it (n^{k+1}, \sqrt{n}), and a command without an
 * argument that is not known (\alpha, \ourmethod, C:\folder). Citations, footnotes and labels go. With `keepsSets`, for
 * texts whose braces seldom protect words, {0,1} keeps them. Never throws; linear in the length of the text, and the
 * result is at most twice as long.
 */
export function plainLatex(text: string, { keepsSets = false }: { keepsSets?: boolean } = {}): string {
  return ANY_LATEX.test(text) ? new LatexText(text, keepsSets).read() : text;
}

/** One pass over a text. Groups are counted and accents are kept for the letter to come, so nothing is recursive. */
class LatexText {
  readonly #text: string;
  readonly #keepsSets: boolean;
  #at = 0;
  #out = '';
  /** The last character of the output: asking a long string under construction for it would copy it each time. */
  #last = '';
  /** Combining marks for the next letter, the innermost first. */
  #marks = '';
  #depth = 0;
  /** Where the last command ends: a group there is its argument. */
  #commandEnd = -1;
  /** The group that is being passed over: its depth, and where it begins in the text. */
  #dropped: { depth: number; from: number } | null = null;
  #mayDrop = true;
  /** Closing delimiters of math that do not come any more, so that they are looked for once. */
  readonly #exhausted = new Set<string>();

  constructor(text: string, keepsSets: boolean) {
    this.#text = text;
    this.#keepsSets = keepsSets;
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
    else if (special === '{') this.#openGroup();
    else {
      this.#at += special.length;
      if (special === '}') this.#closeGroup();
      else if (special === '~' && NO_TIE_AFTER.test(this.#last)) this.#emit('~');
      else this.#emit(TYPED.get(special) ?? special);
    }
  }

  #openGroup(): void {
    const start = this.#at;
    const isPart = this.#marks !== '' || start === this.#commandEnd;
    const script = isPart ? -1 : scriptEnd(this.#text, start);
    const end = script === -1 && !isPart && this.#keepsSets ? setEnd(this.#text, start) : script;
    if (end !== -1) this.#copyTo(start, end);
    else {
      this.#depth += 1;
      this.#at += 1;
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
    else if (mark !== undefined && !this.#isQuote(sign, mark)) this.#readAccent(mark, sign, this.#at + 2);
    else if (meaning !== undefined || mark !== undefined) {
      this.#at += 2;
      this.#emit(meaning ?? sign);
    } else this.#readNamed();
  }

  /** Whether an accent's sign is meant itself: its letter has no such accent in any language, or it is an apostrophe. */
  #isQuote(sign: string, mark: string): boolean {
    const bearer = String.fromCodePoint(this.#text.codePointAt(this.#at + 2) ?? 0);
    if (!QUOTES.test(sign) || !/\p{L}/u.test(bearer)) return false;
    BEHIND_APOSTROPHE.lastIndex = this.#at + 2;
    const isAfterLetter = /\p{L}/u.test(this.#text.charAt(this.#at - 1));
    if (sign === "'" && isAfterLetter && BEHIND_APOSTROPHE.test(this.#text)) return true;
    return composed(bearer, mark).length > bearer.length;
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
    this.#commandEnd = end;
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
    } else if (name === 'textsuperscript') {
      this.#readSuperscript();
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
    const mathEnd = isEmpty || !MATH_COMMANDS.has(name) ? this.#at : argumentsEnd(this.#text, this.#at);
    if (mathEnd > this.#at) this.#copyTo(start, mathEnd);
    else if (symbol !== undefined) this.#emit(symbol);
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

  /** Digits and signs raised, as of <sup>; any other argument stays. */
  #readSuperscript(): void {
    SCRIPT.lastIndex = this.#at;
    const raised = superscript(SCRIPT.exec(this.#text)?.[1] ?? '');
    if (raised === undefined) return;
    this.#at = SCRIPT.lastIndex;
    this.#emit(raised);
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
      this.#copyTo(start, isMath ? end + 1 : start + 1);
    }
  }

  #readMath(open: string, close: string): void {
    const start = this.#at;
    const end = this.#exhausted.has(close) ? -1 : this.#text.indexOf(close, start + 2);
    if (end === -1) this.#exhausted.add(close);
    this.#copyTo(start, end === -1 ? start + open.length : end + close.length);
  }

  /** What stands there as it is written. */
  #copyTo(start: number, end: number): void {
    this.#at = end;
    this.#emit(this.#text.slice(start, end));
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

  /** A letter with the marks that wait. */
  #emitLetter(letter: string): void {
    this.#emit(this.#marks === '' ? letter : composed(letter, this.#marks));
  }

  #emit(text: string): void {
    this.#marks = '';
    if (text === '' || this.#dropped !== null) return;
    this.#out += text;
    this.#last = text.charAt(text.length - 1);
  }
}

/** A letter with marks on it. Under a mark the i and j without dots are the ordinary ones. */
function composed(letter: string, marks: string): string {
  const base = letter === 'ı' ? 'i' : letter === 'ȷ' ? 'j' : letter;
  return (base + marks).normalize('NFC');
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
