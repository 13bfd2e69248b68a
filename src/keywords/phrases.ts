/** Quoted phrases of a query, and whether a text has one. */
import { fold } from '../text-folding.js';
import { beginsWord, wordEnd, wordStart } from './words.js';

/** Straight quotes, and opening and closing ones of the usual typographies. */
const QUOTED = /"([^"]+)"|“([^“”]+)”|„([^„“”]+)[“”]|«([^«»]+)»/gu;

/** What stands between double quotes, straight or typographic, and has a word; a quote without its partner is none. */
export function quotedPhrases(text: string): string[] {
  return Array.from(text.matchAll(QUOTED), (match) => (match.slice(1).find(Boolean) ?? '').trim()).filter(
    (phrase) => wordStart(phrase, 0) < phrase.length,
  );
}

/**
 * Does `text` have the words of `phrase` in order, one next to the other? Case, accents and what stands between
 * words make no difference; endings do. False for a phrase without words.
 */
export function containsPhrase(text: string, phrase: string): boolean {
  const words = wordsOf(fold(phrase));
  const first = words[0];
  if (first === undefined) return false;
  const folded = fold(text);
  for (let at = folded.indexOf(first); at >= 0; at = folded.indexOf(first, at + 1)) {
    if (beginsWord(folded, at) && followed(folded, at, words)) return true;
  }
  return false;
}

function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (let start = wordStart(text, 0); start < text.length; ) {
    const end = wordEnd(text, start);
    words.push(text.slice(start, end));
    start = wordStart(text, end);
  }
  return words;
}

/** Are these the words of `text` from `start`, where one begins? */
function followed(text: string, start: number, words: readonly string[]): boolean {
  let at = start;
  for (const word of words) {
    const end = wordEnd(text, at);
    if (end - at !== word.length || !text.startsWith(word, at)) return false;
    at = wordStart(text, end);
  }
  return true;
}
