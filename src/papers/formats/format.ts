import { NearpaperError } from '../../errors.js';
import type { ReadOutcome } from '../paper.js';
import type { UnusedNames } from './unused-names.js';

/** The formats that `build` reads, as `--format` names them. */
export const FORMAT_NAMES = [
  'page',
  'jsonl',
  'json-array',
  'csv',
  'arxiv-snapshot',
  'arxiv-atom',
  'arxiv-oai',
  's2-dataset',
  's2-graph',
  'openalex',
  'daily-papers',
  'bibtex',
  'ris',
  'csl-json',
  'pubmed-xml',
] as const;

export type FormatName = (typeof FORMAT_NAMES)[number];

/**
 * The longest record that is read, in UTF-16 code units (8 MiB of ASCII). What is longer is a bad record,
 * and is never held in memory whole.
 */
export const MAX_RECORD_LENGTH = 8 * 1024 * 1024;

/** What a reader may know about its input besides the text. */
export interface ReadContext {
  /** How to name the input in errors: its path, or "standard input". */
  source: string;
  /** The beginning of the text, up to about 64 Ki characters; also the beginning of what `read` gets. */
  head: string;
  /** Takes the names of columns and fields that the reader meets; it knows which are used. */
  unused: UnusedNames;
}

/** One input format. A reader is one file, and every reader passes the same contract suite. */
export interface PaperReader {
  readonly name: FormatName;
  /** Whether a text that begins like this is of this format. Cheap, and never throws. */
  looksLike(head: string): boolean;
  /**
   * Yields the records of a decoded text, in its order, holding one record at a time. Lines are 1-based, and
   * are those where the record begins. A bad record is yielded as one; what makes the rest of the input
   * unreadable is thrown, as NearpaperError `input_unreadable`, after every record before it.
   */
  read(text: AsyncIterable<string>, context: ReadContext): AsyncIterable<ReadOutcome>;
}

/** The format of that name. Throws NearpaperError `usage`, listing the names, when there is none. */
export function parseFormatName(name: string): FormatName {
  const known = FORMAT_NAMES.find((format) => format === name);
  if (known !== undefined) return known;
  const accepted = FORMAT_NAMES.join(', ');
  throw new NearpaperError('usage', `Unknown format "${name}". Use one of: ${accepted}.`, {
    field: 'format',
    accepted,
  });
}
