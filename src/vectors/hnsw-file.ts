/**
 * Reads the file that hnswlib 0.8 writes, to know what is in it before native code does: hnswlib trusts every
 * number of its file, and one wrong link is a crash.
 *
 * The layout (saveIndex in hnswlib/hnswalg.h; numbers are the machine's own, 64 bits unless marked):
 *
 *     offset of level 0, capacity, n, bytes per record, offset of the label, offset of the vector,
 *     highest level (32), entry point (32), maxM, maxM0, M, 1 / ln M (double), efConstruction       96 bytes
 *     n records of level 0: number of links (32), maxM0 links (32), d floats, label
 *     n times: bytes of links above level 0 (32), then for each level number of links (32), maxM links (32)
 */
import type { FileHandle } from 'node:fs/promises';
import { PIECE_BYTES, readFully } from '../index-file.js';
import { Pace } from '../pacing.js';

const HEADER_BYTES = 96;

/** What the header has to say for the file to be used. */
export interface GraphFacts {
  count: number;
  dimensions: number;
  M: number;
  efConstruction: number;
}

/** Bytes of one record of level 0. */
export function recordBytes(M: number, dimensions: number): number {
  return 4 + 4 * 2 * M + 4 * dimensions + 8;
}

/** Called for every record in file order, with the label and where in `floats` its vector begins; a string is a defect. */
export type VisitRecord = (
  at: number,
  label: number,
  floats: Float32Array,
  offset: number,
) => string | undefined;

/**
 * Walks the whole file: header, every link, every label, and that it ends where it must. Resolves to what is
 * wrong with it, or to undefined for a file that native code can be given. `bytes`: the file's size.
 */
export async function findDefect(
  handle: FileHandle,
  bytes: number,
  facts: GraphFacts,
  visit: VisitRecord,
): Promise<string | undefined> {
  const header = Buffer.alloc(HEADER_BYTES);
  if (!(await readFully(handle, header, 0))) return 'it is cut short';
  return (
    headerDefect(header, facts) ??
    (await recordDefect(handle, facts, visit)) ??
    (await upperDefect(handle, bytes, facts, header.readInt32LE(48), header.readUInt32LE(52)))
  );
}

function headerDefect(
  header: Buffer,
  { count, dimensions, M, efConstruction }: GraphFacts,
): string | undefined {
  const word = (at: number) => Number(header.readBigUInt64LE(at));
  const vectorOffset = 4 + 4 * 2 * M;
  const expected: [what: string, found: number, wanted: number][] = [
    ['offset of level 0', word(0), 0],
    ['number of vectors', word(16), count],
    ['M', word(72), M],
    ['links above level 0', word(56), M],
    ['links of level 0', word(64), 2 * M],
    ['offset of the vector', word(40), vectorOffset],
    ['number of dimensions', (word(32) - vectorOffset) / 4, dimensions],
    ['bytes per record', word(24), recordBytes(M, dimensions)],
    // hnswlib looks at no fewer candidates than it keeps links.
    ['efConstruction', word(88), Math.max(efConstruction, M)],
  ];
  for (const [what, found, wanted] of expected) {
    if (found !== wanted) return `its header says that the ${what} is ${found} where ${wanted} is wanted`;
  }
  if (word(8) < count) return `its header says that it has room for ${word(8)} vectors and holds ${count}`;
  return undefined;
}

