/** An index that takes several turns of the event loop to search, on any machine. */
import { ExactIndex } from '../../src/vectors/exact.js';

const DIMENSIONS = 64;

/** 200,000 vectors, labels 0 and up, each along one axis; `query` lies along the axis of labels 5, 69, 133, ... */
export function large(): { index: ExactIndex; query: Float32Array } {
  const count = 200_000;
  const rows = new Float32Array(count * DIMENSIONS);
  for (let row = 0; row < count; row++) rows[row * DIMENSIONS + (row % DIMENSIONS)] = 1;
  const labels = Uint32Array.from({ length: count }, (_, label) => label);
  const query = new Float32Array(DIMENSIONS);
  query[5] = 1;
  return { index: new ExactIndex(labels, rows, DIMENSIONS), query };
}
