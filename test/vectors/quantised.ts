/** The similarity that every index answers with, in plain TypeScript: what src/vectors/rows.ts says, without its code. */

/** A vector as whole numbers in its direction, and 1 / their length. */
export interface Quantised {
  x: Int32Array;
  scale: number;
}

/** The nearest whole number, a half to the even one. */
function nearest(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}

/** Vectors that were quantised before: the same ones are compared again and again, and never changed. */
const known = new WeakMap<Float32Array, Quantised>();

export function quantised(vector: Float32Array): Quantised {
  const before = known.get(vector);
  if (before !== undefined) return before;
  const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const factor = Math.fround(32_639 / largest);
  const x = Int32Array.from(vector, (value) => nearest(Math.fround(value * factor)));
  // At most 65,536 * 32,639^2: whole numbers of that size are exact.
  const squares = x.reduce((sum, value) => sum + value * value, 0);
  const found = { x, scale: Math.fround(1 / Math.sqrt(squares)) };
  known.set(vector, found);
  return found;
}

export function similarity(a: Quantised, b: Quantised): number {
  let sum = 0;
  for (let at = 0; at < a.x.length; at++) sum += (a.x[at] ?? 0) * (b.x[at] ?? 0);
  return Math.max(-1, Math.min(1, sum * (a.scale * b.scale)));
}
