/**
 * One build, top to bottom: read -> embed what changed -> index -> measure -> publish. Until the last step
 * nothing that serves is touched, so a build that fails or dies changes nothing.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { documentText } from '../embedding/document-text.js';
import type { ModelDescription } from '../embedding/model.js';
import { createEmbedder } from '../embedding/pool.js';
import { NearpaperError } from '../errors.js';
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
  await requireWritable(request.indexFolder);
  const lock = lockForWriting(request.indexFolder, 'nearpaper build');
  try {
    return await buildLocked(request);
  } finally {
    lock.release();
  }
}

interface Published {
  path: GenerationPath;
  manifest: Manifest;
}

async function buildLocked(request: BuildRequest): Promise<BuildResult> {
  await checkInputs(request.inputs);
  const published = await publishedBase(request);
  if (request.inputs.length === 0 && published === null) {
    throw new NearpaperError(
      'usage',
      'Name at least one file of papers, or - for standard input: `nearpaper build <file>`.',
    );
  }
  const setting = request.model ?? published?.manifest.model.setting ?? DEFAULT_MODEL;
  const model = await request.resolveModel(setting);
  const base = startsOver(request, published) ? null : published;

  const building = buildingFolder(request.indexFolder);
  await mkdir(building, { recursive: true });
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
    const summary = { ...reading, ...changes, sample: request.sample };
    if (base !== null && isUnchanged(changes) && (await isIndexCurrent(base, model, request))) {
      draft.close();
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
    const name = nextGenerationName(published?.path ?? null);
    await writeManifest(building, { name, request, model, setting, papers: changes.papers, vectors });
    request.onEvent({ kind: 'publishing' });
    await publish(request.indexFolder, name);
    await removeOldGenerations(request.indexFolder, name);
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
  const { papers } = draft.changes();
  if (!request.force && bad > 0) {
    throw new NearpaperError(
      'prune_refused',
      `${bad} records of the input could not be read, so papers may be missing by mistake. Mend the input, or add --force.`,
    );
  }
  if (!request.force && doomed > papers * PRUNE_LIMIT) {
    throw new NearpaperError(
      'prune_refused',
      `--prune would remove ${doomed} of ${papers} papers, over ${PRUNE_LIMIT * 100} %. If that is meant, add --force.`,
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
  request: BuildRequest,
): Promise<boolean> {
  const { manifest, path } = published;
  if (manifest.model.fingerprint !== model.fingerprint || manifest.sample !== request.sample) return false;
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
  request: BuildRequest;
  model: ModelDescription;
  setting: string;
  papers: number;
  vectors: BuiltVectors;
}

async function writeManifest(building: string, parts: ManifestParts): Promise<void> {
  const { name, request, model, setting, papers, vectors } = parts;
  const manifest = newManifest({
    generation: name,
    created: new Date().toISOString(),
    sample: request.sample,
    papers,
    model: { name: model.name, setting, fingerprint: model.fingerprint, dimensions: model.dimensions },
    store: { file: STORE_FILE, ...(await describeFile(join(building, STORE_FILE))) },
    vectors: { exact: vectors.exact, hnsw: vectors.hnsw },
    recall: vectors.recall,
  });
  await writeFile(join(building, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
}
