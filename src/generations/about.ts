/** What people and programs want to know of a generation: the same for /v1/info and `nearpaper info`. */
import type { Manifest } from './manifest.js';
import type { CorpusView, Overlay } from './overlay.js';

export interface About {
  generation: string;
  created: string;
  /** True while the corpus is the one that ships with nearpaper. */
  sample: boolean;
  papers: number;
  /** Live changes that are in force and not yet part of the published generation. */
  pendingChanges: number;
  model: { name: string; fingerprint: string; dimensions: number };
  search: {
    engine: 'hnsw' | 'exact';
    /** Why exact search stands in for HNSW, where it does. */
    note: string | null;
    /** Parameters of the HNSW index (Malkov & Yashunin 2018); null where there is none. */
    hnsw: { M: number; efConstruction: number; ef: number } | null;
    /** recall@k of HNSW against exact search, measured when the index was built. */
    recall: Manifest['recall'];
  };
  /** Of the keyword index: how many different terms. */
  keywords: { terms: number };
  /** What similarities mean in this corpus: see docs/quality.md. */
  calibration: NonNullable<Manifest['calibration']>;
}

/** Of a corpus as it is after some change. */
export function aboutCorpus(overlay: Overlay, { name, store }: Pick<CorpusView, 'name' | 'store'>): About {
  const { manifest, vectors, calibration, note } = overlay.generation;
  const { hnsw } = manifest.vectors;
  return {
    generation: name,
    created: manifest.created,
    sample: manifest.sample,
    papers: store.size,
    pendingChanges: overlay.pending.length,
    model: {
      name: manifest.model.name,
      fingerprint: manifest.model.fingerprint,
      dimensions: manifest.model.dimensions,
    },
    search: {
      engine: vectors.engine,
      note,
      hnsw: hnsw && { M: hnsw.M, efConstruction: hnsw.efConstruction, ef: hnsw.ef },
      recall: manifest.recall,
    },
    keywords: { terms: manifest.keywords?.terms ?? 0 },
    calibration,
  };
}
