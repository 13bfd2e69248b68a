/**
 * The corpus of the next generation while it is being made. It begins as a copy of the published corpus, takes
 * papers and embeddings in short transactions, and survives being killed at any line: SQLite's WAL keeps
 * what was committed, and the next build starts over from the published papers with every embedding kept.
 */
import type { Database, Statement } from 'better-sqlite3';
import { NearpaperError } from '../errors.js';
import type { Change } from './change.js';
import { diskFailure } from './database.js';
import { type DraftSources, openDraftFile, sealDraftFile } from './draft-file.js';
import { DraftInput, type UpsertOutcome } from './draft-input.js';
import { DraftRows } from './draft-rows.js';
import { type HeldAbstract, HeldAbstracts } from './held-abstracts.js';
import type { IncomingPaper } from './paper.js';
import { floatsOf } from './paper-row.js';
import { writeColumns } from './stored-columns.js';
import { twinsIn } from './twins.js';

export type { IncomingPaper } from './paper.js';

export interface SettledAbstracts {
  held: number;
  joined: number;
  withoutPaper: { count: number; ids: string[] };
}

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

/** Live changes folded in one transaction. */
const CHANGES_AT_ONCE = 500;

/**
 * Opens the draft at `path`, taking over what a stopped build left there. Errors: `index_unwritable`, `index_damaged`
 * when a source is.
 */
export function openDraft(path: string, sources: DraftSources): Draft {
  const { db, resumed } = openDraftFile(path, sources);
  return new Draft(db, { resumed, hasBase: sources.papers !== null });
}

export class Draft {
  /** Whether a stopped build left this draft, with embeddings worth keeping. */
  readonly resumed: boolean;
  readonly #db: Database;
  readonly #hasBase: boolean;
  readonly #rows: DraftRows;
  readonly #input: DraftInput;
  readonly #textOf: Statement<[number], PendingText>;
  readonly #abstracts: HeldAbstracts;

  constructor(db: Database, origin: { resumed: boolean; hasBase: boolean }) {
    this.#db = db;
    this.resumed = origin.resumed;
    this.#hasBase = origin.hasBase;
    this.#textOf = db.prepare(
      'SELECT text_hash AS textHash, title, abstract FROM main.papers WHERE label = ?',
    );
    this.#rows = new DraftRows(db, origin.hasBase);
    this.#input = new DraftInput(db, this.#rows);
    this.#abstracts = new HeldAbstracts(db);
  }

  /** Stores papers in one transaction. Errors: `index_unwritable`. */
  upsert(papers: readonly IncomingPaper[]): UpsertOutcome[] {
    return this.#write(() => papers.map((paper) => this.#input.upsert(paper)));
  }

  /** To be called when all of the input is stored: see `MadeIds`. Errors: `index_unwritable`. */
  settleIds(): void {
    this.#write(() => this.#input.settleIds());
  }

  /** Keeps abstracts until `settleAbstracts`; the later of two for one paper counts. Errors: `index_unwritable`. */
  holdAbstracts(abstracts: readonly HeldAbstract[]): void {
    this.#abstracts.prepare();
    this.#write(() => {
      for (const abstract of abstracts) this.#abstracts.put(abstract);
    });
  }

  /**
   * To be called when all of the input is stored: gives every abstract that was held to its paper. `held`: of how many
   * papers; `withoutPaper`: how many of them are not there, and the ids of up to `examples`. Errors: `index_unwritable`.
   */
  settleAbstracts(examples: number): SettledAbstracts {
    if (!this.#abstracts.any) return { held: 0, joined: 0, withoutPaper: { count: 0, ids: [] } };
    const held = this.#abstracts.size;
    let joined = 0;
    for (const some of this.#abstracts.matching()) {
      this.#write(() => {
        for (const { label, abstract } of some) this.#input.join(label, abstract);
      });
      joined += some.length;
    }
    const withoutPaper = this.#abstracts.unmatched(examples);
    this.#abstracts.drop();
    return { held, joined, withoutPaper };
  }

  /** How many papers of the input are held, each counted once. */
  get named(): number {
    return this.#input.named;
  }

  /** How many of those have no abstract. */
  get namedWithoutAbstract(): number {
    return this.#input.withoutAbstract;
  }

  /** How many papers are held. */
  get size(): number {
    return this.#count('SELECT count(*) FROM main.papers');
  }

  /** Papers that are held more than once under ids of their own: see `twinsIn`. */
  twins(examples: number): { count: number; examples: string[][] } {
    return twinsIn(this.#db, examples);
  }

  /** How many held papers the input did not name. */
  countUnseen(): number {
    return this.size - this.#input.named;
  }

  /** Removes what the input did not name. Returns how many papers. */
  removeUnseen(): number {
    return this.#write(() => {
      let removed = 0;
      for (const label of this.#db.prepare<[], number>('SELECT label FROM main.papers').pluck().all()) {
        if (this.#input.hasNamed(label)) continue;
        this.#rows.remove(label);
        removed++;
      }
      return removed;
    });
  }

  /**
   * Folds live changes in, in their order: each paper under the label that it has there, with its vector as the embedding
   * of its text by this model. To be called before the input is stored. Returns how many there were.
   * Errors: `index_unwritable`; `internal` where a change gives a paper an id that another label has.
   */
  applyChanges(fingerprint: string, changes: Iterable<Change>): number {
    let count = 0;
    let some: Change[] = [];
    const fold = () => {
      this.#write(() => {
        for (const change of some) this.#rows.apply(fingerprint, change);
      });
      count += some.length;
      some = [];
    };
    for (const change of changes) if (some.push(change) === CHANGES_AT_ONCE) fold();
    fold();
    return count;
  }

  changes(): DraftChanges {
    const papers = this.size;
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

  /** Every paper's label, ascending. */
  labels(): number[] {
    return this.#db.prepare<[], number>('SELECT label FROM main.papers ORDER BY label').pluck().all();
  }

  /** Every paper's title and abstract, by label. The draft must not be written meanwhile. */
  allTexts(): Iterable<{ label: number; title: string; abstract: string }> {
    return this.#db
      .prepare<[], { label: number; title: string; abstract: string }>(
        'SELECT label, title, abstract FROM main.papers ORDER BY label',
      )
      .iterate();
  }

  /** Stores embeddings in one transaction. Errors: `index_unwritable`. */
  putEmbeddings(fingerprint: string, entries: readonly { textHash: Buffer; vector: Float32Array }[]): void {
    this.#write(() => {
      for (const { textHash: hash, vector } of entries) {
        this.#rows.putEmbedding(hash, fingerprint, vector);
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
    this.#write(() => {
      this.#db
        .prepare(
          'DELETE FROM main.embeddings WHERE fingerprint <> ? OR text_hash NOT IN (SELECT text_hash FROM main.papers)',
        )
        .run(fingerprint);
      this.#rows.storeHighestLabel();
      writeColumns(this.#db);
    });
    sealDraftFile(this.#db);
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
      throw thrown instanceof NearpaperError ? thrown : diskFailure(this.#db.name, thrown);
    }
  }
}
