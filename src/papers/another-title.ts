import { fold } from '../text-folding.js';

/** Titles of one paper share more of their words, whatever was corrected in them. */
const LEAST_SHARED = 0.25;

/**
 * Whether two titles are hardly of the same paper: of all words in them, less than a quarter is in both (Jaccard's index).
 * Letters without case and accents; what has no words is never another.
 */
export function isAnotherTitle(a: string, b: string): boolean {
  const [ours, theirs] = [wordsOf(a), wordsOf(b)];
  if (ours.size === 0 || theirs.size === 0) return false;
  let shared = 0;
  for (const word of ours) if (theirs.has(word)) shared++;
  return shared / (ours.size + theirs.size - shared) < LEAST_SHARED;
}

function wordsOf(title: string): Set<string> {
  return new Set(fold(title).match(/[\p{L}\p{N}]+/gu));
}
