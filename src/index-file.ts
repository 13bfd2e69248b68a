/** How an index file comes to disk and how it is checked before use, whatever is in it. */
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { messageOf, NearpaperError, systemCode } from './errors.js';

/** Bytes read and hashed at once: about 0.3 ms of SHA-256 at 1.7 GB/s, a millisecond on a slow machine. */
export const PIECE_BYTES = 512 * 1024;

export interface Digest {
  /** Lower-case hexadecimal SHA-256. */
  sha256: string;
  bytes: number;
}

/** What the manifest records of an index file; verified before anything reads it. */
export interface FileFacts extends Digest {
  /** Name within the generation's folder. */
  file: string;
}

/** An `index_damaged` error that names the file and the way out. */
export function damaged(file: string, why: string, cause?: unknown): NearpaperError {
  const message = `The index file ${file} cannot be used: ${why}. Run \`nearpaper build\` to make it again from the store.`;
  return new NearpaperError('index_damaged', message, { cause });
}

/** Opens an index file for reading, runs `use` and closes it. Errors: `index_damaged`, also for a missing file. */
export async function withIndexFile<T>(
  folder: string,
  facts: FileFacts,
  use: (handle: FileHandle) => Promise<T>,
): Promise<T> {
  if (basename(facts.file) !== facts.file) throw damaged(facts.file, 'its name is not a plain file name');
  let handle: FileHandle | undefined;
  try {
    handle = await open(join(folder, facts.file), 'r');
    const { size } = await handle.stat();
    if (size !== facts.bytes) {
      throw damaged(facts.file, `it has ${size} bytes and the manifest says ${facts.bytes}`);
    }
    return await use(handle);
  } catch (thrown) {
    if (thrown instanceof NearpaperError) throw thrown;
    const why = systemCode(thrown) === 'ENOENT' ? 'it is missing' : messageOf(thrown);
    throw damaged(facts.file, why, thrown);
  } finally {
    await handle?.close();
  }
}

/** Fills `target` from `position` of the file; false when the file ends before. */
export async function readFully(handle: FileHandle, target: Uint8Array, position: number): Promise<boolean> {
  let done = 0;
  while (done < target.length) {
    const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return true;
}

/**
 * Reads the whole file into `target` in pieces, hashing each while the next is being read, and compares with the
 * manifest's checksum.
 */
export async function readVerified(handle: FileHandle, facts: FileFacts, target: Uint8Array): Promise<void> {
  const hash = createHash('sha256');
  const pieceAt = (from: number) => target.subarray(from, from + PIECE_BYTES);
  let reading = readFully(handle, pieceAt(0), 0);
  for (let from = 0; from < target.length; from += PIECE_BYTES) {
    if (!(await reading)) throw damaged(facts.file, 'it is cut short');
    const next = from + PIECE_BYTES;
    reading = readFully(handle, pieceAt(next), next);
    hash.update(pieceAt(from));
  }
  await reading;
  checkDigest(facts, hash);
}

/** Compares the file's checksum with the manifest's, without keeping what it reads. */
export async function verifyChecksum(handle: FileHandle, facts: FileFacts): Promise<void> {
  const piece = Buffer.alloc(Math.min(PIECE_BYTES, facts.bytes));
  const hash = createHash('sha256');
  for (let from = 0; from < facts.bytes; from += piece.length) {
    const part = piece.subarray(0, Math.min(piece.length, facts.bytes - from));
    if (!(await readFully(handle, part, from))) throw damaged(facts.file, 'it is cut short');
    hash.update(part);
  }
  checkDigest(facts, hash);
}

function checkDigest(facts: FileFacts, hash: Hash): void {
  const found = hash.digest('hex');
  if (found !== facts.sha256) {
    throw damaged(facts.file, `its SHA-256 is ${found} and the manifest says ${facts.sha256}`);
  }
}

/** What is on disk now: the file is read back whole. */
async function digestOf(handle: FileHandle): Promise<Digest> {
  const hash = createHash('sha256');
  const piece = Buffer.alloc(PIECE_BYTES);
  let bytes = 0;
  for (;;) {
    const { bytesRead } = await handle.read(piece, 0, piece.length, bytes);
    if (bytesRead === 0) return { sha256: hash.digest('hex'), bytes };
    hash.update(piece.subarray(0, bytesRead));
    bytes += bytesRead;
  }
}

async function withHandle<T>(path: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(path, 'r');
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}

/** Writes a file of these pieces and resolves to the SHA-256 of what was meant to be written. */
export async function writePieces(path: string, pieces: Iterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(path, 'w');
  try {
    for (const piece of pieces) {
      hash.update(piece);
      // A short write is no error to the system: the rest of it is, at the next call.
      for (let done = 0; done < piece.length; ) {
        done += (await handle.write(piece, done, piece.length - done)).bytesWritten;
      }
    }
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}

/** `publishFile` for what this process writes itself: what is on disk must be, to the byte, what was meant. */
export async function publishPieces(
  folder: string,
  file: string,
  pieces: () => Iterable<Uint8Array>,
): Promise<FileFacts> {
  let meant = '';
  const digest = await publishFile(
    folder,
    file,
    async (temporary) => {
      meant = await writePieces(temporary, pieces());
    },
    async (_written, found) => {
      if (found.sha256 !== meant) throw new Error('what is on disk is not what was written');
    },
  );
  return { file, ...digest };
}

/**
 * Brings a file to disk so that it is whole under its name, or not there at all: `produce` writes a temporary
 * file, which is fsynced, read back and given to `inspect` (throws if it is not what was meant), renamed, and
 * the folder fsynced. The temporary name is fixed: one process writes a folder, so a file left by a process that
 * was killed is simply overwritten. Errors: `index_unwritable`, with the temporary file removed.
 */
export async function publishFile(
  folder: string,
  file: string,
  produce: (temporary: string) => Promise<void>,
  inspect: (written: FileHandle, digest: Digest) => Promise<void>,
): Promise<Digest> {
  const temporary = join(folder, `${file}.tmp`);
  try {
    await produce(temporary);
    const digest = await withHandle(temporary, async (written) => {
      // fsync is of the file, whoever wrote it, and reports what a full disk swallowed so far.
      await written.sync();
      const found = await digestOf(written);
      await inspect(written, found);
      return found;
    });
    await rename(temporary, join(folder, file));
    // Windows opens no folders.
    if (process.platform !== 'win32') await withHandle(folder, (opened) => opened.sync());
    return digest;
  } catch (thrown) {
    // The first failure is the one to report, whatever comes of tidying up.
    await rm(temporary, { force: true }).catch(() => undefined);
    const message = `${file} could not be written to ${folder}: ${messageOf(thrown)}. Check the free space and the permissions there, then run the build again.`;
    throw new NearpaperError('index_unwritable', message, { cause: thrown });
  }
}
