/** Binary heaps of 64-bit keys with the smallest at the root. */

/** Adds `key` to the heap of `size` keys at `heap`. */
export function push(heap: usize, size: u32, key: i64): void {
  let hole = size;
  while (hole > 0) {
    const parent = (hole - 1) >>> 1;
    const above = load<i64>(heap + (parent << 3));
    if (above <= key) break;
    store<i64>(heap + (hole << 3), above);
    hole = parent;
  }
  store<i64>(heap + (hole << 3), key);
}

/** Puts `key` in the place of the root of `size` keys, and everything where it belongs then. */
export function replaceRoot(heap: usize, size: u32, key: i64): void {
  let hole: u32 = 0;
  while (true) {
    let child: u32 = 2 * hole + 1;
    if (child >= size) break;
    let least = load<i64>(heap + (child << 3));
    if (child + 1 < size) {
      const right = load<i64>(heap + ((child + 1) << 3));
      if (right < least) {
        least = right;
        child++;
      }
    }
    if (least >= key) break;
    store<i64>(heap + (hole << 3), least);
    hole = child;
  }
  store<i64>(heap + (hole << 3), key);
}

/** Takes the smallest of `size` keys, at least 1, out. */
export function pop(heap: usize, size: u32): i64 {
  const root = load<i64>(heap);
  replaceRoot(heap, size - 1, load<i64>(heap + ((size - 1) << 3)));
  return root;
}
