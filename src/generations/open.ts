/** Opens a published generation for reading, after checking that its files are the ones that were published. */
import { join } from 'node:path';
import { messageOf, NearpaperError } from '../errors.js';
import { openKeywordIndex } from '../keywords/keyword-file.js';
import type { KeywordIndex } from '../keywords/keyword-index.js';
import { openStore, type PaperStore } from '../papers/store.js';
import { type OpenedVectors, type OpenVectorOptions, openVectorIndex } from '../vectors/open.js';
import type { BaseIndex } from '../vectors/vector-index.js';
import { describeFile } from './digest.js';
import type { GenerationPath } from './folder.js';
import { hasCurrentVectors, type Manifest, REBUILD, readManifest, type StoreFile } from './manifest.js';

export interface Generation {
  manifest: Manifest;
  store: PaperStore;
  vectors: BaseIndex;
  keywords: KeywordIndex;
  calibration: NonNullable<Manifest['calibration']>;
  /** Why exact search stands in for HNSW, when it does; else null. */
  note: string | null;
  close(): Promise<void>;
}

/**
 * Errors: `index_damaged` when a file is missing, cut short or altered, or the files disagree; `index_outdated` when
 * an older nearpaper built it; `schema_newer`; `native_module`.
 */
export async function openGeneration(path: GenerationPath, options: OpenVectorOptions): Promise<Generation> {
  const manifest = await readManifest(path.folder);
  const { keywords, calibration } = manifest;
  if (keywords === null || calibration === null || !hasCurrentVectors(manifest)) {
    throw new NearpaperError(
      'index_outdated',
      `${path.folder} was built by an older nearpaper. Run \`nearpaper build\` to bring it up to date; stored embeddings are kept where they are still made that way.`,
    );
  }
  const parts = await openAll({
    vectors: openVectorIndex(path.folder, manifest.vectors, options),
    keywords: openKeywordIndex(path.folder, keywords),
    store: openVerifiedStore(path.folder, manifest.store),
  });
  const generation: Generation = {
    manifest,
    store: parts.store,
    vectors: parts.vectors.index,
    keywords: parts.keywords,
    calibration,
    note: parts.vectors.note,
    close: () => closeAll([parts.vectors.index, parts.keywords, parts.store]),
  };
  const sizes = [generation.store.size, generation.vectors.size, generation.keywords.size];
  if (sizes.every((size) => size === manifest.papers)) return generation;
  await generation.close();
  throw new NearpaperError(
    'index_damaged',
    `${path.folder}: the store holds ${sizes[0]} papers, the vector index ${sizes[1]}, the keyword index ${sizes[2]}. ${REBUILD}`,
  );
}

interface Opening {
  vectors: Promise<OpenedVectors>;
  keywords: Promise<KeywordIndex>;
  store: Promise<PaperStore>;
}

/** All of them, or the first failure once none is being opened any more and those that were are closed. */
async function openAll(opening: Opening): Promise<{ [Part in keyof Opening]: Awaited<Opening[Part]> }> {
  const [vectors, keywords, store] = await Promise.allSettled([
    opening.vectors,
    opening.keywords,
    opening.store,
  ]);
  if (vectors.status === 'fulfilled' && keywords.status === 'fulfilled' && store.status === 'fulfilled') {
    return { vectors: vectors.value, keywords: keywords.value, store: store.value };
  }
  await closeAll([
    ...(vectors.status === 'fulfilled' ? [vectors.value.index] : []),
    ...(keywords.status === 'fulfilled' ? [keywords.value] : []),
    ...(store.status === 'fulfilled' ? [store.value] : []),
  ]);
  throw [store, vectors, keywords].find((part) => part.status === 'rejected')?.reason;
}

/** Closes every one, whatever becomes of the others. */
async function closeAll(parts: readonly { close(): Promise<void> }[]): Promise<void> {
  const outcomes = await Promise.allSettled(parts.map((part) => part.close()));
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure) throw failure.reason;
}

/**
 * Opens the store while its checksum is computed, which takes about as long: SQLite expects anything of a file, and
 * nothing that it gave is used before the file is known to be the one that was published. Errors: those of
 * `verifyStoreFile` first, then those of `openStore`.
 */
async function openVerifiedStore(folder: string, expected: StoreFile): Promise<PaperStore> {
  const [verified, opened] = await Promise.allSettled([
    verifyStoreFile(folder, expected),
    openStore(join(folder, expected.file)),
  ]);
  if (verified.status === 'rejected') {
    if (opened.status === 'fulfilled') await opened.value.close();
    throw verified.reason;
  }
  if (opened.status === 'rejected') throw opened.reason;
  return opened.value;
}

/** Errors: `index_damaged` unless the store has the size and SHA-256 that the manifest names. */
export async function verifyStoreFile(folder: string, expected: StoreFile): Promise<void> {
  const path = join(folder, expected.file);
  const found = await describeFile(path).catch((thrown: unknown) => {
    throw new NearpaperError('index_damaged', `Cannot read ${path}: ${messageOf(thrown)}. ${REBUILD}`, {
      cause: thrown,
    });
  });
  if (found.bytes !== expected.bytes || found.sha256 !== expected.sha256) {
    throw new NearpaperError('index_damaged', `${path} is not the file that was published. ${REBUILD}`);
  }
}
