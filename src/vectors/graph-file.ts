/**
 * The file `vectors.graph`: an HNSW graph over the rows of `vectors.i16`.
 *
 *     header    64 bytes: magic "NPVG", version 1, n, M, efConstruction, the entry's row, its level (the highest of
 *               all), the number of lists above level 0, and the SHA-256 of the `vectors.i16` that it was made for
 *     links     n times 2 M links of level 0, each the number of a row; a shorter list ends with 2^32 - 1
 *     first     n + 1 numbers: row r has the lists first[r] up to first[r + 1], one for each of its levels above 0
 *     lists     M links each, ended likewise
 *
 * All numbers are 32 bits, little endian; each part begins at a multiple of 64. The file is used as it lies in memory.
 */
import { Pace } from '../pacing.js';
import { aligned, paddingAfter } from './kernel.js';

/** The name of the file within a generation's folder. */
export const GRAPH_FILE = 'vectors.graph';

const MAGIC = 0x4756504e;
const VERSION = 1;
const HEADER_BYTES = 64;
const HEADER_WORDS = HEADER_BYTES / 4;

/** Ends a list that is shorter than it could be. */
export const NO_LINK = 0xffff_ffff;

export interface Graph {
  /** Links per row and level; twice as many on level 0. */
  M: number;
  efConstruction: number;
  /** The row where a search begins, and its level. */
  entry: number;
  top: number;
  /** n x 2 M links. */
  links: Uint32Array;
  /** n + 1 numbers of lists. */
  first: Uint32Array;
  /** M links for each list. */
  lists: Uint32Array;
}

/** Where the parts lie, in bytes from the file's start. */
interface GraphLayout {
  links: number;
  first: number;
  lists: number;
  bytes: number;
}

function layoutOf(count: number, M: number, listCount: number): GraphLayout {
  const links = HEADER_BYTES;
  const first = links + aligned(4 * 2 * M * count);
  const lists = first + aligned(4 * (count + 1));
  return { links, first, lists, bytes: lists + aligned(4 * M * listCount) };
}

/** The file's content. `sha256`: of the `vectors.i16` whose rows the links name, hexadecimal. */
export function* graphPieces(graph: Graph, sha256: string): Generator<Uint8Array> {
  const { M, efConstruction, entry, top, links, first, lists } = graph;
  const header = Buffer.alloc(HEADER_BYTES);
  const words = [MAGIC, VERSION, first.length - 1, M, efConstruction, entry, top, lists.length / M];
  for (const [at, word] of words.entries()) header.writeUInt32LE(word, 4 * at);
  header.write(sha256, 4 * words.length, 'hex');
  yield header;
  for (const { buffer, byteOffset, byteLength } of [links, first, lists]) {
    yield new Uint8Array(buffer, byteOffset, byteLength);
    yield paddingAfter(byteLength);
  }
}

export interface GraphFacts {
  count: number;
  M: number;
  efConstruction: number;
  /** Of the `vectors.i16` that it belongs to. */
  vectors: string | undefined;
}

/** What the kernel has to be told: places are bytes from the start of the file. */
export interface GraphPlaces extends GraphLayout {
  entry: number;
  top: number;
}

/**
 * Checks the whole file, `content`: that it is what `facts` say, that every link leads to a row that is on the link's
 * level, and that the entry is on the highest. Resolves to what is wrong with it, or to where its parts lie.
 */
export async function inspectGraph(content: Uint32Array, facts: GraphFacts): Promise<GraphPlaces | string> {
  const { count, M } = facts;
  const [, , , , , entry = 0, top = 0, listCount = 0] = content;
  const layout = layoutOf(count, M, listCount);
  if (content.length < HEADER_WORDS) return 'it is cut short';
  const defect = headerDefect(content, facts);
  if (defect !== undefined) return defect;
  if (layout.bytes !== content.byteLength) {
    return `${count} rows with ${listCount} lists do not take ${content.byteLength} bytes`;
  }
  const part = (at: number, length: number) => content.subarray(at / 4, at / 4 + length);
  const graph = {
    links: part(layout.links, 2 * M * count),
    first: part(layout.first, count + 1),
    lists: part(layout.lists, M * listCount),
  };
  const wrong =
    (await linkDefect(graph.links, count)) ??
    (await levelDefect(graph.first, listCount, { entry, top })) ??
    (await listDefect(graph.lists, graph.first, M));
  return wrong ?? { ...layout, entry, top };
}

function headerDefect(content: Uint32Array, facts: GraphFacts): string | undefined {
  const expected: [what: string, wanted: number][] = [
    ['magic', MAGIC],
    ['version', VERSION],
    ['number of vectors', facts.count],
    ['M', facts.M],
    ['efConstruction', facts.efConstruction],
  ];
  for (const [at, [what, wanted]] of expected.entries()) {
    if (content[at] !== wanted) return `its header says that the ${what} is ${content[at]}, not ${wanted}`;
  }
  const vectors = Buffer.from(content.buffer, content.byteOffset + 32, 32).toString('hex');
  return vectors === facts.vectors ? undefined : 'it was made for other vectors';
}

/** Links looked at between two looks at the clock: about 50 microseconds. */
const LINKS_A_STEP = 1 << 16;

async function linkDefect(links: Uint32Array, count: number): Promise<string | undefined> {
  const pace = new Pace();
  for (let from = 0; from < links.length; from += LINKS_A_STEP) {
    if (pace.due()) await pace.turn();
    const to = Math.min(from + LINKS_A_STEP, links.length);
    for (let at = from; at < to; at++) {
      const link = links[at] as number; // at < links.length
      if (link >= count && link !== NO_LINK) return 'a link of level 0 leads nowhere';
    }
  }
  return undefined;
}

async function levelDefect(
  first: Uint32Array,
  listCount: number,
  { entry, top }: { entry: number; top: number },
): Promise<string | undefined> {
  const pace = new Pace();
  const count = first.length - 1;
  if (first[0] !== 0 || first[count] !== listCount) return 'its lists are not all of some row';
  for (let row = 0; row < count; row++) {
    if (row % LINKS_A_STEP === 0 && pace.due()) await pace.turn();
    const level = levelOf(first, row);
    if (level < 0 || level > top) return `row ${row} has ${level} lists, and the highest level is ${top}`;
  }
  return entry < count && levelOf(first, entry) === top ? undefined : 'its entry is not on the highest level';
}

/** The highest level of a row: it has one list for each level above 0. */
function levelOf(first: Uint32Array, row: number): number {
  return (first[row + 1] as number) - (first[row] as number);
}

async function listDefect(lists: Uint32Array, first: Uint32Array, M: number): Promise<string | undefined> {
  const pace = new Pace();
  const count = first.length - 1;
  for (let row = 0; row < count; row++) {
    if (row % LINKS_A_STEP === 0 && pace.due()) await pace.turn();
    const begin = first[row] as number;
    for (let level = 1; level <= levelOf(first, row); level++) {
      const from = (begin + level - 1) * M;
      for (let at = from; at < from + M; at++) {
        const link = lists[at] as number; // every list of a row lies within `lists`: see levelDefect
        if (link === NO_LINK) continue;
        if (link >= count || levelOf(first, link) < level) return `row ${row} has a link to a missing level`;
      }
    }
  }
  return undefined;
}
