/**
 * The file `keywords.bin`: the keyword index of a generation.
 *
 *     6 numbers of 32 bits: magic "NPKW", version, papers n, terms t, code units of all terms u, postings p
 *     n labels, t + 1 places of terms, t + 1 places of postings, p rows, of 32 bits each
 *     u code units of 16 bits
 *     p frequencies of 8 bits
 *
 * All numbers are little endian; see `Postings` for what they say. The file is used as it lies in memory, without
 * decoding. On a big-endian machine the magic does not match and the file is refused.
 */
import { damaged, type FileFacts, readVerified, withIndexFile } from '../index-file.js';
import { Pace } from '../pacing.js';
import { Bm25Index } from './bm25-index.js';
import type { KeywordIndex } from './keyword-index.js';
import type { Postings } from './postings.js';

/** The name of the file within a generation's folder. */
export const KEYWORD_FILE = 'keywords.bin';

const MAGIC = 0x574b504e;
/** Raise when the layout changes, or what `termsOf` gives: an index of other terms finds the wrong papers. */
const VERSION = 1;
const HEADER_WORDS = 6;

/** Elements checked between two looks at the clock: some 100 microseconds. */
const STRIDE = 1 << 15;

/** What the manifest records of the file. */
export interface KeywordFile extends FileFacts {
  papers: number;
  /** Number of different terms. */
  terms: number;
}

/** The file's content, in order. */
export function partsOf(postings: Postings): ArrayBufferView[] {
  const { labels, termStarts, postingStarts, rows, units, frequencies } = postings;
  const counts = [labels.length, termStarts.length - 1, units.length, rows.length];
  return [
    Uint32Array.of(MAGIC, VERSION, ...counts),
    labels,
    termStarts,
    postingStarts,
    rows,
    units,
    frequencies,
  ];
}

/**
 * Opens `keywords.bin` after checking its size and checksum against `facts`, and every number in it, so that no
 * search can meet one out of range. Gives way to the event loop while it does. Errors: `index_damaged`, also when
 * the file is missing.
 */
export async function openKeywordIndex(folder: string, facts: KeywordFile): Promise<KeywordIndex> {
  const postings = layOut(facts, await contentOf(folder, facts));
  const pace = new Pace();
  await checkAscending(facts.file, 'labels', postings.labels, pace);
  await checkStarts(facts.file, 'places of terms', postings.termStarts, postings.units.length, pace);
  await checkStarts(facts.file, 'places of postings', postings.postingStarts, postings.rows.length, pace);
  await checkTermOrder(facts.file, postings, pace);
  return new Bm25Index(postings, await checkedLengths(facts.file, postings, pace));
}

/** All of the file, once size and checksum are what the manifest says. */
function contentOf(folder: string, facts: KeywordFile): Promise<ArrayBuffer> {
  return withIndexFile(folder, facts, async (handle) => {
    const content = new ArrayBuffer(facts.bytes);
    await readVerified(handle, facts, new Uint8Array(content));
    return content;
  });
}

function layOut({ file, papers, terms }: KeywordFile, content: ArrayBuffer): Postings {
  const header = new Uint32Array(HEADER_WORDS);
  new Uint8Array(header.buffer).set(new Uint8Array(content).subarray(0, 4 * HEADER_WORDS));
  const [magic, version, n = 0, t = 0, u = 0, p = 0] = header;
  if (magic !== MAGIC || version !== VERSION)
    throw damaged(file, 'it is not a keyword index of this version');
  if (n !== papers || t !== terms) throw damaged(file, `it says that it holds ${n} papers and ${t} terms`);
  const bytes = 4 * (HEADER_WORDS + n + 2 * (t + 1) + p) + 2 * u + p;
  if (content.byteLength !== bytes) throw damaged(file, `it should have ${bytes} bytes by its header`);
  let at = 4 * HEADER_WORDS;
  const next = (length: number, width: number) => {
    const begun = at;
    at += length * width;
    return [content, begun, length] as const;
  };
  return {
    labels: new Uint32Array(...next(n, 4)),
    termStarts: new Uint32Array(...next(t + 1, 4)),
    postingStarts: new Uint32Array(...next(t + 1, 4)),
    rows: new Uint32Array(...next(p, 4)),
    units: new Uint16Array(...next(u, 2)),
    frequencies: new Uint8Array(...next(p, 1)),
  };
}

async function checkAscending(file: string, what: string, numbers: Uint32Array, pace: Pace): Promise<void> {
  for (let at = 1; at < numbers.length; at++) {
    if ((numbers[at - 1] as number) >= (numbers[at] as number))
      throw damaged(file, `its ${what} do not ascend`);
    if (at % STRIDE === 0 && pace.due()) await pace.turn();
  }
}

/** Every term has a unit and a posting at least, so places ascend strictly, from 0 to the end of what they divide. */
async function checkStarts(
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

/** Terms are found by halving, which needs them in order. */
async function checkTermOrder(file: string, { termStarts, units }: Postings, pace: Pace): Promise<void> {
  let last = '';
  for (let term = 0; term < termStarts.length - 1; term++) {
    const spelled = units.subarray(termStarts[term], termStarts[term + 1]);
    if (spelled.length > LONGEST_TERM) throw damaged(file, 'it has a term of impossible length');
    const stem = String.fromCharCode(...spelled);
    if (stem <= last) throw damaged(file, 'its terms are not in order');
    last = stem;
    if (term % 512 === 0 && pace.due()) await pace.turn();
  }
}

/** Folding makes at most 18 characters of one (Unicode's compatibility forms), and words have 64 at most. */
const LONGEST_TERM = 18 * 66;

/** The length of each row's paper in terms, added up while every posting is checked. */
async function checkedLengths(file: string, postings: Postings, pace: Pace): Promise<Uint32Array> {
  const { labels, postingStarts, rows, frequencies } = postings;
  const lengths = new Uint32Array(labels.length);
  for (let term = 0; term < postingStarts.length - 1; term++) {
    const end = postingStarts[term + 1] as number; // term + 1 < postingStarts.length
    let last = -1;
    for (let at = postingStarts[term] as number; at < end; at++) {
      const row = rows[at] as number; // at < rows.length, as places have been checked
      const times = frequencies[at] as number;
      if (row <= last || row >= lengths.length || times === 0) {
        throw damaged(file, 'a posting of it is out of range or order');
      }
      lengths[row] = (lengths[row] as number) + times;
      last = row;
      if (at % STRIDE === 0 && pace.due()) await pace.turn();
    }
  }
  return lengths;
}
