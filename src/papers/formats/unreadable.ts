import { messageOf, NearpaperError, systemCode } from '../../errors.js';
import { BinaryInput } from './binary-input.js';
import { FORMAT_NAMES } from './format.js';
import { BadEncoding } from './stray-bytes.js';

/** What the system or zlib says, and what to do about it. */
const FAULTS: Record<string, string> = {
  ENOENT: 'there is no such file. Check the path.',
  EISDIR: 'it is a directory. Name the files in it.',
  EACCES: 'reading it is not permitted. Check the permissions of the file and of its folders.',
  EPERM: 'reading it is not permitted. Check the permissions of the file and of its folders.',
  Z_BUF_ERROR: 'the gzip data ends too early. The file is truncated: fetch or pack it again.',
  Z_DATA_ERROR: 'the gzip data is corrupt. Fetch or pack the file again.',
};

/**
 * What to throw for a failure of reading: NearpaperError `input_unreadable` for one of the file system, of gzip
 * or of the encoding, and what was thrown itself for any other.
 *
 * @param afterLine the line of the last record read before it; 0 when there was none.
 */
export function readingFailure(source: string, thrown: unknown, afterLine: number): unknown {
  if (thrown instanceof BadEncoding) return badEncoding(source, thrown);
  if (thrown instanceof BinaryInput) {
    return new NearpaperError('input_unreadable', `${source}: it ${thrown.advice}`, { cause: thrown });
  }
  const code = systemCode(thrown);
  if (thrown instanceof NearpaperError || code === undefined || !/^(?:E[A-Z0-9]+|Z_[A-Z_]+)$/.test(code)) {
    return thrown;
  }
  const where = afterLine > 0 ? `${source}, after the record of line ${afterLine}` : source;
  const what = FAULTS[code] ?? `${messageOf(thrown)}. Check the file and the disk that it is on.`;
  return new NearpaperError('input_unreadable', `${where}: ${what}`, { cause: thrown });
}

function badEncoding(source: string, fault: BadEncoding): NearpaperError {
  const isUtf16 = fault.encoding.startsWith('UTF-16');
  const what = isUtf16
    ? `it has bytes that are not ${fault.encoding}, which its byte order mark names. Write the file again, as UTF-8.`
    : `it has bytes that are not ${fault.encoding}. Convert the text, e.g. ` +
      '`iconv -f latin1 -t utf-8 in.csv > out.csv`; of packed and binary files only gzip is read.';
  return new NearpaperError('input_unreadable', `${source}, line ${fault.line}: ${what}`, { cause: fault });
}

/** What people bring that is in no format which is read, and what to do about it. */
const FOREIGN: readonly [beginning: RegExp, advice: string][] = [
  [
    /^\s*(?:<!doctype\s+html|<html)/i,
    'it is a web page, perhaps one that tells of an error. Look at it, and download the file again.',
  ],
  [
    /^\s*PMID\s*- /,
    "it is in PubMed's own format (MEDLINE, .nbib). Save the search as XML, or fetch it with efetch.",
  ],
  [/^\s*%[0A-Z] \S/, "it is in EndNote's own format (Refer, .enw). Export it as RIS."],
  [
    /^\s*(?:\ufeff)?FN (?:Clarivate|ISI|Thomson)/,
    "it is in Web of Science's own format. Export it as RIS or BibTeX.",
  ],
];

/** The format of an input is none that is known. */
export function unrecognised(source: string, head: string): NearpaperError {
  const accepted = FORMAT_NAMES.join(', ');
  const advice = FOREIGN.find(([beginning]) => beginning.test(head))?.[1];
  if (advice !== undefined)
    return new NearpaperError('input_unreadable', `${source}: ${advice}`, { accepted });
  const beginning = JSON.stringify(
    head
      .trimStart()
      .slice(0, 60)
      .replaceAll(/\p{Cc}+/gu, ' '),
  );
  return new NearpaperError(
    'input_unreadable',
    `${source}, line 1: the format is not recognised; the text begins with ${beginning}. ` +
      `Convert it, or name its format with --format, one of: ${accepted}.`,
    { accepted },
  );
}
