/** What a build goes by: what is published, which model, and what the corpus begins as. */
import { join } from 'node:path';
import type { ModelDescription } from '../embedding/model.js';
import { NearpaperError } from '../errors.js';
import { describeFile } from '../generations/digest.js';
import { currentGeneration, currentOrNewest, type GenerationPath } from '../generations/folder.js';
import { journalOf } from '../generations/journal-name.js';
import { hasCurrentVectors, type Manifest, readManifest } from '../generations/manifest.js';
import { verifyStoreFile } from '../generations/open.js';
import { pendingChanges } from '../generations/pending-changes.js';
import { nameCurrent } from '../generations/publish.js';
import { isKeywordFileCurrent } from '../keywords/keyword-file.js';
import type { Change } from '../papers/change.js';
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
  /** The acknowledged changes that the base does not contain, in their order. */
  pending: readonly Change[];
  /** Whether a service that changes the corpus has asked for it, and goes on. */
  besideService: boolean;
  setting: string;
  model: ModelDescription;
  sample: boolean;
}

/** `upTo`: for a service that goes on changing the corpus: those after it are for the next time. */
export async function planOf(request: BuildRequest, upTo?: number): Promise<Plan> {
  const published = await publishedBase(request);
  const changes = published === null || request.fresh ? [] : await changesSince(published, request);
  const pending = changes.filter(({ seq }) => upTo === undefined || seq <= upTo);
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
  // Papers that somebody put into the sample corpus are that somebody's own.
  const isOnlySample = (published?.manifest.sample ?? false) && pending.length === 0;
  refuseMixing(request, published, isOnlySample);
  const base = startsOver(request, published, isOnlySample) ? null : published;
  const sample = request.inputs.length === 0 ? isOnlySample : request.sample;
  return { published, base, pending, besideService: upTo !== undefined, setting, model, sample };
}

async function changesSince(
  { manifest }: Published,
  { indexFolder, discardChanges, onEvent }: BuildRequest,
): Promise<Change[]> {
  if (!discardChanges) return pendingChanges(journalOf(indexFolder, manifest), manifest);
  onEvent({ kind: 'note', message: 'Changes that are not in the published generation are dropped.' });
  return [];
}

/** The path of its store. */
export function storeOf({ path, manifest }: Published): string {
  return join(path.folder, manifest.store.file);
}

/** The published generation, its store verified, unless the build starts afresh. */
async function publishedBase(request: BuildRequest): Promise<Published | null> {
  try {
    const path = await publishedOrFound(request);
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

/**
 * Where CURRENT is missing and generations are not, the newest is the one: it was published, and the file is lost, or a
 * build was killed in the last step of publishing it.
 */
async function publishedOrFound({
  indexFolder,
  fresh,
  isDry,
  onEvent,
}: BuildRequest): Promise<GenerationPath | null> {
  const current = await currentGeneration(indexFolder);
  if (current !== null || fresh) return current;
  const found = await currentOrNewest(indexFolder);
  if (found === null) return null;
  const { store } = await readManifest(found.folder);
  await verifyStoreFile(found.folder, store);
  onEvent({
    kind: 'note',
    message: `CURRENT is missing: ${found.name}, the newest generation, is taken for it.`,
  });
  if (!isDry) await nameCurrent(indexFolder, found.name);
  return found;
}

/** The sample is for trying nearpaper: nobody wants its papers among their own. */
function refuseMixing(request: BuildRequest, published: Published | null, isOnlySample: boolean): void {
  if (!request.sample || request.fresh || published === null || isOnlySample) return;
  throw new NearpaperError(
    'usage',
    `${request.indexFolder} holds papers of your own. --index names another folder for the sample; --fresh replaces them.`,
  );
}

function startsOver(request: BuildRequest, published: Published | null, isOnlySample: boolean): boolean {
  if (published === null || request.inputs.length === 0) return false;
  if (request.fresh) return true;
  if (!isOnlySample || request.sample) return false;
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
