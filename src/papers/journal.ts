/**
 * The changes that were acknowledged and are in no generation yet. An append is on disk when it returns; whatever is read
 * was checked against the checksum of its row, and no change can be missing between two others.
 */
import { existsSync } from 'node:fs';
import type { Database, Statement } from 'better-sqlite3';
import { NearpaperError } from '../errors.js';
import type { Change } from './change.js';
import { isDamage } from './database.js';
import {
  checkStructure,
  damagedJournal,
  openJournalFile,
  patiently,
  readFailure,
  TrimmedChangesError,
  writeFailure,
  writeWhole,
} from './journal-file.js';
import {
  type ChangeRow,
  changeOfRow,
  isChangeIntact,
  isStateIntact,
  isVectorIntact,
  rowOfChange,
  rowOfState,
  rowOfVector,
  type StateRow,
  textOfRow,
  type VectorRow,
} from './journal-row.js';

export { createJournal, TrimmedChangesError } from './journal-file.js';

/** Rows read at once, in a transaction of some milliseconds that keeps the writer waiting. */
const BATCH = 512;
/** Space is given back when it is more than this and more than half of the file. */
const SPARE_PAGES = 256;

export interface PendingText {
  seq: number;
  title: string;
  abstract: string;
}

/**
 * Opens a journal. For writing it must be the only one: that is the index folder's lock. Any number of processes may read
 * it meanwhile, also on read-only media.
 * Errors: `index_damaged`, also when it is missing; `schema_newer`; `index_unwritable` when it is to be written and cannot, or
 * a killed writer left it so that it must be; `index_locked`; `native_module`.
 */
export function openJournal(path: string, mode: 'read' | 'write'): Journal {
  const db = openJournalFile(path, mode);
  try {
    return new Journal(db, mode);
  } catch (thrown) {
    db.close();
    throw readFailure(path, thrown);
  }
}

/** A row with its vector by the model that is wanted, where that is not the one it came with. */
type JoinedRow = ChangeRow & { otherVector: Buffer | null; otherSha256: Buffer | null };

/** A row that was checked, with its vector by the model that is wanted; null where there is none. */
interface CheckedRow {
  row: ChangeRow;
  vector: Buffer | null;
}

export class Journal {
  readonly #db: Database;
  readonly #state: Statement<[], StateRow & { newest: number | null }>;
  readonly #rows: Statement<[string, number, number], JoinedRow>;

