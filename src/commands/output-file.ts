/** Files that a command writes for people to keep: whole under their name, or not at all. */
import { access, constants, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf, NearpaperError, systemCode } from '../errors.js';

/**
 * Fails before hours of work when the file could not be written after them. `flag` is what named it.
 * Errors: `usage`.
 */
export async function checkOutputFile(flag: string, path: string): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK);
    const existing = await stat(path).catch((thrown: unknown) => {
      if (systemCode(thrown) === 'ENOENT') return undefined;
      throw thrown;
    });
    if (existing !== undefined && !existing.isFile()) throw new Error('it is there and no plain file');
  } catch (thrown) {
    throw notWritable(flag, path, thrown);
  }
}

/** Writes a temporary file beside it and renames that. Errors: `usage`. */
export async function writeOutputFile(flag: string, path: string, lines: Iterable<string>): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    await writeFile(temporary, endedLines(lines));
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw notWritable(flag, path, thrown);
  }
}

function* endedLines(lines: Iterable<string>): Generator<string, void, undefined> {
  for (const line of lines) yield `${line}\n`;
}

function notWritable(flag: string, path: string, thrown: unknown): NearpaperError {
  const message = `${flag}: ${path} cannot be written: ${messageOf(thrown)}. Name another file.`;
  return new NearpaperError('usage', message, { field: flag, cause: thrown });
}
