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
  nextGenerationName,
  publish,
  removeOldGenerations,
  requireWritable,
} from '../generations/folder.js';
import { lockForWriting } from '../generations/lock.js';
import { MANIFEST_FILE, newManifest, STORE_FILE } from '../generations/manifest.js';
import { describeFile } from '../generations/open.js';
import { takeBackUnpublished } from '../generations/unpublished.js';
import { diskFailure } from '../papers/database.js';
import { type Draft, openDraft } from '../papers/draft.js';
import { embedPending } from './embed.js';
import { type BuiltVectors, indexVectors } from './index-vectors.js';
import { isIndexCurrent, type Plan, type Published, planOf, storeOf } from './plan.js';
import type { BuildResult } from './progress.js';
import { checkInputs, readInputs } from './read-inputs.js';
import type { BuildRequest } from './request.js';

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

async function buildLocked(request: BuildRequest): Promise<BuildResult> {
  const plan = await planOf(request);
  const building = await prepareBuilding(request.indexFolder);
  const draft = openDraft(join(building, STORE_FILE), {
    papers: plan.base && storeOf(plan.base),
    embeddings: plan.published && storeOf(plan.published),
  });
  let keepDraft = draft.resumed;
  try {
    if (draft.resumed)
      request.onEvent({ kind: 'note', message: 'Resuming: what a stopped build embedded is kept.' });
    const reading = await readInputs(draft, request);
    if (request.prune) prune(draft, request, reading.bad);
    const summary = { ...reading, ...draft.changes(), sample: plan.sample };
    if (plan.base !== null && isUnchanged(summary) && (await isIndexCurrent(plan.base, plan))) {
      draft.close();
      if (!keepDraft) await rm(building, { recursive: true, force: true });
      const { path, manifest } = plan.base;
      return { kind: 'unchanged', generation: path.name, ...summary, embedded: 0, recall: manifest.recall };
    }
    keepDraft = true;
    const embedded = await embedStage(draft, plan.model, request);
    const { name, recall } = await publishDraft(draft, building, summary.papers, { request, plan });
    return { kind: 'published', generation: name, ...summary, embedded, recall };
  } catch (thrown) {
    draft.close();
    if (!keepDraft) await rm(building, { recursive: true, force: true });
    throw thrown;
  }
}

/** From an embedded draft to the generation that serves. */
async function publishDraft(
  draft: Draft,
  building: string,
  papers: number,
  { request, plan }: { request: BuildRequest; plan: Plan },
): Promise<{ name: string; recall: BuiltVectors['recall'] }> {
  const { signal, onEvent, indexFolder } = request;
  const { fingerprint, dimensions } = plan.model;
  const vectors = await indexVectors(draft.vectors(fingerprint), {
    folder: building,
    count: papers,
    dimensions,
    signal,
    onEvent,
  });
  draft.seal(fingerprint);
  const name = await nextGenerationName(indexFolder);
  await writeManifest(building, { ...plan, name, papers, vectors });
  onEvent({ kind: 'publishing' });
  await publish(indexFolder, name);
  await tidyUp(request, name, plan.published);
  return { name, recall: vectors.recall };
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
