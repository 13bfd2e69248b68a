/** Making a backup what is published. What was published stays beside it, for a way back. */
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { NearpaperError } from '../errors.js';
import { openJournal } from '../papers/journal.js';
import { type BackupOptions, copyFiles, copyJournal } from './backup.js';
import { writeFailure } from './copy.js';
import {
  currentGeneration,
  currentOrNewest,
  type GenerationPath,
  nextGenerationName,
  removeOldGenerations,
  requireWritable,
} from './folder.js';
import { journalOf, newJournalName, removeOldJournals } from './journal-name.js';
import { lockForWriting } from './lock.js';
import { MANIFEST_FILE, type Manifest, manifestText, readManifest } from './manifest.js';
import { publish, writeDurably } from './publish.js';

/** A generation and the changes laid over it. */
export interface Contents {
  generation: string;
  papers: number;
  /** Changes that the generation does not contain; null where that cannot be read. */
  changes: number | null;
}

export interface RestoreReport extends Contents {
  /** The generation of the backup. */
  from: string;
  /** What was published before and stays beside it; null when there was nothing. */
  replaced: Contents | null;
}

export interface RestoreOptions extends BackupOptions {
  /** Looks at the whole backup while the folder is locked, and throws to leave everything as it is. */
  verify: (backupFolder: string) => Promise<void>;
}

/**
 * Publishes what a backup holds as a new generation with a journal of its own. Atomic, as every publishing: whoever opens
 * the index finds what was there or what was restored. Errors: `index_locked` while a service or a build writes the folder,
 * `index_missing` when there is no backup, those of `verify`, `index_damaged`, `index_unwritable`, and the signal's reason.
 */
export async function restore(
  backupFolder: string,
  indexFolder: string,
  options: RestoreOptions,
): Promise<RestoreReport> {
  if (resolve(backupFolder) === resolve(indexFolder)) {
    throw new NearpaperError('usage', `${indexFolder} is the folder to restore into, not a backup of it.`);
  }
  const from = await requireBackup(backupFolder);
  await requireWritable(indexFolder);
  const lock = lockForWriting(indexFolder, 'nearpaper restore');
  try {
    await options.verify(backupFolder);
    return await restoreLocked(from, { backupFolder, indexFolder }, options);
  } finally {
    lock.release();
  }
}

/** Errors: `index_missing`, in words of a backup. */
async function requireBackup(folder: string): Promise<GenerationPath> {
  const path = await currentGeneration(folder);
  if (path !== null) return path;
  throw new NearpaperError('index_missing', `There is no backup in ${folder}: it has no file CURRENT.`);
}

async function restoreLocked(
  from: GenerationPath,
  { backupFolder, indexFolder }: { backupFolder: string; indexFolder: string },
  options: RestoreOptions,
): Promise<RestoreReport> {
  // A damaged CURRENT is one of the things that a backup is for.
  const current = await currentOrNewest(indexFolder).catch(() => null);
  const replaced = current && (await contentsOf(indexFolder, current));
  const generation = await nextGenerationName(indexFolder);
  const manifest = await readManifest(from.folder);
  // The draft of a build that was stopped lies in `building`, and is worth keeping.
  const arriving = join(indexFolder, 'restoring');
  const journal = newJournalName(generation);
  let changes: number;
  try {
    await rm(arriving, { recursive: true, force: true });
    await mkdir(arriving);
    await copyFiles(
      manifest,
      { source: from.folder, target: arriving },
      { onProgress: undefined, ...options },
    );
    const place = journalOf(backupFolder, manifest);
    const { fingerprint } = manifest.model;
    changes = place === null ? 0 : await copyJournal(place, join(indexFolder, journal), fingerprint);
    const named = { generation, changes: place && { journal, seq: place.seq } };
    await writeManifest(arriving, { ...manifest, ...named });
    await publish(indexFolder, generation, named.changes, arriving);
  } catch (thrown) {
    await rm(arriving, { recursive: true, force: true }).catch(() => undefined);
    options.signal.throwIfAborted();
    throw thrown instanceof NearpaperError ? thrown : writeFailure(indexFolder, thrown);
  }
  await removeOldGenerations(indexFolder, generation, current?.name ?? null);
  await removeOldJournals(indexFolder);
  return { generation, papers: manifest.papers, changes, from: from.name, replaced };
}

async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeDurably(join(folder, MANIFEST_FILE), manifestText(manifest));
}

/** For the report alone: what cannot be read is left out of it. */
async function contentsOf(indexFolder: string, path: GenerationPath): Promise<Contents | null> {
  const manifest = await readManifest(path.folder).catch(() => null);
  if (manifest === null) return null;
  const { name: generation } = path;
  return { generation, papers: manifest.papers, changes: pendingOf(indexFolder, manifest) };
}

function pendingOf(indexFolder: string, manifest: Manifest): number | null {
  const place = journalOf(indexFolder, manifest);
  if (place === null) return 0;
  try {
    const journal = openJournal(place.path, 'read');
    try {
      return Math.max(0, journal.lastSeq - place.seq);
    } finally {
      journal.close();
    }
  } catch {
    return null;
  }
}
