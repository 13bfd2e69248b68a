/** How much of the truth an approximate index finds. */
import { checkK, type VectorIndex } from './vector-index.js';

/** Similarities closer than this count as equal: any of several neighbours that tie for place k is right. */
const TIE = 1e-6;

export interface Recall {
  /** The share of the true k nearest that was found, 0 to 1; 1 where there is nothing to find. */
  recall: number;
  k: number;
  /** Number of queries measured. */
  queries: number;
}

/**
 * Recall@k of `approximate`, taking exhaustive search in `exact` as the truth. Both hold the same vectors under the
 * same labels. A neighbour counts when its true similarity reaches that of the true k-th within 1e-6, so that
 * duplicates cost no recall. A query that is itself in the index finds itself, which is one of its k.
 * `effort`: as for a search.
 * Errors: `invalid_vector` as for a search; `cancelled` when the signal aborts.
 */
export async function measureRecall(
  approximate: VectorIndex,
  exact: VectorIndex,
  queries: readonly Float32Array[],
  k = 10,
  signal?: AbortSignal,
  effort?: number,
): Promise<Recall> {
  checkK(k);
  let hits = 0;
  let wanted = 0;
  for (const query of queries) {
    const truth = await exact.search(query, k, { exact: true, signal });
    const floor = (truth.at(-1)?.similarity ?? 0) - TIE;
    const found = (await approximate.search(query, k, { signal, effort })).map(({ label }) => label);
    // Measured again: an engine may report similarities of its own.
    const near = await exact.similarities(query, found);
    hits += near.filter((similarity) => similarity !== undefined && similarity >= floor).length;
    wanted += truth.length;
  }
  return { recall: wanted === 0 ? 1 : hits / wanted, k, queries: queries.length };
}

/**
 * `count` of the numbers 0 to n - 1, evenly spread and the same every time; all of them when there are no more.
 * With dense labels these are labels to measure recall at; papers added at about the same time lie together, so an
 * even spread covers the corpus better than a random draw.
 */
export function sampleLabels(n: number, count: number): number[] {
  const taken = Math.min(n, count);
  return Array.from({ length: taken }, (_, i) => Math.floor(((i + 0.5) * n) / taken));
}
