/** `nearpaper doctor`: checks what the service stands on, from the bottom up, and says what to do. */
import { join } from 'node:path';
import { DEFAULT_MODEL } from '../build/plan.js';
import type { Config } from '../config.js';
import { embedPapers } from '../embedding/paper-vectors.js';
import { createEmbedder } from '../embedding/pool.js';
import { messageOf, NearpaperError } from '../errors.js';
import { currentOrNewest } from '../generations/folder.js';
import type { Generation } from '../generations/open.js';
import { compareVectors, countKeywords, verifyFile } from '../generations/verify.js';
import { findModel, modelOfIndex, openPublished } from '../open-corpus.js';
import { probeSqlite } from '../papers/database.js';
import { cosine } from '../vectors/dot.js';
import { loadHnswlib } from '../vectors/native.js';
import { HNSWLIB_REMEDY } from '../vectors/open.js';
import { type CommandContext, configOf, type SettingFlags } from './context.js';
import { printJson, printLine } from './output.js';

interface Finding {
  check: string;
  status: 'ok' | 'warning' | 'problem';
  /** What was found; of a problem, also what to do. */
  detail: string;
}

/** Resolves to exit code 0 when there is no problem, 1 otherwise. */
export async function doctorCommand(
  context: CommandContext,
  flags: SettingFlags & { json?: boolean },
): Promise<number> {
  const config = configOf(context, flags);
  const findings: Finding[] = [];
  for await (const finding of examine(config, context.signal)) {
    context.signal.throwIfAborted();
    findings.push(finding);
    if (!flags.json)
      printLine(context.stdout, `${MARKS[finding.status]} ${finding.check}: ${finding.detail}`);
  }
  const healthy = findings.every(({ status }) => status !== 'problem');
  if (flags.json) printJson(context.stdout, { healthy, findings });
  else printLine(context.stdout, conclusionOf(findings));
  return healthy ? 0 : 1;
}

function conclusionOf(findings: readonly Finding[]): string {
  if (findings.some(({ status }) => status === 'problem')) return 'Something needs mending, see above.';
  if (findings.some(({ status }) => status === 'warning')) return 'Nothing is broken; see the warning above.';
  return 'All is well.';
}

const MARKS = { ok: '   ok  ', warning: 'warning', problem: 'PROBLEM' } as const;

/** Which copy of hnswlib-node builds graphs here. */
function describeBuild({ build, unused }: { build: string; unused: string | null }): string {
  if (build !== 'stock') return `loads, compiled for ${build}`;
  if (unused !== null) return `loads; a faster copy is not used (${unused})`;
  return 'loads; scripts/build-native.mjs compiles a copy that builds graphs faster on this processor';
}

async function* examine(config: Config, signal: AbortSignal): AsyncGenerator<Finding> {
  yield checkNode();
  yield await attempt('better-sqlite3', async () => {
    probeSqlite();
    return 'loads';
  });
  const hnswlib = await loadHnswlib();
  yield hnswlib.ok
    ? { check: 'hnswlib-node', status: 'ok', detail: describeBuild(hnswlib) }
    : {
        check: 'hnswlib-node',
        status: 'warning',
        detail: `${hnswlib.reason}. Builds make no graph without it, and search is exact then. ${HNSWLIB_REMEDY}`,
      };

  if ((await attemptValue(() => currentOrNewest(config.indexFolder))).value === null) {
    yield {
      check: 'index',
      status: 'warning',
      detail: `there is none in ${config.indexFolder} yet; make one with \`nearpaper build <file>\``,
    };
    yield await attempt('model', () => loadModelAlone(config, signal));
    return;
  }
  const opened = await attemptValue(() => openPublished(config));
  if (opened.value === undefined) {
    yield { check: 'index', status: 'problem', detail: opened.failure };
    yield await attempt('model', () => loadModelAlone(config, signal));
    return;
  }
  try {
    yield* examineGeneration(opened.value.generation, config, signal);
  } finally {
    await opened.value.close();
  }
}

async function* examineGeneration(
  generation: Generation,
  config: Config,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  const { manifest, vectors, note } = generation;
  yield {
    check: 'index',
    status: note === null ? 'ok' : 'warning',
    detail:
      note ??
      `${manifest.generation}, ${manifest.papers} papers, store and vectors as published, ${vectors.engine} search`,
  };
  const path = { name: manifest.generation, folder: join(config.indexFolder, manifest.generation) };
  const { hnsw } = manifest.vectors;
  if (hnsw !== null) {
    // A small corpus is served without it, and would tell only once it has grown.
    yield await attempt('HNSW file', () => verifyFile(path.folder, hnsw));
  }
  yield await attempt('keyword index', () => countKeywords({ path, manifest }));
  yield await attempt('index against store', () => compareVectors(vectors, { path, manifest, signal }));
  yield await attempt('model', () => tryModel(generation, config, signal));
}

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fits = major > 20 || (major === 20 && minor >= 12);
  const detail = fits
    ? `version ${process.versions.node}`
    : `version ${process.versions.node}; 20.12 or newer is needed`;
  return { check: 'Node', status: fits ? 'ok' : 'problem', detail };
}

/** Loads the model, its checksums verified, and embeds the first paper again. */
async function tryModel(
  { manifest, store, vectors }: Generation,
  config: Config,
  signal: AbortSignal,
): Promise<string> {
  const model = await modelOfIndex(manifest, config, signal);
  const embedder = await createEmbedder(model, { workers: 1, maxQueued: 1 });
  try {
    const { papers } = await store.list([], 0, 1);
    const [paper] = papers;
    if (paper === undefined) return `${model.name} loads`;
    const resolved = await store.resolve(paper.id);
    const [stored] = await vectors.vectors([resolved?.label ?? 0]);
    const [fresh] = await embedPapers(embedder, [paper], signal);
    if (stored === undefined || fresh === undefined || cosine(stored, fresh) < 0.999) {
      throw new NearpaperError(
        'model_mismatch',
        `${model.name} embeds differently on this machine than where the index was built`,
      );
    }
    return `${model.name}, files as described, embeds as when the index was built`;
  } finally {
    await embedder.close();
  }
}

/** Where no index can be opened to compare with: the model that a build would use. */
async function loadModelAlone(config: Config, signal: AbortSignal): Promise<string> {
  const model = await findModel(config.model ?? DEFAULT_MODEL, config, signal);
  const embedder = await createEmbedder(model, { workers: 1, maxQueued: 1 });
  await embedder.close();
  return `${model.name}, files as described, loads`;
}

async function attempt(check: string, work: () => Promise<string>): Promise<Finding> {
  const { value, failure } = await attemptValue(work);
  return value === undefined
    ? { check, status: 'problem', detail: failure }
    : { check, status: 'ok', detail: value };
}

async function attemptValue<T>(
  work: () => Promise<T>,
): Promise<{ value: T; failure: '' } | { value: undefined; failure: string }> {
  try {
    return { value: await work(), failure: '' };
  } catch (thrown) {
    return { value: undefined, failure: messageOf(thrown) };
  }
}
