/** Files that are there whole under their name, or not at all, whenever the process dies. */
import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { messageOf, NearpaperError } from '../errors.js';

/**
 * Writes a file, gzipped when its name ends in .gz, on disk when it resolves. The temporary name begins with a dot,
 * as what reads a folder of papers passes over, and is fixed: one process fetches into a folder.
 * Errors: `index_unwritable`.
 */
export async function writeWhole(folder: string, name: string, chunks: Iterable<Uint8Array>): Promise<void> {
  const temporary = join(folder, `.${name}.tmp`);
  try {
    const file = createWriteStream(temporary, { flush: true });
    const source = Readable.from(chunks);
    await (name.endsWith('.gz') ? pipeline(source, createGzip(), file) : pipeline(source, file));
    await rename(temporary, join(folder, name));
    await syncFolder(folder);
  } catch (thrown) {
    // The first failure is the one to report.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw unwritable(join(folder, name), thrown);
  }
}

/** Errors: `index_unwritable`. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await syncFolder(dirname(folder));
  } catch (thrown) {
    throw unwritable(folder, thrown);
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function unwritable(path: string, thrown: unknown): NearpaperError {
  const message = `Cannot write ${path}: ${messageOf(thrown)}. Check the free space and the permissions there, or name another folder with --to.`;
  return new NearpaperError('index_unwritable', message, { cause: thrown });
}
