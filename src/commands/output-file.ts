/** Files that a command writes for people to keep: whole under their name, or not at all. */
import { createWriteStream } from 'node:fs';
import { access, constants, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { messageOf, NearpaperError, systemCode } from '../errors.js';

/** A file, and the flag that named it. */
export interface NamedFile {
  flag: string;
  path: string;
}

/**
 * Fails before hours of work when one of the outputs could not be written after them, would be written over an input or
 * another output, or into one of the index folders. Errors: `usage`.
 */
export async function checkOutputFiles(
  outputs: readonly NamedFile[],
  inputs: readonly NamedFile[],
  indexFolders: readonly string[],
): Promise<void> {
  const closed = await Promise.all(indexFolders.map(placeOf));
  const taken = new Map<string, string>();
  for (const { flag, path } of inputs) taken.set(await placeOf(path), flag);
  for (const { flag, path } of outputs) {
    await checkOutputFile(flag, path);
    const place = await placeOf(path);
    if (closed.some((folder) => place.startsWith(folder + sep))) {
      throw notWritable(flag, path, new Error('it lies in the folder of an index'));
    }
    const other = taken.get(place);
    if (other !== undefined) throw notWritable(flag, path, new Error(`it is the file of ${other}`));
    taken.set(place, flag);
  }
}

/** The path without links; of a file that is not there yet, its folder's and its name. */
async function placeOf(path: string): Promise<string> {
  const place = await realpath(path).catch(() => undefined);
  if (place !== undefined) return place;
  const folder = await realpath(dirname(path)).catch(() => resolve(dirname(path)));
  return join(folder, basename(path));
}

async function checkOutputFile(flag: string, path: string): Promise<void> {
  try {
    if (path.trim() === '') throw new Error('it has no name');
    if (path.endsWith('/')) throw new Error('it names a folder');
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
  const temporary = temporaryOf(path);
  try {
    await writeFile(temporary, endedLines(lines));
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw notWritable(flag, path, thrown);
  }
}

/**
 * As `writeOutputFile`, of lines that come as they are wanted, so that any number takes no memory; gzipped when the name
 * ends in .gz, and on disk when it resolves. Errors: also those of `lines`, and the signal's reason.
 */
export async function streamOutputFile(
  flag: string,
  path: string,
  lines: AsyncIterable<string>,
  signal: AbortSignal,
): Promise<void> {
  const temporary = temporaryOf(path);
  let ofLines: unknown;
  const text = async function* () {
    try {
      for await (const line of lines) yield `${line}\n`;
    } catch (thrown) {
      ofLines = thrown;
      throw thrown;
    }
  };
  try {
    const source = Readable.from(text());
    // fsyncs before it closes.
    const file = createWriteStream(temporary, { flush: true });
    await (path.endsWith('.gz')
      ? pipeline(source, createGzip(), file, { signal })
      : pipeline(source, file, { signal }));
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => undefined);
    signal.throwIfAborted();
    throw ofLines ?? notWritable(flag, path, thrown);
  }
}

/** Beside the file, so that it can be renamed. */
function temporaryOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
}

function* endedLines(lines: Iterable<string>): Generator<string, void, undefined> {
  for (const line of lines) yield `${line}\n`;
}

function notWritable(flag: string, path: string, thrown: unknown): NearpaperError {
  const message = `${flag}: ${path.trim() === '' ? '""' : path} cannot be written: ${messageOf(thrown)}. Name another file.`;
  return new NearpaperError('usage', message, { field: flag, cause: thrown });
}
