/** Vectors like those of papers: unit length, in clusters. Uniform random ones have no neighbours to find. */

/** mulberry32: numbers from 0 up to 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function unit(values: number[]): Float32Array {
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
}

/** `count` unit vectors of `dimensions` around about one centre per 25, the same for the same seed. */
export function clustered(count: number, dimensions: number, seed: number): Float32Array[] {
  const random = seeded(seed);
  // A sum of four uniform numbers is near enough to a normal one here.
  const normal = () => random() + random() + random() + random() - 2;
  const centres = Array.from({ length: Math.ceil(count / 25) }, () =>
    Array.from({ length: dimensions }, normal),
  );
  return Array.from({ length: count }, () => {
    const centre = centres[Math.floor(random() * centres.length)] ?? [];
    return unit(centre.map((value) => value + 0.6 * normal()));
  });
}
