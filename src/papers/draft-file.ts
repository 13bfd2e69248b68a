/** The draft's SQLite file: how it begins, what a stopped build left of it, and how it becomes a published store. */
import { existsSync, rmSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { NearpaperError } from '../errors.js';
import { checkSchema, diskFailure, isDamage, openDatabase } from './database.js';
import { floatsOf } from './paper-row.js';
import { createSchema } from './schema.js';

const ALL_COLUMNS = `label, id, arxiv_base, arxiv_version, title, abstract, authors, published, updated, year,
  categories, venue, url, doi, text_hash, content_hash`;

/** The published stores that a draft begins with, or null for none. */
export interface DraftSources {
  /** Gives its papers and their embeddings. */
  papers: string | null;
  /** Gives its embeddings also to a corpus that begins without its papers: many may come again. */
  embeddings: string | null;
}

/**
 * Opens the draft at `path`. The store that gives its papers is attached as `base`. `resumed`: a stopped build left a
 * draft there, and its embeddings are kept.
 * Errors: `index_unwritable`, with the leftover untouched; `index_damaged`, `schema_newer` for the base.
 */
export function openDraftFile(path: string, sources: DraftSources): { db: Database; resumed: boolean } {
  const leftover = openLeftover(path);
  const db = leftover ?? begin(path, sources.papers);
  try {
    if (leftover !== undefined) {
      restartFrom(leftover, sources.papers);
      dropDamagedEmbeddings(leftover);
    }
    if (sources.papers === null && sources.embeddings !== null) takeEmbeddings(db, sources.embeddings);
    if (sources.papers !== null) db.prepare('ATTACH ? AS base').run(sources.papers);
    return { db, resumed: leftover !== undefined };
  } catch (thrown) {
    db.close();
    throw asDiskFailure(path, thrown);
  }
}

/** The draft of a stopped build, if there is one that can be read; its embeddings are worth hours. */
function openLeftover(path: string): Database | undefined {
  if (!existsSync(path)) return undefined;
  const db = openDatabase(path, 'write');
  try {
    prepare(db);
    checkSchema(db, path);
    if (db.pragma('quick_check(1)', { simple: true }) === 'ok') return db;
  } catch (thrown) {
    // A full disk, say, is no reason to throw it away.
    if (!isDamage(thrown) && !(thrown instanceof NearpaperError)) {
      db.close();
      throw asDiskFailure(path, thrown);
    }
  }
  db.close();
  return undefined;
}

function begin(path: string, base: string | null): Database {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
  if (base !== null) copyStore(base, path);
  const db = openDatabase(path, 'write');
  try {
    if (base === null) createSchema(db);
    prepare(db);
    return db;
  } catch (thrown) {
    db.close();
    throw asDiskFailure(path, thrown);
  }
}

function prepare(db: Database): void {
  db.pragma('journal_mode = WAL');
  // A power failure may cost the last seconds of embedding, never the file; the published store is fsynced.
  db.pragma('synchronous = NORMAL');
  // In KiB: with SQLite's own 2 MiB, storing a million papers takes a sixth longer.
  db.pragma('cache_size = -65536');
}

function copyStore(base: string, path: string): void {
  const published = openDatabase(base, 'read');
  try {
    checkSchema(published, base);
    published.prepare('VACUUM INTO ?').run(path);
  } catch (thrown) {
    throw asDiskFailure(path, thrown);
  } finally {
    published.close();
  }
}

/** Papers go back to what is published; embeddings of both stay. */
function restartFrom(db: Database, base: string | null): void {
  if (base !== null) db.prepare('ATTACH ? AS old').run(base);
  db.transaction(() => {
    db.exec('DELETE FROM main.papers; DELETE FROM main.aliases;');
    if (base === null) return;
    db.exec(`
      INSERT INTO main.papers (${ALL_COLUMNS}) SELECT ${ALL_COLUMNS} FROM old.papers;
      INSERT INTO main.aliases (alias, label) SELECT alias, label FROM old.aliases;
      INSERT OR IGNORE INTO main.embeddings (text_hash, fingerprint, vector)
        SELECT text_hash, fingerprint, vector FROM old.embeddings;
    `);
  })();
  if (base !== null) db.exec('DETACH old');
}

function takeEmbeddings(db: Database, store: string): void {
  db.prepare('ATTACH ? AS old').run(store);
  db.exec(`INSERT OR IGNORE INTO main.embeddings (text_hash, fingerprint, vector)
    SELECT text_hash, fingerprint, vector FROM old.embeddings`);
  db.exec('DETACH old');
}

/**
 * SQLite has no checksums, so a flipped bit in a leftover vector would fail this build and every later one: vectors
 * that are not of length 1 are dropped and embedded again.
 */
function dropDamagedEmbeddings(db: Database): void {
  const rows = db
    .prepare<[], { rowid: number; vector: Buffer }>('SELECT rowid, vector FROM main.embeddings')
    .iterate();
  const damaged: number[] = [];
  for (const { rowid, vector } of rows) if (!isUnitVector(floatsOf(vector))) damaged.push(rowid);
  const drop = db.prepare('DELETE FROM main.embeddings WHERE rowid = ?');
  for (const rowid of damaged) drop.run(rowid);
}

function isUnitVector(vector: Float32Array): boolean {
  let squared = 0;
  for (const value of vector) squared += value * value;
  return Math.abs(squared - 1) < 1e-3;
}

/**
 * Leaves WAL mode (a file in WAL mode cannot be read from read-only media), gives free pages back and closes.
 * Errors: `index_unwritable`.
 */
export function sealDraftFile(db: Database): void {
  try {
    // `base` is attached where the corpus did not begin empty; the pragmas must not reach the published store.
    const attached = db.pragma('database_list') as { name: string }[];
    if (attached.some(({ name }) => name === 'base')) db.exec('DETACH base');
    const free = db.pragma('freelist_count', { simple: true }) as number;
    const pages = db.pragma('page_count', { simple: true }) as number;
    db.pragma('wal_checkpoint(TRUNCATE)');
    db.pragma('synchronous = FULL');
    const mode = db.pragma('journal_mode = DELETE', { simple: true });
    if (mode !== 'delete') throw new Error(`it stays in journal mode ${mode}`);
    if (free > pages / 10) db.exec('VACUUM');
  } catch (thrown) {
    throw asDiskFailure(db.name, thrown);
  } finally {
    db.close();
  }
}

function asDiskFailure(path: string, thrown: unknown): NearpaperError {
  return thrown instanceof NearpaperError ? thrown : diskFailure(path, thrown);
}
