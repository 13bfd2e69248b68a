/** How a paper is written to the draft's tables: its row, its aliases, the embedding of its text. Within a transaction of the caller. */
import type { Database, Statement } from 'better-sqlite3';
import { NearpaperError, systemCode } from '../errors.js';
import type { Change } from './change.js';
import { highestLabelOf, storeHighestLabel } from './highest-label.js';
import { aliasKeys, parseArxivId } from './ids.js';
import type { Paper } from './paper.js';
import { contentHash, PAPER_FIELDS, type PaperRow, paperOfRow, rowValues, textHash } from './paper-row.js';

export class DraftRows {
  readonly #db: Database;
  readonly #insert: Statement<unknown[]>;
  readonly #update: Statement<unknown[]>;
  readonly #changeAbstract: Statement<unknown[]>;
  readonly #paper: Statement<[number], PaperRow>;
  readonly #remove: Statement<[number]>;
  readonly #dropAliases: Statement<[number]>;
  readonly #addAlias: Statement<[string, number]>;
  readonly #takeAliases: Statement<[number, number]>;
  readonly #putEmbedding: Statement<[Buffer, string, Buffer]>;
  /** The highest label that any paper ever had, removed ones too: a label never names another paper. */
  #highestLabel: number;

  constructor(db: Database, hasBase: boolean) {
    this.#db = db;
    this.#insert = db.prepare(
      `INSERT INTO main.papers (label, id, arxiv_base, arxiv_version, title, abstract, authors, published, updated, year,
        categories, venue, url, doi, text_hash, content_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = db.prepare(
      `UPDATE main.papers SET arxiv_version = ?, title = ?, abstract = ?, authors = ?, published = ?, updated = ?,
        year = ?, categories = ?, venue = ?, url = ?, doi = ?, text_hash = ?, content_hash = ? WHERE label = ?`,
    );
    this.#changeAbstract = db.prepare(
      'UPDATE main.papers SET abstract = ?, text_hash = ?, content_hash = ? WHERE label = ?',
    );
    this.#paper = db.prepare(`SELECT ${PAPER_FIELDS.join(', ')} FROM main.papers WHERE label = ?`);
    this.#remove = db.prepare('DELETE FROM main.papers WHERE label = ?');
    this.#dropAliases = db.prepare('DELETE FROM main.aliases WHERE label = ?');
    this.#addAlias = db.prepare('INSERT OR IGNORE INTO main.aliases (alias, label) VALUES (?, ?)');
    this.#takeAliases = db.prepare('UPDATE main.aliases SET label = ? WHERE label = ?');
    this.#putEmbedding = db.prepare(
      'INSERT OR REPLACE INTO main.embeddings (text_hash, fingerprint, vector) VALUES (?, ?, ?)',
    );
    // Not that of the draft itself: a stopped build may have left it, with labels that were never published.
    this.#highestLabel = hasBase ? highestLabelOf(db, 'base') : 0;
  }

  /** Stores a new paper and gives its label. `hash`: of its text. */
  add(paper: Paper, version: number | null, hash: Buffer): number {
    const label = ++this.#highestLabel;
    this.#addUnder(label, paper, version, hash);
    return label;
  }

  /** Replaces the paper that has this label; its id stays, and is `paper.id`. */
  change(label: number, paper: Paper, version: number | null, hash: Buffer): void {
    this.#update.run(version, ...rowValues(paper, hash), label);
    this.#dropAliases.run(label);
    this.#addAliases(label, paper);
  }

  /** Gives the paper that has this label another abstract. */
  changeAbstract(label: number, abstract: string): void {
    const row = this.#paper.get(label);
    if (row === undefined || row.abstract === abstract) return;
    const paper: Paper = { ...paperOfRow<keyof Paper>(row), abstract };
    this.#changeAbstract.run(abstract, textHash(paper), contentHash(paper), label);
  }

  remove(label: number): void {
    this.#remove.run(label);
    this.#dropAliases.run(label);
  }

  /** Gives the aliases of one paper to another, which loses its own. */
  moveAliases(from: number, to: number): void {
    this.#dropAliases.run(to);
    this.#takeAliases.run(to, from);
  }

  putEmbedding(hash: Buffer, fingerprint: string, vector: Float32Array): void {
    this.#putEmbedding.run(
      hash,
      fingerprint,
      Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength),
    );
  }

  /** Errors: `internal` where the change gives a paper an id that another label has. */
  apply(fingerprint: string, change: Change): void {
    const { label } = change;
    this.#highestLabel = Math.max(this.#highestLabel, label);
    this.remove(label);
    if (change.kind === 'remove') return;
    const { paper, arxivVersion, vector } = change;
    const hash = textHash(paper);
    try {
      this.#addUnder(label, paper, arxivVersion, hash);
    } catch (thrown) {
      if (!systemCode(thrown)?.startsWith('SQLITE_CONSTRAINT')) throw thrown;
      throw new NearpaperError(
        'internal',
        `Change ${change.seq} gives ${paper.id} a second label, ${label}.`,
        {
          cause: thrown,
        },
      );
    }
    this.putEmbedding(hash, fingerprint, vector);
  }

  /** For the next draft that begins as this one. */
  storeHighestLabel(): void {
    storeHighestLabel(this.#db, this.#highestLabel);
  }

  #addUnder(label: number, paper: Paper, version: number | null, hash: Buffer): void {
    const base = parseArxivId(paper.id)?.base ?? null;
    this.#insert.run(label, paper.id, base, version, ...rowValues(paper, hash));
    this.#addAliases(label, paper);
  }

  #addAliases(label: number, paper: Paper): void {
    for (const key of aliasKeys(paper)) this.#addAlias.run(key, label);
  }
}
