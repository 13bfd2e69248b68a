/** Keyword index files in temporary folders, made by the writer itself. */
import type { KeywordFile } from '../../src/keywords/keyword-file.js';
import { KeywordIndexWriter } from '../../src/keywords/keyword-index-writer.js';
import type { KeywordPaper } from '../../src/keywords/postings.js';

export async function writeKeywords(
  folder: string,
  papers: Iterable<readonly [label: number, paper: KeywordPaper]>,
): Promise<KeywordFile> {
  const writer = new KeywordIndexWriter(folder);
  for (const [label, paper] of papers) writer.add(label, paper);
  return writer.commit();
}
