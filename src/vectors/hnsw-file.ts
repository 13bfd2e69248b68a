/**
 * Reads the file that hnswlib 0.8 writes, the only way to its graph, and checks it on the way: hnswlib reports success on
 * a full disk.
 *
 * The layout (saveIndex in hnswlib/hnswalg.h; numbers are the machine's own, 64 bits unless marked):
 *
 *     offset of level 0, capacity, n, bytes per record, offset of the label, offset of the vector,
 *     highest level (32), entry point (32), maxM, maxM0, M, 1 / ln M (double), efConstruction       96 bytes
 *     n records of level 0: number of links (32), maxM0 links (32), d floats, label
 *     n times: bytes of links above level 0 (32), then for each level number of links (32), maxM links (32)
 *
 * A link is the place of a vector in the order of adding.
 */
import type { FileHandle } from 'node:fs/promises';
import { PIECE_BYTES, readFully } from '../index-file.js';
import { Pace } from '../pacing.js';
import { type Graph, NO_LINK } from './graph-file.js';

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

/** A graph whose links are places in the order of adding instead of rows. */
export interface AddedGraph extends Graph {
  /** The label of each place. */
  labels: Uint32Array;
}

/** The whole graph, or what is wrong with the file. `bytes`: the file's size. */
export async function readHnswlibFile(
  handle: FileHandle,
  bytes: number,
  facts: GraphFacts,
): Promise<AddedGraph | string> {
  const header = Buffer.alloc(HEADER_BYTES);
  if (!(await readFully(handle, header, 0))) return 'it is cut short';
  const defect = headerDefect(header, facts);
  if (defect !== undefined) return defect;
  const base = await readRecords(handle, facts);
  if (typeof base === 'string') return base;
  const upper = await readUpper(handle, bytes, facts);
  if (typeof upper === 'string') return upper;
  const { M, efConstruction } = facts;
  const place = { entry: header.readUInt32LE(52), top: header.readInt32LE(48) };
  return { M, efConstruction, ...place, ...base, ...upper };
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

/** Labels and the links of level 0. */
async function readRecords(
  handle: FileHandle,
  { count, dimensions, M }: GraphFacts,
): Promise<Pick<AddedGraph, 'labels' | 'links'> | string> {
  const bytes = recordBytes(M, dimensions);
  const words = bytes / 4;
  const most = 2 * M;
  const labels = new Uint32Array(count);
  const links = new Uint32Array(count * most).fill(NO_LINK);
  const recordsAPiece = Math.max(1, Math.min(count, Math.floor(PIECE_BYTES / bytes)));
  const piece = new ArrayBuffer(recordsAPiece * bytes);
  for (let from = 0; from < count; from += recordsAPiece) {
    const records = Math.min(recordsAPiece, count - from);
    if (!(await readFully(handle, new Uint8Array(piece, 0, records * bytes), HEADER_BYTES + from * bytes))) {
      return 'it is cut short';
    }
    const numbers = new Uint32Array(piece, 0, records * words);
    for (let record = 0; record < records; record++) {
      const at = record * words;
      const amount = numbers[at] as number; // at < numbers.length
      // A mark of deletion lies in the upper half of the number of links: it shows as too many.
      if (amount > most) return `vector ${from + record} has ${amount} links`;
      if (numbers[at + words - 1] !== 0) return `vector ${from + record} has a label of more than 32 bits`;
      labels[from + record] = numbers[at + words - 2] as number;
      links.set(numbers.subarray(at + 1, at + 1 + amount), (from + record) * most);
    }
  }
  return { labels, links };
}

/** The lists above level 0. */
async function readUpper(
  handle: FileHandle,
  bytes: number,
  { count, dimensions, M }: GraphFacts,
): Promise<Pick<AddedGraph, 'first' | 'lists'> | string> {
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
  const pace = new Pace();
  const first = new Uint32Array(count + 1);
  const lists = new Uint32Array(M * Math.ceil(numbers.length / (M + 1))).fill(NO_LINK);
  let at = 0;
  let list = 0;
  for (let place = 0; place < count; place++) {
    if (place % 4096 === 0 && pace.due()) await pace.turn();
    const levels = (numbers[at++] ?? 0.5) / (4 * (M + 1));
    if (!Number.isInteger(levels)) return `vector ${place} has half a list of links`;
    first[place] = list;
    for (let level = 0; level < levels; level++, list++, at += M + 1) {
      const amount = numbers[at] ?? M + 1;
      if (amount > M) return `vector ${place} has ${amount} links above level 0`;
      lists.set(numbers.subarray(at + 1, at + 1 + amount), list * M);
    }
  }
  first[count] = list;
  if (at !== numbers.length) return 'it does not end where its lists of links end';
  return { first, lists: lists.subarray(0, list * M) };
}
