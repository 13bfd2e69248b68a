/** Reads a published store whole: what a checksum alone cannot say of it. */
import type { Database } from 'better-sqlite3';
import { messageOf, NearpaperError } from '../errors.js';
import { Pace } from '../pacing.js';
import { checkSchema, openDatabase } from './database.js';
import type { Paper } from './paper.js';
import { contentHash, floatsOf, PAPER_FIELDS, type PaperRow, paperOfRow, textHash } from './paper-row.js';

/**
 * Checks that SQLite finds the file sound, that its schema is known, and that every paper is the one its hashes were made
 * of. Resolves to the number of papers. Some 20 microseconds a paper, besides SQLite's own check, which holds the event
 * loop: about a second for 300 MB. Errors: `index_damaged`, `schema_newer`, `cancelled`.
 */
export async function checkStore(path: string, signal: AbortSignal): Promise<number> {
  const db = openDatabase(path, 'read');
  try {
    checkSchema(db, path);
    checkIntegrity(db, path);
    return await checkRows(db, path, signal);
  } catch (thrown) {
    throw asDamage(path, thrown);
  } finally {
    db.close();
  }
}

function checkIntegrity(db: Database, path: string): void {
  const found = db.pragma('integrity_check(1)', { simple: true });
  if (found !== 'ok') throw new NearpaperError('index_damaged', `${path}: SQLite says: ${String(found)}.`);
}

type CheckedRow = PaperRow & { label: number; textHash: Buffer; contentHash: Buffer };

async function checkRows(db: Database, path: string, signal: AbortSignal): Promise<number> {
  const pace = new Pace(signal);
  const rows = db
    .prepare<[], CheckedRow>(
      `SELECT label, ${PAPER_FIELDS.join(', ')}, text_hash AS textHash, content_hash AS contentHash
       FROM papers ORDER BY label`,
    )
    .iterate();
  let count = 0;
  for (const { label, textHash: text, contentHash: content, ...row } of rows) {
    if (pace.due()) await pace.turn();
    const paper = paperOfRow<keyof Paper>(row);
    if (!text.equals(textHash(paper)) || !content.equals(contentHash(paper)))
      throw new NearpaperError(
        'index_damaged',
        `${path}: paper ${label} is not what its hashes were made of.`,
      );
    count++;
  }
  return count;
}

/** Every paper's title and abstract, by label. Errors: `index_damaged`, `schema_newer`. */
export function* storedTexts(path: string): Generator<{ label: number; title: string; abstract: string }> {
  const db = openDatabase(path, 'read');
  try {
    checkSchema(db, path);
    yield* db
      .prepare<[], { label: number; title: string; abstract: string }>(
        'SELECT label, title, abstract FROM papers ORDER BY label',
      )
      .iterate();
  } catch (thrown) {
    throw asDamage(path, thrown);
  } finally {
    db.close();
  }
}

/** Looks vectors up by the text that they stand for; to be closed. */
export interface StoredVectors {
  /** The embedding of a paper's title and abstract; undefined where the store holds none by the model. */
  of(paper: { title: string; abstract: string }): Float32Array | undefined;
  close(): void;
}

/** The embeddings of a store, as they were made: 32-bit floats. Errors: `index_damaged`, `schema_newer`. */
export function openStoredVectors(path: string, fingerprint: string): StoredVectors {
  const db = openDatabase(path, 'read');
  try {
    checkSchema(db, path);
    const byText = db
      .prepare<[Buffer, string], Buffer>(
        'SELECT vector FROM embeddings WHERE text_hash = ? AND fingerprint = ?',
      )
      .pluck();
    return {
      of(paper) {
        const found = byText.get(textHash(paper), fingerprint);
        return found && floatsOf(found);
      },
      close: () => void db.close(),
    };
  } catch (thrown) {
    db.close();
    throw asDamage(path, thrown);
  }
}

/** What SQLite says of a damaged file, under our code. */
function asDamage(path: string, thrown: unknown): unknown {
  if (thrown instanceof NearpaperError || !(thrown instanceof Error) || !('code' in thrown)) return thrown;
  const sqlite = String(thrown.code).startsWith('SQLITE_');
  if (!sqlite) return thrown;
  return new NearpaperError('index_damaged', `${path} cannot be read: ${messageOf(thrown)}.`, {
    cause: thrown,
  });
}
