/**
 * The corpus of the next generation while it is being made. It begins as a copy of the published corpus, takes
 * papers and embeddings in short transactions, and survives being killed at any line: SQLite's WAL keeps
 * what was committed, and the next build starts over from the published papers with every embedding kept.
 */
import { existsSync, rmSync } from 'node:fs';
import type { Database, Statement } from 'better-sqlite3';
import { NearpaperError, systemCode } from '../errors.js';
import { checkSchema, openDatabase } from './database.js';
import { aliasKeys, parseArxivId, slugOf } from './ids.js';
import type { Paper } from './paper.js';
import { contentHash, floatsOf, textHash } from './paper-row.js';
import { createSchema } from './schema.js';

/** A valid paper that may still lack an id. */
export type IncomingPaper = Omit<Paper, 'id'> & { id: string | null };

/** What became of one incoming paper. */
export type UpsertOutcome =
  | { kind: 'stored' }
  /** The same paper came earlier in this input; the later one was stored. */
  | { kind: 'repeated'; id: string }
  /** An older version of an arXiv paper that is held in a newer one; nothing was stored. */
  | { kind: 'older_version'; id: string };

/** How the draft differs from the published corpus. */
export interface DraftChanges {
  papers: number;
  added: number;
  changed: number;
  removed: number;
}

export interface PendingText {
  textHash: Buffer;
  title: string;
  abstract: string;
}

interface StoredRow {
  label: number;
  id: string;
  arxivVersion: number | null;
  textHash: Buffer;
}

const STORED = 'label, id, arxiv_version AS arxivVersion, text_hash AS textHash';
const ALL_COLUMNS = `label, id, arxiv_base, arxiv_version, title, abstract, authors, published, updated, year,
  categories, venue, url, doi, text_hash, content_hash`;

/**
 * Opens the draft at `path`, taking over what a stopped build left there. `base` is the published store it
 * begins as, or null for an empty corpus. Errors: `index_unwritable`, `index_damaged` when the base is.
 */
export function openDraft(path: string, base: string | null): Draft {
  let db = openLeftover(path);
  const resumed = db !== undefined;
  if (db === undefined) {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
    if (base !== null) copyStore(base, path);
    db = openDatabase(path, 'write');
    if (base === null) createSchema(db);
    prepare(db);
  } else {
    restartFrom(db, base);
  }
  if (base !== null) db.prepare('ATTACH ? AS base').run(base);
  return new Draft(db, { resumed, hasBase: base !== null });
}

/** The draft of a stopped build, if it can be read; its embeddings are worth hours. */
function openLeftover(path: string): Database | undefined {
  if (!existsSync(path)) return undefined;
  let db: Database | undefined;
  try {
    db = openDatabase(path, 'write');
    checkSchema(db, path);
    prepare(db);
    if (db.pragma('quick_check(1)', { simple: true }) !== 'ok') throw new Error('damaged');
    return db;
  } catch (thrown) {
    db?.close();
    if (thrown instanceof NearpaperError && thrown.code === 'native_module') throw thrown;
    return undefined;
  }
}

function prepare(db: Database): void {
  db.pragma('journal_mode = WAL');
  // A power failure may cost the last seconds of embedding, never the file; the published store is fsynced.
  db.pragma('synchronous = NORMAL');
}

function copyStore(base: string, path: string): void {
  const published = openDatabase(base, 'read');
  try {
    checkSchema(published, base);
    published.prepare('VACUUM INTO ?').run(path);
  } catch (thrown) {
    if (thrown instanceof NearpaperError) throw thrown;
    throw diskFailure(path, thrown);
  } finally {
    published.close();
  }
}

/** Papers go back to what is published; embeddings of both stay. */
function restartFrom(db: Database, base: string | null): void {
  db.exec('DELETE FROM papers; DELETE FROM aliases;');
  if (base === null) return;
  db.prepare('ATTACH ? AS old').run(base);
  db.transaction(() => {
    db.exec(`
      INSERT INTO main.papers (${ALL_COLUMNS}) SELECT ${ALL_COLUMNS} FROM old.papers;
      INSERT INTO main.aliases (alias, label) SELECT alias, label FROM old.aliases;
      INSERT OR IGNORE INTO main.embeddings (text_hash, fingerprint, vector)
        SELECT text_hash, fingerprint, vector FROM old.embeddings;
    `);
  })();
  db.exec('DETACH old');
}

export function diskFailure(path: string, thrown: unknown): NearpaperError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const full = systemCode(thrown) === 'SQLITE_FULL' || systemCode(thrown) === 'ENOSPC';
  return new NearpaperError(
    'index_unwritable',
    `Cannot write ${path}: ${message}.${full ? ' The disk is full; free some space and run the build again, it resumes.' : ''}`,
    { cause: thrown },
  );
}

