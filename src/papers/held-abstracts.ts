/**
 * Abstracts that came apart from their papers, such as Semantic Scholar's, until all of the input is read: papers and
 * abstracts may come in any order, and neither fits into memory. They wait in a database of their own beside the draft.
 */
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Database, Statement } from 'better-sqlite3';

export interface HeldAbstract {
  /** Of the paper. */
  id: string;
  abstract: string;
}

/** Rows looked at between two transactions. */
const ROWS_A_SLICE = 500;

export class HeldAbstracts {
  readonly #db: Database;
  readonly #path: string;
  #put: Statement<[string, string]> | null = null;

  /** Nothing is made on disk before the first abstract comes. What a killed build leaves of it, the next one removes. */
  constructor(db: Database) {
    this.#db = db;
    this.#path = join(dirname(db.name), 'abstracts.db');
  }

  /** Whether any came. */
  get any(): boolean {
    return this.#put !== null;
  }

  /** To be called outside of a transaction, before the first `put`. */
  prepare(): void {
    if (this.#put !== null) return;
    rmSync(this.#path, { force: true });
    this.#db.prepare('ATTACH ? AS parts').run(this.#path);
    // What is lost with the process is read again.
    this.#db.pragma('parts.journal_mode = OFF');
    this.#db.pragma('parts.synchronous = OFF');
    this.#db.exec('CREATE TABLE parts.abstracts (id TEXT PRIMARY KEY, abstract TEXT NOT NULL) STRICT');
    this.#put = this.#db.prepare('INSERT OR REPLACE INTO parts.abstracts (id, abstract) VALUES (?, ?)');
  }

  put({ id, abstract }: HeldAbstract): void {
    this.#put?.run(id, abstract);
  }

  /** The abstracts whose paper is in the draft, in slices between which the draft may be written. */
  *matching(): Generator<{ label: number; abstract: string }[]> {
    const slice = this.#db.prepare<
      [number, number],
      { place: number; label: number | null; abstract: string }
    >(
      `SELECT parts.abstracts.rowid AS place, label, parts.abstracts.abstract AS abstract FROM parts.abstracts
       LEFT JOIN main.papers USING (id) WHERE parts.abstracts.rowid > ? ORDER BY parts.abstracts.rowid LIMIT ?`,
    );
    for (let last = 0; ; ) {
      const rows = slice.all(last, ROWS_A_SLICE);
      const end = rows.at(-1);
      if (end === undefined) return;
      last = end.place;
      yield rows.flatMap(({ label, abstract }) => (label === null ? [] : [{ label, abstract }]));
    }
  }

  /** How many there are. */
  get size(): number {
    return this.#db.prepare<[], number>('SELECT count(*) FROM parts.abstracts').pluck().get() ?? 0;
  }

  /** How many have no paper in the draft, and the ids of a few of them. */
  unmatched(most: number): { count: number; ids: string[] } {
    const where = 'FROM parts.abstracts WHERE id NOT IN (SELECT id FROM main.papers)';
    const count = this.#db.prepare<[], number>(`SELECT count(*) ${where}`).pluck().get() ?? 0;
    const ids = this.#db.prepare<[number], string>(`SELECT id ${where} LIMIT ?`).pluck().all(most);
    return { count, ids };
  }

  drop(): void {
    if (this.#put === null) return;
    this.#put = null;
    this.#db.exec('DETACH parts');
    rmSync(this.#path, { force: true });
  }
}
