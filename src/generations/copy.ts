/** Copying the files of a generation so that what arrives is known to be what was published. */
import { createHash } from 'node:crypto';
import { constants, copyFile, type FileHandle, open } from 'node:fs/promises';
import { messageOf, NearpaperError } from '../errors.js';
import { type Digest, PIECE_BYTES } from '../index-file.js';
import type { Manifest } from './manifest.js';

/** A file as the manifest records it. */
interface PublishedFile extends Digest {
  file: string;
}

/** Every file of a generation but the manifest itself. */
export function filesOf({ store, vectors, keywords }: Manifest): PublishedFile[] {
  return [store, vectors.exact, vectors.hnsw, keywords].filter((file) => file !== null);
}

export interface CopyOptions {
  signal: AbortSignal;
  /** Told the bytes that arrived since it was last told. */
  onBytes?: (bytes: number) => void;
}

/**
 * Copies a file and fsyncs the copy; where the file system can, the copy shares the blocks of the original. What is
 * hashed on the way is what the copy holds. Errors: `index_damaged` when it is not what `expected` says or cannot be read,
 * `index_unwritable`, and the signal's reason.
 */
export async function copyVerified(
  source: string,
  target: string,
  expected: Digest | null,
  { signal, onBytes }: CopyOptions,
): Promise<void> {
  const found = (await shares(source, target))
    ? await readThrough(target, null, { signal, onBytes })
    : await readThrough(source, target, { signal, onBytes });
  if (expected === null) return;
  if (found.bytes !== expected.bytes || found.sha256 !== expected.sha256)
    throw new NearpaperError('index_damaged', `${source} is not the file that was published.`);
}

/** Whether the file system made a copy that takes no room: Btrfs, XFS and APFS do. */
async function shares(source: string, target: string): Promise<boolean> {
  try {
    // The mode that falls back by itself could neither be stopped nor watched: a large file takes minutes.
    await copyFile(source, target, constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    return false;
  }
}

/** Reads a file in pieces, hashes it, writes it to `target` if there is one, and fsyncs what was made. */
async function readThrough(
  source: string,
  target: string | null,
  { signal, onBytes }: { signal: AbortSignal; onBytes: ((bytes: number) => void) | undefined },
): Promise<Digest> {
  const reading = await reported('read', source, () => open(source, 'r'));
  let writing: FileHandle | undefined;
  try {
    if (target !== null) writing = await reported('write', target, () => open(target, 'w'));
    const hash = createHash('sha256');
    const piece = Buffer.alloc(PIECE_BYTES);
    for (let bytes = 0; ; ) {
      signal.throwIfAborted();
      const { bytesRead } = await reported('read', source, () => reading.read(piece, 0, piece.length, bytes));
      if (bytesRead === 0) {
        await reported('write', target ?? source, () => (writing ?? reading).sync());
        return { bytes, sha256: hash.digest('hex') };
      }
      const part = piece.subarray(0, bytesRead);
      hash.update(part);
      if (writing !== undefined) await writeWhole(writing, part, target ?? source);
      bytes += bytesRead;
      onBytes?.(bytesRead);
    }
  } finally {
    await reading.close();
    await writing?.close();
  }
}

/** A short write is no error to the system: the rest of it is, at the next call. */
async function writeWhole(handle: FileHandle, part: Uint8Array, path: string): Promise<void> {
  for (let done = 0; done < part.length; ) {
    const { bytesWritten } = await reported('write', path, () =>
      handle.write(part, done, part.length - done),
    );
    done += bytesWritten;
  }
}

async function reported<T>(what: 'read' | 'write', path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw what === 'read'
      ? new NearpaperError('index_damaged', `Cannot read ${path}: ${messageOf(thrown)}.`, { cause: thrown })
      : writeFailure(path, thrown);
  }
}

/** `index_unwritable` for a copy that could not be written. */
export function writeFailure(path: string, thrown: unknown): NearpaperError {
  if (thrown instanceof NearpaperError) return thrown;
  const message = `Cannot write ${path}: ${messageOf(thrown)}. Check the free space and the permissions there, then run it again.`;
  return new NearpaperError('index_unwritable', message, { cause: thrown });
}