export class Draft {
  /** Whether a stopped build left this draft, with embeddings worth keeping. */
  readonly resumed: boolean;
  readonly #db: Database;
  readonly #hasBase: boolean;
  /** Labels met in this input. */
  readonly #seen = new Set<number>();
  readonly #byId: Statement<[string], StoredRow>;
  readonly #byArxiv: Statement<[string], StoredRow>;
  readonly #insert: Statement<unknown[]>;
  readonly #update: Statement<unknown[]>;
  readonly #dropAliases: Statement<[number]>;
  readonly #addAlias: Statement<[string, number]>;
  readonly #putEmbedding: Statement<[Buffer, string, Buffer]>;
  readonly #textOf: Statement<[number], PendingText>;

  constructor(db: Database, origin: { resumed: boolean; hasBase: boolean }) {
    this.#db = db;
    this.resumed = origin.resumed;
    this.#hasBase = origin.hasBase;
    this.#byId = db.prepare(`SELECT ${STORED} FROM main.papers WHERE id = ?`);
    this.#byArxiv = db.prepare(`SELECT ${STORED} FROM main.papers WHERE arxiv_base = ?`);
    this.#insert = db.prepare(
      `INSERT INTO main.papers (id, arxiv_base, arxiv_version, title, abstract, authors, published, updated, year,
        categories, venue, url, doi, text_hash, content_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = db.prepare(
      `UPDATE main.papers SET arxiv_version = ?, title = ?, abstract = ?, authors = ?, published = ?, updated = ?,
        year = ?, categories = ?, venue = ?, url = ?, doi = ?, text_hash = ?, content_hash = ? WHERE label = ?`,
    );
    this.#dropAliases = db.prepare('DELETE FROM main.aliases WHERE label = ?');
    this.#addAlias = db.prepare('INSERT OR IGNORE INTO main.aliases (alias, label) VALUES (?, ?)');
    this.#putEmbedding = db.prepare(
      'INSERT OR REPLACE INTO main.embeddings (text_hash, fingerprint, vector) VALUES (?, ?, ?)',
    );
    this.#textOf = db.prepare(
      'SELECT text_hash AS textHash, title, abstract FROM main.papers WHERE label = ?',
    );
  }

  /** Stores papers in one transaction. Errors: `index_unwritable`. */
  upsert(papers: readonly IncomingPaper[]): UpsertOutcome[] {
    return this.#write(() => papers.map((paper) => this.#upsertOne(paper)));
  }

  #upsertOne(paper: IncomingPaper): UpsertOutcome {
    const hash = textHash(paper);
    const id = paper.id ?? this.#madeId(paper.title, hash);
    const arxiv = parseArxivId(id);
    const stored = (arxiv && this.#byArxiv.get(arxiv.base)) ?? this.#byId.get(id);
    if (stored === undefined) {
      const written = this.#insert.run(
        id,
        arxiv?.base ?? null,
        arxiv?.version ?? null,
        ...fieldValues(paper, hash),
      );
      const label = Number(written.lastInsertRowid);
      this.#setAliases(label, { ...paper, id });
      this.#seen.add(label);
      return { kind: 'stored' };
    }
    const repeated = this.#seen.has(stored.label);
    this.#seen.add(stored.label);
    // An id without a version speaks for the latest one.
    const incomingVersion = arxiv?.version ?? Number.POSITIVE_INFINITY;
    const storedVersion = stored.arxivVersion ?? (arxiv?.version == null ? -1 : Number.POSITIVE_INFINITY);
    if (incomingVersion < storedVersion) return { kind: 'older_version', id };
    this.#update.run(arxiv?.version ?? null, ...fieldValues(paper, hash), stored.label);
    this.#setAliases(stored.label, { ...paper, id: stored.id });
    return repeated ? { kind: 'repeated', id } : { kind: 'stored' };
  }

  /**
   * The id of a paper that came without one: from its title, with a suffix from its text's hash where another
   * text has the title already. A paper that is held keeps its id, whatever the order of the input.
   */
  #madeId(title: string, hash: Buffer): string {
    const suffix = hash.toString('hex').slice(0, 8);
    const slug = slugOf(title);
    if (slug === '') return `paper-${suffix}`;
    const holder = this.#byId.get(slug);
    if (holder === undefined || holder.textHash.equals(hash)) return slug;
    const withSuffix = `${slug}-${suffix}`;
    if (this.#byId.get(withSuffix) !== undefined || this.#seen.has(holder.label)) return withSuffix;
    return slug;
  }

  #setAliases(label: number, paper: { id: string; doi: string | null; url: string | null }): void {
    this.#dropAliases.run(label);
    for (const key of aliasKeys(paper)) this.#addAlias.run(key, label);
  }

  /** How many held papers the input did not name. */
  countUnseen(): number {
    return this.#count('SELECT count(*) FROM main.papers') - this.#seen.size;
  }

  /** Removes what the input did not name. */
  removeUnseen(): void {
    this.#write(() => {
      const remove = this.#db.prepare('DELETE FROM main.papers WHERE label = ?');
      for (const label of this.#db.prepare<[], number>('SELECT label FROM main.papers').pluck().all()) {
        if (this.#seen.has(label)) continue;
        remove.run(label);
        this.#dropAliases.run(label);
      }
    });
  }

  changes(): DraftChanges {
    const papers = this.#count('SELECT count(*) FROM main.papers');
    if (!this.#hasBase) return { papers, added: papers, changed: 0, removed: 0 };
    const both = 'main.papers AS ours JOIN base.papers AS theirs USING (label)';
    const kept = this.#count(`SELECT count(*) FROM ${both} WHERE ours.id = theirs.id`);
    const changed = this.#count(
      `SELECT count(*) FROM ${both} WHERE ours.id = theirs.id AND ours.content_hash <> theirs.content_hash`,
    );
    const before = this.#count('SELECT count(*) FROM base.papers');
    return { papers, added: papers - kept, changed, removed: before - kept };
  }

  /** One label for each distinct text that has no embedding by this model yet, in the order of the corpus. */
  pendingLabels(fingerprint: string): number[] {
    return this.#db
      .prepare<[string], number>(
        `SELECT min(label) FROM main.papers WHERE NOT EXISTS (
           SELECT 1 FROM main.embeddings
           WHERE embeddings.text_hash = papers.text_hash AND embeddings.fingerprint = ?)
         GROUP BY text_hash ORDER BY 1`,
      )
      .pluck()
      .all(fingerprint);
  }

  /** The texts of these labels, in their order. */
  texts(labels: readonly number[]): PendingText[] {
    return labels.map((label) => {
      const text = this.#textOf.get(label);
      if (text === undefined) throw new NearpaperError('internal', `The draft has no paper ${label}.`);
      return text;
    });
  }

  /** Stores embeddings in one transaction. Errors: `index_unwritable`. */
  putEmbeddings(fingerprint: string, entries: readonly { textHash: Buffer; vector: Float32Array }[]): void {
    this.#write(() => {
      for (const { textHash: hash, vector } of entries) {
        const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
        this.#putEmbedding.run(hash, fingerprint, bytes);
      }
    });
  }

  /** Every paper's label and vector, by label. The draft must not be written meanwhile. */
  *vectors(fingerprint: string): Generator<{ label: number; vector: Float32Array }> {
    const rows = this.#db
      .prepare<[string], { label: number; vector: Buffer }>(
        `SELECT label, vector FROM main.papers JOIN main.embeddings USING (text_hash)
         WHERE fingerprint = ? ORDER BY label`,
      )
      .iterate(fingerprint);
    for (const { label, vector } of rows) {
      yield { label, vector: floatsOf(vector) };
    }
  }

  /**
   * Drops embeddings that no paper needs, leaves WAL mode (a file in WAL mode cannot be read from read-only
   * media) and closes. Errors: `index_unwritable`.
   */
  seal(fingerprint: string): void {
    if (this.#hasBase) this.#db.exec('DETACH base');
    this.#write(() => {
      this.#db
        .prepare(
          'DELETE FROM main.embeddings WHERE fingerprint <> ? OR text_hash NOT IN (SELECT text_hash FROM main.papers)',
        )
        .run(fingerprint);
    });
    try {
      const free = this.#db.pragma('freelist_count', { simple: true }) as number;
      const pages = this.#db.pragma('page_count', { simple: true }) as number;
      this.#db.pragma('wal_checkpoint(TRUNCATE)');
      this.#db.pragma('synchronous = FULL');
      this.#db.pragma('journal_mode = DELETE');
      if (free > pages / 10) this.#db.exec('VACUUM');
    } catch (thrown) {
      throw diskFailure(this.#db.name, thrown);
    } finally {
      this.#db.close();
    }
  }

  close(): void {
    this.#db.close();
  }

  #count(sql: string): number {
    return this.#db.prepare<[], number>(sql).pluck().get() as number;
  }

  #write<T>(work: () => T): T {
    try {
      return this.#db.transaction(work)();
    } catch (thrown) {
      throw diskFailure(this.#db.name, thrown);
    }
  }
}

function fieldValues(paper: Omit<Paper, 'id'>, hash: Buffer): unknown[] {
  return [
    paper.title,
    paper.abstract,
    JSON.stringify(paper.authors),
    paper.published,
    paper.updated,
    paper.year,
    JSON.stringify(paper.categories),
    paper.venue,
    paper.url,
    paper.doi,
    hash,
    contentHash(paper),
  ];
}
