/** Opening SQLite files: the one place that knows better-sqlite3's pitfalls. */
import Database from 'better-sqlite3';
import { messageOf, NearpaperError, systemCode } from '../errors.js';
import { APPLICATION_ID, SCHEMA_VERSION } from './schema.js';

export type { Database } from 'better-sqlite3';

/**
 * Opens a SQLite file. Errors: `native_module` when better-sqlite3 was not compiled for this Node,
 * `index_damaged` when the file is missing or no database, `index_unwritable` when it cannot be written.
 */
export function openDatabase(path: string, mode: 'read' | 'write'): Database.Database {
  try {
    return new Database(path, mode === 'read' ? { readonly: true, fileMustExist: true } : { timeout: 5000 });
  } catch (thrown) {
    throw describeOpenFailure(path, mode, thrown);
  }
}

function describeOpenFailure(path: string, mode: 'read' | 'write', thrown: unknown): NearpaperError {
  const message = messageOf(thrown);
  const code = systemCode(thrown) ?? '';
  if (/bindings file|NODE_MODULE_VERSION|ERR_DLOPEN_FAILED|invalid ELF/.test(`${code} ${message}`)) {
    return new NearpaperError(
      'native_module',
      'better-sqlite3 is not compiled for this Node. Install a C++ toolchain (Debian and Ubuntu: ' +
        '`apt-get install build-essential python3`; Fedora: `dnf install gcc-c++ make python3`; macOS: ' +
        '`xcode-select --install`), then run `npm rebuild better-sqlite3`.',
      { cause: thrown },
    );
  }
  if (mode === 'write') {
    return new NearpaperError('index_unwritable', `Cannot write ${path}: ${message}.`, { cause: thrown });
  }
  return new NearpaperError('index_damaged', `Cannot open the store ${path}: ${message}.`, { cause: thrown });
}

/** How SQLite and the system say that there is no room; growing the WAL's index on a full disk is the third. */
const DISK_FULL = new Set(['SQLITE_FULL', 'ENOSPC', 'SQLITE_IOERR_SHMSIZE', 'EDQUOT']);

/** `index_unwritable` for a write that failed, and what to do about it: at the end, `again`. */
export function diskFailure(path: string, thrown: unknown, again?: string): NearpaperError {
  const remedy = DISK_FULL.has(systemCode(thrown) ?? '')
    ? `The disk is full: free some space and ${again ?? 'run the build again, it resumes'}.`
    : `Check the folder, its permissions and the disk, then ${again ?? 'run the build again'}.`;
  return new NearpaperError('index_unwritable', `Cannot write ${path}: ${messageOf(thrown)}. ${remedy}`, {
    cause: thrown,
  });
}

/** Whether SQLite says that the file is no database, or a broken one. */
export function isDamage(thrown: unknown): boolean {
  return /^SQLITE_(?:NOTADB|CORRUPT)/.test(systemCode(thrown) ?? '');
}

/**
 * Throws unless the file is a store of this program at this schema version: `index_damaged` when it is
 * something else, `schema_newer` when a newer version of nearpaper wrote it.
 */
export function checkSchema(db: Database.Database, path: string): void {
  let application: unknown;
  let version: unknown;
  try {
    application = db.pragma('application_id', { simple: true });
    version = db.pragma('user_version', { simple: true });
  } catch (thrown) {
    throw new NearpaperError('index_damaged', `${path} is no readable store: ${messageOf(thrown)}.`, {
      cause: thrown,
    });
  }
  if (application !== APPLICATION_ID || typeof version !== 'number') {
    throw new NearpaperError('index_damaged', `${path} is not a nearpaper store.`);
  }
  if (version > SCHEMA_VERSION) {
    throw new NearpaperError(
      'schema_newer',
      `${path} was written by a newer nearpaper (schema ${version}, this one knows ${SCHEMA_VERSION}). Update nearpaper.`,
    );
  }
}

/** A lock on a file, released by the operating system when its holder dies. */
export interface FileLock {
  /** Idempotent. */
  release(): void;
}

/** Takes SQLite's own exclusive lock on a file, or finds at once that another process has it. Errors: `index_unwritable`. */
export function lockFile(path: string): FileLock | 'busy' {
  const db = openDatabase(path, 'write');
  try {
    db.pragma('busy_timeout = 0');
    db.exec('BEGIN EXCLUSIVE');
  } catch (thrown) {
    db.close();
    if (systemCode(thrown) === 'SQLITE_BUSY') return 'busy';
    throw diskFailure(path, thrown);
  }
  return {
    release() {
      if (db.open) db.close();
    },
  };
}

/** Loads the native module. Errors: `native_module`, with what to install. */
export function probeSqlite(): void {
  openDatabase(':memory:', 'write').close();
}
