/**
 * The index folder: generations, `CURRENT` which names the one that serves, and `building` where the next one
 * is made. Nothing that is published is ever written again.
 */
import { randomBytes } from 'node:crypto';
import { access, constants, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, NearpaperError, systemCode } from '../errors.js';

export const CURRENT = 'CURRENT';
const GENERATION = /^g(\d{6,})-[0-9a-f]{8}$/;

export interface GenerationPath {
  name: string;
  folder: string;
}

export function buildingFolder(indexFolder: string): string {
  return join(indexFolder, 'building');
}

/** Mends a CURRENT that names nothing. */
const POINTER_REMEDY =
  'Write the name of one of the generations beside it into the file, the newest if in doubt; or restore a backup with ' +
  '`nearpaper restore <folder>`, or build afresh with `nearpaper build --fresh <file>`.';

/** The published generation, or null when there is none. Errors: `index_damaged` when CURRENT is not a name. */
export async function currentGeneration(indexFolder: string): Promise<GenerationPath | null> {
  let name: string;
  try {
    name = (await readFile(join(indexFolder, CURRENT), 'utf8')).trim();
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return null;
    throw new NearpaperError(
      'index_damaged',
      `Cannot read ${join(indexFolder, CURRENT)}: ${messageOf(thrown)}. ${POINTER_REMEDY}`,
      { cause: thrown },
    );
  }
  if (!GENERATION.test(name)) {
    throw new NearpaperError(
      'index_damaged',
      `${join(indexFolder, CURRENT)} does not name a generation. ${POINTER_REMEDY}`,
    );
  }
  return { name, folder: join(indexFolder, name) };
}

/** The published generation. Errors: `index_missing`, which says how to make one. */
export async function requireGeneration(indexFolder: string): Promise<GenerationPath> {
  const current = await currentGeneration(indexFolder);
  if (current !== null) return current;
  const [newest] = await generationNames(indexFolder).catch(() => []);
  if (newest !== undefined) {
    throw new NearpaperError(
      'index_damaged',
      `${join(indexFolder, CURRENT)} is missing, and ${newest} lies beside it. \`nearpaper build\` takes it for the one that ` +
        'serves, and so does writing its name into the file.',
    );
  }
  throw new NearpaperError(
    'index_missing',
    `There is no index in ${indexFolder}. Make one from your papers with \`nearpaper build <file>\`, or run ` +
      '`nearpaper start` to try nearpaper on its sample corpus. NEARPAPER_INDEX names another folder.',
  );
}

/** The published generation, or where CURRENT is missing the newest that lies there: nothing is lost with that file. */
export async function currentOrNewest(indexFolder: string): Promise<GenerationPath | null> {
  const current = await currentGeneration(indexFolder);
  if (current !== null) return current;
  const [newest] = await generationNames(indexFolder).catch(() => []);
  return newest === undefined ? null : { name: newest, folder: join(indexFolder, newest) };
}

/** A name for the next generation: a number above that of every other, and random digits against mix-ups. */
export async function nextGenerationName(indexFolder: string): Promise<string> {
  const number = Math.max(0, ...(await generationNames(indexFolder)).map(generationNumber)) + 1;
  return `g${String(number).padStart(6, '0')}-${randomBytes(4).toString('hex')}`;
}

/** Makes the folder if it is not there. Errors: `index_unwritable`. */
export async function requireWritable(indexFolder: string): Promise<void> {
  try {
    await mkdir(indexFolder, { recursive: true });
    await access(indexFolder, constants.W_OK);
  } catch (thrown) {
    throw new NearpaperError(
      'index_unwritable',
      `Cannot write the index folder ${indexFolder}: ${messageOf(thrown)}. NEARPAPER_INDEX names another one.`,
      { cause: thrown },
    );
  }
}

/**
 * Deletes every generation but `current` and the one before it, which stays for services that still answer from it and for a
 * way back: `previous`, or where none could be read, the newest of the others.
 */
export async function removeOldGenerations(
  indexFolder: string,
  current: string,
  previous: string | null,
): Promise<void> {
  const others = (await generationNames(indexFolder)).filter((name) => name !== current);
  const kept = previous ?? others[0];
  for (const name of others) {
    if (name !== kept) await rm(join(indexFolder, name), { recursive: true, force: true });
  }
}

/** The generations that lie in the folder, published or not, the newest first. */
export async function generationNames(indexFolder: string): Promise<string[]> {
  return (await readdir(indexFolder))
    .filter((name) => GENERATION.test(name))
    .sort((a, b) => generationNumber(b) - generationNumber(a));
}

export function generationNumber(name: string): number {
  return Number(GENERATION.exec(name)?.[1] ?? 0);
}
