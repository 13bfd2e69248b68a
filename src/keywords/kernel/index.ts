/**
 * The loops of BM25 over one block of rows, in AssemblyScript. Their caller lays the memory out (see scores.ts) and
 * checks what is in it: nothing is checked here. Addresses and lengths are in bytes unless they say rows.
 */

/** Bytes of one term of a query: next posting, end of postings, weight, 1 for a column and 0 for postings. */
const TERM_BYTES: usize = 16;

/**
 * Sets the scores of the rows `first` to `end` - 1 to the sum of weight times impact over `count` terms, and moves each
 * term's next posting behind the block.
 */
export function score(terms: usize, count: i32, scores: usize, first: i32, end: i32): void {
  const rows = <usize>((end - first + 15) & ~15);
  memory.fill(scores, 0, rows << 2);
  for (let i = 0; i < count; i++) {
    const term = terms + <usize>i * TERM_BYTES;
    const next = load<usize>(term);
    const weight = load<i32>(term, 8);
    if (load<i32>(term, 12)) addColumn(next + <usize>first, rows, weight, scores);
    else store<usize>(term, addPostings(next, load<usize>(term, 4), weight, scores, first, end));
  }
}

/** Four postings at once, since one posting's loads need not wait for another's: a fifth faster than one by one. */
function addPostings(from: usize, to: usize, weight: i32, scores: usize, first: i32, end: i32): usize {
  const base = scores - ((<usize>first) << 2);
  let at = from;
  while (at + 16 <= to) {
    const d = load<u32>(at, 12);
    if (d >> 8 >= <u32>end) break;
    const a = load<u32>(at);
    const b = load<u32>(at, 4);
    const c = load<u32>(at, 8);
    add(base, a, weight);
    add(base, b, weight);
    add(base, c, weight);
    add(base, d, weight);
    at += 16;
  }
  for (; at < to; at += 4) {
    const posting = load<u32>(at);
    if (posting >> 8 >= <u32>end) break;
    add(base, posting, weight);
  }
  return at;
}

function add(base: usize, posting: u32, weight: i32): void {
  const score = base + ((posting >> 6) & 0x3fffffc);
  store<i32>(score, load<i32>(score) + weight * <i32>(posting & 255));
}

/** `rows`: a multiple of 16. Weights and impacts have 16 bits at most without a sign. */
function addColumn(column: usize, rows: usize, weight: i32, scores: usize): void {
  const weights = i16x8.splat(<i16>weight);
  const end = column + rows;
  for (let at = column, to = scores; at < end; at += 16, to += 64) {
    const impacts = v128.load(at);
    const low = i16x8.extend_low_i8x16_u(impacts);
    const high = i16x8.extend_high_i8x16_u(impacts);
    v128.store(to, i32x4.add(v128.load(to), i32x4.extmul_low_i16x8_u(low, weights)));
    v128.store(to, i32x4.add(v128.load(to, 16), i32x4.extmul_high_i16x8_u(low, weights)), 16);
    v128.store(to, i32x4.add(v128.load(to, 32), i32x4.extmul_low_i16x8_u(high, weights)), 32);
    v128.store(to, i32x4.add(v128.load(to, 48), i32x4.extmul_high_i16x8_u(high, weights)), 48);
  }
}

/** The first place from `from` on, up to `to` - 1, with a score above `floor`, which is at least 0; `to` if there is none. */
export function above(scores: usize, from: i32, to: i32, floor: i32): i32 {
  const floors = i32x4.splat(floor);
  let at = from;
  for (; at < to && (at & 15) > 0; at++) if (load<i32>(scores + ((<usize>at) << 2)) > floor) return at;
  // Past `to` up to the next multiple of 16 all scores are 0.
  for (; at < to; at += 16) {
    const four = scores + ((<usize>at) << 2);
    const a = v128.or(i32x4.gt_s(v128.load(four), floors), i32x4.gt_s(v128.load(four, 16), floors));
    const b = v128.or(i32x4.gt_s(v128.load(four, 32), floors), i32x4.gt_s(v128.load(four, 48), floors));
    if (!v128.any_true(v128.or(a, b))) continue;
    while (load<i32>(scores + ((<usize>at) << 2)) <= floor) at++;
    return at;
  }
  return to;
}
