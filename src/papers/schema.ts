/** The store's tables. */
import type { Database } from 'better-sqlite3';

/** "NPAP" in ASCII: marks a SQLite file as a nearpaper store. */
export const APPLICATION_ID = 0x4e504150;
export const SCHEMA_VERSION = 1;

/*
 * label          dense whole number of our own, the paper's name in the vector index
 * arxiv_base     lower-case arXiv id without version, when `id` is one; versions of one paper share a row
 * arxiv_version  the version whose text is held; null when the corpus named none
 * text_hash      SHA-256 over title and abstract: what an embedding depends on
 * content_hash   SHA-256 over every field: what "unchanged" means
 *
 * Embeddings hang on the hash of the text, not on the paper: a build that was stopped, repeated with other
 * input or reordered never embeds a text twice, and two papers can never swap vectors.
 */
const TABLES = `
CREATE TABLE papers (
  label INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  arxiv_base TEXT UNIQUE,
  arxiv_version INTEGER,
  title TEXT NOT NULL,
  abstract TEXT NOT NULL,
  authors TEXT NOT NULL,
  published TEXT,
  updated TEXT,
  year INTEGER,
  categories TEXT NOT NULL,
  venue TEXT,
  url TEXT,
  doi TEXT,
  text_hash BLOB NOT NULL,
  content_hash BLOB NOT NULL
) STRICT;
CREATE TABLE aliases (
  alias TEXT NOT NULL,
  label INTEGER NOT NULL,
  PRIMARY KEY (alias, label)
) STRICT, WITHOUT ROWID;
CREATE INDEX aliases_by_label ON aliases (label);
CREATE TABLE embeddings (
  text_hash BLOB NOT NULL,
  fingerprint TEXT NOT NULL,
  vector BLOB NOT NULL,
  PRIMARY KEY (text_hash, fingerprint)
) STRICT;
`;

/** Creates the tables in an empty database. */
export function createSchema(db: Database): void {
  db.transaction(() => {
    db.exec(TABLES);
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.pragma(`user_version = ${SCHEMA_VERSION}`);
  })();
}
