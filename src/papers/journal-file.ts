/**
 * The journal's SQLite file: how it begins, how it is opened, and what its failures mean. While a process has it open for
 * writing, nothing else in that process may open it but SQLite: closing any other handle would release SQLite's locks.
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';
import { messageOf, NearpaperError, systemCode } from '../errors.js';
import { diskFailure, openDatabase } from './database.js';
import { rowOfState } from './journal-row.js';

/** "NPAJ" in ASCII. */
const APPLICATION_ID = 0x4e50414a;
const SCHEMA_VERSION = 1;
/** Up to here the structure of the whole file is checked before it is written: some 0.1 s. */
const CHECKED_BYTES = 64 * 1024 * 1024;

/*
 * sha256    over the other columns of the row
 * changes   one row a change; a put with the vector that was made when it came
 * vectors   vectors of puts by other models, while the corpus moves from one to another
 * state     one row: changes up to trimmed_to are gone, those up to last_seq are there
 */
const TABLES = `
CREATE TABLE changes (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  label INTEGER NOT NULL,
  body TEXT NOT NULL,
  fingerprint TEXT,
  vector BLOB,
  sha256 BLOB NOT NULL
) STRICT;
CREATE TABLE vectors (
  seq INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  vector BLOB NOT NULL,
  sha256 BLOB NOT NULL,
  PRIMARY KEY (seq, fingerprint)
) STRICT;
CREATE TABLE state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  last_seq INTEGER NOT NULL,
  trimmed_to INTEGER NOT NULL,
  sha256 BLOB NOT NULL
) STRICT;
`;

/** Makes an empty journal; whole and durable when it returns. Errors: `index_unwritable`, also where there is a file. */
export function createJournal(path: string): void {
  if (existsSync(path)) throw new NearpaperError('index_unwritable', `${path} is there already.`);
  writeWhole(path, (temporary) => {
    const db = openDatabase(temporary, 'write');
    try {
      db.transaction(() => {
        db.exec(TABLES);
        const { lastSeq, trimmedTo, sha256 } = rowOfState(0, 0);
        db.prepare('INSERT INTO state VALUES (1, ?, ?, ?)').run(lastSeq, trimmedTo, sha256);
        db.pragma(`application_id = ${APPLICATION_ID}`);
        db.pragma(`user_version = ${SCHEMA_VERSION}`);
      })();
    } finally {
      db.close();
    }
  });
}

/** Writes a database under a temporary name and brings it to disk whole. Errors: `index_unwritable`. */
export function writeWhole(path: string, produce: (temporary: string) => void): void {
  const temporary = `${path}.tmp`;
  const forget = () => {
    for (const suffix of ['', '-journal']) rmSync(temporary + suffix, { force: true });
  };
  try {
    forget();
    produce(temporary);
    sync(temporary);
    renameSync(temporary, path);
    // Windows opens no folders.
    if (process.platform !== 'win32') sync(dirname(path));
  } catch (thrown) {
    try {
      forget();
    } catch {
      // The first failure is the one to report.
    }
    throw thrown instanceof NearpaperError ? thrown : diskFailure(path, thrown, TRY_AGAIN);
  }
}

