/** From settings to a corpus that answers: the published generation, checked, with the model that made it. */
import type { Config } from './config.js';
import { CachedEmbedder } from './embedding/cached-embedder.js';
import type { Embedder } from './embedding/embedder.js';
import { type ModelDescription, resolveModel } from './embedding/model.js';
import { createEmbedder } from './embedding/pool.js';
import { NearpaperError } from './errors.js';
import { type GenerationPath, requireGeneration } from './generations/folder.js';
import { type Manifest, readManifest } from './generations/manifest.js';
import { type Generation, openGeneration } from './generations/open.js';
import { packageRoot } from './package-root.js';
import { MOST_ASKED } from './recommend/candidates.js';
import type { Corpus } from './recommend/corpus.js';

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

/** The published generation without a model: enough for queries by id. */
export async function openPublished(config: Config): Promise<Generation> {
  return openAt(await requireGeneration(config.indexFolder), config);
}

function openAt(path: GenerationPath, { engine, exactBelow }: Config): Promise<Generation> {
  return openGeneration(path, { engine, exactBelow, poolSize: MOST_ASKED });
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
  generation: Generation;
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
  const { embedder, signal, onEmbedded } = options;
  refuseAborted(signal);
  const path = await requireGeneration(config.indexFolder);
  const manifest = await readManifest(path.folder);
  const opening = openAt(path, config);
  const loading =
    embedder !== undefined && isUsable(embedder, manifest)
      ? Promise.resolve({ embedder, assumptions: [] })
      : loadModel(manifest, config, { signal, onEmbedded });
  const [opened, loaded] = await Promise.allSettled([opening, loading]);
  if (opened.status === 'fulfilled' && loaded.status === 'fulfilled' && !signal?.aborted) {
    return { generation: opened.value, ...loaded.value };
  }
  try {
    if (opened.status === 'fulfilled') await opened.value.close();
  } finally {
    if (loaded.status === 'fulfilled' && loaded.value.embedder !== embedder)
      await loaded.value.embedder.close();
  }
  refuseAborted(signal);
  throw opened.status === 'rejected' ? opened.reason : (loaded as PromiseRejectedResult).reason;
}

function isUsable(embedder: Embedder, manifest: Manifest): boolean {
  return embedder.failure === null && embedder.fingerprint === manifest.model.fingerprint;
}

async function loadModel(
  manifest: Manifest,
  config: Config,
  { signal, onEmbedded }: { [Name in 'signal' | 'onEmbedded']: OpenOptions[Name] | undefined },
): Promise<Omit<OpenedCorpus, 'generation'>> {
  const model = await modelOfIndex(manifest, config, signal);
  refuseAborted(signal);
  const pool = await createEmbedder(model, { workers: config.workers, maxQueued: config.queue });
  const embedder = new CachedEmbedder(pool, { texts: config.queryCache, onEmbedded });
  return { embedder, assumptions: model.assumptions };
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new NearpaperError('cancelled', 'Stopped before the corpus was open.', { cause: signal.reason });
}

export function corpusOf(generation: Generation): Corpus {
  const { manifest, store, vectors, keywords, calibration } = generation;
  const { generation: name, model } = manifest;
  return { generation: name, model: model.name, store, vectors, keywords, calibration };
}
