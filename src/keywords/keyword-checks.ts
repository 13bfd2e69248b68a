/** Checks of every number in `keywords.bin`, so that no search can meet one out of range, whatever the file holds. */
import { damaged } from '../index-file.js';
import type { Pace } from '../pacing.js';
import { bytesOf, listOf, MOST_ROWS, type Postings } from './postings.js';
import { TermTable } from './term-table.js';

/** Elements checked between two looks at the clock: some 100 microseconds. */
const STRIDE = 1 << 15;

/** Folding makes at most 18 characters of one (Unicode's compatibility forms), and words have 64 at most. */
const LONGEST_TERM = 18 * 66;

/** Errors: `index_damaged`. */
async function checkAscending(file: string, what: string, numbers: Uint32Array, pace: Pace): Promise<void> {
  for (let at = 1; at < numbers.length; at++) {
    if ((numbers[at - 1] as number) >= (numbers[at] as number))
      throw damaged(file, `its ${what} do not ascend`);
    if (at % STRIDE === 0 && pace.due()) await pace.turn();
  }
}

/**
 * Every term has a unit and a word of its list at least, so places ascend strictly, from 0 to the end of what they
 * divide. Errors: `index_damaged`.
 */
export async function checkStarts(
  file: string,
  what: string,
  starts: Uint32Array,
  end: number,
  pace: Pace,
): Promise<void> {
  await checkAscending(file, what, starts, pace);
  if (starts[0] !== 0 || starts[starts.length - 1] !== end) {
    throw damaged(file, `its ${what} do not fit what they divide`);
  }
}

/** Labels, and all lists that are postings. Errors: `index_damaged`. */
export async function checkPostings(file: string, postings: Postings, pace: Pace): Promise<void> {
  const { labels, listStarts, lists, columnWords } = postings;
  if (labels.length > MOST_ROWS) throw damaged(file, 'it has more papers than postings can name');
  await checkAscending(file, 'labels', labels, pace);
  for (let term = 0; term < listStarts.length - 1; term++) {
    const from = listStarts[term] as number; // term + 1 < listStarts.length
    const end = listStarts[term + 1] as number;
    if (end - from > columnWords) throw damaged(file, 'a list of it is longer than a column');
    if (end - from === columnWords) continue;
    let last = -1;
    for (let at = from; at < end; at++) {
      const posting = lists[at] as number; // at < lists.length, as places have been checked
      const row = posting >>> 8;
      if (row <= last || row >= labels.length || (posting & 255) === 0) {
        throw damaged(file, 'a posting of it is out of range or order');
      }
      last = row;
      if (at % STRIDE === 0 && pace.due()) await pace.turn();
    }
  }
}

/** In how many papers each term that has a column occurs. Errors: `index_damaged`. */
export async function checkedColumns(
  file: string,
  postings: Postings,
  pace: Pace,
): Promise<Map<number, number>> {
  const { labels, listStarts, columnWords } = postings;
  const counts = new Map<number, number>();
  for (let term = 0; term < listStarts.length - 1; term++) {
    if ((listStarts[term + 1] as number) - (listStarts[term] as number) !== columnWords) continue;
    const impacts = bytesOf(listOf(postings, term).list);
    let having = 0;
    for (let row = 0; row < impacts.length; row++) {
      if (impacts[row] !== 0) having += 1;
      if (row % STRIDE === 0 && pace.due()) await pace.turn();
    }
    const isPadded = impacts.subarray(labels.length).every((impact) => impact === 0);
    if (having < columnWords || !isPadded) throw damaged(file, 'a column of it is out of range');
    counts.set(term, having);
  }
  return counts;
}

/** All terms, each spelled in its own way. Errors: `index_damaged`. */
export async function checkedTerms(file: string, postings: Postings, pace: Pace): Promise<TermTable> {
  const { termStarts } = postings;
  const table = new TermTable(postings);
  for (let term = 0; term < termStarts.length - 1; term++) {
    if ((termStarts[term + 1] as number) - (termStarts[term] as number) > LONGEST_TERM)
      throw damaged(file, 'it has a term of impossible length');
    if (!table.add(term)) throw damaged(file, 'it has a term twice');
    if (term % 512 === 0 && pace.due()) await pace.turn();
  }
  return table;
}
