/** Where a label stands among the labels of an index, which ascend: how every room gets from labels to its rows. */

/** The row of `label`, or -1. Labels are dense but for removed papers, so the search is confined to a short range. */
export function rowOf(labels: Uint32Array, label: number): number {
  // Labels ascend by at least one a row: row r holds at least labels[0] + r, and as much from the other end.
  let low = Math.max(0, labels.length - 1 - ((labels[labels.length - 1] ?? 0) - label));
  let high = Math.min(labels.length - 1, label - (labels[0] ?? 0));
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = labels[middle] as number; // middle < labels.length
    if (found === label) return middle;
    if (found < label) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
