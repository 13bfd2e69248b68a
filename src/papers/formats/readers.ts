import { arxivSnapshot } from './arxiv-snapshot.js';
import { csv } from './csv.js';
import type { FormatName, PaperReader } from './format.js';
import { jsonArray } from './json-array.js';
import { jsonl } from './jsonl.js';
import { page } from './page.js';

/** Every reader, in the order in which they are asked: those that accept the least come first. */
export const READERS: readonly PaperReader[] = [page, csv, arxivSnapshot, jsonArray, jsonl];

/** The reader of a text that begins like this; undefined when no reader knows it. */
export function recogniseReader(head: string): PaperReader | undefined {
  return READERS.find((reader) => reader.looksLike(head));
}

/** The reader of a named format. */
export function readerOf(format: FormatName): PaperReader {
  const reader = READERS.find(({ name }) => name === format);
  if (reader === undefined) throw new TypeError(`the format ${format} has no reader`);
  return reader;
}
