import { arxivAtom } from './arxiv-atom.js';
import { arxivOai } from './arxiv-oai.js';
import { arxivSnapshot } from './arxiv-snapshot.js';
import { bibtex } from './bibtex.js';
import { cslJson } from './csl-json.js';
import { csv } from './csv.js';
import { dailyPapers } from './daily-papers.js';
import type { FormatName, PaperReader } from './format.js';
import { jsonArray } from './json-array.js';
import { jsonl } from './jsonl.js';
import { openAlex } from './openalex.js';
import { page } from './page.js';
import { pubmedXml } from './pubmed-xml.js';
import { ris } from './ris.js';
import { s2Dataset } from './s2-dataset.js';
import { s2Graph } from './s2-graph.js';

/** Every reader, in the order in which they are asked: those that accept the least come first. */
export const READERS: readonly PaperReader[] = [
  page,
  arxivAtom,
  arxivOai,
  pubmedXml,
  ris,
  bibtex,
  csv,
  arxivSnapshot,
  s2Dataset,
  s2Graph,
  openAlex,
  dailyPapers,
  cslJson,
  jsonArray,
  jsonl,
];

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