async function recordDefect(
  handle: FileHandle,
  facts: GraphFacts,
  visit: VisitRecord,
): Promise<string | undefined> {
  const { count, dimensions, M } = facts;
  const bytes = recordBytes(M, dimensions);
  const words = bytes / 4;
  const linksMost = 2 * M;
  const recordsAPiece = Math.max(1, Math.min(count, Math.floor(PIECE_BYTES / bytes)));
  const piece = new ArrayBuffer(recordsAPiece * bytes);
  const floats = new Float32Array(piece);
  for (let from = 0; from < count; from += recordsAPiece) {
    const records = Math.min(recordsAPiece, count - from);
    if (!(await readFully(handle, new Uint8Array(piece, 0, records * bytes), HEADER_BYTES + from * bytes))) {
      return 'it is cut short';
    }
    const numbers = new Uint32Array(piece, 0, records * words);
    for (let record = 0; record < records; record++) {
      const at = record * words;
      // A mark of deletion lies in the upper half of the number of links: it shows as too many.
      if (!linksWithin(numbers, at, linksMost, count)) return `vector ${from + record} has a link to nowhere`;
      const label = numbers[at + words - 2] ?? 0;
      if (numbers[at + words - 1] !== 0) return `vector ${from + record} has a label of more than 32 bits`;
      const defect = visit(from + record, label, floats, at + 1 + linksMost);
      if (defect !== undefined) return defect;
    }
  }
  return undefined;
}

/** A list of links: their number, then the internal numbers of vectors. */
function linksWithin(numbers: Uint32Array, at: number, most: number, count: number): boolean {
  const links = numbers[at] ?? most + 1;
  if (links > most) return false;
  for (let i = at + 1; i <= at + links; i++) if ((numbers[i] ?? count) >= count) return false;
  return true;
}

/** Checks the lists above level 0; a link on a level leads to a vector that is on that level too. */
async function upperDefect(
  handle: FileHandle,
  bytes: number,
  { count, dimensions, M }: GraphFacts,
  highest: number,
  entry: number,
): Promise<string | undefined> {
  const begin = HEADER_BYTES + count * recordBytes(M, dimensions);
  // A vector in M is above level 0, so this is about (4 + 4 (M + 1) / (M - 1)) n bytes: 9 MB for a million.
  const size = bytes - begin;
  if (size < 0 || size % 4 !== 0) return 'it is cut short';
  const numbers = new Uint32Array(size / 4);
  const raw = new Uint8Array(numbers.buffer);
  for (let from = 0; from < size; from += PIECE_BYTES) {
    if (!(await readFully(handle, raw.subarray(from, from + PIECE_BYTES), begin + from)))
      return 'it is cut short';
  }
  const levels = new Int32Array(count);
  return (
    (await measureLevels(numbers, levels, M)) ??
    (levels[entry] === highest && highest >= 0 && levels.every((level) => level <= highest)
      ? undefined
      : 'its entry point is not on the highest level') ??
    (await checkUpperLinks(numbers, levels, M))
  );
}

/** Fills `levels` with every vector's highest level. */
async function measureLevels(
  numbers: Uint32Array,
  levels: Int32Array,
  M: number,
): Promise<string | undefined> {
  const pace = new Pace();
  const listBytes = 4 * (M + 1);
  let at = 0;
  for (let vector = 0; vector < levels.length; vector++) {
    if (vector % 4096 === 0 && pace.due()) await pace.turn();
    const listsBytes = numbers[at];
    if (listsBytes === undefined) return 'it is cut short';
    if (listsBytes % listBytes !== 0) return `vector ${vector} has half a list of links`;
    levels[vector] = listsBytes / listBytes;
    at += 1 + listsBytes / 4;
  }
  return at === numbers.length ? undefined : 'it does not end where its lists of links end';
}

async function checkUpperLinks(
  numbers: Uint32Array,
  levels: Int32Array,
  M: number,
): Promise<string | undefined> {
  const pace = new Pace();
  let at = 0;
  for (let vector = 0; vector < levels.length; vector++) {
    if (vector % 4096 === 0 && pace.due()) await pace.turn();
    at++;
    for (let level = 1; level <= (levels[vector] ?? 0); level++) {
      if (!linksWithin(numbers, at, M, levels.length)) return `vector ${vector} has a link to nowhere`;
      const links = numbers.subarray(at + 1, at + 1 + (numbers[at] ?? 0));
      if (links.some((to) => (levels[to] ?? 0) < level))
        return `vector ${vector} has a link to a missing level`;
      at += M + 1;
    }
  }
  return undefined;
}
