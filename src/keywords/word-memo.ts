/** What is known of a word as written, kept for the next time it comes. */
import { stemmer } from 'stemmer';
import { fold } from '../text-folding.js';

export interface Word {
  written: string;
  /** Lower case, without accents, its ending cut by Porter's stemmer; empty for a stop word or one that is too long. */
  stem: string;
  /** How many letters come before the first digit of a name with a number, in code units; 0 for other words. */
  letters: number;
}

/** Lucene's English stop words. */
const STOP_WORDS = new Set(
  (
    'a an and are as at be but by for if in into is it no not of on or such ' +
    'that the their then there these they this to was will with'
  ).split(' '),
);

/** Longer runs of letters (sequences, encoded data) are nothing that anyone types, and would swell the index. */
const LONGEST_WORD = 64;

/** Of a single letter nothing would be left that tells anything: `R1`, `B12`. */
const LETTERS_THEN_DIGIT = /^\p{L}{2,}(?=\p{N})/u;

/** Bounded: about 25 MB when full of the longest words, 8 MB in practice. */
const MOST_WORDS = 1 << 16;

/**
 * Open addressing. A Map by string would need a slice of the text for each word, which has to be made and hashed before
 * it is found. With that and the letters remembered, `termsOf` takes 34 microseconds for an abstract instead of 61.
 */
const places: (Word | undefined)[] = new Array(MOST_WORDS).fill(undefined);

/** A word is in one of so many places, or not known. Whoever makes up words that all hash alike only fills these. */
const PROBES = 8;

/** The word that stands in `text` from `start` to `end`. */
export function wordOf(text: string, start: number, end: number): Word {
  if (end - start > LONGEST_WORD) return read(text.slice(start, end));
  const first = hashOf(text, start, end) & (MOST_WORDS - 1);
  let place = first;
  for (let probe = 0; probe < PROBES; probe++) {
    place = (first + probe) & (MOST_WORDS - 1);
    const word = places[place];
    if (word === undefined) break;
    if (isWritten(word.written, text, start, end)) return word;
  }
  // A free place, or the last of those that it may be in.
  const word = read(text.slice(start, end));
  places[place] = word;
  return word;
}

/** FNV-1a over code units, with high bits folded back into low ones. */
function hashOf(text: string, start: number, end: number): number {
  let hash = 0x811c_9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  return hash ^ (hash >>> 15);
}

function isWritten(word: string, text: string, start: number, end: number): boolean {
  if (word.length !== end - start) return false;
  for (let i = 0; i < word.length; i++) if (word.charCodeAt(i) !== text.charCodeAt(start + i)) return false;
  return true;
}

function read(slice: string): Word {
  // A slice keeps the text it was cut from alive; what is kept here must not.
  const written = Buffer.from(slice, 'utf16le').toString('utf16le');
  const letters = LETTERS_THEN_DIGIT.exec(written)?.[0].length ?? 0;
  return { written, stem: written.length > LONGEST_WORD ? '' : stemOf(written), letters };
}

function stemOf(written: string): string {
  const folded = fold(written);
  if (STOP_WORDS.has(folded)) return '';
  return /^[a-z]+$/.test(folded) ? stemmer(folded) : folded;
}
