/**
 * One writer for an index folder. The lock is SQLite's own lock on a small file, so the operating system
 * releases it when its holder dies, however it dies: there is no stale lock to clean up.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
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
      `Another process is writing ${indexFolder}${describeHolder(holderPath)}. ${remedyFor(purposeOf(holderPath), purpose)}`,
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

interface Holder {
  pid: number;
  purpose: string;
  since: string;
}

/** Undefined where it cannot be told: a holder is in the middle of writing it, or the disk is full. */
function holderOf(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function describeHolder(path: string): string {
  const holder = holderOf(path);
  return holder === undefined ? '' : ` (${holder.purpose}, process ${holder.pid}, since ${holder.since})`;
}

function purposeOf(path: string): string {
  return holderOf(path)?.purpose ?? '';
}

/** What a service that takes live changes is called in the lock. */
export const SERVING = 'nearpaper serve';

function remedyFor(held: string, wanted: string): string {
  if (wanted === SERVING) {
    return held === SERVING
      ? 'One service writes a folder; NEARPAPER_READ_ONLY=true lets this one serve it beside that one.'
      : 'Wait until it is done, or set NEARPAPER_READ_ONLY=true.';
  }
  return held === SERVING
    ? 'It takes changes while it serves: POST /v1/papers, POST /v1/admin/rebuild, POST /v1/admin/reembed. Or stop it first.'
    : 'Wait until it is done, or stop it.';
}

/** Between two looks, and in all: a process whose service is gone ends within moments. */
const LOOK_MS = 100;
const LOOKS = 300;

/**
 * The right to write in `building`. Besides the writer's lock, since the process that makes a service's next generation
 * may outlive the service for a moment. Errors: `index_locked` when it does not end within 30 seconds, `index_unwritable`.
 */
export async function lockBuilding(indexFolder: string): Promise<WriterLock> {
  const path = join(indexFolder, 'building.lock');
  for (let look = 0; look < LOOKS; look++) {
    const lock = lockFile(path);
    if (lock !== 'busy') return lock;
    await setTimeout(LOOK_MS);
  }
  throw new NearpaperError(
    'index_locked',
    `Another process is making a generation in ${indexFolder}. Wait until it is done, or stop it.`,
  );
}
