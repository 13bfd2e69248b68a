/** Exhaustive search: every row that the filter lets pass, in the order of rows. */
import { floorOf, keep } from './best';
import { count, filter, high, scales, stride } from './memory';
import { cosine, dotBytes, similarity, touchWords } from './similarity';

/** The row at which the next call is to go on; `count` at the end. */
export let next: u32 = 0;

/**
 * Looks at rows from row `from` on, at most `most`, and keeps the best k, of which `kept` are known. The high plane says
 * how near a row is within a bound; only where the bound exceeds the floor is the low plane read. So what is found, and
 * its similarities, are as if every row had been compared whole. Returns how many are known then, in no order.
 */
export function scan(from: u32, most: u32, k: u32, kept: u32): u32 {
  const words = (count + 31) >>> 5;
  let word = from >>> 5;
  let bits = load<u32>(filter + (word << 2)) & ((<u32>-1) << (from & 31));
  let floor = floorOf(kept, k);
  let ahead = touchWords(word, words);
  for (let looked: u32 = 0; looked < most; looked++) {
    while (bits === 0) {
      word++;
      if (word >= words) {
        next = count;
        return kept;
      }
      bits = load<u32>(filter + (word << 2));
      if (word >= ahead) ahead = touchWords(word, words);
    }
    const row = (word << 5) | ctz(bits);
    bits &= bits - 1;
    next = row + 1;
    const sum = dotBytes(high + row * stride);
    const residual = load<f32>(scales + (row << 3), 4);
    if (cosine(sum << 8, row) + <f64>residual <= floor) continue;
    const exact = similarity(row, sum);
    if (exact <= floor) continue;
    kept = keep(kept, k, row, exact);
    floor = floorOf(kept, k);
  }
  return kept;
}
