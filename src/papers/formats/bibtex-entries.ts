import { MAX_RECORD_LENGTH } from './format.js';
import { withLineFeeds } from './line-breaks.js';
import { linesOf } from './lines.js';

/** One entry cut out of a text, or why what begins on a line is none. Lines are 1-based. */
export type BibtexEntry =
  | { kind: 'entry'; line: number; type: string; body: string }
  | { kind: 'broken'; line: number; fault: 'too-long' | 'open' };

/** Where an entry begins outside of any; and where one begins that ends a broken one before it. */
const START = /@[ \t]*([A-Za-z]+)[ \t]*([{(])/g;
const START_OF_LINE = /^[ \t]*@[ \t]*[A-Za-z]+[ \t]*[{(]/;

/** What is told apart inside of an entry. */
const SIGN = /[\\{}")]/g;

/**
 * The entries of a BibTeX text that arrives in pieces, `type` in lower case and `body` what stands between the outer
 * braces. An entry that is never closed ends where the next one begins a line, and a comment, of which nothing is lost,
 * quietly. Text outside of entries is none.
 */
export async function* bibtexEntriesOf(
  text: AsyncIterable<string>,
): AsyncGenerator<BibtexEntry, void, undefined> {
  let entry: EntryUnderWay | null = null;
  // After an entry that is too long its rest is passed over, up to one that begins a line.
  let isLost = false;
  for await (const { number, text: line } of linesOf(withLineFeeds(text))) {
    const begins = line !== null && START_OF_LINE.test(line);
    if (entry !== null && (line === null || entry.isTooLong || (begins && !entry.holdsEntries()))) {
      const fault = line === null || entry.isTooLong ? 'too-long' : 'open';
      if (fault === 'too-long' || entry.type !== 'comment') yield { kind: 'broken', line: entry.line, fault };
      entry = null;
      isLost = !begins;
    } else if (line === null && !isLost) {
      yield { kind: 'broken', line: number, fault: 'too-long' };
    }
    if (line === null || (isLost && !begins)) continue;
    isLost = false;
    for (let at = 0; ; ) {
      if (entry === null) {
        const next = entryStart(line, at);
        if (next === null) break;
        entry = new EntryUnderWay(number, next.type, next.closing);
        at = next.end;
      }
      const end = entry.add(line, at);
      if (end === null) break;
      yield entry.end();
      entry = null;
      at = end;
    }
  }
  if (entry !== null)
    yield { kind: 'broken', line: entry.line, fault: entry.isTooLong ? 'too-long' : 'open' };
}

/** The next entry that begins on a line; what stands behind a "%" is commented out. */
function entryStart(line: string, from: number): { type: string; closing: string; end: number } | null {
  START.lastIndex = from;
  const found = START.exec(line);
  if (found === null) return null;
  const comment = line.indexOf('%', from);
  if (comment !== -1 && comment < found.index) return null;
  const closing = found[2] === '{' ? '}' : ')';
  return { type: (found[1] ?? '').toLowerCase(), closing, end: START.lastIndex };
}

/** An entry whose end has not come. Braces and quotes are told as citation-js tells them, which reads it then. */
class EntryUnderWay {
  readonly line: number;
  readonly type: string;
  isTooLong = false;
  readonly #closing: string;
  #body = '';
  /** Open braces inside of the entry's own. */
  #depth = 0;
  #isQuoted = false;
  #isCommentedOut = false;

  constructor(line: number, type: string, closing: string) {
    this.line = line;
    this.type = type;
    this.#closing = closing;
  }

  /**
   * Whether the entry that begins the next line may stand in this one: in a comment that had nothing before its first one.
   * Any other comment is one that was not closed.
   */
  holdsEntries(): boolean {
    if (this.type !== 'comment' || this.#depth > 0) return false;
    this.#isCommentedOut ||= this.#body.trim() === '';
    return this.#isCommentedOut;
  }

  /** Takes a line from a position on; the position behind the entry, or null when it goes on. */
  add(line: string, from: number): number | null {
    const end = this.#endIn(line, from);
    this.#body += end === null ? `${line.slice(from)}\n` : line.slice(from, end);
    if (this.#body.length > MAX_RECORD_LENGTH) {
      this.isTooLong = true;
      this.#body = '';
    }
    return end === null ? null : end + 1;
  }

  end(): BibtexEntry {
    const { line, type } = this;
    return this.isTooLong
      ? { kind: 'broken', line, fault: 'too-long' }
      : { kind: 'entry', line, type, body: this.#body };
  }

  /** Where the closing brace stands. */
  #endIn(line: string, from: number): number | null {
    SIGN.lastIndex = from;
    while (SIGN.test(line)) {
      const at = SIGN.lastIndex - 1;
      const sign = line.charAt(at);
      const isInside = this.#depth > 0 || this.#isQuoted;
      if (!isInside && sign === this.#closing) return at;
      if (sign === '\\') {
        if (isInside && /[\\{}]/.test(line.charAt(at + 1))) SIGN.lastIndex += 1;
      } else if (sign === '{') this.#depth += 1;
      else if (sign === '}') this.#depth = Math.max(0, this.#depth - 1);
      // Comments are prose, where a lone quote may be an inch.
      else if (sign === '"' && this.#depth === 0 && this.type !== 'comment') this.#isQuoted = !this.#isQuoted;
    }
    return null;
  }
}
