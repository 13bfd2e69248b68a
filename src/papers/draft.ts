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
import { DraftRows } from './draft-rows.js';
import { type HeldAbstract, HeldAbstracts } from './held-abstracts.js';
import { parseArxivId } from './ids.js';
import { MadeIds } from './made-ids.js';
import type { IncomingPaper } from './paper.js';
import { contentHash, floatsOf, textHash } from './paper-row.js';
import { SeenLabels } from './seen-labels.js';
import { writeColumns } from './stored-columns.js';
import { twinsIn } from './twins.js';

export type { IncomingPaper } from './paper.js';

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
  title: string;
  arxivVersion: number | null;
  contentHash: Buffer;
  textHash: Buffer;
}

/** Live changes folded in one transaction. */
const CHANGES_AT_ONCE = 500;

const STORED = `label, id, title, arxiv_version AS arxivVersion, text_hash AS textHash,
  content_hash AS contentHash`;

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
  /** Labels met in this input. */
  readonly #seen = new SeenLabels();
  readonly #madeIds: MadeIds;
  readonly #byId: Statement<[string], StoredRow>;
  readonly #byArxiv: Statement<[string], StoredRow>;
  readonly #rows: DraftRows;
  readonly #textOf: Statement<[number], PendingText>;
  readonly #abstracts: HeldAbstracts;

  constructor(db: Database, origin: { resumed: boolean; hasBase: boolean }) {
    this.#db = db;
    this.resumed = origin.resumed;
    this.#hasBase = origin.hasBase;
    this.#byId = db.prepare(`SELECT ${STORED} FROM main.papers WHERE id = ?`);
    this.#byArxiv = db.prepare(`SELECT ${STORED} FROM main.papers WHERE arxiv_base = ?`);
    this.#textOf = db.prepare(
      'SELECT text_hash AS textHash, title, abstract FROM main.papers WHERE label = ?',
    );
    this.#rows = new DraftRows(db, origin.hasBase);
    this.#abstracts = new HeldAbstracts(db);
    this.#madeIds = new MadeIds(db, this.#rows, this.#seen);
  }

  /** Stores papers in one transaction. Errors: `index_unwritable`. */
  upsert(papers: readonly IncomingPaper[]): UpsertOutcome[] {
    return this.#write(() => papers.map((paper) => this.#upsertOne(paper)));
  }

  #upsertOne(incoming: IncomingPaper): UpsertOutcome {
    const made = incoming.id === null ? this.#madeIds.make(incoming.title, textHash(incoming)) : null;
    const id = incoming.id ?? made?.id ?? '';
    const arxiv = parseArxivId(id);
    const stored = (arxiv && this.#byArxiv.get(arxiv.base)) ?? this.#byId.get(id);
    const paper = stored === undefined ? incoming : this.#withHeldAbstract(incoming, stored.label);
    const hash = textHash(paper);
    const version = arxiv?.version ?? paper.version ?? null;
    if (stored === undefined) {
      const label = this.#rows.add({ ...paper, id }, version, hash);
      this.#seen.add(label);
      if (made?.rivalOf != null) this.#madeIds.addRival(made.rivalOf, label);
      return { kind: 'stored' };
    }
    const repeated = this.#seen.has(stored.label);
    this.#seen.add(stored.label);
    // An id without a version speaks for the latest one.
    const incomingVersion = version ?? Number.POSITIVE_INFINITY;
    const storedVersion = stored.arxivVersion ?? (arxiv?.version == null ? -1 : Number.POSITIVE_INFINITY);
    if (incomingVersion < storedVersion) return { kind: 'older_version', id };
    if (version !== stored.arxivVersion || !stored.contentHash.equals(contentHash(paper))) {
      this.#rows.change(stored.label, { ...paper, id: stored.id }, version, hash);
    }
    return repeated ? { kind: 'repeated', id } : { kind: 'stored' };
  }

  /** To be called when all of the input is stored: see `MadeIds`. Errors: `index_unwritable`. */
  settleIds(): void {
    this.#write(() => this.#madeIds.settle());
  }

  /** A paper whose abstract comes apart from it, with the one that is held. */
  #withHeldAbstract(paper: IncomingPaper, label: number): IncomingPaper {
    if (!paper.abstractElsewhere || paper.abstract !== '') return paper;
    return { ...paper, abstract: this.#textOf.get(label)?.abstract ?? '' };
  }

  /** Keeps abstracts until `settleAbstracts`; the later of two for one paper counts. Errors: `index_unwritable`. */
  holdAbstracts(abstracts: readonly HeldAbstract[]): void {
    this.#abstracts.prepare();
    this.#write(() => {
      for (const abstract of abstracts) this.#abstracts.put(abstract);
    });
  }

  /**
   * To be called when all of the input is stored: gives every abstract that was held to its paper. `withoutPaper`: how many
   * have none, and the ids of up to `examples` of them. Errors: `index_unwritable`.
   */
  settleAbstracts(examples: number): { joined: number; withoutPaper: { count: number; ids: string[] } } {
    if (!this.#abstracts.any) return { joined: 0, withoutPaper: { count: 0, ids: [] } };
    let joined = 0;
    for (const some of this.#abstracts.matching()) {
      this.#write(() => {
        for (const { label, abstract } of some) {
          this.#rows.changeAbstract(label, abstract);
          this.#seen.add(label);
        }
      });
      joined += some.length;
    }
    const withoutPaper = this.#abstracts.unmatched(examples);
    this.#abstracts.drop();
    return { joined, withoutPaper };
  }

  /** How many papers of the input are held, each counted once. */
  get named(): number {
    return this.#seen.size;
  }

  /** Papers that are held more than once under ids of their own: see `twinsIn`. */
  twins(examples: number): { count: number; examples: string[][] } {
    return twinsIn(this.#db, examples);
  }

  /** How many held papers the input did not name. */
  countUnseen(): number {
    return this.#count('SELECT count(*) FROM main.papers') - this.#seen.size;
  }

  /** Removes what the input did not name. */
  removeUnseen(): void {
    this.#write(() => {
      for (const label of this.#db.prepare<[], number>('SELECT label FROM main.papers').pluck().all()) {
        if (this.#seen.has(label)) continue;
        this.#rows.remove(label);
      }
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
