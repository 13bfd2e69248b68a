/** The paper side of the waist: reading the papers of one generation. */
import { createHash } from 'node:crypto';
import type { Database, Statement } from 'better-sqlite3';
import QuickLRU from 'quick-lru';
import type { LabelSet } from '../label-set.js';
import { rowOf } from '../row-of.js';
import type { PaperColumns } from './columns.js';
import { checkSchema, openDatabase } from './database.js';
import type { FilteredPapers, PaperFilter } from './filter.js';
import { highestLabelOf } from './highest-label.js';
import { type HeldVersion, heldUnder, IdLookUp, type LabelLookUps, SqliteLookUps } from './look-ups.js';
import type { Paper } from './paper.js';
import { floatsOf, PAPER_FIELDS, type PaperRow, paperOfRow } from './paper-row.js';
import { type Kept, loadColumns } from './stored-columns.js';
import { Subsets } from './subsets.js';
import { mayResemble, SKETCH_WORDS } from './text-sketch.js';
import type { Twins } from './twins.js';

export type { HeldVersion } from './look-ups.js';

export interface ResolvedPaper {
  label: number;
  /** The id that the corpus gave, which may be spelled otherwise than the one asked for. */
  id: string;
  hasAbstract: boolean;
}

/** A paper with the text that stands for it. */
export interface FoundPaper extends Pick<Paper, 'id' | 'title' | 'abstract'> {
  label: number;
}

export interface PaperPage {
  papers: Paper[];
  /** Where the next page begins; null after the last one. */
  next: number | null;
}

export interface PaperStore {
  readonly size: number;
  /** The highest label in use, 0 when there is none; with changes laid over it, the highest that was ever in use. */
  readonly highestLabel: number;
  /** For a store that is laid over this one. */
  readonly lookUps: LabelLookUps;
  /** The paper with exactly this id, else the one that it is an alias of; undefined when there is none. */
  resolve(idOrAlias: string): Promise<ResolvedPaper | undefined>;
  /** As `resolve`, with the paper's text: one look-up for who needs both. */
  find(idOrAlias: string): Promise<FoundPaper | undefined>;
  /** As `resolve`, with these fields of the paper: one look-up for who shows it. */
  read<Field extends keyof Paper>(
    idOrAlias: string,
    fields: readonly Field[],
  ): Promise<Pick<Paper, Field> | undefined>;
  /** Papers by label, in the order asked, with these fields or all; undefined where there is none. */
  get<Field extends keyof Paper = keyof Paper>(
    labels: readonly number[],
    fields?: readonly Field[],
  ): Promise<(Pick<Paper, Field> | undefined)[]>;
  /**
   * Papers that pass the filter in the order of the corpus, `limit` at most, from the position `from` that a page
   * before gave, or 0. Errors: `cancelled`.
   */
  list(filter: PaperFilter, from: number, limit: number, signal?: AbortSignal): Promise<PaperPage>;
  /** The papers that pass a filter; see filter.ts for what each clause means. Errors: `cancelled`. */
  subset(filter: PaperFilter, signal?: AbortSignal): Promise<FilteredPapers>;
  /**
   * The labels of other papers that are this one under another id, because they have the same DOI or arXiv id (from
   * id, DOI or URL), ascending; an id that more than 8 papers share makes none. One memory access for the many papers
   * that have none.
   */
  twins(label: number): readonly number[];
  /**
   * The papers among `others` whose abstracts may have a share of at least `least` (above 0, at most 1) of all their
   * sequences of three words in common with that of `label`; all others certainly have not. 50 nanoseconds each, and no
   * text is read.
   */
  resembling(label: number, others: readonly number[], least: number): number[];
  /**
   * What is held of the paper that one with this id would replace: the paper with exactly this id, or with the same arXiv
   * id in any version. An alias does not count.
   */
  held(id: string): Promise<HeldVersion | undefined>;
  /** As `resolve`, with what the paper's entity tag is made of: see `versionOf`. */
  version(idOrAlias: string): Promise<string | undefined>;
  /**
   * The embedding of the text with this hash (see `HeldVersion`): a unit vector, not to be changed. It may also be known
   * of a text that no paper has any more.
   */
  embeddingOf(textHash: Buffer): Promise<Float32Array | undefined>;
  close(): Promise<void>;
}

