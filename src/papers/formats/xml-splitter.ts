import { MAX_RECORD_LENGTH } from './format.js';

/** What an XML text holds: the elements of the names asked for, what took the place of one, and the documents. */
export type XmlPart =
  | { kind: 'element'; line: number; text: string }
  | { kind: 'too-long'; line: number }
  /** A record or a document without its end, though the text goes on. */
  | { kind: 'incomplete'; line: number; reason: string }
  /** A document begins, with this local name. */
  | { kind: 'document'; line: number; root: string };

/** The text ends in the middle of something. */
export class TruncatedXml extends Error {
  /** The 1-based line where that begins. */
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

const ENDS = { comment: '-->', cdata: ']]>', instruction: '?>', 'end-tag': '>' } as const;
/** "content" is everything between the marks that are followed. */
type Inside = keyof typeof ENDS | 'content' | 'start-tag' | 'declaration';

const COMMENT = '<!--';
const CDATA = '<![CDATA[';
const NAME_END = /[\s/>?<]/g;
/** A start tag ends here, or a value begins that may hold ">"; "<" can only be the next tag. */
const TAG_MARKS = /["'<>]/g;
const VALUE_ENDS = { '"': /["<]/g, "'": /['<]/g } as const;
const DECLARATION_MARKS = /["'[\]<>]/g;
/** After so many characters a name that has not ended is one that nobody asked for. */
const MAX_NAME_LENGTH = 256;

/** What begins at a "<", and where its first part ends. */
interface Markup {
  inside: Inside;
  name: string;
  end: number;
}

/**
 * Cuts an XML text that arrives in pieces into the elements of some local names, which must not nest. It only follows
 * these tags, the root's, comments and CDATA sections, and leaves every judgement of an element to a parser, so that a
 * broken element costs only itself, and an overlong one is passed over without being held. Documents may follow each
 * other. Of a DOCTYPE nothing is read. Give it all pieces, then call `end`.
 */
export class XmlSplitter {
  readonly #names: ReadonlySet<string>;
  readonly #maxLength: number;
  #inside: Inside = 'content';
  /** Where a comment returns to. */
  #around: 'content' | 'declaration' = 'content';
  /** The quote of the value that the text is in. */
  #quote: '"' | "'" | '' = '';
  /** In a declaration: between its square brackets. */
  #inSubset = false;
  /** The name of the tag that the text is in, and whether the piece before ended with its "/". */
  #tag = '';
  #slashed = false;
  /** The root element that is open; empty between documents. */
  #root = '';
  #rootLine = 1;
  #sawText = false;
  #sawElement = false;
  /** The end of the piece before, where it was not clear what begins. */
  #carried = '';
  /** What of the current text has been counted and kept, the line break after that, and the line there. */
  #taken = 0;
  #nextBreak = 0;
  #line = 1;
  /** The record that the text is in; its parts are gone once it is too long. */
  #record: { name: string; line: number; length: number; parts: string[] } | null = null;

  constructor(names: Iterable<string>, maxLength: number = MAX_RECORD_LENGTH) {
    this.#names = new Set(names);
    this.#maxLength = maxLength;
  }

  /** The parts that end in this piece; of a document its beginning. */
  *push(piece: string): Generator<XmlPart, void, undefined> {
    if (piece === '') return;
    this.#sawText ||= /\S/.test(piece);
    const text = this.#carried + piece;
    this.#taken = 0;
    this.#nextBreak = breakAt(text, 0);
    let at = 0;
    while (at < text.length) {
      const inside = this.#inside;
      if (inside === 'content') {
        const open = text.indexOf('<', at);
        at = open === -1 ? text.length : open;
        const markup = open === -1 ? null : markupAt(text, open);
        if (markup === null) break;
        if (this.#matters(markup)) yield* this.#begin(text, open, markup);
        at = markup.end;
      } else {
        at = this.#follow(inside, text, at);
        if (this.#inside === inside) break;
        yield* this.#endTag(text, at);
      }
    }
    this.#take(text, at);
    this.#carried = text.slice(at);
    this.#slashed = text.endsWith('/');
  }

  /** Throws TruncatedXml unless every element is complete. A blank text is fine. */
  end(): void {
    const truncated = (line: number, what: string) =>
      new TruncatedXml(line, `the XML ends in the middle: ${what}`);
    if (this.#record !== null)
      throw truncated(this.#record.line, 'the record that begins there is not complete');
    if (this.#root !== '') throw truncated(this.#rootLine, `<${this.#root}> is never closed`);
    if (this.#inside !== 'content' || this.#carried !== '')
      throw truncated(this.#line, 'a tag is not complete');
    if (this.#sawText && !this.#sawElement)
      throw new TruncatedXml(this.#line, 'there is no XML element in it');
  }

  /** Counts the lines up to a place of the text, and keeps that part for the record that it is in. */
  #take(text: string, to: number): void {
    const from = this.#taken;
    if (to <= from) return;
    this.#taken = to;
    // Looked for again from each of many short records on a line, it would be quadratic in the length of a piece.
    for (; this.#nextBreak < to; this.#nextBreak = breakAt(text, this.#nextBreak + 1)) this.#line += 1;
    const record = this.#record;
    if (record === null) return;
    record.length += to - from;
    if (record.length > this.#maxLength) record.parts = [];
    else record.parts.push(text.slice(from, to));
  }

  /** Whether to follow what begins: most tags are only text of the record that they are in. */
  #matters({ inside, name }: Markup): boolean {
    switch (inside) {
      case 'start-tag':
        return this.#names.has(name) || (this.#record === null && this.#root === '');
      case 'end-tag':
        return name !== '' && (name === this.#record?.name || name === this.#root);
      case 'declaration':
        return this.#record === null;
      default:
        return inside !== 'content';
    }
  }

  *#begin(text: string, open: number, { inside, name }: Markup): Generator<XmlPart, void, undefined> {
    this.#inside = inside;
    this.#around = 'content';
    this.#tag = inside === 'start-tag' || inside === 'end-tag' ? name : '';
    if (inside === 'start-tag') {
      this.#take(text, open);
      yield* this.#abandon('the next one begins before its end');
      this.#sawElement = true;
      if (this.#names.has(name)) this.#record = { name, line: this.#line, length: 0, parts: [] };
      else {
        this.#root = name;
        this.#rootLine = this.#line;
        yield { kind: 'document', line: this.#line, root: name };
      }
    } else if (inside === 'end-tag' && name !== this.#record?.name) {
      this.#take(text, open);
      yield* this.#abandon('the document ends before it does');
    } else if (inside === 'instruction' && name === 'xml') {
      this.#take(text, open);
      yield* this.#abandon('another document begins before its end');
      if (this.#root === '') return;
      const reason = `the document that begins in line ${this.#rootLine} is not complete: another begins here`;
      this.#root = '';
      yield { kind: 'incomplete', line: this.#line, reason };
    }
  }

  /** The record that the text is in will have no end. */
  *#abandon(why: string): Generator<XmlPart, void, undefined> {
    if (this.#record === null) return;
    yield { kind: 'incomplete', line: this.#record.line, reason: `the record is not complete: ${why}` };
    this.#record = null;
  }

  /** Closes what a tag that ends before `end` closes: a start tag only if it is an empty element's. */
  *#endTag(text: string, end: number): Generator<XmlPart, void, undefined> {
    const name = this.#tag;
    this.#tag = '';
    if (name === '') return;
    const record = this.#record;
    if (name === record?.name) {
      this.#take(text, end);
      const { line, length, parts } = record;
      this.#record = null;
      yield length > this.#maxLength
        ? { kind: 'too-long', line }
        : { kind: 'element', line, text: parts.join('') };
    } else if (name === this.#root) this.#root = '';
  }

  /** Where what the text is in ends or changes, or the text as far as it can be read now. */
  #follow(inside: Exclude<Inside, 'content'>, text: string, at: number): number {
    if (inside === 'start-tag') return this.#followTag(text, at);
    if (inside === 'declaration') return this.#followDeclaration(text, at);
    const mark = ENDS[inside];
    const end = text.indexOf(mark, at);
    if (end === -1) return Math.max(at, text.length - mark.length + 1);
    this.#inside = this.#around;
    return end + mark.length;
  }

  #followTag(text: string, from: number): number {
    for (let at = from; ; ) {
      const mark = nextMark(this.#quote === '' ? TAG_MARKS : VALUE_ENDS[this.#quote], text, at);
      if (mark === -1) return text.length;
      const character = text[mark];
      at = mark + 1;
      if (character === '<' || (character === '>' && this.#quote === '')) {
        const isEmpty = character === '>' && (mark === 0 ? this.#slashed : text[mark - 1] === '/');
        if (!isEmpty) this.#tag = '';
        this.#quote = '';
        this.#inside = 'content';
        return character === '<' ? mark : at;
      }
      this.#quote = this.#quote !== '' ? '' : character === '"' ? '"' : "'";
    }
  }

  #followDeclaration(text: string, from: number): number {
    for (let at = from; ; ) {
      const mark = this.#quote === '' ? nextMark(DECLARATION_MARKS, text, at) : text.indexOf(this.#quote, at);
      if (mark === -1) return text.length;
      const character = text[mark];
      at = mark + 1;
      if (this.#quote !== '') this.#quote = '';
      else if (character === '"' || character === "'") this.#quote = character;
      else if (character === '[' || character === ']') this.#inSubset = character === '[';
      else if (character === '<') {
        // An apostrophe in a comment is no quote.
        const beginning = text.slice(mark, mark + COMMENT.length);
        if (beginning === COMMENT) {
          this.#inside = 'comment';
          this.#around = 'declaration';
          return mark + COMMENT.length;
        }
        if (COMMENT.startsWith(beginning)) return mark;
      } else if (!this.#inSubset) {
        this.#inside = 'content';
        return at;
      }
    }
  }
}

/** Where the next line break is; beyond the text when there is none. */
function breakAt(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at === -1 ? text.length : at;
}

function nextMark(marks: RegExp, text: string, at: number): number {
  marks.lastIndex = at;
  return marks.exec(text)?.index ?? -1;
}

/** What begins at a "<"; null where the text ends before that is clear. */
function markupAt(text: string, open: number): Markup | null {
  switch (text[open + 1]) {
    case undefined:
      return null;
    case '!': {
      if (text.startsWith(COMMENT, open)) return { inside: 'comment', name: '', end: open + COMMENT.length };
      if (text.startsWith(CDATA, open)) return { inside: 'cdata', name: '', end: open + CDATA.length };
      const beginning = text.slice(open, open + CDATA.length);
      if (COMMENT.startsWith(beginning) || CDATA.startsWith(beginning)) return null;
      return { inside: 'declaration', name: '', end: open + 2 };
    }
    case '?':
      return named('instruction', text, open + 2);
    case '/':
      return named('end-tag', text, open + 2);
    default:
      return named('start-tag', text, open + 1);
  }
}

/** With the local name that begins at `from`; what begins with no name is content. */
function named(inside: 'instruction' | 'start-tag' | 'end-tag', text: string, from: number): Markup | null {
  const end = nextMark(NAME_END, text, from);
  if (end === -1 && text.length - from < MAX_NAME_LENGTH) return null;
  if (end === -1 || end - from > MAX_NAME_LENGTH) return { inside: 'content', name: '', end: from };
  const whole = text.slice(from, end);
  const name = whole.slice(whole.indexOf(':') + 1);
  return { inside: name === '' ? 'content' : inside, name, end };
}
