/**
 * A copy of what is published, with every acknowledged change, made while a service answers and writes. The copy is an
 * index folder itself: it can be served, verified and restored.
 */
import { access, mkdir, readdir, realpath, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { messageOf, NearpaperError, systemCode } from '../errors.js';
import { Pace } from '../pacing.js';
import { openJournal } from '../papers/journal.js';
import { type CopyOptions, copyVerified, filesOf, writeFailure } from './copy.js';
import { CURRENT, currentGeneration, type GenerationPath, requireGeneration } from './folder.js';
import { type JournalPlace, journalOf } from './journal-name.js';
import { lockForWriting } from './lock.js';
import { MANIFEST_FILE, type Manifest, readManifest } from './manifest.js';
import { sync, writeDurably } from './publish.js';

export interface BackupOptions {
  signal: AbortSignal;
  /** Bytes copied so far, and about how many there are. */
  onProgress?: (done: number, total: number) => void;
}

export interface BackupReport {
  /** Absolute path of the backup. */
  folder: string;
  generation: string;
  /** Papers of the generation, without the changes. */
  papers: number;
  /** Acknowledged changes that the generation does not contain. */
  changes: number;
  bytes: number;
}

/** A writer may publish, and remove what is being copied: then the copy begins again with the new generation. */
const ATTEMPTS = 5;

/**
 * Copies what is published to `target`, which must not be there, or be an empty folder. The files are verified and on disk
 * before the copy gets its name, so that one which was stopped or killed does not look like a backup: it leaves
 * `target`.partial at most, which the next one replaces. Errors: `usage` for a target that will not do, `index_missing`,
 * `index_damaged`, `index_unwritable`, `index_locked` when another backup writes there, and the signal's reason.
 */
export async function backUp(
  indexFolder: string,
  target: string,
  options: BackupOptions,
): Promise<BackupReport> {
  const folder = resolve(target);
  await refuseTarget(indexFolder, folder);
  await requireGeneration(indexFolder);
  const partial = `${folder}.partial`;
  await mkdir(partial, { recursive: true }).catch((thrown: unknown) => {
    throw writeFailure(partial, thrown);
  });
  const lock = lockForWriting(partial, 'nearpaper backup');
  try {
    const copied = await copyCurrent(indexFolder, partial, options);
    lock.release();
    await takeName(partial, folder);
    return { folder, ...copied };
  } catch (thrown) {
    lock.release();
    await rm(partial, { recursive: true, force: true }).catch(() => undefined);
    throw thrown;
  }
}

async function refuseTarget(indexFolder: string, folder: string): Promise<void> {
  const refuse = (why: string) => {
    const message = `${folder} cannot be the folder of the backup: ${why}. Name one that is not there yet.`;
    return new NearpaperError('usage', message, { field: 'folder' });
  };
  const index = await realpath(indexFolder).catch(() => resolve(indexFolder));
  const place = await realpath(folder).catch(async () => {
    const parent = await realpath(dirname(folder)).catch(() => dirname(folder));
    return join(parent, folder.slice(dirname(folder).length));
  });
  if (place === index || place.startsWith(index + sep)) throw refuse('it lies in the folder of the index');
  try {
    if ((await readdir(folder)).length > 0) throw refuse('it is not empty');
  } catch (thrown) {
    if (thrown instanceof NearpaperError) throw thrown;
    if (systemCode(thrown) !== 'ENOENT') throw refuse(messageOf(thrown));
  }
}

async function copyCurrent(
  indexFolder: string,
  partial: string,
  options: BackupOptions,
): Promise<Omit<BackupReport, 'folder'>> {
  for (let attempt = 1; ; attempt++) {
    const path = await requireGeneration(indexFolder);
    await clear(partial);
    try {
      return await copyGeneration(indexFolder, path, { partial, ...options });
    } catch (thrown) {
      const replaced = (await currentGeneration(indexFolder))?.name !== path.name;
      if (options.signal.aborted || attempt === ATTEMPTS || !replaced) throw withAdvice(thrown);
    }
  }
}

/** Whatever a killed backup, or an attempt before this one, left; the lock is held and stays. */
async function clear(partial: string): Promise<void> {
  for (const name of await readdir(partial)) {
    if (!name.startsWith('writer.')) await rm(join(partial, name), { recursive: true, force: true });
  }
}

async function copyGeneration(
  indexFolder: string,
  { name, folder: source }: GenerationPath,
  { partial, signal, onProgress }: BackupOptions & { partial: string },
): Promise<Omit<BackupReport, 'folder'>> {
  const manifest = await readManifest(source);
  const target = join(partial, name);
  await mkdir(target);
  const bytes = await copyFiles(manifest, { source, target }, { signal, onProgress });
  await copyVerified(join(source, MANIFEST_FILE), join(target, MANIFEST_FILE), null, { signal });
  await sync(target);
  const place = journalOf(indexFolder, manifest);
  const changes =
    place === null ? 0 : await copyJournal(place, join(partial, place.file), manifest.model.fingerprint);
  await writeDurably(join(partial, CURRENT), `${name}\n`);
  await sync(partial);
  return { generation: name, papers: manifest.papers, changes, bytes };
}

/** Copies what the manifest names, telling how far it is. Resolves to the number of bytes. */
export async function copyFiles(
  manifest: Manifest,
  { source, target }: { source: string; target: string },
  {
    signal,
    onProgress,
  }: Pick<CopyOptions, 'signal'> & { onProgress: BackupOptions['onProgress'] | undefined },
): Promise<number> {
  const files = filesOf(manifest);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  const onBytes = (bytes: number) => {
    done += bytes;
    onProgress?.(done, total);
  };
  for (const file of files)
    await copyVerified(join(source, file.file), join(target, file.file), file, { signal, onBytes });
  return done;
}

/**
 * Copies a journal as it is at one instant, also while a service writes to it. Resolves to the number of changes in it that
 * the generation does not contain, each of which is checked. Errors: `index_damaged` when it lacks some of these.
 */
export async function copyJournal(
  { path, file, seq }: JournalPlace,
  target: string,
  fingerprint: string,
): Promise<number> {
  const journal = openJournal(path, 'read');
  try {
    journal.snapshot(target);
  } finally {
    journal.close();
  }
  // Of the copy: the journal may have been trimmed since.
  const copy = openJournal(target, 'read');
  try {
    if (copy.trimmedTo > seq) {
      const message = `${file} no longer holds the changes from ${seq + 1} to ${copy.trimmedTo}.`;
      throw new NearpaperError('index_damaged', message);
    }
    const pace = new Pace();
    let changes = 0;
    for (const _change of copy.changesAfter(seq, fingerprint)) {
      if (pace.due()) await pace.turn();
      changes++;
    }
    return changes;
  } finally {
    copy.close();
  }
}

/** Gives the finished copy its name; the lock was given back. */
async function takeName(partial: string, folder: string): Promise<void> {
  try {
    await rm(join(partial, 'writer.lock'), { force: true });
    await sync(partial);
    // An empty folder that was there; one that is not empty by now fails here.
    if (await isThere(folder)) await rmdir(folder);
    await rename(partial, folder);
    await sync(dirname(folder));
  } catch (thrown) {
    throw writeFailure(folder, thrown);
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function withAdvice(thrown: unknown): unknown {
  if (!(thrown instanceof NearpaperError) || thrown.code !== 'index_damaged') return thrown;
  const message = `${thrown.message} Nothing was backed up. \`nearpaper verify\` says what is damaged and what mends it.`;
  return new NearpaperError('index_damaged', message, { cause: thrown });
}
