import { MAX_RECORD_LENGTH } from './format.js';
import { withLineFeeds } from './line-breaks.js';
import { linesOf } from './lines.js';

/** One record as tidy RIS, or why the lines from `line` on are none. Lines are 1-based. */
export type RisRecord =
  | { kind: 'record'; line: number; text: string }
  | { kind: 'broken'; line: number; fault: 'too-long' | 'no-type' };

/** A tag, "TY  - "; some programs write one blank before the hyphen. */
const RIS_TAG = /^[ \t]*([A-Z][A-Z\d])([ \t]{1,4})-(?:[ \t]|$)/;

/** What ends a record, or the whole file, as the Web of Science writes it. */
const ENDS: ReadonlySet<string | undefined> = new Set(['ER', 'EF']);

/**
 * The records of a RIS text that arrives in pieces, from TY to ER or to the next TY, each tidied for a parser: a tag a
 * line with two blanks before its hyphen, and what a tag continues on further lines joined to it. A keyword that
 * continues is another keyword. Lines before the first tag are none.
 */
export async function* risRecordsOf(text: AsyncIterable<string>): AsyncGenerator<RisRecord, void, undefined> {
  let record: RecordUnderWay | null = null;
  for await (const { number, text: line } of linesOf(withLineFeeds(text))) {
    const tag = line === null ? null : RIS_TAG.exec(line);
    const isTag = tag !== null && (record === null || record.isTag(tag));
    if (isTag && (tag[1] === 'TY' || ENDS.has(tag[1]))) {
      if (record !== null) yield record.end();
      record = null;
    }
    if (isTag && !ENDS.has(tag[1])) {
      record ??= new RecordUnderWay(number, tag);
      record.addTag(tag[1] ?? '', tag.input.slice(tag[0].length));
    } else if (!isTag) record?.continue(line);
  }
  if (record !== null) yield record.end();
}

class RecordUnderWay {
  readonly #line: number;
  readonly #hasType: boolean;
  readonly #isNarrow: boolean;
  #tag = '';
  #value = '';
  /** The tags before the present one; its length bounds the record. */
  #text = '';
  #isTooLong = false;

  constructor(line: number, first: RegExpExecArray) {
    this.#line = line;
    this.#hasType = first[1] === 'TY';
    this.#isNarrow = first[2]?.length === 1;
  }

  /** Where records have two blanks, "AI - a survey" on a line of its own is no tag but text. */
  isTag(match: RegExpExecArray): boolean {
    return this.#isNarrow || match[2]?.length !== 1;
  }

  addTag(tag: string, value: string): void {
    this.#flush();
    this.#tag = tag;
    this.#value = value;
  }

  continue(line: string | null): void {
    if (line === null) this.#isTooLong = true;
    else if (line.trim() !== '') {
      if (this.#tag === 'KW') this.addTag('KW', line);
      else this.#value += ` ${line}`;
    }
    if (this.#text.length + this.#value.length > MAX_RECORD_LENGTH) this.#drop();
  }

  end(): RisRecord {
    this.#flush();
    const line = this.#line;
    if (this.#isTooLong) return { kind: 'broken', line, fault: 'too-long' };
    if (!this.#hasType) return { kind: 'broken', line, fault: 'no-type' };
    // A parser that joins lines would take an empty last one for a continuation.
    return { kind: 'record', line, text: this.#text.trimEnd() };
  }

  /** Two blanks and a hyphen inside of a value would be taken for a tag's. */
  #flush(): void {
    const value = this.#value.replaceAll(/\s+/g, ' ').trim();
    this.#value = '';
    if (value !== '' && !this.#isTooLong) this.#text += `${this.#tag}  - ${value}\n`;
    if (this.#text.length > MAX_RECORD_LENGTH) this.#drop();
  }

  /** What is too long is not held. */
  #drop(): void {
    this.#isTooLong = true;
    this.#text = '';
    this.#value = '';
  }
}
