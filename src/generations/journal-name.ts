/** Which journal belongs to a generation: the changes that are acknowledged and not in it yet. */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { generationNames } from './folder.js';
import { JOURNAL, type Manifest, readManifest } from './manifest.js';

export interface JournalPlace {
  /** Name of the file in the index folder. */
  file: string;
  path: string;
  /** The generation contains every change up to this one. */
  seq: number;
}

/** The journal that a generation of this name begins when it continues none. */
export function newJournalName(generation: string): string {
  return `changes-${generation.slice(-8)}.db`;
}

/**
 * Where the journal of a generation lies; null where there is none yet, which only generations of older versions may
 * be without. A journal that is named and missing is a loss, and told when it is opened.
 */
export function journalOf(indexFolder: string, manifest: Manifest): JournalPlace | null {
  const { changes, generation } = manifest;
  const file = changes?.journal ?? newJournalName(generation);
  const path = join(indexFolder, file);
  if (changes === null && !existsSync(path)) return null;
  return { file, path, seq: changes?.seq ?? 0 };
}

/** Deletes the journals that no generation in the folder names. */
export async function removeOldJournals(indexFolder: string): Promise<void> {
  const named = new Set<string>();
  for (const name of await generationNames(indexFolder)) {
    named.add(newJournalName(name));
    // One that cannot be read may name any.
    const manifest = await readManifest(join(indexFolder, name)).catch(() => null);
    if (manifest === null) return;
    if (manifest.changes !== null) named.add(manifest.changes.journal);
  }
  for (const file of await readdir(indexFolder)) {
    if (JOURNAL.test(file) && !named.has(file)) await rm(join(indexFolder, file), { force: true });
  }
}
