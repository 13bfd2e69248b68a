/**
 * The only file that touches hnswlib-node. The package is an optional dependency compiled at install, so its
 * absence is an ordinary outcome, and what it exports is described here by the few parts that are used: no
 * type of it crosses this folder.
 */
import { messageOf } from '../errors.js';
import { loadVariant, type Variant, type VariantLoad } from './native-variant.js';

/** hnswlib's HierarchicalNSW as compiled in 3.0.0. Unsafe on its own: see hnsw-writer.ts. */
export interface NativeGraph {
  /** Frees what the object held before and allocates anew. */
  initIndex(capacity: number, M: number, efConstruction: number, seed: number): void;
  /** Runs on a thread of libuv's pool; keep the object reachable. Resolves to true even on a full disk. */
  writeIndex(path: string): Promise<boolean>;
  addPoint(vector: number[], label: number): void;
  /** Keeps max(ef, k) candidates, and throws for a k above the capacity. */
  searchKnn(vector: number[], k: number): { neighbors: number[]; distances: number[] };
}

export interface Hnswlib {
  /** 'ip' is 1 minus the inner product: on unit vectors 1 minus the cosine. */
  HierarchicalNSW: new (
    space: 'ip',
    dimensions: number,
  ) => NativeGraph;
}

export type HnswlibLoad =
  | {
      ok: true;
      module: Hnswlib;
      /** Of which copy: the one that npm compiled, or see native-variant.ts. */
      build: 'stock' | Variant;
      /** Why a faster copy that is there is not used; null where there is none, or it is. */
      unused: string | null;
    }
  | { ok: false; reason: string };

const HNSWLIB = 'hnswlib-node';

function isHnswlib(value: unknown): value is Hnswlib {
  return (
    typeof value === 'object' &&
    value !== null &&
    'HierarchicalNSW' in value &&
    typeof value.HierarchicalNSW === 'function'
  );
}

/**
 * Loads hnswlib-node. Never throws: a package that is not installed, was not compiled or was compiled for another
 * Node is a `reason` in one line. `specifier`: another module to load instead, to see what its absence does.
 */
export async function loadHnswlib(specifier = HNSWLIB): Promise<HnswlibLoad> {
  const fast: VariantLoad = specifier === HNSWLIB ? await loadVariant() : { kind: 'absent' };
  if (fast.kind === 'loaded' && isHnswlib(fast.module)) {
    return { ok: true, module: fast.module, build: fast.variant, unused: null };
  }
  try {
    const imported: unknown = await import(specifier);
    // CommonJS: the exports are the default export, and named ones only where Node could tell.
    const module =
      typeof imported === 'object' && imported !== null && 'default' in imported
        ? imported.default
        : imported;
    if (isHnswlib(module)) {
      const unused = fast.kind === 'unusable' ? fast.reason : null;
      return { ok: true, module, build: 'stock', unused };
    }
    return { ok: false, reason: `${specifier} does not export HierarchicalNSW` };
  } catch (thrown) {
    // A failed search for the binary lists every folder it tried; the first line says it.
    return { ok: false, reason: messageOf(thrown).split('\n', 1)[0] ?? '' };
  }
}
