/**
 * The pages of a folder and the indexes that they are in. What lies on disk counts, not what a list says: a page is pending
 * until a build has taken it in, also after a crash between the page and the state.
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type HarvestState, pageNames, readState, writeState } from './harvest-state.js';
import type { Source } from './source.js';
import { writeWhole } from './whole-file.js';

/** An index that pages are built into. */
export interface TargetIndex {
  /** An absolute path. */
  folder: string;
  /** Whether it has a generation: without one, nothing is in it. */
  isPublished: boolean;
}

/** The names of the pages in a folder that are not in the index, in their order. Errors: `input_unreadable`, `index_unwritable`. */
export async function pendingPages(
  source: Pick<Source, 'folder'>,
  folder: string,
  { folder: index, isPublished }: TargetIndex,
): Promise<string[]> {
  const state = await readState(folder, source.folder);
  const built = new Set(state.built[index]);
  if (!isPublished && built.size > 0) {
    // Before another generation makes the list look right again.
    built.clear();
    await writeState(folder, { ...state, built: { ...state.built, [index]: [] } });
  }
  return (await pageNames(folder)).filter((name) => !built.has(name));
}

/** To be called once a build has published the pages. `index`: an absolute path. Errors: as `pendingPages`. */
export async function markBuilt(
  source: Pick<Source, 'folder'>,
  folder: string,
  index: string,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return;
  const state = await readState(folder, source.folder);
  const built = [...new Set([...(state.built[index] ?? []), ...names])].toSorted();
  await writeState(folder, { ...state, built: { ...state.built, [index]: built } });
}

/** Writes a page, unless it is there. One that changes is taken for built nowhere before it is. Errors: `index_unwritable`. */
export async function writePage(
  folder: string,
  state: HarvestState,
  name: string,
  body: readonly Uint8Array[],
): Promise<void> {
  if (await holds(join(folder, name), body)) return;
  const lists = Object.entries(state.built);
  if (lists.some(([, names]) => names.includes(name))) {
    state.built = Object.fromEntries(
      lists.map(([index, names]) => [index, names.filter((other) => other !== name)] as const),
    );
    await writeState(folder, state);
  }
  await writeWhole(folder, name, body);
}

/** Whether a gzipped file is there and holds just this. */
async function holds(path: string, body: readonly Uint8Array[]): Promise<boolean> {
  const chunks: Uint8Array[] = [];
  try {
    await pipeline(createReadStream(path), createGunzip(), async (unpacked) => {
      for await (const chunk of unpacked) chunks.push(chunk);
    });
  } catch {
    return false;
  }
  return Buffer.concat(chunks).equals(Buffer.concat(body));
}
