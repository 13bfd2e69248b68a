/** Opens a published generation for reading, after checking that its files are the ones that were published. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, NearpaperError } from '../errors.js';
import { openStore, type PaperStore } from '../papers/store.js';
import { type OpenedVectors, type OpenVectorOptions, openVectorIndex } from '../vectors/open.js';
import type { VectorIndex } from '../vectors/vector-index.js';
import type { GenerationPath } from './folder.js';
import { type Manifest, REBUILD, readManifest, type StoreFile } from './manifest.js';

export interface Generation {
  manifest: Manifest;
  store: PaperStore;
  vectors: VectorIndex;
  /** Why exact search stands in for HNSW, when it does; else null. */
  note: string | null;
  close(): Promise<void>;
}

/**
 * Errors: `index_damaged` when a file is missing, cut short or altered, or store and index disagree;
 * `schema_newer`; `native_module`.
 */
export async function openGeneration(path: GenerationPath, options: OpenVectorOptions): Promise<Generation> {
  const manifest = await readManifest(path.folder);
  const vectors = await openBoth(
    openVectorIndex(path.folder, manifest.vectors, options),
    verifyStoreFile(path.folder, manifest.store),
  );
  try {
    const store = openStore(join(path.folder, manifest.store.file));
    if (store.size !== manifest.papers || vectors.index.size !== manifest.papers) {
      await store.close();
      throw new NearpaperError(
        'index_damaged',
        `${path.folder}: the store holds ${store.size} papers, the index ${vectors.index.size}. ${REBUILD}`,
      );
    }
    return {
      manifest,
      store,
      vectors: vectors.index,
      note: vectors.note,
      async close() {
        try {
          await vectors.index.close();
        } finally {
          await store.close();
        }
      },
    };
  } catch (thrown) {
    await vectors.index.close();
    throw thrown;
  }
}

/** The opened vectors once the store is verified too, or the first failure once neither is running any more. */
async function openBoth(opening: Promise<OpenedVectors>, verifying: Promise<void>): Promise<OpenedVectors> {
  const [opened, verified] = await Promise.allSettled([opening, verifying]);
  if (opened.status === 'rejected') throw opened.reason;
  if (verified.status === 'rejected') {
    await opened.value.index.close();
    throw verified.reason;
  }
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

/** Size and SHA-256 of a file, read in pieces so that the event loop stays free. */
export async function describeFile(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece);
  return { bytes: (await stat(path)).size, sha256: hash.digest('hex') };
}
