/**
 * Sketches of texts: a few words of memory that show for nearly every pair of texts that they are not the same one,
 * without either being read. What tells is the share of sequences of three words that two texts have in common (Broder,
 * "On the resemblance and containment of documents", SEQUENCES 1997).
 */
import { ones } from '../label-set.js';

/** Words of one sequence. */
const SHINGLE_WORDS = 3;

/**
 * Each sequence sets one bit of these. With 512, of texts of up to some 380 words that have nothing in common the sketch
 * alone shows that they share less than half; of longer ones, whose bits are nearly all set, it leaves more open.
 */
const BITS = 512;
/** Numbers of 32 bits that a sketch takes: how many sequences the text has, how many bits they set, then the bits. */
export const SKETCH_WORDS = 2 + BITS / 32;

/** Every sequence of three words, in lower case; the whole text where it has fewer. */
export function shinglesOf(text: string): Set<string> {
  const words = wordsOf(text);
  const shingles = new Set<string>();
  for (let i = 0; i === 0 || i + SHINGLE_WORDS <= words.length; i++) {
    shingles.add(words.slice(i, i + SHINGLE_WORDS).join(' '));
  }
  return shingles;
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}

/** Writes the sketch of `text` to `sketches`, from `offset` on. An empty text resembles nothing: its sketch is all 0. */
export function writeSketch(text: string, sketches: Uint32Array, offset: number): void {
  sketches.fill(0, offset, offset + SKETCH_WORDS);
  if (text === '') return;
  const hashes = asciiWordHashes(text) ?? wordsOf(text).map(hashOf);
  const last = Math.max(0, hashes.length - SHINGLE_WORDS);
  let set = 0;
  for (let i = 0; i <= last; i++) {
    // What is not there counts as 0, so a text of two words has a sequence of its own.
    const a = Math.imul(hashes[i] ?? 0, 0x9e37_79b1);
    const b = Math.imul((hashes[i + 1] ?? 0) ^ a, 0x85eb_ca6b);
    const mixed = Math.imul((hashes[i + 2] ?? 0) ^ b ^ (b >>> 15), 0xc2b2_ae35);
    // The highest bits, on which all of a product's factors tell.
    const bit = mixed >>> 23;
    const at = offset + 2 + (bit >>> 5);
    const word = sketches[at] as number; // within the sketch
    if ((word & (1 << (bit & 31))) !== 0) continue;
    sketches[at] = word | (1 << (bit & 31));
    set++;
  }
  sketches[offset] = last + 1;
  sketches[offset + 1] = set;
}

/** FNV-1a over UTF-16 units. */
const FNV_OFFSET = 0x811c_9dc5;
const FNV_PRIME = 0x0100_0193;

function hashOf(word: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), FNV_PRIME);
  return hash;
}

/** The hashes of the words of a text that is all ASCII, ten times as fast; undefined for any other text. */
function asciiWordHashes(text: string): number[] | undefined {
  const hashes: number[] = [];
  let hash = 0;
  let inWord = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 127) return undefined;
    const lower = unit >= 65 && unit <= 90 ? unit + 32 : unit;
    if ((lower >= 97 && lower <= 122) || (lower >= 48 && lower <= 57)) {
      hash = Math.imul((inWord ? hash : FNV_OFFSET) ^ lower, FNV_PRIME);
      inWord = true;
    } else if (inWord) {
      hashes.push(hash);
      inWord = false;
    }
  }
  if (inWord) hashes.push(hash);
  return hashes;
}

/**
 * Whether the texts of the sketches at these offsets may have a share of at least `least` (above 0, at most 1) of all
 * their sequences in common. False is certain: a bit that only one text sets is a sequence that only this text has. With
 * n and m sequences, p and q bits set, and s bits set by both, at most c = min(n - p, m - q) + s sequences are in both
 * and at least p + q - 2s in just one, so the share is at most c / (c + p + q - 2s), which rises with s. `others`: where `b` is, when not in `sketches` too.
 */
export function mayResemble(
  sketches: Uint32Array,
  a: number,
  b: number,
  least: number,
  others = sketches,
): boolean {
  // Offsets are those of whole sketches.
  const n = sketches[a] as number;
  const m = others[b] as number;
  if (n === 0 || m === 0) return false;
  const p = sketches[a + 1] as number;
  const q = others[b + 1] as number;
  // Less what rounding may have added.
  const needed = (least * (p + q) - (1 - least) * Math.min(n - p, m - q)) / (1 + least) - 1e-9;
  if (Math.min(p, q) < needed) return false;
  let shared = 0;
  for (let i = 2; i < SKETCH_WORDS; i += 4) {
    shared +=
      ones((sketches[a + i] as number) & (others[b + i] as number)) +
      ones((sketches[a + i + 1] as number) & (others[b + i + 1] as number)) +
      ones((sketches[a + i + 2] as number) & (others[b + i + 2] as number)) +
      ones((sketches[a + i + 3] as number) & (others[b + i + 3] as number));
  }
  return shared >= needed;
}
