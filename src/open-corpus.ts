/** From settings to a corpus that answers: the published generation, checked, with the model that made it. */
import type { Config } from './config.js';
import type { Embedder } from './embedding/embedder.js';
import { type ModelDescription, resolveModel } from './embedding/model.js';
import { createEmbedder } from './embedding/pool.js';
import { NearpaperError } from './errors.js';
import { type GenerationPath, requireGeneration } from './generations/folder.js';
import { type Manifest, readManifest } from './generations/manifest.js';
import { type Generation, openGeneration } from './generations/open.js';
import { packageRoot } from './package-root.js';
import { POOL_SIZE } from './recommend/answer.js';
import type { Corpus } from './recommend/corpus.js';

export type ModelSettings = Pick<Config, 'model' | 'allowDownload' | 'modelCache'>;

/** Finds a model by the value of NEARPAPER_MODEL. Errors: `model_missing`, `model_damaged`. */
export function findModel(setting: string, config: ModelSettings): Promise<ModelDescription> {
  return resolveModel(setting, {
    modelsDir: `${packageRoot()}/models`,
    allowDownload: config.allowDownload,
    cacheDir: config.modelCache,
  });
}

/** The published generation without a model: enough for queries by id. */
export async function openPublished(config: Config): Promise<Generation> {
  return openAt(await requireGeneration(config.indexFolder), config);
}

function openAt(path: GenerationPath, { engine, exactBelow }: Config): Promise<Generation> {
  return openGeneration(path, { engine, exactBelow, poolSize: POOL_SIZE });
}

/** The model that made the published vectors. Errors: `model_mismatch` with the command that mends it. */
export async function modelOfIndex(manifest: Manifest, config: ModelSettings): Promise<ModelDescription> {
  const model = await findModel(config.model ?? manifest.model.setting, config);
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

/** Opens the published generation and loads its model, both at once; `embedder` is taken as it is when it fits. */
export async function openCorpus(config: Config, embedder?: Embedder): Promise<OpenedCorpus> {
  const path = await requireGeneration(config.indexFolder);
  const manifest = await readManifest(path.folder);
  const opening = openAt(path, config);
  const loading =
    embedder !== undefined && embedder.fingerprint === manifest.model.fingerprint
      ? Promise.resolve({ embedder, assumptions: [] })
      : loadModel(manifest, config);
  const [opened, loaded] = await Promise.allSettled([opening, loading]);
  if (opened.status === 'fulfilled' && loaded.status === 'fulfilled') {
    return { generation: opened.value, ...loaded.value };
  }
  if (opened.status === 'fulfilled') await opened.value.close();
  if (loaded.status === 'fulfilled' && loaded.value.embedder !== embedder)
    await loaded.value.embedder.close();
  throw opened.status === 'rejected' ? opened.reason : (loaded as PromiseRejectedResult).reason;
}

async function loadModel(manifest: Manifest, config: Config): Promise<Omit<OpenedCorpus, 'generation'>> {
  const model = await modelOfIndex(manifest, config);
  const embedder = await createEmbedder(model, { workers: config.workers, maxQueued: config.queue });
  return { embedder, assumptions: model.assumptions };
}

export function corpusOf(generation: Generation): Corpus {
  const { manifest, store, vectors } = generation;
  return { generation: manifest.generation, model: manifest.model.name, store, vectors };
}
