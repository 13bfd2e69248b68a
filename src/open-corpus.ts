/** From settings to a corpus that answers: the published generation, checked, with the model that made it. */
import type { Config } from './config.js';
import { CachedEmbedder } from './embedding/cached-embedder.js';
import type { Embedder } from './embedding/embedder.js';
import { type ModelDescription, resolveModel } from './embedding/model.js';
import { createEmbedder } from './embedding/pool.js';
import { NearpaperError } from './errors.js';
import { requireGeneration } from './generations/folder.js';
import { type Manifest, readManifest } from './generations/manifest.js';
import { openCurrent } from './generations/open-current.js';
import type { Overlay } from './generations/overlay.js';
import { packageRoot } from './package-root.js';
import { MOST_ASKED } from './recommend/candidates.js';
import type { Corpus } from './recommend/corpus.js';
import type { OpenVectorOptions } from './vectors/open.js';

export type ModelSettings = Pick<Config, 'model' | 'allowDownload' | 'modelCache'>;

/**
 * Finds a model by the value of NEARPAPER_MODEL; the signal gives up its download. Errors: `model_missing`,
 * `model_damaged`, `cancelled`.
 */
export function findModel(
  setting: string,
  config: ModelSettings,
  signal?: AbortSignal,
): Promise<ModelDescription> {
  return resolveModel(setting, {
    modelsDir: `${packageRoot()}/models`,
    allowDownload: config.allowDownload,
    cacheDir: config.modelCache,
    signal,
  });
}

/** The published generation with every acknowledged change, without a model: enough for queries by id. */
export async function openPublished(config: Config): Promise<Overlay> {
  return openCurrent(config.indexFolder, engineOptions(config));
}

/** How an index is opened for what this service asks of it. */
export function engineOptions({
  engine,
  exactBelow,
}: Pick<Config, 'engine' | 'exactBelow'>): OpenVectorOptions {
  return { engine, exactBelow, poolSize: MOST_ASKED };
}

/** The model that made the published vectors. Errors: `model_mismatch` with the command that mends it. */
export async function modelOfIndex(
  manifest: Manifest,
  config: ModelSettings,
  signal?: AbortSignal,
): Promise<ModelDescription> {
  const model = await findModel(config.model ?? manifest.model.setting, config, signal);
  if (model.fingerprint === manifest.model.fingerprint) return model;
  const mend =
    config.model === null
      ? `The model's files have changed since. Re-embed the stored papers with \`nearpaper build\`.`
      : `Unset NEARPAPER_MODEL to use ${manifest.model.name}, or re-embed the stored papers with ` +
        `\`nearpaper build --model ${config.model}\`.`;
  throw new NearpaperError(
    'model_mismatch',
    `The index was built with ${manifest.model.name} (${manifest.model.fingerprint}), queries would be embedded with ` +
      `${model.name} (${model.fingerprint}). ${mend}`,
  );
}

export interface OpenedCorpus {
  overlay: Overlay;
  embedder: Embedder;
  /** What was taken for granted about the model because none of its files says it. */
  assumptions: readonly string[];
}

export interface OpenOptions {
  /** An embedder that serves already: taken as it is when it fits the generation and has not failed. */
  embedder?: Embedder;
  signal?: AbortSignal;
  /** Told how long the model took for each query, in ms. */
  onEmbedded?: (milliseconds: number) => void;
}

/**
 * Opens the published generation and loads its model, both at once. Errors: `cancelled` when the signal aborts
 * meanwhile; nothing is left open then.
 */
export async function openCorpus(config: Config, options: OpenOptions = {}): Promise<OpenedCorpus> {
  const { embedder, signal } = options;
  for (;;) {
    refuseAborted(signal);
    const path = await requireGeneration(config.indexFolder);
    const manifest = await readManifest(path.folder);
    const opening = openPublished(config);
    const loading = usableOrLoaded(manifest, config, options);
    const [opened, loaded] = await Promise.allSettled([opening, loading]);
    const isOpen = opened.status === 'fulfilled' && loaded.status === 'fulfilled' && !signal?.aborted;
    if (isOpen && isUsable(loaded.value.embedder, opened.value.generation.manifest)) {
      return { overlay: opened.value, ...loaded.value };
    }
    try {
      if (opened.status === 'fulfilled') await opened.value.close();
    } finally {
      if (loaded.status === 'fulfilled' && loaded.value.embedder !== embedder)
        await loaded.value.embedder.close();
    }
    refuseAborted(signal);
    if (opened.status === 'rejected') throw opened.reason;
    if (loaded.status === 'rejected') throw loaded.reason;
    // Both are there and do not fit: meanwhile a generation of another model was published.
  }
}

function isUsable(embedder: Embedder, manifest: Manifest): boolean {
  return embedder.failure === null && embedder.fingerprint === manifest.model.fingerprint;
}

async function usableOrLoaded(
  manifest: Manifest,
  config: Config,
  { embedder, signal, onEmbedded }: OpenOptions,
): Promise<Omit<OpenedCorpus, 'overlay'>> {
  if (embedder !== undefined && isUsable(embedder, manifest)) return { embedder, assumptions: [] };
  const model = await modelOfIndex(manifest, config, signal);
  refuseAborted(signal);
  return { embedder: await loadEmbedder(model, config, onEmbedded), assumptions: model.assumptions };
}

/** Loads a model for serving: in workers, with a cache of query vectors. Errors: those of `createEmbedder`. */
export async function loadEmbedder(
  model: ModelDescription,
  { workers, queue, queryCache }: Pick<Config, 'workers' | 'queue' | 'queryCache'>,
  onEmbedded?: (milliseconds: number) => void,
): Promise<Embedder> {
  const pool = await createEmbedder(model, { workers, maxQueued: queue });
  return new CachedEmbedder(pool, { texts: queryCache, onEmbedded });
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new NearpaperError('cancelled', 'Stopped before the corpus was open.', { cause: signal.reason });
}

/** What queries are answered from, as it is now. */
export function corpusOf(overlay: Overlay): Corpus {
  const { name, store, vectors, keywords } = overlay.view();
  const { manifest, calibration } = overlay.generation;
  return { generation: name, model: manifest.model.name, store, vectors, keywords, calibration };
}
