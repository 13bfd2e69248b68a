/** An index that takes several turns of the event loop to search, on any machine. */
import { ExactIndex } from '../../src/vectors/exact.js';
import { Rows } from '../../src/vectors/rows.js';

const DIMENSIONS = 64;
const COUNT = 1_000_000;

/** A million vectors, labels 0 and up, each along one axis; `query` lies along the axis of labels 5, 69, 133, ... */
export function large(): { index: ExactIndex; query: Float32Array } {
  const axes = Array.from({ length: DIMENSIONS }, (_, axis) =>
    new Float32Array(DIMENSIONS).fill(1, axis, axis + 1),
  );
  const [, , , , , query = new Float32Array()] = axes;
  const rows = new Rows(COUNT, DIMENSIONS);
  for (let label = 0; label < COUNT; label++) rows.put(label, label, axes[label % DIMENSIONS] ?? query);
  return { index: new ExactIndex(rows), query };
}
