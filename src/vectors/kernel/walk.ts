/** Search in a hierarchical navigable small world graph (Malkov & Yashunin, TPAMI 2018, algorithms 2 and 5). */
import { pop, push, replaceRoot } from './heap';
import {
  candidates,
  count,
  entry,
  firstLists,
  fresh,
  high,
  links,
  lists,
  M,
  NONE,
  nearest,
  rows,
  scales,
  similarities,
  stamps,
  stride,
  top,
} from './memory';
import { dotBytes, passes, score, touch } from './similarity';

/** Number of this search, which marks the rows that it came by. */
let stamp: u16 = 0;

/** Rows that the last search compared with the query. */
export let visited: u32 = 0;

/**
 * Finds about the `ef` nearest of the rows, of those that the filter lets pass if `filtered`, and puts them where results
 * belong, best first, ties by row. The graph is walked by the high plane; what is found is compared whole. Rows that the
 * filter holds back are walked across all the same, since the way to others leads over them. Returns how many were
 * found, or -1 if `budget` rows were compared before the search came to its end, or an eighth of them before
 * there were `ef`: a walk takes about ten times as many as until then, so it would not have come to its end.
 */
export function walk(ef: u32, filtered: bool, budget: u32): i32 {
  const start = descend();
  nextStamp();
  store<u16>(stamps + (rowOf(start) << 1), stamp);
  visited = 1;
  let waiting: u32 = 1;
  store<i64>(candidates, ~start);
  let found: u32 = 0;
  let floor = i64.MIN_VALUE;
  if (!filtered || passes(rowOf(start))) {
    store<i64>(nearest, start);
    found = 1;
    if (ef === 1) floor = start;
  }
  while (waiting > 0) {
    const closest = ~pop(candidates, waiting--);
    if (closest < floor) break;
    if (visited > budget || (found < ef && visited > budget >>> 3)) return -1;
    const amount = freshNeighbours(rowOf(closest));
    visited += amount;
    touch(high, fresh, amount);
    for (let i: u32 = 0; i < amount; i++) {
      const row = load<u32>(fresh + (i << 2));
      const key = keyOf(row);
      if (key <= floor) continue;
      push(candidates, waiting++, ~key);
      if (filtered && !passes(row)) continue;
      if (found < ef) push(nearest, found++, key);
      else replaceRoot(nearest, found, key);
      if (found === ef) floor = load<i64>(nearest);
    }
  }
  rank(found);
  return found;
}

/** A key that sorts as the similarity in the high plane does, of equal ones the lower row above: it is turned over. */
function keyOf(row: u32): i64 {
  const near = <f32>dotBytes(high + row * stride) * load<f32>(scales + (row << 3));
  // The bits of floats sort as integers do once those of negative ones are turned over.
  const bits = reinterpret<i32>(near);
  return ((<i64>(bits ^ ((bits >> 31) & 0x7fffffff))) << 32) | <i64>~row;
}

/** The row of a key. */
function rowOf(key: i64): u32 {
  return ~(<u32>key);
}

/** From the entry down to level 1, on each level as near to the query as its links lead. Returns a key. */
function descend(): i64 {
  let best = keyOf(entry);
  for (let level = top; level > 0; level--) {
    let from: u32;
    do {
      from = rowOf(best);
      const list = load<u32>(firstLists + (from << 2)) + level - 1;
      const begin = lists + ((list * M) << 2);
      for (let i: u32 = 0; i < M; i++) {
        const row = load<u32>(begin + (i << 2));
        if (row === NONE) break;
        best = max(best, keyOf(row));
      }
    } while (rowOf(best) !== from);
  }
  return best;
}

function nextStamp(): void {
  stamp++;
  if (stamp !== 0) return;
  // After 65,535 searches marks of old ones would be taken for new.
  memory.fill(stamps, 0, count << 1);
  stamp = 1;
}

/** Lists the neighbours of a row on level 0 that this search has not come by, and marks them. Returns how many. */
function freshNeighbours(row: u32): u32 {
  const most: u32 = 2 * M;
  const begin = links + ((row * most) << 2);
  const mark = stamp;
  let amount: u32 = 0;
  for (let i: u32 = 0; i < most; i++) {
    const to = load<u32>(begin + (i << 2));
    if (to === NONE) break;
    const at = stamps + (to << 1);
    // Without a branch: whether a neighbour is new is anyone's guess.
    store<u32>(fresh + (amount << 2), to);
    amount += <u32>(load<u16>(at) !== mark);
    store<u16>(at, mark);
  }
  return amount;
}

/** Compares the `found` nearest whole and puts them where results belong, best first, ties by row. */
function rank(found: u32): void {
  for (let i = found; i > 0; i--) store<u32>(rows + ((i - 1) << 2), rowOf(pop(nearest, i)));
  score(rows, found);
  // They are nearly in order already, which is when sorting by insertion takes next to no moves.
  for (let i: u32 = 1; i < found; i++) {
    const row = load<u32>(rows + (i << 2));
    const near = load<f64>(similarities + (i << 3));
    let hole = i;
    for (; hole > 0; hole--) {
      const row2 = load<u32>(rows + ((hole - 1) << 2));
      const near2 = load<f64>(similarities + ((hole - 1) << 3));
      if (near2 > near || (near2 === near && row2 < row)) break;
      store<u32>(rows + (hole << 2), row2);
      store<f64>(similarities + (hole << 3), near2);
    }
    store<u32>(rows + (hole << 2), row);
    store<f64>(similarities + (hole << 3), near);
  }
}
