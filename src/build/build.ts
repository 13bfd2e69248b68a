/**
 * One build, top to bottom: read -> embed what changed -> index vectors and keywords -> calibrate -> publish. Until the last step
 * nothing that serves is touched, so a build that fails or dies changes nothing.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { embedPapers } from '../embedding/paper-vectors.js';
import { pending } from '../embedding/pending.js';
import { messageOf, NearpaperError, systemCode } from '../errors.js';
import {
  buildingFolder,
  currentGeneration,
  nextGenerationName,
  removeOldGenerations,
  requireWritable,
} from '../generations/folder.js';
import { removeOldJournals } from '../generations/journal-name.js';
import { lockBuilding, lockForWriting } from '../generations/lock.js';
import { readManifest, STORE_FILE } from '../generations/manifest.js';
import { publish, syncFiles } from '../generations/publish.js';
import { takeBackUnpublished } from '../generations/unpublished.js';
import type { KeywordFile } from '../keywords/keyword-file.js';
import { diskFailure } from '../papers/database.js';
import { type Draft, openDraft, type PendingText } from '../papers/draft.js';
import type { Calibration } from '../recommend/calibration.js';
import { openExactIndex } from '../vectors/exact-file.js';
import type { IndexFile } from '../vectors/vector-index.js';
import { calibrate } from './calibrate.js';
import { embedPending } from './embed.js';
import { importInto } from './import-into.js';
import { indexKeywords } from './index-keywords.js';
import type { IndexingTask } from './index-protocol.js';
import { indexInThread } from './index-thread.js';
import type { BuiltVectors } from './index-vectors.js';
import { LazyEmbedder } from './lazy-embedder.js';
import { isIndexCurrent, type Plan, type Published, planOf, storeOf } from './plan.js';
import type { BuildResult } from './progress.js';
import { checkInputs } from './read-inputs.js';
import type { BuildRequest } from './request.js';
import { LaterEvents, together } from './together.js';
import { containedChanges, writeManifest } from './write-manifest.js';

/**
 * Builds and publishes a generation, or finds that nothing changed.
 * Errors: `input_unreadable`, `input_empty`, `bad_record` (strict), `prune_refused`, `index_locked`,
 * `index_unwritable`, `index_damaged`, those of the model, and `cancelled` when the signal aborts.
 */
export async function build(request: BuildRequest): Promise<BuildResult> {
  await checkInputs(request);
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
  const result = await makeGeneration(request, plan);
  if (result.kind === 'unchanged') return result;
  request.onEvent({ kind: 'publishing' });
  const { changes } = await readManifest(buildingFolder(request.indexFolder));
  await publish(request.indexFolder, result.generation, changes);
  await tidyUp(request, result.generation, plan.published);
  return result;
}

/**
 * Makes the next generation in `building`, complete and unpublished. `kind` says whether there is anything to publish.
 * Whoever calls it holds the writer's lock, or acts for who does. Errors: as `build`.
 */
export async function makeGeneration(request: BuildRequest, plan: Plan): Promise<BuildResult> {
  const lock = await lockBuilding(request.indexFolder);
  try {
    return await makeLocked(request, plan);
  } finally {
    lock.release();
  }
}

async function makeLocked(request: BuildRequest, plan: Plan): Promise<BuildResult> {
  const building = await prepareBuilding(request.indexFolder);
  const draft = openDraft(join(building, STORE_FILE), {
    papers: plan.base && storeOf(plan.base),
    embeddings: plan.published && storeOf(plan.published),
  });
  let keepDraft = draft.resumed;
  const model = new LazyEmbedder(plan.model);
  try {
    if (draft.resumed)
      request.onEvent({ kind: 'note', message: 'Resuming: what a stopped build embedded is kept.' });
    // Where nothing is published that could turn out to be unchanged, it is needed for sure.
    if (plan.base === null) model.prepare();
    const { result: summary, isNews } = await importInto(draft, plan, request);
    const isAsked = request.rebuild || request.discardChanges;
    const mayStay = plan.base !== null && !isAsked && !isNews;
    if (plan.base !== null && mayStay && (await isIndexCurrent(plan.base, plan))) {
      draft.close();
      if (!keepDraft) await rm(building, { recursive: true, force: true });
      const { path, manifest } = plan.base;
      return { kind: 'unchanged', generation: path.name, ...summary, embedded: 0, recall: manifest.recall };
    }
    keepDraft = true;
    model.prepare();
    const embedded = await embedStage(draft, model, { request, plan });
    const { name, recall } = await finish(draft, building, summary.papers, { request, plan, model });
    return { kind: 'published', generation: name, ...summary, embedded, recall };
  } catch (thrown) {
    draft.close();
    if (!keepDraft) await rm(building, { recursive: true, force: true });
    throw thrown;
  } finally {
    await model.close();
  }
}