/**
 * Names one content of one paper: 22 characters of base64url, the first 132 bits of a SHA-256. The id is in it, since an
 * alias may come to mean another paper of the same content.
 */
export function versionOf({ id, contentHash }: Pick<HeldVersion, 'id' | 'contentHash'>): string {
  return createHash('sha256').update(contentHash).update(id).digest('base64url').slice(0, VERSION_LENGTH);
}

const VERSION_LENGTH = 22;

/**
 * Opens a published store for reading; works on read-only media. Its statements are point look-ups that take one to five
 * microseconds, so they run where they are called. What filters look at is kept in memory.
 * Errors: `native_module`, `index_damaged`, `schema_newer`.
 */
export async function openStore(path: string): Promise<PaperStore> {
  const db = openDatabase(path, 'read');
  try {
    checkSchema(db, path);
    // SQLite looks for a log beside the name that it opened, and a service opens a generation in `building` before it gets its
    // name: within a transaction it does not look, and so never finds the log of the next draft.
    // One reading transaction as long as the store is open, since nobody writes to a published file: taking and giving
    // back the file's lock for each look-up costs three times the look-up.
    db.exec('BEGIN');
    return new SqlitePaperStore(db, await loadColumns(db));
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

interface ResolvedRow {
  label: number;
  id: string;
  hasAbstract: 0 | 1;
}

const RESOLVED = "label, id, abstract <> '' AS hasAbstract";
const FOUND = 'label, id, title, abstract';

/** Kinds of look-up that are kept prepared; callers may ask for any of 1,024 sets of fields. */
const PREPARED = 16;

class SqlitePaperStore implements PaperStore {
  readonly size: number;
  readonly highestLabel: number;
  readonly lookUps: LabelLookUps;
  readonly #db: Database;
  readonly #resolve: IdLookUp<ResolvedRow>;
  readonly #find: IdLookUp<FoundPaper>;
  readonly #version: IdLookUp<Pick<HeldVersion, 'id' | 'contentHash'>>;
  readonly #embedding: Statement<[Buffer], Buffer>;
  /** By the columns that they select. */
  readonly #byLabel = new QuickLRU<string, Statement<[number], PaperRow>>({ maxSize: PREPARED });
  readonly #byName = new QuickLRU<string, IdLookUp<PaperRow>>({ maxSize: PREPARED });
  readonly #columns: PaperColumns;
  readonly #subsets: Subsets;
  readonly #twins: Twins;

  constructor(db: Database, { columns, twins }: Kept) {
    this.#db = db;
    this.size = columns.labels.length;
    this.highestLabel = highestLabelOf(db, 'main');
    this.lookUps = new SqliteLookUps(db, columns);
    this.#columns = columns;
    this.#subsets = new Subsets(columns);
    this.#twins = twins;
    this.#resolve = new IdLookUp(db, RESOLVED);
    this.#find = new IdLookUp(db, FOUND);
    this.#version = new IdLookUp(db, 'id, content_hash AS contentHash');
    // A published store holds the embeddings of one model.
    this.#embedding = db
      .prepare<[Buffer], Buffer>('SELECT vector FROM embeddings WHERE text_hash = ? LIMIT 1')
      .pluck();
  }

  async resolve(idOrAlias: string): Promise<ResolvedPaper | undefined> {
    const row = this.#resolve.get(idOrAlias);
    return row && { label: row.label, id: row.id, hasAbstract: row.hasAbstract === 1 };
  }

  async find(idOrAlias: string): Promise<FoundPaper | undefined> {
    return this.#find.get(idOrAlias);
  }

  async get<Field extends keyof Paper = keyof Paper>(
    labels: readonly number[],
    fields?: readonly Field[],
  ): Promise<(Pick<Paper, Field> | undefined)[]> {
    if (labels.length === 0) return [];
    const byLabel = prepared(
      this.#byLabel,
      fields,
      (columns): Statement<[number], PaperRow> =>
        this.#db.prepare(`SELECT ${columns} FROM papers WHERE label = ?`),
    );
    return labels.map((label) => {
      const row = byLabel.get(label);
      return row && paperOfRow<Field>(row);
    });
  }

  async read<Field extends keyof Paper>(
    idOrAlias: string,
    fields: readonly Field[],
  ): Promise<Pick<Paper, Field> | undefined> {
    const byName = prepared(this.#byName, fields, (columns) => new IdLookUp<PaperRow>(this.#db, columns));
    const row = byName.get(idOrAlias);
    return row && paperOfRow<Field>(row);
  }

  async list(filter: PaperFilter, from: number, limit: number, signal?: AbortSignal): Promise<PaperPage> {
    const { page, next } = pageOf((await this.#subsets.of(filter, signal)).labels, from, limit);
    const papers = await this.get(page);
    return { papers: papers.filter((paper) => paper !== undefined), next };
  }

  subset(filter: PaperFilter, signal?: AbortSignal): Promise<FilteredPapers> {
    return this.#subsets.of(filter, signal);
  }

  twins(label: number): readonly number[] {
    return this.#twins.of(label);
  }

  resembling(label: number, others: readonly number[], least: number): number[] {
    const { labels, sketches } = this.#columns;
    const row = rowOf(labels, label);
    const found: number[] = [];
    for (const other of row < 0 ? [] : others) {
      const to = rowOf(labels, other);
      if (to >= 0 && mayResemble(sketches, row * SKETCH_WORDS, to * SKETCH_WORDS, least)) found.push(other);
    }
    return found;
  }

  async held(id: string): Promise<HeldVersion | undefined> {
    return heldUnder(this.lookUps, id);
  }

  async version(idOrAlias: string): Promise<string | undefined> {
    const row = this.#version.get(idOrAlias);
    return row && versionOf(row);
  }

  async embeddingOf(textHash: Buffer): Promise<Float32Array | undefined> {
    const vector = this.#embedding.get(textHash);
    return vector && floatsOf(vector);
  }

  async close(): Promise<void> {
    this.#db.close();
  }
}

/** The look-up of these fields, or of all, that is kept, or a new one made for their columns. */
function prepared<LookUp>(
  kept: QuickLRU<string, LookUp>,
  fields: readonly (keyof Paper)[] | undefined,
  make: (columns: string) => LookUp,
): LookUp {
  const columns = PAPER_FIELDS.filter((field) => fields?.includes(field) ?? true).join(', ');
  const known = kept.get(columns);
  if (known !== undefined) return known;
  const made = make(columns);
  kept.set(columns, made);
  return made;
}

/** The labels of one page, and where the next one begins; null after the last one. */
export function pageOf(
  labels: LabelSet,
  from: number,
  limit: number,
): { page: number[]; next: number | null } {
  const page: number[] = [];
  for (const label of labels.from(from)) {
    if (page.length === limit) return { page, next: label };
    page.push(label);
  }
  return { page, next: null };
}

/**
 * Every paper's label with its stored embedding, by label; undefined where the store holds none by this model.
 * For checking the index against the store. Errors: as `openStore`.
 */
export function* storedEmbeddings(
  path: string,
  fingerprint: string,
): Generator<{ label: number; vector: Float32Array | undefined }> {
  const db = openDatabase(path, 'read');
  try {
    checkSchema(db, path);
    const rows = db
      .prepare<[string], { label: number; vector: Buffer | null }>(
        `SELECT label, vector FROM papers LEFT JOIN embeddings
         ON embeddings.text_hash = papers.text_hash AND fingerprint = ? ORDER BY label`,
      )
      .iterate(fingerprint);
    for (const { label, vector } of rows)
      yield { label, vector: vector === null ? undefined : floatsOf(vector) };
  } finally {
    db.close();
  }
}
