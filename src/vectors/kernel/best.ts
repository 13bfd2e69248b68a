/**
 * The best k of what a scan comes by, kept where results belong: a binary heap with the worst at the root. Worse is a
 * lower similarity, and among equals the higher row.
 */
import { rows, similarities } from './memory';

/** What a similarity has to exceed to be kept, of rows in their order. */
export function floorOf(kept: u32, k: u32): f64 {
  return kept < k ? -Infinity : load<f64>(similarities);
}

/** Keeps a row that exceeds the floor. Returns how many are kept then; k is at least 1. */
export function keep(kept: u32, k: u32, row: u32, near: f64): u32 {
  if (kept === k) {
    sink(k, row, near);
    return k;
  }
  let hole = kept;
  while (hole > 0) {
    const parent = (hole - 1) >>> 1;
    if (isWorse(parent, row, near)) break;
    move(parent, hole);
    hole = parent;
  }
  put(hole, row, near);
  return kept + 1;
}

/** Puts what was kept in order, best first. */
export function sort(kept: u32): void {
  for (let end = kept; end > 1; end--) {
    const row = load<u32>(rows + ((end - 1) << 2));
    const near = load<f64>(similarities + ((end - 1) << 3));
    move(0, end - 1);
    sink(end - 1, row, near);
  }
}

/** Puts a row in the place of the root of `size`, and everything where it belongs then. */
function sink(size: u32, row: u32, near: f64): void {
  let hole: u32 = 0;
  while (true) {
    let child: u32 = 2 * hole + 1;
    if (child >= size) break;
    if (child + 1 < size && isWorse(child + 1, rowAt(child), nearAt(child))) child++;
    if (!isWorse(child, row, near)) break;
    move(child, hole);
    hole = child;
  }
  put(hole, row, near);
}

function rowAt(at: u32): u32 {
  return load<u32>(rows + (at << 2));
}

function nearAt(at: u32): f64 {
  return load<f64>(similarities + (at << 3));
}

/** Whether what is kept at `at` is worse than this. */
function isWorse(at: u32, row: u32, near: f64): bool {
  const other = nearAt(at);
  return other < near || (other === near && rowAt(at) > row);
}

function put(at: u32, row: u32, near: f64): void {
  store<u32>(rows + (at << 2), row);
  store<f64>(similarities + (at << 3), near);
}

function move(from: u32, to: u32): void {
  put(to, rowAt(from), nearAt(from));
}
