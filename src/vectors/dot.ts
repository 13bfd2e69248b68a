/** Inner products of vectors in JavaScript, for the few that are not asked of an index. */

/**
 * Inner product of `query` with the row that begins at `offset`. Four sums that do not wait for each other run
 * about twice as fast as one. They are doubles, so a similarity is good to about 1e-15 and does not depend on
 * who asks for it.
 */
export function dotAt(rows: Float32Array, offset: number, query: Float32Array): number {
  const dimensions = query.length;
  const whole = dimensions - (dimensions % 8);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  // The casts say that an index is in range; `?? 0` would cost a branch per element in the hottest loop there is.
  for (; i < whole; i += 8) {
    const at = offset + i;
    a += (rows[at] as number) * (query[i] as number) + (rows[at + 4] as number) * (query[i + 4] as number);
    b +=
      (rows[at + 1] as number) * (query[i + 1] as number) +
      (rows[at + 5] as number) * (query[i + 5] as number);
    c +=
      (rows[at + 2] as number) * (query[i + 2] as number) +
      (rows[at + 6] as number) * (query[i + 6] as number);
    d +=
      (rows[at + 3] as number) * (query[i + 3] as number) +
      (rows[at + 7] as number) * (query[i + 7] as number);
  }
  for (; i < dimensions; i++) a += (rows[offset + i] as number) * (query[i] as number);
  return a + b + (c + d);
}

/**
 * The cosine of two unit vectors of the same length. Of vectors that an index gave back it is within 1e-6 of what a search
 * says of them; `VectorIndex.similarities` says the same to the last bit, and of hundreds of labels many times faster.
 */
export function cosine(a: Float32Array, b: Float32Array): number {
  return dotAt(a, 0, b);
}
