/**
 * One build, top to bottom: read -> embed what changed -> index -> measure -> publish. Until the last step
 * nothing that serves is touched, so a build that fails or dies changes nothing.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { documentText } from '../embedding/document-text.js';
import type { ModelDescription } from '../embedding/model.js';
import { createEmbedder } from '../embedding/pool.js';
import { messageOf, NearpaperError, systemCode } from '../errors.js';
import {
  buildingFolder,
  currentGeneration,
  type GenerationPath,
  nextGenerationName,
  publish,
  removeOldGenerations,
  requireWritable,
} from '../generations/folder.js';
import { lockForWriting } from '../generations/lock.js';
import {
  MANIFEST_FILE,
  type Manifest,
  newManifest,
  readManifest,
  STORE_FILE,
} from '../generations/manifest.js';
import { describeFile, verifyStoreFile } from '../generations/open.js';
import { takeBackUnpublished } from '../generations/unpublished.js';
import { diskFailure } from '../papers/database.js';
import { type Draft, openDraft } from '../papers/draft.js';
import { loadHnswlib } from '../vectors/native.js';
import { embedPending } from './embed.js';
import { type BuiltVectors, indexVectors } from './index-vectors.js';
import type { BuildResult } from './progress.js';
import { checkInputs, readInputs } from './read-inputs.js';
import type { BuildRequest } from './request.js';

export const DEFAULT_MODEL = 'all-MiniLM-L6-v2';

/**
 * Builds and publishes a generation, or finds that nothing changed.
 * Errors: `input_unreadable`, `input_empty`, `bad_record` (strict), `prune_refused`, `index_locked`,
 * `index_unwritable`, `index_damaged`, those of the model, and `cancelled` when the signal aborts.
 */
export async function build(request: BuildRequest): Promise<BuildResult> {
  await checkInputs(request.inputs);
  await requireWritable(request.indexFolder);
  const lock = lockForWriting(request.indexFolder, 'nearpaper build');
  try {
    return await buildLocked(request);
  } catch (thrown) {
    throw describeFailure(request, thrown);
  } finally {
    lock.release();
  }
}

/** What the caller is told: readers and the model name their own failures, so a system's bare one is of the folder. */
function describeFailure({ indexFolder, signal }: BuildRequest, thrown: unknown): unknown {
  if (signal.aborted && thrown === signal.reason) {
    return new NearpaperError('cancelled', 'The build was stopped.', { cause: thrown });
  }
  if (thrown instanceof NearpaperError || systemCode(thrown) === undefined) return thrown;
  if (!/^(?:SQLITE_|E(?:NOSPC|DQUOT|ROFS|IO|ACCES|PERM)$)/.test(systemCode(thrown) ?? '')) return thrown;
  return diskFailure(indexFolder, thrown);
}

interface Published {
  path: GenerationPath;
  manifest: Manifest;
}

