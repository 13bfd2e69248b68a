/** The way into this room: opens what the manifest names with the engine that fits. */
import { NearpaperError } from '../errors.js';
import { openExactIndex } from './exact-file.js';
import { type HnswFile, openHnswIndex } from './hnsw.js';
import type { BaseIndex, IndexFile } from './vector-index.js';

/** The part of a generation's manifest that this room reads. */
export interface VectorManifest {
  exact: IndexFile;
  /** null when the generation was built without a graph. */
  hnsw: HnswFile | null;
}

export interface OpenVectorOptions {
  /** 'auto': the graph for more than `exactBelow` vectors where it can be had, otherwise exact search. */
  engine: 'auto' | 'hnsw' | 'exact';
  exactBelow: number;
  /** The most neighbours that a request asks for. */
  poolSize: number;
}

export interface OpenedVectors {
  index: BaseIndex;
  /** Why exact search stands in for HNSW and what to do about it, for people; null when nothing is amiss. */
  note: string | null;
}

/** How a build gets to make a graph. */
export const HNSWLIB_REMEDY =
  'Install a C++ toolchain (Debian: `apt-get install build-essential python3`), install the packages again ' +
  '(`npm ci` in a checkout), then run `nearpaper build`.';

const NO_GRAPH = `This index was built without hnswlib-node and has no graph. ${HNSWLIB_REMEDY}`;

/**
 * Opens the vectors of one generation. Everything is verified first (see `openExactIndex`, `openHnswIndex`).
 * Errors: `index_damaged` for the exact file, and with engine 'hnsw' for the graph's; with engine 'hnsw' also
 * `index_missing` when the manifest has no graph. With 'auto' exact search stands in for both, with a note: answers are
 * right then, and slower.
 */
export async function openVectorIndex(
  folder: string,
  manifest: VectorManifest,
  { engine, exactBelow, poolSize }: OpenVectorOptions,
): Promise<OpenedVectors> {
  const exact = await openExactIndex(folder, manifest.exact);
  if (engine === 'exact') return { index: exact, note: null };
  // A corpus that is searched exactly anyway will grow: better to know early that it could do nothing else.
  if (engine === 'auto' && exact.size <= exactBelow) {
    return { index: exact, note: manifest.hnsw === null ? NO_GRAPH : null };
  }
  try {
    if (manifest.hnsw === null) throw new NearpaperError('index_missing', NO_GRAPH);
    return { index: await openHnswIndex(folder, manifest.hnsw, { exact, poolSize }), note: null };
  } catch (thrown) {
    if (engine === 'auto' && thrown instanceof NearpaperError && thrown.code !== 'config_invalid') {
      return { index: exact, note: `Exact search stands in for HNSW. ${thrown.message}` };
    }
    await exact.close();
    throw thrown;
  }
}
