/** What a build goes by: what is published, which model, and what the corpus begins as. */
import { join } from 'node:path';
import type { ModelDescription } from '../embedding/model.js';
import { NearpaperError } from '../errors.js';
import { describeFile } from '../generations/digest.js';
import { currentGeneration, type GenerationPath } from '../generations/folder.js';
import { hasCurrentVectors, type Manifest, readManifest } from '../generations/manifest.js';
import { verifyStoreFile } from '../generations/open.js';
import { isKeywordFileCurrent } from '../keywords/keyword-file.js';
import { loadHnswlib } from '../vectors/native.js';
import type { BuildRequest } from './request.js';

export const DEFAULT_MODEL = 'all-MiniLM-L6-v2';

export interface Published {
  path: GenerationPath;
  manifest: Manifest;
}

/** What a build goes by, settled before anything is written. */
export interface Plan {
  published: Published | null;
  /** What the corpus begins as: the published papers, or null for none. */
  base: Published | null;
  setting: string;
  model: ModelDescription;
  sample: boolean;
}

export async function planOf(request: BuildRequest): Promise<Plan> {
  const published = await publishedBase(request);
  if (request.inputs.length === 0 && published === null) {
    throw new NearpaperError(
      'usage',
      'Name at least one file of papers, or - for standard input: `nearpaper build <file>`.',
    );
  }
  const setting = request.model ?? published?.manifest.model.setting ?? DEFAULT_MODEL;
  const model = await request.resolveModel(setting);
  for (const assumption of model.assumptions)
    request.onEvent({ kind: 'note', message: `Model: ${assumption}` });
  refuseMixing(request, published);
  const base = startsOver(request, published) ? null : published;
  return { published, base, setting, model, sample: isSample(published, request) };
}

/** The path of its store. */
export function storeOf({ path, manifest }: Published): string {
  return join(path.folder, manifest.store.file);
}

/** The published generation, its store verified, unless the build starts afresh. */
async function publishedBase(request: BuildRequest): Promise<Published | null> {
  try {
    const path = await currentGeneration(request.indexFolder);
    if (path === null) return null;
    const manifest = await readManifest(path.folder);
    await verifyStoreFile(path.folder, manifest.store);
    return { path, manifest };
  } catch (thrown) {
    if (request.fresh && thrown instanceof NearpaperError && thrown.code === 'index_damaged') {
      request.onEvent({ kind: 'note', message: `Starting afresh beside a damaged index: ${thrown.message}` });
      return null;
    }
    throw thrown;
  }
}

/** Whether the result is only what ships with nearpaper, which a user's first build may replace. */
function isSample(published: Published | null, request: BuildRequest): boolean {
  return request.inputs.length === 0 ? (published?.manifest.sample ?? false) : request.sample;
}

/** The sample is for trying nearpaper: nobody wants its papers among their own. */
function refuseMixing(request: BuildRequest, published: Published | null): void {
  if (!request.sample || request.fresh || published === null || published.manifest.sample) return;
  throw new NearpaperError(
    'usage',
    `${request.indexFolder} holds papers of your own. --index names another folder for the sample; --fresh replaces them.`,
  );
}

function startsOver(request: BuildRequest, published: Published | null): boolean {
  if (published === null || request.inputs.length === 0) return false;
  if (request.fresh) return true;
  if (!published.manifest.sample || request.sample) return false;
  request.onEvent({ kind: 'note', message: 'Your papers replace the sample corpus.' });
  return true;
}

/** Whether the published index is whole, made by this model and version, and has HNSW where this machine can make it. */
export async function isIndexCurrent(
  { manifest, path }: Published,
  { model, sample }: Plan,
): Promise<boolean> {
  if (manifest.model.fingerprint !== model.fingerprint || manifest.sample !== sample) return false;
  if (manifest.vectors.hnsw === null && (await loadHnswlib()).ok) return false;
  if (manifest.keywords === null || manifest.calibration === null || !hasCurrentVectors(manifest))
    return false;
  for (const file of [manifest.vectors.exact, manifest.vectors.hnsw, manifest.keywords]) {
    if (file === null) continue;
    const found = await describeFile(join(path.folder, file.file)).catch(() => null);
    if (found?.sha256 !== file.sha256) return false;
  }
  return isKeywordFileCurrent(path.folder, manifest.keywords);
}
