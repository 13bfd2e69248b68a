/** Bytes that are no text, whatever the encoding. */
export class BinaryInput extends Error {
  /** What it is and what to do about it, as one or two sentences that go on after "it". */
  readonly advice: string;

  constructor(advice: string) {
    super(`it ${advice}`);
    this.advice = advice;
  }
}

export const UNKNOWN_BINARY =
  'has NUL bytes, as binary files do. Write it as text, in UTF-8; of packed files only gzip is read.';

const UNPACK = 'Unpack it, and name the file in it; of packed files only gzip is read.';
const EXPORT = 'Write its records as CSV or JSON Lines first.';

/** How well-known binary files begin, in Latin-1, and what they are. */
const BEGINNINGS: readonly [start: string, what: string, advice: string][] = [
  ['PK\x03\x04', 'a zip archive, which .xlsx and .docx are too', 'Unpack it, or save the table as CSV.'],
  ['PAR1', 'a Parquet file', EXPORT],
  ['ARROW1', 'an Arrow file', EXPORT],
  ['Obj\x01', 'an Avro file', EXPORT],
  ['\x89HDF', 'an HDF5 file', EXPORT],
  ['SQLite format 3\0', 'an SQLite database', EXPORT],
  ['%PDF-', 'a PDF document', 'Fetch a list of papers, such as BibTeX, in place of the paper itself.'],
  ['\xd0\xcf\x11\xe0', 'a file of an old Microsoft Office', 'Save the table as CSV.'],
  ['\x28\xb5\x2f\xfd', 'packed with zstd', UNPACK],
  ['\xfd7zXZ\0', 'packed with xz', UNPACK],
  ['BZh', 'packed with bzip2', UNPACK],
  ['7z\xbc\xaf', 'a 7-Zip archive', UNPACK],
];
const TAR_MARK = { at: 257, mark: 'ustar' };

/** Throws BinaryInput for the first bytes of what is no text, as far as they tell. */
export function refuseBinary(beginning: Uint8Array): void {
  const bytes = Buffer.from(beginning).toString('latin1');
  const known = BEGINNINGS.find(([start]) => bytes.startsWith(start));
  // Text may begin with such letters too; what is packed goes on with bytes that are none.
  const isText = !bytes.startsWith('%PDF-') && !beginning.some((byte) => byte < 0x09 || byte >= 0x80);
  if (known !== undefined && !isText) {
    throw new BinaryInput(`looks like ${known[1]}. ${known[2]}`.replace('like packed', 'packed'));
  }
  if (bytes.startsWith(TAR_MARK.mark, TAR_MARK.at))
    throw new BinaryInput(`looks like a tar archive. ${UNPACK}`);
  if (bytes.includes('\0')) throw new BinaryInput(UNKNOWN_BINARY);
}
