/** Inner products of the query with rows, in integers: exact, and the same in whatever order they are summed. */
import { count, filter, high, low, query, scales, similarities, stride } from './memory';
import { queryScale } from './quantise';

/**
 * Sums of so many dimensions fit in 32 bits: a lane takes a quarter of them, and 512 * 128 * 32,639 < 2^31. Longer rows
 * are summed in parts.
 */
const BLOCK: usize = 2048;

/** The sum of query times bytes over the row that begins at `bytes` of one of the planes. */
export function dotBytes(bytes: usize): i64 {
  const end = bytes + stride;
  let q = query;
  let sum: i64 = 0;
  while (bytes < end) {
    const stop = min(end, bytes + BLOCK);
    let a = i32x4.splat(0);
    let b = i32x4.splat(0);
    while (bytes < stop) {
      // Loads that widen: taking 16 bytes apart would cost the processor two steps more.
      a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load8x8_s(bytes), v128.load(q)));
      b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load8x8_s(bytes, 8), v128.load(q, 16)));
      a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load8x8_s(bytes, 16), v128.load(q, 32)));
      b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load8x8_s(bytes, 24), v128.load(q, 48)));
      bytes += 32;
      q += 64;
    }
    a = i32x4.add(a, b);
    const pairs = i64x2.add(i64x2.extend_low_i32x4_s(a), i64x2.extend_high_i32x4_s(a));
    sum += i64x2.extract_lane(pairs, 0) + i64x2.extract_lane(pairs, 1);
  }
  return sum;
}

/** Where the scale of a row lies. */
export function scaleAt(row: u32): usize {
  return scales + (row << 3);
}

/** What `sum`, of whole 16-bit products, is as a cosine. The scales' product is exact, so it is one for both ways round. */
export function cosine(sum: i64, row: u32): f64 {
  return <f64>sum * (<f64>load<f32>(scaleAt(row)) * <f64>queryScale);
}

/** The similarity of a row, given its inner product in the high plane. Rounding may carry it a hair beyond 1. */
export function similarity(row: u32, highSum: i64): f64 {
  const sum = (highSum << 8) + dotBytes(low + row * stride);
  return max(-1.0, min(1.0, cosine(sum, row)));
}

/** Whether the filter lets the row pass. */
export function passes(row: u32): bool {
  return ((load<u32>(filter + ((row >>> 5) << 2)) >>> (row & 31)) & 1) !== 0;
}

/** Rows touched at once: two planes of 384 dimensions fit in the nearest cache. */
const BATCH: u32 = 32;

/** Keeps the loads of `touch` from being optimised away. */
export let touched: u32 = 0;

/** Cache lines are of 64 bytes on nearly every machine. */
const LINE: usize = 64;

/**
 * Loads every cache line of `amount` rows of a plane whose numbers lie at `list`. The loads do not wait for each other,
 * so that memory answers many at a time; sums, which wait, then find them in the cache. WebAssembly has no prefetch.
 */
export function touch(plane: usize, list: usize, amount: u32): void {
  for (let i: u32 = 0; i < amount; i++) {
    const row = plane + load<u32>(list + (i << 2)) * stride;
    touchLines(row, row + stride);
  }
}

function touchLines(line: usize, end: usize): void {
  let sum: u32 = 0;
  for (; line < end; line += LINE) sum += load<u8>(line);
  touched += sum;
}

/**
 * From so many rows in 32 on it is faster to load what lies between them, too: the processor sees that line follows line
 * and loads ahead.
 */
const MANY: u32 = 10;
/** From so many on it does so without help. */
const MOST: u32 = 20;

/**
 * As `touch`, in the high plane, with their scales: the rows that words of the filter let pass, from `word` on, a batch of
 * them or more. Returns the word after the last of these.
 */
export function touchWords(word: u32, end: u32): u32 {
  let amount: u32 = 0;
  while (word < end && amount < BATCH) {
    const bits = load<u32>(filter + (word << 2));
    touchWord(word++, bits);
    amount += popcnt(bits);
  }
  return word;
}

function touchWord(word: u32, bits: u32): void {
  const first = word << 5;
  const amount = popcnt(bits);
  if (amount >= MOST) return;
  if (amount >= MANY) {
    touchLines(high + first * stride, high + min(first + 32, count) * stride);
    return;
  }
  for (; bits !== 0; bits &= bits - 1) {
    const row = first | ctz(bits);
    touchLines(high + row * stride, high + (row + 1) * stride);
    touched += load<u8>(scaleAt(row));
  }
}

/** Puts the similarities of the `amount` rows whose numbers lie at `list` where results belong. */
export function score(list: usize, amount: u32): void {
  for (let from: u32 = 0; from < amount; from += BATCH) {
    const to = min(from + BATCH, amount);
    const part = list + (from << 2);
    touch(high, part, to - from);
    touch(low, part, to - from);
    for (let i = from; i < to; i++) {
      const row = load<u32>(list + (i << 2));
      store<f64>(similarities + (i << 3), similarity(row, dotBytes(high + row * stride)));
    }
  }
}
