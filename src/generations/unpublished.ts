/** What a build that was killed in the middle of publishing left: a finished generation that CURRENT never named. */
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { buildingFolder, type GenerationPath, generationNames, generationNumber } from './folder.js';
import { readManifest } from './manifest.js';
import { verifyStoreFile } from './open.js';

/**
 * Makes such a generation the draft again, so that nothing in it is embedded a second time. Only one that is newer
 * than `current` was never published, and only a store that is whole is worth keeping.
 */
export async function takeBackUnpublished(
  indexFolder: string,
  current: GenerationPath | null,
): Promise<void> {
  if (existsSync(buildingFolder(indexFolder))) return;
  const [newest] = await generationNames(indexFolder);
  if (newest === undefined || generationNumber(newest) <= generationNumber(current?.name ?? '')) return;
  const folder = join(indexFolder, newest);
  try {
    const { store } = await readManifest(folder);
    await verifyStoreFile(folder, store);
  } catch {
    // Damaged: it is removed with the old generations.
    return;
  }
  await rename(folder, buildingFolder(indexFolder));
}
