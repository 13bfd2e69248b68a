/** How the papers of an input find their places in the draft, and which of those it named. */
import type { Database, Statement } from 'better-sqlite3';
import { isAnotherTitle } from './another-title.js';
import type { DraftRows } from './draft-rows.js';
import { parseArxivId } from './ids.js';
import { MadeIds } from './made-ids.js';
import type { IncomingPaper } from './paper.js';
import { contentHash, textHash } from './paper-row.js';
import { SeenLabels } from './seen-labels.js';

/** What became of one incoming paper. */
export type UpsertOutcome =
  | { kind: 'stored'; replaced?: Replaced }
  /** The same paper came earlier in this input; the later one was stored. */
  | { kind: 'repeated'; id: string; replaced?: Replaced }
  /** An older version of an arXiv paper that is held in a newer one; nothing was stored. */
  | { kind: 'older_version'; id: string };

/** A paper whose place was taken by one of the same id that has quite another title. */
export interface Replaced {
  id: string;
  before: string;
  after: string;
}

interface StoredRow {
  label: number;
  id: string;
  title: string;
  arxivVersion: number | null;
  contentHash: Buffer;
}

const STORED = 'label, id, title, arxiv_version AS arxivVersion, content_hash AS contentHash';

export class DraftInput {
  readonly #rows: DraftRows;
  /** Labels met in this input. */
  readonly #seen = new SeenLabels();
  /** Those of them that have no abstract. */
  readonly #bare = new SeenLabels();
  readonly #madeIds: MadeIds;
  readonly #byId: Statement<[string], StoredRow>;
  readonly #byArxiv: Statement<[string], StoredRow>;
  readonly #abstractOf: Statement<[number], string>;

  constructor(db: Database, rows: DraftRows) {
    this.#rows = rows;
    this.#madeIds = new MadeIds(db, rows, this.#seen);
    this.#byId = db.prepare(`SELECT ${STORED} FROM main.papers WHERE id = ?`);
    this.#byArxiv = db.prepare(`SELECT ${STORED} FROM main.papers WHERE arxiv_base = ?`);
    this.#abstractOf = db
      .prepare<[number], string>('SELECT abstract FROM main.papers WHERE label = ?')
      .pluck();
  }

  /** How many papers it named, each counted once. */
  get named(): number {
    return this.#seen.size;
  }

  /** How many of those have no abstract. */
  get withoutAbstract(): number {
    return this.#bare.size;
  }

  hasNamed(label: number): boolean {
    return this.#seen.has(label);
  }

  /** Within a transaction of the caller. */
  upsert(incoming: IncomingPaper): UpsertOutcome {
    const made = incoming.id === null ? this.#madeIds.make(incoming.title, textHash(incoming)) : null;
    const id = incoming.id ?? made?.id ?? '';
    const arxiv = parseArxivId(id);
    const stored = (arxiv && this.#byArxiv.get(arxiv.base)) ?? this.#byId.get(id);
    const paper = stored === undefined ? incoming : this.#withHeldAbstract(incoming, stored.label);
    const hash = textHash(paper);
    const version = arxiv?.version ?? paper.version ?? null;
    if (stored === undefined) {
      const label = this.#rows.add({ ...paper, id }, version, hash);
      this.#meet(label, paper);
      if (made?.rivalOf != null) this.#madeIds.addRival(made.rivalOf, label);
      return { kind: 'stored' };
    }
    const repeated = this.#seen.has(stored.label);
    this.#seen.add(stored.label);
    // An id without a version speaks for the latest one.
    const incomingVersion = version ?? Number.POSITIVE_INFINITY;
    const storedVersion = stored.arxivVersion ?? (arxiv?.version == null ? -1 : Number.POSITIVE_INFINITY);
    if (incomingVersion < storedVersion) return { kind: 'older_version', id };
    this.#meet(stored.label, paper);
    const outcome: UpsertOutcome = repeated ? { kind: 'repeated', id } : { kind: 'stored' };
    if (version === stored.arxivVersion && stored.contentHash.equals(contentHash(paper))) return outcome;
    if (isAnotherTitle(stored.title, paper.title)) {
      outcome.replaced = { id, before: stored.title, after: paper.title };
    }
    this.#rows.change(stored.label, { ...paper, id: stored.id }, version, hash);
    return outcome;
  }

  /** When all of it is stored; within a transaction of the caller. See `MadeIds`. */
  settleIds(): void {
    this.#madeIds.settle((rival, held) => {
      if (this.#bare.has(rival)) this.#bare.add(held);
      this.#bare.delete(rival);
    });
  }

  /** Gives a paper the abstract that came apart from it; within a transaction of the caller. */
  join(label: number, abstract: string): void {
    this.#rows.changeAbstract(label, abstract);
    this.#seen.add(label);
    this.#bare.delete(label);
  }

  #meet(label: number, { abstract }: IncomingPaper): void {
    this.#seen.add(label);
    if (abstract === '') this.#bare.add(label);
    else this.#bare.delete(label);
  }

  /** A paper whose abstract comes apart from it, with the one that is held. */
  #withHeldAbstract(paper: IncomingPaper, label: number): IncomingPaper {
    if (!paper.abstractElsewhere || paper.abstract !== '') return paper;
    return { ...paper, abstract: this.#abstractOf.get(label) ?? '' };
  }
}