  /** Use `openJournal`. */
  constructor(db: Database, mode: 'read' | 'write') {
    this.#db = db;
    this.#state = db.prepare(
      `SELECT last_seq AS lastSeq, trimmed_to AS trimmedTo, sha256, (SELECT max(seq) FROM changes) AS newest
       FROM state`,
    );
    this.#rows = db.prepare(
      `SELECT changes.seq, kind, label, body, changes.fingerprint, changes.vector, changes.sha256,
         vectors.vector AS otherVector, vectors.sha256 AS otherSha256
       FROM changes LEFT JOIN vectors ON vectors.seq = changes.seq AND vectors.fingerprint = ?
       WHERE changes.seq > ? ORDER BY changes.seq LIMIT ?`,
    );
    const state = this.#read(() => this.#readState());
    // Tells now, and not at the first change, where the file or its folder cannot be written.
    if (mode === 'write') this.#write(() => this.#setState(state.lastSeq, state.trimmedTo));
  }

  /** The last change at this moment; 0 before the first. Errors: `index_damaged`. */
  get lastSeq(): number {
    return this.#read(() => this.#readState()).lastSeq;
  }

  /** Changes up to this one are gone: a generation contains them. Errors: `index_damaged`. */
  get trimmedTo(): number {
    return this.#read(() => this.#readState()).trimmedTo;
  }

  /**
   * Appends changes, puts with vectors by this model: all of them, on disk when it returns, or none. They go on from
   * `lastSeq` without gaps. Errors: `index_unwritable`, `index_locked`, `index_damaged`; `internal` for a gap.
   */
  append(fingerprint: string, changes: readonly Change[]): void {
    const insert = this.#db.prepare(
      `INSERT INTO changes (seq, kind, label, body, fingerprint, vector, sha256)
       VALUES (:seq, :kind, :label, :body, :fingerprint, :vector, :sha256)`,
    );
    this.#write(() => {
      const state = this.#readState();
      let { lastSeq } = state;
      for (const change of changes) {
        if (change.seq !== lastSeq + 1)
          throw new NearpaperError(
            'internal',
            `Change ${change.seq} cannot follow ${lastSeq} in the journal.`,
          );
        insert.run(rowOfChange(change, fingerprint));
        lastSeq = change.seq;
      }
      this.#setState(lastSeq, state.trimmedTo);
    });
  }

  /**
   * The changes after `seq` up to the last one at this moment, in their order, with vectors by this model. Read in short
   * transactions: the writer may append meanwhile, and trim.
   * Errors: `index_damaged`, `index_locked`; `model_mismatch` where a put has no vector by this model;
   * `TrimmedChangesError` where changes after `seq` are gone.
   */
  *changesAfter(seq: number, fingerprint: string): Generator<Change> {
    for (const { row, vector } of this.#checkedRows(seq, fingerprint)) {
      if (row.kind === 'put' && vector === null) this.#refuseModel(row, fingerprint);
      yield changeOfRow(row, vector);
    }
  }

  /**
   * The first `limit` texts of puts after `seq` that have no vector by this model, in the order of the changes.
   * Errors: as `changesAfter`.
   */
  textsWithout(fingerprint: string, seq: number, limit = Number.POSITIVE_INFINITY): PendingText[] {
    const texts: PendingText[] = [];
    for (const { row, vector } of this.#checkedRows(seq, fingerprint)) {
      if (texts.length >= limit) break;
      if (row.kind === 'put' && vector === null) texts.push({ seq: row.seq, ...textOfRow(row) });
    }
    return texts;
  }

  /**
   * Stores vectors of puts by a model that came later, all or none; changes that are trimmed by now need none. Errors:
   * as `append`, `internal` for a change that was never there.
   */
  putVectors(fingerprint: string, entries: readonly { seq: number; vector: Float32Array }[]): void {
    const insert = this.#db.prepare(
      `INSERT OR REPLACE INTO vectors (seq, fingerprint, vector, sha256)
       VALUES (:seq, :fingerprint, :vector, :sha256)`,
    );
    this.#write(() => {
      const { lastSeq, trimmedTo } = this.#readState();
      for (const { seq, vector } of entries) {
        if (seq > lastSeq) throw new NearpaperError('internal', `The journal has no change ${seq}.`);
        if (seq > trimmedTo) insert.run(rowOfVector(seq, fingerprint, vector));
      }
    });
  }

  /** Forgets the changes up to `seq`, which a generation contains. Errors: as `append`, `internal` for `seq` after the last. */
  trim(seq: number): void {
    this.#write(() => {
      const { lastSeq, trimmedTo } = this.#readState();
      if (seq > lastSeq)
        throw new NearpaperError('internal', `The journal ends at ${lastSeq}, before change ${seq}.`);
      if (seq <= trimmedTo) return;
      this.#db.prepare('DELETE FROM changes WHERE seq <= ?').run(seq);
      this.#db.prepare('DELETE FROM vectors WHERE seq <= ?').run(seq);
      this.#setState(lastSeq, seq);
    });
    this.#giveBackSpace();
  }

  /**
   * Writes a consistent copy, durable when it returns; the writer waits meanwhile. Errors: `index_unwritable`,
   * also where there is a file; `index_damaged`, `index_locked`.
   */
  snapshot(path: string): void {
    if (existsSync(path)) throw new NearpaperError('index_unwritable', `${path} is there already.`);
    writeWhole(path, (temporary) => {
      try {
        patiently(this.#db.name, () => this.#db.prepare('VACUUM INTO ?').run(temporary));
      } catch (thrown) {
        // A copy that cannot be written is no fault of the journal.
        throw isDamage(thrown) ? readFailure(this.#db.name, thrown) : thrown;
      }
    });
  }

  /** Idempotent. */
  close(): void {
    this.#db.close();
  }

  *#checkedRows(seq: number, fingerprint: string): Generator<CheckedRow> {
    const { lastSeq: end } = this.#read(() => this.#readState());
    if (seq > end)
      throw this.#damaged(`it ends at change ${end}, and the generation contains those up to ${seq}`);
    for (let from = seq; from < end; ) {
      const rows = this.#read(() => this.#batch(from, Math.min(BATCH, end - from), fingerprint));
      yield* rows;
      from += rows.length;
    }
  }

  /** The `count` changes after `from`, all of which must be there. */
  #batch(from: number, count: number, fingerprint: string): CheckedRow[] {
    const { trimmedTo } = this.#readState();
    if (from < trimmedTo) throw new TrimmedChangesError(this.#db.name, from, trimmedTo);
    const rows = this.#rows.all(fingerprint, from, count);
    if (rows.length !== count) throw this.#damaged(`changes after ${from} are missing`);
    return rows.map(({ otherVector, otherSha256, ...row }, i) => {
      if (row.seq !== from + 1 + i) throw this.#damaged(`change ${from + 1 + i} is missing`);
      if (!isChangeIntact(row)) throw this.#damaged(`change ${row.seq} is not what was written`);
      if (row.fingerprint === fingerprint || otherVector === null || otherSha256 === null) {
        return { row, vector: row.fingerprint === fingerprint ? row.vector : null };
      }
      this.#checkVector({ seq: row.seq, fingerprint, vector: otherVector, sha256: otherSha256 });
      return { row, vector: otherVector };
    });
  }

  /** There is no vector by this model, or it cannot be found: then something else in the file is not as it was written. */
  #refuseModel({ seq }: ChangeRow, fingerprint: string): never {
    this.#read(() => {
      checkStructure(this.#db, this.#db.name);
      // The index may be what is damaged.
      const rows = this.#db.prepare<[], VectorRow>(
        'SELECT seq, fingerprint, vector, sha256 FROM vectors NOT INDEXED',
      );
      for (const row of rows.iterate()) {
        this.#checkVector(row);
        if (row.seq === seq && row.fingerprint === fingerprint)
          throw this.#damaged('an index is not of its table');
      }
    });
    throw new NearpaperError(
      'model_mismatch',
      `${this.#db.name} holds change ${seq} with the vector of another model. Set NEARPAPER_MODEL to the model of the index.`,
    );
  }

  #checkVector(row: VectorRow): void {
    if (!isVectorIntact(row)) throw this.#damaged(`the vector of change ${row.seq} is not what was written`);
  }

  #readState(): { lastSeq: number; trimmedTo: number } {
    const [state, ...others] = this.#state.all();
    if (state === undefined || others.length > 0 || !isStateIntact(state)) {
      throw this.#damaged('where it ends is not what was written');
    }
    const { lastSeq, trimmedTo, newest } = state;
    if (newest !== (lastSeq === trimmedTo ? null : lastSeq)) {
      throw this.#damaged(`it should end at change ${lastSeq} and has ${newest ?? 'none'}`);
    }
    return { lastSeq, trimmedTo };
  }

  #setState(lastSeq: number, trimmedTo: number): void {
    const { sha256 } = rowOfState(lastSeq, trimmedTo);
    this.#db
      .prepare('UPDATE state SET last_seq = ?, trimmed_to = ?, sha256 = ?')
      .run(lastSeq, trimmedTo, sha256);
  }

  #giveBackSpace(): void {
    try {
      const free = this.#db.pragma('freelist_count', { simple: true }) as number;
      const pages = this.#db.pragma('page_count', { simple: true }) as number;
      if (free > SPARE_PAGES && free > pages / 2) this.#db.exec('VACUUM');
    } catch {
      // The changes are trimmed. Space that a reader or a full disk does not let go is given back the next time.
    }
  }

  #damaged(why: string): NearpaperError {
    return damagedJournal(this.#db.name, why);
  }

  #read<T>(work: () => T): T {
    try {
      return patiently(this.#db.name, this.#db.transaction(work));
    } catch (thrown) {
      throw readFailure(this.#db.name, thrown);
    }
  }

  #write(work: () => void): void {
    try {
      this.#db.transaction(work).immediate();
    } catch (thrown) {
      throw writeFailure(this.#db.name, thrown);
    }
  }
}
