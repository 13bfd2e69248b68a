/** The way into this room: opens what the manifest names with the engine that fits. */
import { NearpaperError } from '../errors.js';
import type { ExactIndex } from './exact.js';
import { openExactIndex } from './exact-file.js';
import { type HnswFile, openHnswIndex } from './hnsw.js';
import { type HnswlibLoad, loadHnswlib } from './native.js';
import type { IndexFile, VectorIndex } from './vector-index.js';

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
  /** The outcome of `loadHnswlib`, for a caller that has it already; it is loaded otherwise. */
  hnswlib?: HnswlibLoad;
}

export interface OpenedVectors {
  index: VectorIndex;
  /** Why exact search stands in for HNSW and what to do about it, for people; null when nothing is amiss. */
  note: string | null;
}

/** How to get hnswlib-node back. */
export const HNSWLIB_REMEDY =
  'Install a C++ toolchain (Debian: `apt-get install build-essential python3`), install the packages again ' +
  '(`npm ci` in a checkout), then run `nearpaper build`.';

/**
 * Opens the vectors of one generation. Everything is verified first (see `openExactIndex`, `openHnswIndex`).
 * Errors: `index_damaged` for the exact file, and with engine 'hnsw' for the graph's; with engine 'hnsw' also
 * `native_module` when hnswlib-node cannot be loaded and `index_missing` when the manifest has no graph. With 'auto'
 * exact search stands in for all of these, with a note: answers are right then, and slower.
 */
export async function openVectorIndex(
  folder: string,
  manifest: VectorManifest,
  options: OpenVectorOptions,
): Promise<OpenedVectors> {
  const exact = await openExactIndex(folder, manifest.exact);
  const { engine, exactBelow } = options;
  if (engine === 'exact') return { index: exact, note: null };
  const hnswlib = options.hnswlib ?? (await loadHnswlib());
  if (engine === 'auto' && exact.size <= exactBelow) return { index: exact, note: absenceNote(hnswlib) };
  try {
    return {
      index: await openGraph(folder, manifest.hnsw, exact, { hnswlib, poolSize: options.poolSize }),
      note: null,
    };
  } catch (thrown) {
    if (engine === 'auto' && thrown instanceof NearpaperError && thrown.code !== 'config_invalid') {
      return { index: exact, note: `Exact search stands in for HNSW. ${thrown.message}` };
    }
    await exact.close();
    throw thrown;
  }
}

/** A corpus that is searched exactly anyway will grow: better to know early that it could do nothing else. */
function absenceNote(hnswlib: HnswlibLoad): string | null {
  return hnswlib.ok ? null : `Search is exact, whatever the size of the corpus: ${absence(hnswlib.reason)}`;
}

function absence(reason: string): string {
  return `hnswlib-node cannot be loaded (${reason}). ${HNSWLIB_REMEDY}`;
}

async function openGraph(
  folder: string,
  facts: HnswFile | null,
  exact: ExactIndex,
  { poolSize, hnswlib }: { poolSize: number; hnswlib: HnswlibLoad },
): Promise<VectorIndex> {
  if (!hnswlib.ok) throw new NearpaperError('native_module', absence(hnswlib.reason));
  if (facts === null) {
    throw new NearpaperError(
      'index_missing',
      'This index was built without a graph. Run `nearpaper build` to make one.',
    );
  }
  return openHnswIndex(hnswlib.module, folder, facts, { exact, poolSize });
}
