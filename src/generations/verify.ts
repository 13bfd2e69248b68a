/**
 * Reads an index folder, or a backup, whole and says of every part whether it is what was published. Neither a model nor
 * hnswlib-node is needed.
 */
import { join } from 'node:path';
import { messageOf, NearpaperError } from '../errors.js';
import { verifyChecksum, withIndexFile } from '../index-file.js';
import { openKeywordIndex } from '../keywords/keyword-file.js';
import { postingsDigest } from '../keywords/postings-digest.js';
import { Pace } from '../pacing.js';
import { openJournal } from '../papers/journal.js';
import { storedEmbeddings } from '../papers/store.js';
import { checkStore, storedTexts } from '../papers/store-check.js';
import { cosine } from '../vectors/dot.js';
import type { ExactIndex } from '../vectors/exact.js';
import { openExactIndex } from '../vectors/exact-file.js';
import { openHnswIndex } from '../vectors/hnsw.js';
import { checkVector, type VectorIndex } from '../vectors/vector-index.js';
import { currentGeneration, type GenerationPath, requireGeneration } from './folder.js';
import { journalOf } from './journal-name.js';
import { hasCurrentVectors, type Manifest, readManifest } from './manifest.js';
import { verifyStoreFile } from './open.js';

/**
 * What mends a part: `build` makes the index again from the store; `restore` brings back a backup, in place of which the
 * papers are built afresh; `journal` does without what cannot be read; `pointer` names another generation.
 */
export type Remedy = 'build' | 'restore' | 'journal' | 'pointer';

export interface Finding {
  part: string;
  status: 'ok' | 'warning' | 'problem';
  detail: string;
  /** Null where nothing is to be done. */
  remedy: Remedy | null;
}

/** A generation that is looked at, and how the look can be stopped. */
export interface Examined {
  indexFolder: string;
  path: GenerationPath;
  manifest: Manifest;
  signal: AbortSignal;
}

/**
 * Yields a finding for every part, whatever was found of the others. Errors: `index_missing` where nothing is published,
 * and the signal's reason.
 */
export async function* verifyIndex(indexFolder: string, signal: AbortSignal): AsyncGenerator<Finding> {
  let path: GenerationPath;
  try {
    path = await requireGeneration(indexFolder);
  } catch (thrown) {
    if (thrown instanceof NearpaperError && thrown.code === 'index_missing') throw thrown;
    yield problem('CURRENT', thrown, 'pointer');
    return;
  }
  yield { part: 'CURRENT', status: 'ok', detail: `names ${path.name}`, remedy: null };
  let manifest: Manifest;
  try {
    manifest = await readManifest(path.folder);
  } catch (thrown) {
    yield problem('manifest', thrown, 'restore');
    return;
  }
  yield {
    part: 'manifest',
    status: 'ok',
    detail: `${manifest.papers} papers of ${manifest.created}`,
    remedy: null,
  };
  yield* examine({ indexFolder, path, manifest, signal });
}

async function* examine(examined: Examined): AsyncGenerator<Finding> {
  const { manifest } = examined;
  const store = await attempt(examined, 'store', 'restore', () => examineStore(examined));
  yield store;
  const embeddings = await attempt(examined, 'embeddings', 'restore', () => examineEmbeddings(examined));
  yield embeddings;
  // Nothing is blamed for not being like a store that is damaged itself.
  const isStoreWhole = store.status === 'ok' && embeddings.status === 'ok';
  yield* examineVectors(examined, isStoreWhole);
  if (manifest.keywords === null || manifest.calibration === null) yield outdated('keywords');
  else yield await attempt(examined, 'keywords', 'build', () => examineKeywords(examined, isStoreWhole));
  yield await attempt(examined, 'journal', 'journal', () => examineJournal(examined));
}

async function* examineVectors(examined: Examined, isStoreWhole: boolean): AsyncGenerator<Finding> {
  const { manifest, path } = examined;
  const { exact, hnsw } = manifest.vectors;
  if (!hasCurrentVectors(manifest)) {
    for (const file of [exact, hnsw]) {
      if (file !== null)
        yield await attempt(examined, file.file, 'build', () => verifyFile(path.folder, file));
    }
    yield outdated('vectors');
    return;
  }
  let index: ExactIndex | undefined;
  try {
    yield await attempt(examined, 'vectors', 'build', async () => {
      index = await openExactIndex(path.folder, exact);
      if (!isStoreWhole) return `${exact.file} as published; ${NOT_COMPARED}`;
      return `${exact.file} as published; ${await compareVectors(index, examined)}`;
    });
    const opened = index;
    if (hnsw !== null) {
      yield await attempt(examined, 'graph', 'build', async () => {
        if (opened === undefined) {
          await verifyFile(path.folder, hnsw);
          return `${hnsw.file} as published; its links are not looked at, since the vectors are damaged`;
        }
        await openHnswIndex(path.folder, hnsw, { exact: opened, poolSize: 1 });
        return `${hnsw.file} as published; every link leads to a vector`;
      });
    }
  } finally {
    await index?.close();
  }
}

const NOT_COMPARED = 'not compared with the store, which is damaged';

async function examineStore({ path, manifest, signal }: Examined): Promise<string> {
  const { store, papers } = manifest;
  await verifyStoreFile(path.folder, store);
  const count = await checkStore(join(path.folder, store.file), signal);
  if (count !== papers) throw damage(`${store.file} holds ${count} papers and the manifest says ${papers}`);
  return `${store.file} as published; SQLite finds it sound; ${count} papers are what their hashes say`;
}

