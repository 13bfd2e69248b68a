/** From floats to 16-bit integers, and to the two planes of bytes. */
import { floats, high, low, query, scales, stride } from './memory';

/** The largest integer: 128 below 2^15, so that rounding to the nearest multiple of 256 stays within a signed byte. */
const LARGEST: f32 = 32639;

/** 1 / |x| of the quantised query. */
export let queryScale: f32 = 0;

/**
 * Quantises the vector at `floats`, of which at least one element is not 0: its largest element becomes 32,639, the
 * others the nearest integer in proportion (a half to the nearest even one). What is compared is their direction, so the
 * scale is that which gives the integers length 1, whatever the length of the floats.
 */
export function quantise(): void {
  const vector = floats;
  const target = query;
  const elements = stride;
  let largest = f32x4.splat(0);
  for (let i: usize = 0; i < elements; i += 4) {
    largest = f32x4.max(largest, f32x4.abs(v128.load(vector + (i << 2))));
  }
  const factor = f32x4.splat(LARGEST / largestLane(largest));
  let squares: i64 = 0;
  for (let i: usize = 0; i < elements; i += 8) {
    const at = vector + (i << 2);
    const a = f32x4.nearest(f32x4.mul(v128.load(at), factor));
    const b = f32x4.nearest(f32x4.mul(v128.load(at, 16), factor));
    const x = i16x8.narrow_i32x4_s(i32x4.trunc_sat_f32x4_s(a), i32x4.trunc_sat_f32x4_s(b));
    v128.store(target + (i << 1), x);
    squares += squaredLength(x);
  }
  queryScale = <f32>(1.0 / Math.sqrt(<f64>squares));
}

function largestLane(lanes: v128): f32 {
  const a = max(f32x4.extract_lane(lanes, 0), f32x4.extract_lane(lanes, 1));
  return max(a, max(f32x4.extract_lane(lanes, 2), f32x4.extract_lane(lanes, 3)));
}

/** 2 * 32,639^2 < 2^31: pairs of products fit in 32 bits, more do not. */
function squaredLength(x: v128): i64 {
  const pairs = i32x4.dot_i16x8_s(x, x);
  const sums = i64x2.add(i64x2.extend_low_i32x4_s(pairs), i64x2.extend_high_i32x4_s(pairs));
  return i64x2.extract_lane(sums, 0) + i64x2.extract_lane(sums, 1);
}

/** More than what rounding takes from a residual. */
const MARGIN: f64 = 1.000001;

/** Makes the quantised query the row `row`, split into planes. */
export function storeRow(row: u32): void {
  const offset = row * stride;
  let lowSquares: i64 = 0;
  for (let i: usize = 0; i < stride; i += 16) {
    const x = v128.load(query + (i << 1));
    const y = v128.load(query + (i << 1), 16);
    const half = i16x8.splat(128);
    const xHigh = i16x8.shr_s(i16x8.add(x, half), 8);
    const yHigh = i16x8.shr_s(i16x8.add(y, half), 8);
    const xLow = i16x8.sub(x, i16x8.shl(xHigh, 8));
    const yLow = i16x8.sub(y, i16x8.shl(yHigh, 8));
    v128.store(high + offset + i, i8x16.narrow_i16x8_s(xHigh, yHigh));
    v128.store(low + offset + i, i8x16.narrow_i16x8_s(xLow, yLow));
    lowSquares += squaredLength(xLow) + squaredLength(yLow);
  }
  const at = scales + (row << 3);
  store<f32>(at, queryScale);
  // Cauchy-Schwarz: the low plane's share of a similarity is at most its length times 1, that of the query.
  store<f32>(at, <f32>(<f64>queryScale * Math.sqrt(<f64>lowSquares) * MARGIN), 4);
}
