/** Texts pasted from papers bring the numbers of their references. */

/**
 * One to eight numbers of references, or ranges of them, in square brackets: `[7]`, `[3, 6]`, `[12–15]`. Counted from 1, so
 * the interval [0, 1] is none; nor are names of chemistry, which go on after the bracket: [60]fullerene, [3,3]-sigmatropic.
 * Bounded in length, so that no text takes long.
 */
const MARK = /\[ ?[1-9]\d{0,2}(?: ?[,;–-] ?[1-9]\d{0,2}){0,7} ?\](?![\p{L}\p{N}-])/gu;

/**
 * The text without the marks of citations, which say nothing of its subject but are words to a keyword index and noise to
 * a model (docs/quality.md); as it is when nothing else would be left.
 */
export function withoutCitationMarks(text: string): string {
  const cleaned = text.replace(MARK, ' ');
  return cleaned.trim() === '' ? text : cleaned;
}
