/** Lengths of texts as people count them: in characters (code points), not in UTF-16 code units. */

/** Whether `text` has more than `longest` code points. */
export function isLonger(text: string, longest: number): boolean {
  // A code point takes one or two units, so most texts need no counting.
  if (text.length <= longest) return false;
  return text.length > 2 * longest || [...text].length > longest;
}
