/**
 * Where everything lies. The TypeScript side (src/vectors/rows.ts, src/vectors/hnsw.ts) lays the memory out and says so
 * once; the kernel allocates nothing. Addresses are bytes; all numbers are little endian.
 */

/** Number of rows, one per vector, in the order of their labels. */
export let count: u32 = 0;
/** Bytes of one row in a plane: the dimensions, padded with zeros to a multiple of 32. */
export let stride: usize = 0;
/** The planes: `count` rows of `stride` signed bytes. A vector's element is about scale * (256 * high + low). */
export let high: usize = 0;
export let low: usize = 0;
/** Per row two 32-bit floats: the scale, 1 / |x|, and the most that leaving out the low plane changes a similarity by. */
export let scales: usize = 0;
/** A vector as it was given: `stride` 32-bit floats, the padding 0. */
export let floats: usize = 0;
/** The same quantised: `stride` 16-bit integers. */
export let query: usize = 0;
/** One bit per row: those that may be answered. Bits of rows that there are not are 0. */
export let filter: usize = 0;
/** Row numbers, 32 bits each, and the similarity of each, 64-bit floats: what is asked about, and what was found. */
export let rows: usize = 0;
export let similarities: usize = 0;

export function useRows(
  rowCount: u32,
  rowBytes: usize,
  highPlane: usize,
  lowPlane: usize,
  rowScales: usize,
  vector: usize,
  quantised: usize,
  bitmap: usize,
  rowNumbers: usize,
  results: usize,
): void {
  count = rowCount;
  stride = rowBytes;
  high = highPlane;
  low = lowPlane;
  scales = rowScales;
  floats = vector;
  query = quantised;
  filter = bitmap;
  rows = rowNumbers;
  similarities = results;
}

/** Stands in a list of links where there is none: the list ends there. */
export const NONE: u32 = 0xffffffff;

/** Links per row and level above level 0; twice as many on level 0. */
export let M: u32 = 0;
/** The row at which a search begins, and the level that it is on, the highest of all. */
export let entry: u32 = 0;
export let top: u32 = 0;
/** Per row 2 M links of level 0: row numbers of 32 bits, then NONE. */
export let links: usize = 0;
/** Per row, and once more at the end, the number of its first list above level 0: it has as many as it has levels. */
export let firstLists: usize = 0;
/** The lists above level 0, M links each, then NONE; a row's follow each other, level 1 first. */
export let lists: usize = 0;
/** Per row 16 bits: the number of the last search that came by. */
export let stamps: usize = 0;
/** Room for heaps of `count` keys of 64 bits, and for 2 M row numbers. */
export let candidates: usize = 0;
export let nearest: usize = 0;
export let fresh: usize = 0;

export function useGraph(
  linksPerLevel: u32,
  entryRow: u32,
  topLevel: u32,
  levelZero: usize,
  firstListOfRow: usize,
  upperLists: usize,
  visits: usize,
  candidateHeap: usize,
  nearestHeap: usize,
  neighbours: usize,
): void {
  M = linksPerLevel;
  entry = entryRow;
  top = topLevel;
  links = levelZero;
  firstLists = firstListOfRow;
  lists = upperLists;
  stamps = visits;
  candidates = candidateHeap;
  nearest = nearestHeap;
  fresh = neighbours;
}
