/** Making a finished generation the one that serves. */
import { existsSync } from 'node:fs';
import { open, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { createJournal } from '../papers/journal.js';
import { buildingFolder, CURRENT } from './folder.js';
import type { Manifest } from './manifest.js';

/**
 * Makes what lies in `building`, or in another folder beside it, the served generation. Atomic: a reader finds the old one or the new one, and
 * after a power failure too, since each file is on disk before the name that leads to it. `changes`: as its manifest
 * says; a journal that begins with it is made.
 */
export async function publish(
  indexFolder: string,
  name: string,
  changes: Manifest['changes'] = null,
  from = buildingFolder(indexFolder),
): Promise<void> {
  await syncFiles(from);
  await rename(from, join(indexFolder, name));
  if (changes !== null) beginJournal(join(indexFolder, changes.journal), changes.seq);
  await sync(indexFolder);
  await nameCurrent(indexFolder, name);
}

/** From now on this generation is the one that serves. */
export async function nameCurrent(indexFolder: string, name: string): Promise<void> {
  await writeDurably(join(indexFolder, CURRENT), `${name}\n`);
  await sync(indexFolder);
}

/** Resolves when every file of the folder is on disk. Done again at once, it takes no time. */
export async function syncFiles(folder: string): Promise<void> {
  for (const file of await readdir(folder)) await sync(join(folder, file));
  await sync(folder);
}

/** A generation that begins a journal has it from the first: that one is missing later means that it was lost. */
function beginJournal(path: string, seq: number): void {
  if (seq === 0 && !existsSync(path)) createJournal(path);
}

/** Writes under a temporary name, fsyncs and renames. */
export async function writeDurably(path: string, content: string): Promise<void> {
  const temporary = `${path}.tmp`;
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
}

/** Resolves when the file, or the names in the folder, are on disk. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