async function buildLocked(request: BuildRequest): Promise<BuildResult> {
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
  const base = startsOver(request, published) ? null : published;

  const sample = isSample(published, request);

  const building = await prepareBuilding(request.indexFolder);
  const draft = openDraft(
    join(building, STORE_FILE),
    base && join(base.path.folder, base.manifest.store.file),
  );
  let keepDraft = draft.resumed;
  try {
    if (draft.resumed)
      request.onEvent({ kind: 'note', message: 'Resuming: what a stopped build embedded is kept.' });
    const reading = await readInputs(draft, request);
    if (request.prune) prune(draft, request, reading.bad);
    const changes = draft.changes();
    const summary = { ...reading, ...changes, sample };
    if (base !== null && isUnchanged(changes) && (await isIndexCurrent(base, model, sample))) {
      draft.close();
      if (!keepDraft) await rm(building, { recursive: true, force: true });
      return {
        kind: 'unchanged',
        generation: base.path.name,
        ...summary,
        embedded: 0,
        recall: base.manifest.recall,
      };
    }

    keepDraft = true;
    const embedded = await embedStage(draft, model, request);
    const vectors = await indexVectors(draft.vectors(model.fingerprint), {
      folder: building,
      count: changes.papers,
      dimensions: model.dimensions,
      signal: request.signal,
      onEvent: request.onEvent,
    });
    draft.seal(model.fingerprint);
    const name = await nextGenerationName(request.indexFolder);
    await writeManifest(building, { name, sample, model, setting, papers: changes.papers, vectors });
    request.onEvent({ kind: 'publishing' });
    await publish(request.indexFolder, name);
    await tidyUp(request, name, published);
    return { kind: 'published', generation: name, ...summary, embedded, recall: vectors.recall };
  } catch (thrown) {
    draft.close();
    if (!keepDraft) await rm(building, { recursive: true, force: true });
    throw thrown;
  }
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

/** The folder of the draft, with nothing in it but the store that a stopped build left. */
async function prepareBuilding(indexFolder: string): Promise<string> {
  // Where CURRENT cannot be read, any generation may be the one that served: they stay.
  const current = await currentGeneration(indexFolder).catch(() => undefined);
  if (current !== undefined) await takeBackUnpublished(indexFolder, current);
  const building = buildingFolder(indexFolder);
  await mkdir(building, { recursive: true });
  for (const file of await readdir(building)) {
    if (!file.startsWith(STORE_FILE)) await rm(join(building, file), { recursive: true, force: true });
  }
  return building;
}

/** The new generation serves by now: what cannot be removed costs space, and is no failure. */
async function tidyUp(request: BuildRequest, name: string, published: Published | null): Promise<void> {
  try {
    await removeOldGenerations(request.indexFolder, name, published?.path.name ?? null);
  } catch (thrown) {
    request.onEvent({ kind: 'note', message: `Old generations could not be removed: ${messageOf(thrown)}.` });
  }
}

/** Whether the result is only what ships with nearpaper, which a user's first build may replace. */
function isSample(published: Published | null, request: BuildRequest): boolean {
  if (request.inputs.length === 0) return published?.manifest.sample ?? false;
  return request.sample && (published === null || request.fresh || published.manifest.sample);
}

function startsOver(request: BuildRequest, published: Published | null): boolean {
  if (published === null || request.inputs.length === 0) return false;
  if (request.fresh) return true;
  if (!published.manifest.sample || request.sample) return false;
  request.onEvent({ kind: 'note', message: 'Your papers replace the sample corpus.' });
  return true;
}

/** The largest share of the corpus that --prune removes without --force. */
const PRUNE_LIMIT = 0.2;

function prune(draft: Draft, request: BuildRequest, bad: number): void {
  if (request.inputs.length === 0) {
    throw new NearpaperError('usage', '--prune needs the files that name what stays.');
  }
  const doomed = draft.countUnseen();
  // The share is of what was held before: a large input must not make a large loss look small.
  const { papers, added } = draft.changes();
  const held = papers - added;
  if (!request.force && bad > 0) {
    throw new NearpaperError(
      'prune_refused',
      `${bad} records of the input could not be read, so papers may be missing by mistake. Mend the input, or add --force.`,
    );
  }
  if (!request.force && doomed > held * PRUNE_LIMIT) {
    throw new NearpaperError(
      'prune_refused',
      `--prune would remove ${doomed} of ${held} papers, over ${PRUNE_LIMIT * 100} %. If that is meant, add --force.`,
    );
  }
  draft.removeUnseen();
}

function isUnchanged(changes: { added: number; changed: number; removed: number }): boolean {
  return changes.added + changes.changed + changes.removed === 0;
}

/** Whether the published index is whole, made by this model, and has HNSW where this machine can make it. */
async function isIndexCurrent(
  published: Published,
  model: ModelDescription,
  sample: boolean,
): Promise<boolean> {
  const { manifest, path } = published;
  if (manifest.model.fingerprint !== model.fingerprint || manifest.sample !== sample) return false;
  if (manifest.vectors.hnsw === null && (await loadHnswlib()).ok) return false;
  for (const file of [manifest.vectors.exact, manifest.vectors.hnsw]) {
    if (file === null) continue;
    const found = await describeFile(join(path.folder, file.file)).catch(() => null);
    if (found?.sha256 !== file.sha256) return false;
  }
  return true;
}

async function embedStage(draft: Draft, model: ModelDescription, request: BuildRequest): Promise<number> {
  const labels = draft.pendingLabels(model.fingerprint);
  if (labels.length === 0) return 0;
  const embedder = await createEmbedder(model, {
    workers: Math.min(request.workers, labels.length),
    maxQueued: 1,
  });
  try {
    return await embedPending(draft, labels, {
      embed: async (texts) =>
        (
          await embedder.embedDocuments(
            texts.map(({ title, abstract }) => documentText(title, abstract)),
            request.signal,
          )
        ).map(({ vector }) => vector),
      fingerprint: model.fingerprint,
      signal: request.signal,
      onEvent: request.onEvent,
    });
  } finally {
    await embedder.close();
  }
}

interface ManifestParts {
  name: string;
  sample: boolean;
  model: ModelDescription;
  setting: string;
  papers: number;
  vectors: BuiltVectors;
}

async function writeManifest(building: string, parts: ManifestParts): Promise<void> {
  const { name, sample, model, setting, papers, vectors } = parts;
  const manifest = newManifest({
    generation: name,
    created: new Date().toISOString(),
    sample,
    papers,
    model: {
      name: model.name,
      setting: lastingSetting(setting, model),
      fingerprint: model.fingerprint,
      dimensions: model.dimensions,
    },
    store: { file: STORE_FILE, ...(await describeFile(join(building, STORE_FILE))) },
    vectors: { exact: vectors.exact, hnsw: vectors.hnsw },
    recall: vectors.recall,
  });
  await writeFile(join(building, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** A relative path means another folder to a process that runs elsewhere. */
function lastingSetting(setting: string, { name, folder }: ModelDescription): string {
  return setting !== name && resolve(setting) === folder ? folder : setting;
}
