/** The form under which differently written words are equal: for keywords and for names. */

/** Letters that no normalisation takes apart, as people write them without the letter at hand. */
const SPELLED_OUT: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
};

/** Any run of 15 combining marks is one of these, and hardly anything that people write without blanks. */
const PERHAPS_MARKS = /[^\0-\u02ff\s]{15}/;

/** A run of combining marks, and those of it that are kept, more than any script puts on a letter. */
const MARKS = /(\p{M}{1,30})\p{M}*/gu;

/**
 * Normalising sorts each run of combining marks, in time quadratic in its length, so long runs are cut before: to 30
 * marks, as the Stream-Safe Text Format has them (Unicode Standard Annex 15, section 13).
 */
export function withFewMarks(text: string): string {
  // This test costs a third of what the cut does.
  return PERHAPS_MARKS.test(text) ? text.replaceAll(MARKS, '$1') : text;
}

/**
 * Lower case, compatible forms (ligatures, full width) made plain, accents gone. Only the combining marks of
 * European scripts go: elsewhere marks are the vowels of a word, or tell one syllable from another.
 */
export function fold(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII, which has nothing else to fold
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase();
  return withFewMarks(text)
    .normalize('NFKD')
    .replace(/[\u0300-\u036f\u00ad\u200c\u200d]+/g, '')
    .toLowerCase()
    .replace(/[ßæœøłđðþı]/g, (letter) => SPELLED_OUT[letter] ?? letter)
    .normalize('NFKC');
}
