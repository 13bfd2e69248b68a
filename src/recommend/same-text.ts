/** Whether two texts are the same paper, written twice. */
import type { Paper } from '../papers/paper.js';
import { shinglesOf } from '../papers/text-sketch.js';

/**
 * Share of three-word sequences that two abstracts must have in common (Broder, "On the resemblance and containment of
 * documents", SEQUENCES 1997). Second versions of a paper keep .6 and more; above .5, of the pairs that were read,
 * nearly all were one paper, below it mostly a paper and its sequel: docs/quality.md has the table.
 */
export const LEAST_RESEMBLANCE = 0.5;

/** What tells apart editions, years and parts, whose texts are otherwise alike. */
const NUMBERS =
  /\p{N}+|\b(?:[ivx]+|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth)\b/gu;

/** Papers without an abstract are never the same by their text: editorials share a title and nothing else. */
export function isSameText(
  a: Pick<Paper, 'title' | 'abstract'>,
  b: Pick<Paper, 'title' | 'abstract'>,
): boolean {
  if (a.abstract === '' || b.abstract === '') return false;
  if (numbersOf(a.title) !== numbersOf(b.title)) return false;
  return resemblance(shinglesOf(a.abstract), shinglesOf(b.abstract)) >= LEAST_RESEMBLANCE;
}

function numbersOf(title: string): string {
  return (title.toLowerCase().match(NUMBERS) ?? []).join(' ');
}

/** Jaccard's coefficient: 0 for nothing in common, 1 for equal sets. */
function resemblance(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let common = 0;
  for (const shingle of a) if (b.has(shingle)) common++;
  const all = a.size + b.size - common;
  return all === 0 ? 0 : common / all;
}
