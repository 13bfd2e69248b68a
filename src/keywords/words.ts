/** Where words begin and end, in any script, and the form under which differently written ones are equal. */

const OTHER = 1;
/** Letters and digits: what a word begins with. */
const LETTER = 2;
/** Marks, soft hyphens and joiners: what a word may also have inside. */
const INNER = 3;
/** Letters of scripts that put no space between words. */
const SPACELESS = 4;

/** By UTF-16 code unit, 0 until first asked for: filling it for all units would take 20 ms at start. */
const kinds = new Uint8Array(0x1_0000);

const SPACELESS_LETTER =
  /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;

function classify(character: string): number {
  if (/[\p{L}\p{N}]/u.test(character)) return SPACELESS_LETTER.test(character) ? SPACELESS : LETTER;
  return /[\p{M}\u00ad\u200c\u200d]/u.test(character) ? INNER : OTHER;
}

/** The kind of the character at `at`, whose two code units both have it if it lies outside the basic plane. */
function kindAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  const known = kinds[unit] as number; // a code unit is below 65,536
  if (known !== 0) return known;
  // Half a pair tells nothing: look at the whole character each time, such characters are rare.
  if (unit >= 0xd800 && unit < 0xe000) {
    const point = text.codePointAt(unit >= 0xdc00 ? at - 1 : at) ?? 0;
    return point > 0xffff ? classify(String.fromCodePoint(point)) : OTHER;
  }
  const kind = classify(text.charAt(at));
  kinds[unit] = kind;
  return kind;
}

/** The first place from `from` on where a word begins; the text's length when there is none. */
export function wordStart(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const kind = kindAt(text, at);
    if (kind === LETTER || kind === SPACELESS) break;
  }
  return at;
}

/**
 * Where the word that begins at `start` ends. In a script without spaces every character with its marks is a word
 * of its own.
 */
export function wordEnd(text: string, start: number): number {
  const more = kindAt(text, start) === SPACELESS ? INNER : LETTER;
  let at = start + characterLength(text, start);
  for (; at < text.length; at++) {
    const kind = kindAt(text, at);
    if (kind !== more && kind !== INNER) break;
  }
  return at;
}

/** Does a word begin at `at`, where a letter is? */
export function beginsWord(text: string, at: number): boolean {
  if (at === 0 || kindAt(text, at) === SPACELESS) return true;
  const before = kindAt(text, at - 1);
  return before !== LETTER && before !== INNER;
}

/** Is the character at `at` of a script that puts no space between words? */
export function isSpaceless(text: string, at: number): boolean {
  return kindAt(text, at) === SPACELESS;
}

function characterLength(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}