async function examineEmbeddings({ path, manifest, signal }: Examined): Promise<string> {
  const { store, model } = manifest;
  const pace = new Pace(signal);
  let count = 0;
  for (const { label, vector } of storedEmbeddings(join(path.folder, store.file), model.fingerprint)) {
    if (pace.due()) await pace.turn();
    if (vector === undefined) throw damage(`paper ${label} has no embedding by ${model.name}`);
    try {
      checkVector(vector, model.dimensions);
    } catch (thrown) {
      throw damage(`the embedding of paper ${label} is none: ${messageOf(thrown)}`);
    }
    count++;
  }
  return `${count} unit vectors of ${model.dimensions} dimensions`;
}

/** Two roundings to 16 bits and 32-bit floats differ by less than a millionth. */
const LEAST_COSINE = 0.99999;

/**
 * Every stored embedding against the vector that the index holds for the same paper. Resolves to what was found, for
 * people. Errors: `index_damaged` with the command that mends it, `cancelled`.
 */
export async function compareVectors(
  vectors: Pick<VectorIndex, 'vectors' | 'size'>,
  { path, manifest, signal }: Omit<Examined, 'indexFolder'>,
): Promise<string> {
  const store = join(path.folder, manifest.store.file);
  const pace = new Pace(signal);
  let compared = 0;
  for (const { label, vector } of storedEmbeddings(store, manifest.model.fingerprint)) {
    if (pace.due()) await pace.turn();
    const [indexed] = await vectors.vectors([label]);
    if (vector === undefined || indexed === undefined || !(cosine(vector, indexed) >= LEAST_COSINE))
      throw damage(`paper ${label} of the store and of the index differ. ${UPDATE}`);
    compared++;
  }
  if (vectors.size !== compared)
    throw damage(`the index holds ${vectors.size} vectors, the store ${compared} papers. ${UPDATE}`);
  return `all ${compared} vectors agree with the store`;
}

/** Opens the keyword index by itself and counts its papers. Errors: as `compareVectors`, `index_outdated`. */
export async function countKeywords({
  path,
  manifest,
}: Pick<Examined, 'path' | 'manifest'>): Promise<string> {
  const { keywords, papers } = manifest;
  if (keywords === null) throw new NearpaperError('index_outdated', `there is none. ${UPDATE}`);
  const index = await openKeywordIndex(path.folder, keywords);
  await index.close();
  if (keywords.papers !== papers)
    throw damage(`${keywords.file} holds ${keywords.papers} papers, the store ${papers}. ${UPDATE}`);
  return `${keywords.terms} terms of ${keywords.papers} papers, as published`;
}

async function examineKeywords(examined: Examined, isStoreWhole: boolean): Promise<string> {
  const counted = await countKeywords(examined);
  const { manifest, path, signal } = examined;
  if (!isStoreWhole) return `${counted}; ${NOT_COMPARED}`;
  // The bytes depend on the papers alone.
  const texts = storedTexts(join(path.folder, manifest.store.file));
  if ((await postingsDigest(texts, signal)) !== manifest.keywords?.sha256)
    throw damage(`${manifest.keywords?.file} is not the index of the store's papers. ${UPDATE}`);
  return `${counted}; they are those of the store's texts`;
}

async function examineJournal({ indexFolder, manifest, signal }: Examined): Promise<string> {
  const place = journalOf(indexFolder, manifest);
  if (place === null) return 'there is none: nothing was changed since the build';
  const journal = openJournal(place.path, 'read');
  try {
    const { file, seq } = place;
    if (journal.trimmedTo > seq)
      throw damage(`${file} no longer holds the changes from ${seq + 1} to ${journal.trimmedTo}`);
    const pace = new Pace(signal);
    let pending = 0;
    for (const change of journal.changesAfter(seq, manifest.model.fingerprint)) {
      if (pace.due()) await pace.turn();
      if (change.kind === 'put') checkVector(change.vector, manifest.model.dimensions);
      pending++;
    }
    return `${file}: ${pending} changes after the ${seq} of the generation, each whole and none missing`;
  } finally {
    journal.close();
  }
}

/** The checksum of a file that nothing else reads. */
export async function verifyFile(
  folder: string,
  facts: { file: string; sha256: string; bytes: number },
): Promise<string> {
  await withIndexFile(folder, facts, (handle) => verifyChecksum(handle, facts));
  return 'as published';
}

const UPDATE = 'Run `nearpaper build` to make it again; no paper is embedded again.';

function damage(what: string): NearpaperError {
  return new NearpaperError('index_damaged', what);
}

function outdated(part: string): Finding {
  const detail =
    'of an older nearpaper; to be brought up to date before it is served, without embedding anything';
  return { part, status: 'warning', detail, remedy: 'build' };
}

async function attempt(
  { indexFolder, path, signal }: Examined,
  part: string,
  remedy: Remedy,
  work: () => Promise<string>,
): Promise<Finding> {
  try {
    return { part, status: 'ok', detail: await work(), remedy: null };
  } catch (thrown) {
    signal.throwIfAborted();
    // A writer may remove what it has replaced while it is being read.
    const current = await currentGeneration(indexFolder);
    if (current !== null && current.name !== path.name) {
      const detail = `${current.name} was published meanwhile; run it again`;
      return { part, status: 'warning', detail, remedy: null };
    }
    return problem(part, thrown, remedy);
  }
}

/** Something that is no known failure, such as a missing native module, is no finding. */
function problem(part: string, thrown: unknown, remedy: Remedy): Finding {
  if (!(thrown instanceof NearpaperError) || thrown.code === 'native_module') throw thrown;
  if (thrown.code === 'index_outdated') return outdated(part);
  return { part, status: 'problem', detail: thrown.message, remedy };
}
