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

/**
 * Lower case, compatible forms (ligatures, full width) made plain, accents gone. Only the combining marks of
 * European scripts go: elsewhere marks are the vowels of a word, or tell one syllable from another.
 */
export function fold(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII, which has nothing else to fold
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f\u00ad\u200c\u200d]+/g, '')
    .toLowerCase()
    .replace(/[ßæœøłđðþı]/g, (letter) => SPELLED_OUT[letter] ?? letter)
    .normalize('NFKC');
}
