import { readdir } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { messageOf, NearpaperError } from '../errors.js';
import type { ModelDescription } from './description.js';
import { cachedFolder, downloadModel, HUB, isHubId } from './hub.js';
import { MANIFEST, readPinnedModel } from './manifest.js';
import { isFolder, sizeOf } from './model-files.js';
import { describeUnpinnedModel } from './unpinned-model.js';

export type { ModelDescription } from './description.js';

export interface ModelSources {
  /** Folder of the vendored models. */
  modelsDir: string;
  /** Whether a hub id may be downloaded; nothing else here ever uses the network. */
  allowDownload: boolean;
  /** Folder that downloaded models are kept in; made when it is needed. */
  cacheDir: string;
  /** Address of the hub, without a slash at its end. */
  hub?: string;
  /** Gives up a download. */
  signal?: AbortSignal | undefined;
  /** Milliseconds without a byte after which a download has failed. */
  stallMs?: number;
}

/**
 * Finds the model that a setting names, checks its files and describes it.
 * @param setting name of a vendored model; path of a folder, with a slash in it; or hub id `org/name`. A
 *   folder of that path goes before a hub id.
 * Errors: `model_missing` when there is no such model or a file of it is absent, `model_damaged` when a file is
 * not what it should be, `config_invalid` when the model is of a kind that cannot be run here, `cancelled` when
 * the signal aborts before a model is downloaded.
 */
export async function resolveModel(setting: string, sources: ModelSources): Promise<ModelDescription> {
  if (!isPath(setting)) return vendoredModel(setting, sources);
  const folder = resolve(setting);
  if (await isFolder(folder)) return modelIn(folder);
  if (isHubId(setting)) return hubModel(setting, sources);
  throw new NearpaperError(
    'model_missing',
    `There is no model folder ${folder}. ${await alternatives(sources)}`,
  );
}

function isPath(setting: string): boolean {
  return isAbsolute(setting) || /[/\\]/.test(setting) || setting === '.' || setting === '..';
}

async function vendoredModel(name: string, sources: ModelSources): Promise<ModelDescription> {
  // Compared with what is there, so that no name can lead out of the folder.
  const names = await vendoredNames(sources.modelsDir);
  if (names.includes(name)) return modelIn(join(sources.modelsDir, name));
  throw new NearpaperError(
    'model_missing',
    `There is no vendored model "${name}". ${await alternatives(sources)} A folder is written with a slash.`,
  );
}

async function hubModel(id: string, sources: ModelSources): Promise<ModelDescription> {
  const cached = resolve(cachedFolder(id, sources.cacheDir));
  // What was downloaded once needs neither the network nor leave to use it.
  if (await isFolder(cached)) return modelIn(cached, id);
  if (!sources.allowDownload) {
    throw new NearpaperError(
      'model_missing',
      `The model ${id} is not on this machine: there is no folder of that path, and it was not downloaded ` +
        `to ${sources.cacheDir}. NEARPAPER_ALLOW_DOWNLOAD=yes allows the download. ${await alternatives(sources)}`,
    );
  }
  const { hub = HUB, signal, stallMs } = sources;
  return modelIn(await downloadModel(id, resolve(sources.cacheDir), { hub, signal, stallMs }), id);
}

async function modelIn(folder: string, hubId?: string): Promise<ModelDescription> {
  const absolute = resolve(folder);
  return (await readPinnedModel(absolute)) ?? (await describeUnpinnedModel(absolute, hubId));
}

async function alternatives(sources: ModelSources): Promise<string> {
  const names = await vendoredNames(sources.modelsDir);
  return `Vendored models: ${names.join(', ') || `none in ${sources.modelsDir}`}.`;
}

/** Names of the models that come with the package, in alphabetical order. */
export async function vendoredNames(modelsDir: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for (const entry of await readdir(modelsDir, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      if ((await sizeOf(join(modelsDir, entry.name, MANIFEST))) !== undefined) names.push(entry.name);
    }
  } catch (thrown) {
    throw new NearpaperError(
      'model_missing',
      `The folder of vendored models, ${modelsDir}, cannot be read: ${messageOf(thrown)}.`,
      { cause: thrown },
    );
  }
  return names.sort();
}