/** From an embedded draft to a generation that can be published. */
async function finish(
  draft: Draft,
  building: string,
  papers: number,
  { request, plan, model }: { request: BuildRequest; plan: Plan; model: LazyEmbedder },
): Promise<{ name: string; recall: BuiltVectors['recall'] }> {
  const { signal, onEvent, indexFolder } = request;
  const { fingerprint, dimensions } = plan.model;
  const task = {
    folder: building,
    store: join(building, STORE_FILE),
    fingerprint,
    count: papers,
    dimensions,
  };
  const { vectors, keywords, calibration } = await indexAll(draft, task, { signal, onEvent, model });
  signal.throwIfAborted();
  draft.seal(fingerprint);
  const name = await nextGenerationName(indexFolder);
  const changes = containedChanges(name, plan, indexFolder);
  await writeManifest(building, { ...plan, name, papers, changes, vectors, keywords, calibration });
  // Before anybody waits for it to be published.
  await syncFiles(building);
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
    await removeOldJournals(request.indexFolder);
  } catch (thrown) {
    request.onEvent({ kind: 'note', message: `Old generations could not be removed: ${messageOf(thrown)}.` });
  }
}

/**
 * Everything that is made of an embedded draft. The graph takes longest and has a thread of its own; this thread makes
 * the rest meanwhile, which needs no graph.
 */
async function indexAll(
  draft: Draft,
  task: IndexingTask,
  { signal, onEvent, model }: Pick<BuildRequest, 'signal' | 'onEvent'> & { model: LazyEmbedder },
): Promise<{ vectors: BuiltVectors; keywords: KeywordFile; calibration: Calibration }> {
  const { folder, count } = task;
  const later = new LaterEvents(onEvent);
  const exact = pending<IndexFile>();
  // Whoever waits for it is told; nobody may, where the first stage fails.
  exact.promise.catch(() => undefined);
  const [vectors, rest] = await together(
    signal,
    (stop) =>
      indexInThread(task, {
        signal: stop,
        onEvent: (event) => later.tell(event),
        onExact: exact.settle.resolve,
      }).catch((thrown: unknown) => {
        exact.settle.reject(thrown);
        throw thrown;
      }),
    async (stop) => {
      const keywords = await indexKeywords(draft.allTexts(), { folder, count, signal: stop, onEvent });
      onEvent({ kind: 'calibrating' });
      const calibration = await calibrateDraft(draft, {
        folder,
        exact: await exact.promise,
        model,
        signal: stop,
      });
      later.release();
      return { keywords, calibration };
    },
  );
  return { vectors, ...rest };
}

/** What similarities mean in this corpus, by exact search whatever will serve. */
async function calibrateDraft(
  draft: Draft,
  {
    folder,
    exact,
    model,
    signal,
  }: { folder: string; exact: IndexFile; model: LazyEmbedder; signal: AbortSignal },
): Promise<Calibration> {
  const index = await openExactIndex(folder, exact);
  try {
    const papersOf = async (labels: readonly number[]) => draft.texts(labels);
    const embedder = await model.get(1);
    return await calibrate({ embedder, vectors: index, labels: draft.labels(), papersOf, signal });
  } finally {
    await index.close();
  }
}

async function embedStage(
  draft: Draft,
  model: LazyEmbedder,
  { request, plan }: { request: BuildRequest; plan: Plan },
): Promise<number> {
  const { fingerprint } = plan.model;
  const { signal, onEvent } = request;
  const labels = draft.pendingLabels(fingerprint);
  if (labels.length === 0) return 0;
  const embedder = await model.get(Math.min(request.workers, labels.length));
  const embed = (texts: readonly PendingText[]) => embedPapers(embedder, texts, signal);
  return embedPending(draft, labels, { embed, fingerprint, signal, onEvent });
}
