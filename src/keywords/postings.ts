/** The inverted index as typed arrays: what is written to disk as it lies in memory, and searched. */

/** What is indexed of a paper. */
export interface KeywordPaper {
  title: string;
  abstract: string;
}

/**
 * n papers in rows 0 to n - 1, t terms, u code units in all terms. Terms are numbered in the order of their code units.
 *
 * A term's list is one of two kinds, whichever is shorter:
 * - postings, ascending by row, a word of 32 bits each: 256 times the row plus the impact, 1 to 255;
 * - a column: the impact in each row, a byte each, 0 where the paper has not the term, and 0 up to the column's end.
 */
export interface Postings {
  /** n labels, strictly ascending: the paper of each row. */
  labels: Uint32Array;
  /** t + 1 places in `units`: term i takes those from termStarts[i] to termStarts[i + 1]. */
  termStarts: Uint32Array;
  /** t + 1 places in `lists`, likewise: a list of `columnWords` is a column, a shorter one postings. */
  listStarts: Uint32Array;
  /** All lists, in words of 32 bits. */
  lists: Uint32Array;
  /** u UTF-16 code units: compared with a string without decoding. */
  units: Uint16Array;
  /** The length of a column: n bytes in words of 32 bits, a multiple of 4. */
  columnWords: number;
}

/** 24 bits of a posting. */
export const MOST_ROWS = 1 << 24;

/** How many rows the kernel takes of a column at once. */
const ROWS_AT_ONCE = 16;

export function columnWordsOf(papers: number): number {
  return Math.ceil(papers / ROWS_AT_ONCE) * (ROWS_AT_ONCE / 4);
}

/** A term's list as it lies, and whether it is a column. */
export function listOf(
  { lists, listStarts, columnWords }: Postings,
  term: number,
): { list: Uint32Array; isColumn: boolean } {
  const list = lists.subarray(listStarts[term], listStarts[term + 1]);
  return { list, isColumn: list.length === columnWords };
}

/** The bytes of a column. */
export function bytesOf(column: Uint32Array): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}

/** The rows of the papers that have a term, ascending. */
export function rowsOf(postings: Postings, term: number): Uint32Array {
  const { list, isColumn } = listOf(postings, term);
  if (!isColumn) return list.map((posting) => posting >>> 8);
  const rows: number[] = [];
  bytesOf(list).forEach((impact, row) => {
    if (impact > 0) rows.push(row);
  });
  return Uint32Array.from(rows);
}
