/** How an index file comes to disk and how it is checked before use, whatever is in it. */
import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, NearpaperError, systemCode } from '../errors.js';

/** Bytes read and hashed at once: about 0.3 ms of SHA-256 at 1.7 GB/s, a millisecond on a slow machine. */
const PIECE_BYTES = 512 * 1024;

export interface FileFacts {
  /** Name within the generation's folder. */
  file: string;
  /** Lower-case hexadecimal SHA-256 of the file. */
  sha256: string;
  bytes: number;
}

/** An `index_damaged` error that names the file and the way out. */
export function damaged(file: string, why: string, cause?: unknown): NearpaperError {
  const message = `The index file ${file} cannot be used: ${why}. Run \`nearpaper build\` to make it again from the store.`;
  return new NearpaperError('index_damaged', message, { cause });
}

/**
 * The content of an index file, once size and SHA-256 are what the manifest says. Read in pieces, so that the event
 * loop is held for a millisecond at most. Errors: `index_damaged`, also for a missing file.
 */
export async function readVerified(folder: string, facts: FileFacts): Promise<ArrayBuffer> {
  const { file, bytes, sha256 } = facts;
  try {
    return await withHandle(join(folder, file), async (handle) => {
      const { size } = await handle.stat();
      if (size !== bytes) throw damaged(file, `it has ${size} bytes and the manifest says ${bytes}`);
      const content = new ArrayBuffer(size);
      const found = await digestOf(handle, new Uint8Array(content));
      if (found !== sha256) throw damaged(file, `its SHA-256 is ${found} and the manifest says ${sha256}`);
      return content;
    });
  } catch (thrown) {
    if (thrown instanceof NearpaperError) throw thrown;
    throw damaged(file, systemCode(thrown) === 'ENOENT' ? 'it is missing' : messageOf(thrown), thrown);
  }
}

/** Fills `target` with the beginning of a file; the SHA-256 of as much as the file had. */
async function digestOf(handle: FileHandle, target: Uint8Array): Promise<string> {
  const hash = createHash('sha256');
  for (let done = 0; done < target.length; ) {
    const length = Math.min(PIECE_BYTES, target.length - done);
    const { bytesRead } = await handle.read(target, done, length, done);
    if (bytesRead === 0) break;
    hash.update(target.subarray(done, done + bytesRead));
    done += bytesRead;
  }
  return hash.digest('hex');
}

async function withHandle<T>(path: string, use: (handle: FileHandle) => Promise<T>, flags = 'r'): Promise<T> {
  const handle = await open(path, flags);
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}

/**
 * Brings a file of these parts to disk so that it is whole under its name, or not there at all: it is written under
 * a temporary name, fsynced, read back and compared, renamed, and the folder fsynced. The temporary name is fixed:
 * one process writes a folder, so a file left by a process that was killed is simply overwritten.
 * Errors: `index_unwritable`, with the temporary file removed.
 */
export async function publishFile(
  folder: string,
  file: string,
  parts: readonly ArrayBufferView[],
): Promise<FileFacts> {
  const temporary = join(folder, `${file}.tmp`);
  try {
    const meant = await withHandle(temporary, (handle) => writeParts(handle, parts), 'w');
    await withHandle(temporary, async (written) => {
      // A full disk may swallow what was written without a word: only what is read back counts.
      await written.sync();
      const { size } = await written.stat();
      const onDisk = size === meant.bytes ? await digestOf(written, new Uint8Array(size)) : '';
      if (onDisk !== meant.sha256) throw new Error('what is on disk is not what was written');
    });
    await rename(temporary, join(folder, file));
    // Windows opens no folders.
    if (process.platform !== 'win32') await withHandle(folder, (opened) => opened.sync());
    return { file, ...meant };
  } catch (thrown) {
    // The first failure is the one to report, whatever comes of tidying up.
    await rm(temporary, { force: true }).catch(() => undefined);
    const message = `${file} could not be written to ${folder}: ${messageOf(thrown)}. Check the free space and the permissions there, then run the build again.`;
    throw new NearpaperError('index_unwritable', message, { cause: thrown });
  }
}

async function writeParts(
  handle: FileHandle,
  parts: readonly ArrayBufferView[],
): Promise<Omit<FileFacts, 'file'>> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const part of parts) {
    const content = new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
    for (let from = 0; from < content.length; from += PIECE_BYTES) {
      const piece = content.subarray(from, from + PIECE_BYTES);
      hash.update(piece);
      // A short write is no error to the system: the rest of it is, at the next call.
      for (let done = 0; done < piece.length; ) {
        done += (await handle.write(piece, done, piece.length - done)).bytesWritten;
      }
    }
    bytes += content.length;
  }
  return { sha256: hash.digest('hex'), bytes };
}
