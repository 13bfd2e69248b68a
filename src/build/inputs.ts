/** What the names on a command line stand for: files as they are, folders as the files in them. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { messageOf, NearpaperError } from '../errors.js';

/** A file to read, or "-" for standard input. */
export interface Input {
  path: string;
  /** The folder that it was found in, for which it was not named itself; null for what was named. */
  within: string | null;
}

/**
 * Every file that the names stand for. A folder gives the files below it by the order of their paths, without those
 * whose name begins with a dot, those of an index that lies in it, and links to folders. A name that cannot be looked at
 * stays as it is: reading it says why. Errors: `input_unreadable` for a folder that cannot be looked into.
 */
export async function expandInputs(names: readonly string[], indexFolder: string): Promise<Input[]> {
  const index = await realpath(indexFolder).catch(() => resolve(indexFolder));
  const found: Input[] = [];
  for (const name of names) {
    const isFolder = name !== '-' && (await stat(name).catch(() => null))?.isDirectory();
    if (!isFolder) found.push({ path: name, within: null });
    else for (const path of await filesBelow(name, index)) found.push({ path, within: name });
  }
  return found;
}

/** Those of the names that are folders in which no file was found. */
export function emptyFolders(names: readonly string[], inputs: readonly Input[]): string[] {
  const filled = new Set(inputs.map(({ path, within }) => within ?? path));
  return names.filter((name) => !filled.has(name));
}

async function filesBelow(folder: string, index: string): Promise<string[]> {
  try {
    return await listFiles(folder, index);
  } catch (thrown) {
    throw new NearpaperError('input_unreadable', `Cannot look into ${folder}: ${messageOf(thrown)}.`, {
      cause: thrown,
    });
  }
}

async function listFiles(folder: string, index: string): Promise<string[]> {
  const inIndex = relative(await realpath(folder), index);
  const isAround = inIndex !== '' && !isOutside(inIndex);
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const paths: string[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const below = relative(folder, path);
    if (below.split(sep).some((part) => part.startsWith('.'))) continue;
    if (isAround && !isOutside(relative(inIndex, below))) continue;
    if (entry.isFile() || (entry.isSymbolicLink() && !(await isLinkToFolder(path)))) paths.push(path);
  }
  return paths.sort();
}

/** Of a relative path. */
function isOutside(path: string): boolean {
  return path.split(sep)[0] === '..';
}

async function isLinkToFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}
