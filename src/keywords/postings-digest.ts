/** What the keyword index of some papers is, without writing it. */
import { createHash } from 'node:crypto';
import { Pace } from '../pacing.js';
import { partsOf } from './keyword-file.js';
import type { KeywordPaper } from './postings.js';
import { PostingsBuilder } from './postings-builder.js';

/**
 * The SHA-256, in hexadecimal, of the `keywords.bin` that `KeywordIndexWriter` would make of these papers, whose labels
 * ascend. Takes 50 microseconds and 1 KB an abstract. Errors: `bad_record`, `cancelled`.
 */
export async function postingsDigest(
  papers: Iterable<KeywordPaper & { label: number }>,
  signal: AbortSignal,
): Promise<string> {
  const pace = new Pace(signal);
  const builder = new PostingsBuilder();
  for (const { label, title, abstract } of papers) {
    if (pace.due()) await pace.turn();
    builder.add(label, { title, abstract });
  }
  const hash = createHash('sha256');
  for (const { buffer, byteOffset, byteLength } of partsOf(builder.build()))
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest('hex');
}
