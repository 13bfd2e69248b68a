/**
 * One writer for an index folder. The lock is SQLite's own lock on a small file, so the operating system
 * releases it when its holder dies, however it dies: there is no stale lock to clean up.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NearpaperError } from '../errors.js';
import { diskFailure, lockFile } from '../papers/database.js';

export interface WriterLock {
  release(): void;
}

/**
 * Takes the lock, or fails at once with `index_locked`, which names the holder. `purpose` tells others what the
 * holder does, such as "nearpaper build". Errors: also `index_unwritable`.
 */
export function lockForWriting(indexFolder: string, purpose: string): WriterLock {
  const path = join(indexFolder, 'writer.lock');
  const holderPath = join(indexFolder, 'writer.json');
  const lock = lockFile(path);
  if (lock === 'busy') {
    throw new NearpaperError(
      'index_locked',
      `Another process is writing ${indexFolder}${describeHolder(holderPath)}. Wait until it is done, or stop it.`,
    );
  }
  try {
    writeFileSync(holderPath, JSON.stringify({ pid: process.pid, purpose, since: new Date().toISOString() }));
  } catch (thrown) {
    lock.release();
    throw diskFailure(holderPath, thrown);
  }
  let released = false;
  return {
    release() {
      if (released) return;
      released = true;
      try {
        // While the lock is held, so that this is not the next holder's.
        rmSync(holderPath, { force: true });
      } catch {
        // It only describes the holder; what was built is published, and stays so.
      } finally {
        lock.release();
      }
    },
  };
}

function describeHolder(path: string): string {
  try {
    const { pid, purpose, since } = JSON.parse(readFileSync(path, 'utf8'));
    return ` (${purpose}, process ${pid}, since ${since})`;
  } catch {
    return '';
  }
}
