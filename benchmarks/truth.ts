/** What brute force over the vectors themselves finds, without any code that is measured. */
import type { MadeCorpus } from './made-corpus.js';
import { labelOf } from './made-index.js';

export interface Query {
  vector: Float32Array;
  /** The same numbers as hnswlib-node takes them. */
  plain: number[];
}

export interface Truth {
  queries: readonly Query[];
  /** Cosine of each query with the vector of each row. */
  similarities: readonly Float32Array[];
}

/** As near as the last of the k, for an engine that keeps 16 bits of each number: any of several such is right. */
export const TIE = 2e-5;

/** Queries are the papers after the first `size`, of which none is in the index; as many as `count`, evenly spread. */
export function truthOf(corpus: MadeCorpus, size: number, count: number): Truth {
  const others = Math.max(count, corpus.realPapers - size);
  const queries = Array.from({ length: count }, (_, i) => {
    const vector = corpus.vector(size + Math.floor((i * others) / count));
    return { vector, plain: Array.from(vector) };
  });
  const similarities = queries.map(() => new Float32Array(size));
  for (let row = 0; row < size; row++) {
    const held = corpus.vector(row);
    queries.forEach(({ vector }, q) => {
      const column = similarities[q];
      if (column) column[row] = dot(held, vector);
    });
  }
  return { queries, similarities };
}

function dot(a: Float32Array, b: Float32Array): number {
  let even = 0;
  let odd = 0;
  // Vectors of one corpus have one length; the casts say so.
  for (let i = 0; i < a.length; i += 2) {
    even += (a[i] as number) * (b[i] as number);
    odd += (a[i + 1] as number) * (b[i + 1] as number);
  }
  return even + odd;
}

/**
 * The share of the true k nearest that `found` (labels, by query) names; one that ties with the last of them counts.
 * `passes`: whether a label is within the subset that is searched; absent: every one is.
 */
export function recallOf(
  { similarities }: Truth,
  found: readonly (readonly number[])[],
  k: number,
  passes?: (query: number, label: number) => boolean,
): number {
  let hits = 0;
  let wanted = 0;
  similarities.forEach((all, query) => {
    const within = passes === undefined ? all : all.filter((_, row) => passes(query, labelOf(row)));
    const floor = kthLargest(within, k) - TIE;
    wanted += Math.min(k, within.length);
    for (const label of found[query] ?? []) {
      const similarity = all[label - labelOf(0)] ?? Number.NaN;
      if (similarity >= floor && (passes?.(query, label) ?? true)) hits++;
    }
  });
  return wanted === 0 ? 1 : Math.min(1, hits / wanted);
}

/** The k-th largest, the smallest of fewer, and 0 of none. */
export function kthLargest(values: Float32Array, k: number): number {
  const sorted = Float32Array.from(values).sort();
  return sorted[Math.max(0, sorted.length - k)] ?? 0;
}
