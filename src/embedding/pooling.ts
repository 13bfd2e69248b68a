import type { Pooling } from './description.js';

/**
 * One vector from those of a text's tokens.
 * @param tokens the tokens' vectors, one after another; at least one
 * @returns sums (of the mean) or numbers (of the first token) in 64 bits, not yet of length 1
 */
export function poolTokens(tokens: Float32Array, dimensions: number, pooling: Pooling): Float64Array {
  const pooled = new Float64Array(dimensions);
  const end = pooling === 'cls' ? dimensions : tokens.length;
  for (let start = 0; start < end; start += dimensions) {
    for (let i = 0; i < dimensions; i++) pooled[i] = (pooled[i] ?? 0) + (tokens[start + i] ?? 0);
  }
  // The mean's divisor is left out: a vector is made to have length 1 afterwards.
  return pooled;
}

/**
 * The vector of length 1 in the same direction, in a buffer of its own (which can be transferred).
 * Errors: a plain Error for the zero vector, or one that is not finite.
 */
export function toUnitVector(vector: Float64Array): Float32Array<ArrayBuffer> {
  let squared = 0;
  for (const value of vector) squared += value * value;
  const norm = Math.sqrt(squared);
  if (!(norm > 0 && Number.isFinite(norm))) throw new Error(`the model gave a vector of length ${norm}`);
  const unit = new Float32Array(vector.length);
  for (const [i, value] of vector.entries()) unit[i] = value / norm;
  return unit;
}