function sync(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Errors: `index_damaged`, `schema_newer`, `index_unwritable`, `index_locked`, `native_module`. */
export function openJournalFile(path: string, mode: 'read' | 'write'): Database {
  // SQLite would make it.
  if (!existsSync(path)) throw damagedJournal(path, 'it is missing');
  const db = openFile(path, mode);
  try {
    db.pragma('cell_size_check = ON');
    if (mode === 'write') prepareToWrite(db, path);
    else db.pragma('busy_timeout = 0');
    patiently(path, () => db.transaction(() => checkSchema(db, path))());
    if (mode === 'write') checkWhole(db, path);
    return db;
  } catch (thrown) {
    db.close();
    throw readFailure(path, thrown);
  }
}

function openFile(path: string, mode: 'read' | 'write'): Database {
  try {
    return openDatabase(path, mode);
  } catch (thrown) {
    if (!(thrown instanceof NearpaperError) || thrown.code !== 'index_damaged') throw thrown;
    throw damagedJournal(path, messageOf(thrown.cause), thrown);
  }
}

/** For how long a reader tries. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 1;
/** A writer that works at this moment can look like one that was killed, for some microseconds. */
const LOOKS = 5;

/**
 * Reads, while another process may be writing. That one has the file to itself through all of its fsyncs, and a busy one
 * begins again at once: SQLite's own waiting, of up to 0.1 s between two looks, misses the moments between for seconds.
 * What a killed writer left of a transaction is taken back first, which every reader of a SQLite file has to do.
 */
export function patiently<T>(path: string, read: () => T): T {
  const end = performance.now() + PATIENCE_MS;
  for (let looks = 0; ; ) {
    try {
      return read();
    } catch (thrown) {
      const code = systemCode(thrown) ?? '';
      if (code === 'SQLITE_READONLY_ROLLBACK' && looks < LOOKS) {
        if (++looks === LOOKS) takeBackUnfinished(path);
      } else if (!code.startsWith('SQLITE_BUSY') || performance.now() > end) throw thrown;
    }
    Atomics.wait(PAUSE, 0, 0, PAUSE_MS);
  }
}

/** Nobody ever wakes who waits for it. */
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/** SQLite's locks keep this away from a writer that lives. Errors: those of SQLite on read-only media. */
function takeBackUnfinished(path: string): void {
  const db = openDatabase(path, 'write');
  try {
    prepareToWrite(db, path);
    db.pragma('user_version');
  } finally {
    db.close();
  }
}

function checkSchema(db: Database, path: string): void {
  const application = db.pragma('application_id', { simple: true });
  const version = db.pragma('user_version', { simple: true });
  if (application !== APPLICATION_ID || typeof version !== 'number' || version < 1) {
    throw damagedJournal(path, 'it is not a journal of nearpaper');
  }
  if (version > SCHEMA_VERSION) {
    throw new NearpaperError(
      'schema_newer',
      `${path} was written by a newer nearpaper (schema ${version}, this one knows ${SCHEMA_VERSION}). Update nearpaper.`,
    );
  }
  // Reads the tables' definitions, so that no later `prepare` has to.
  db.prepare('SELECT 1 FROM state').get();
}

function prepareToWrite(db: Database, path: string): void {
  // Of the modes with a rollback journal, the one whose commit is durable with synchronous = FULL: the journal's end is
  // fsynced, where DELETE leaves the folder to the next fsync, and the transaction could come back half after a power cut.
  const journalMode = db.pragma('journal_mode = TRUNCATE', { simple: true });
  if (journalMode !== 'truncate') throw damagedJournal(path, `it stays in journal mode ${journalMode}`);
  db.pragma('synchronous = FULL');
  // Containers may have no folder for temporary files.
  db.pragma('temp_store = MEMORY');
}

/** To be called by the one who writes: a length that another process changes says nothing. */
function checkWhole(db: Database, path: string): void {
  const { size } = statSync(path);
  const pages = db.pragma('page_count', { simple: true }) as number;
  const pageBytes = db.pragma('page_size', { simple: true }) as number;
  if (size < pages * pageBytes) throw damagedJournal(path, 'it is cut short');
  if (size <= CHECKED_BYTES) checkStructure(db, path);
}

/** SQLite's own check of the file's structure. Errors: `index_damaged`. */
export function checkStructure(db: Database, path: string): void {
  const found = db.pragma('quick_check(1)', { simple: true });
  if (found !== 'ok') throw damagedJournal(path, String(found));
}

/** `index_damaged`, and the ways out: the journal alone holds what it holds. */
export function damagedJournal(path: string, why: string, cause?: unknown): NearpaperError {
  return new NearpaperError(
    'index_damaged',
    `The journal ${path} cannot be read: ${why.replace(/\s+/g, ' ').replace(/\.$/, '')}. Restore a backup with \`nearpaper restore\`, or drop ` +
      'what cannot be read with `nearpaper build --discard-changes`.',
    { cause },
  );
}

/** Changes that were asked for are in a later generation: whoever asked read CURRENT too early, or it names an old one. */
export class TrimmedChangesError extends NearpaperError {
  constructor(path: string, seq: number, trimmedTo: number) {
    super(
      'index_damaged',
      `The changes from ${seq + 1} to ${trimmedTo} are in a later generation, and gone from ${path}: CURRENT names a ` +
        'generation that is older than the journal. Let CURRENT name the newest generation beside it, or restore a backup with ' +
        '`nearpaper restore`.',
    );
  }
}

/** What a failed reading means. */
export function readFailure(path: string, thrown: unknown): unknown {
  const code = systemCode(thrown) ?? '';
  if (thrown instanceof NearpaperError || !code.startsWith('SQLITE_')) return thrown;
  if (code.startsWith('SQLITE_BUSY')) return locked(path, thrown);
  if (/^SQLITE_(?:READONLY|CANTOPEN)/.test(code)) {
    return new NearpaperError(
      'index_unwritable',
      `The last writer of ${path} was stopped while it wrote, and that cannot be taken back here: ${messageOf(thrown)}. ` +
        'Start nearpaper once where the folder can be written.',
      { cause: thrown },
    );
  }
  return damagedJournal(path, messageOf(thrown), thrown);
}

/** What a failed writing means; nothing of it was kept. */
export function writeFailure(path: string, thrown: unknown): unknown {
  const code = systemCode(thrown) ?? '';
  if (thrown instanceof NearpaperError || !code.startsWith('SQLITE_')) return thrown;
  if (code.startsWith('SQLITE_BUSY')) return locked(path, thrown);
  // A version number of the file format with a flipped bit makes SQLite take the file for read-only.
  const isDamaged =
    code === 'SQLITE_READONLY' ? isWritable(path) : /^SQLITE_(?:NOTADB|CORRUPT|ERROR)/.test(code);
  return isDamaged ? damagedJournal(path, messageOf(thrown), thrown) : diskFailure(path, thrown, TRY_AGAIN);
}

const TRY_AGAIN = 'try again';

function locked(path: string, cause: unknown): NearpaperError {
  return new NearpaperError('index_locked', `Another process is writing ${path} and does not end.`, {
    cause,
  });
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
