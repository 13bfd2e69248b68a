/**
 * The file `keywords.bin`: the keyword index of a generation.
 *
 *     6 numbers of 32 bits: magic "NPKW", version, papers n, terms t, code units of all terms u, words of all lists l
 *     n labels, t + 1 places of terms, t + 1 places of lists, l words of lists, of 32 bits each
 *     u code units of 16 bits
 *
 * All numbers are little endian; see `Postings` for what they say. The file is used as it lies in memory, without
 * decoding. On a big-endian machine the magic does not match and the file is refused.
 */
import { NearpaperError } from '../errors.js';
import { damaged, type FileFacts, readFully, readVerified, withIndexFile } from '../index-file.js';
import { Pace } from '../pacing.js';
import type { WasmMemory } from '../web-assembly.js';
import { Bm25Index } from './bm25-index.js';
import { checkedColumns, checkedTerms, checkPostings, checkStarts } from './keyword-checks.js';
import type { KeywordIndex } from './keyword-index.js';
import { columnWordsOf, type KeywordPaper, type Postings } from './postings.js';
import { PostingsBuilder } from './postings-builder.js';
import { memoryFor } from './scores.js';

/** The name of the file within a generation's folder. */
export const KEYWORD_FILE = 'keywords.bin';

const MAGIC = 0x574b504e;
/** Raise when the layout or the impacts change, or what `termsOf` gives: an index of other terms finds the wrong papers. */
const VERSION = 2;
const HEADER_WORDS = 6;

/** What the manifest records of the file. */
export interface KeywordFile extends FileFacts {
  papers: number;
  /** Number of different terms. */
  terms: number;
  /** Mean length of the papers in terms, which impacts are set against; null when they have none, or in older files. */
  meanTerms: number | null;
}

/** The file's content, in order. */
export function partsOf({ labels, termStarts, listStarts, lists, units }: Postings): ArrayBufferView[] {
  const counts = [labels.length, termStarts.length - 1, units.length, lists.length];
  return [Uint32Array.of(MAGIC, VERSION, ...counts), labels, termStarts, listStarts, lists, units];
}

/**
 * Opens `keywords.bin` after checking its size and checksum against `facts`, and every number in it, so that no
 * search can meet one out of range. Gives way to the event loop while it does. Errors: `index_outdated` for a file of
 * another version, which a build makes anew from the store; `index_damaged`, also when the file is missing.
 */
export async function openKeywordIndex(folder: string, facts: KeywordFile): Promise<KeywordIndex> {
  const { memory, content } = memoryFor(facts.bytes);
  await withIndexFile(folder, facts, (handle) => readVerified(handle, facts, content));
  return indexOf(memory, content, facts);
}

/** Whether the file, of which nothing else is checked, is one that `openKeywordIndex` of this version can open. */
export async function isKeywordFileCurrent(folder: string, facts: KeywordFile): Promise<boolean> {
  const header = new Uint32Array(2);
  const isRead = await withIndexFile(folder, facts, (handle) =>
    readFully(handle, new Uint8Array(header.buffer), 0),
  );
  return isRead && header[0] === MAGIC && header[1] === VERSION;
}

/** An index in memory, for a few papers or for tests. `papers`: with ascending labels. Errors: `bad_record`. */
export async function keywordIndexOf(
  papers: Iterable<readonly [label: number, paper: KeywordPaper]>,
): Promise<KeywordIndex> {
  const builder = new PostingsBuilder();
  for (const [label, paper] of papers) builder.add(label, paper);
  const parts = partsOf(builder.build()).map(
    ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
  );
  const { memory, content } = memoryFor(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of parts) {
    content.set(part, end);
    end += part.length;
  }
  return indexOf(memory, content, { file: KEYWORD_FILE });
}

/** `facts`: numbers that are known must be those of the content. */
async function indexOf(
  memory: WasmMemory,
  content: Uint8Array,
  facts: Pick<KeywordFile, 'file'> & Partial<KeywordFile>,
): Promise<KeywordIndex> {
  const { file, papers, terms } = facts;
  const postings = layOut(file, content);
  const { labels, termStarts, listStarts, lists, units } = postings;
  const found = [labels.length, termStarts.length - 1];
  if (found[0] !== (papers ?? found[0]) || found[1] !== (terms ?? found[1]))
    throw damaged(file, `it says that it holds ${found[0]} papers and ${found[1]} terms`);
  const pace = new Pace();
  await checkStarts(file, 'places of terms', termStarts, units.length, pace);
  await checkStarts(file, 'places of lists', listStarts, lists.length, pace);
  await checkPostings(file, postings, pace);
  const columnCounts = await checkedColumns(file, postings, pace);
  const table = await checkedTerms(file, postings, pace);
  return new Bm25Index({ memory, postings, table, columnCounts });
}

function layOut(file: string, content: Uint8Array): Postings {
  const header = new Uint32Array(HEADER_WORDS);
  new Uint8Array(header.buffer).set(content.subarray(0, 4 * HEADER_WORDS));
  const [magic, version, n = 0, t = 0, u = 0, l = 0] = header;
  if (magic !== MAGIC) throw damaged(file, 'it is no keyword index');
  if (version !== VERSION) throw outdated(file);
  const bytes = 4 * (HEADER_WORDS + n + 2 * (t + 1) + l) + 2 * u;
  if (content.length !== bytes) throw damaged(file, `it should have ${bytes} bytes by its header`);
  let end = content.byteOffset + 4 * HEADER_WORDS;
  const words = (length: number) => {
    const array = new Uint32Array(content.buffer, end, length);
    end += array.byteLength;
    return array;
  };
  return {
    labels: words(n),
    termStarts: words(t + 1),
    listStarts: words(t + 1),
    lists: words(l),
    units: new Uint16Array(content.buffer, end, u),
    columnWords: columnWordsOf(n),
  };
}

function outdated(file: string): NearpaperError {
  const message = `The index file ${file} was made by another version of nearpaper. Run \`nearpaper build\` to bring it up to date; no paper is embedded again.`;
  return new NearpaperError('index_outdated', message);
}
