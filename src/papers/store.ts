/** The paper side of the waist: reading the papers of one generation. */
import type { Database, Statement } from 'better-sqlite3';
import QuickLRU from 'quick-lru';
import type { LabelSet } from '../label-set.js';
import { rowOf } from '../row-of.js';
import type { PaperColumns } from './columns.js';
import { checkSchema, openDatabase } from './database.js';
import type { FilteredPapers, PaperFilter } from './filter.js';
import { aliasKey, parseArxivId } from './ids.js';
import type { Paper } from './paper.js';
import { floatsOf, PAPER_FIELDS, type PaperRow, paperOfRow } from './paper-row.js';
import { type Kept, loadColumns } from './stored-columns.js';
import { Subsets } from './subsets.js';
import { mayResemble, SKETCH_WORDS } from './text-sketch.js';
import type { Twins } from './twins.js';

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
  close(): Promise<void>;
}

/**
 * Opens a published store for reading; works on read-only media. Its statements are point look-ups that take one to five
 * microseconds, so they run where they are called. What filters look at is kept in memory.
 * Errors: `native_module`, `index_damaged`, `schema_newer`.
 */
export async function openStore(path: string): Promise<PaperStore> {
  const db = openDatabase(path, 'read');
  try {
    checkSchema(db, path);
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
  readonly #db: Database;
  readonly #resolve: IdLookUp<ResolvedRow>;
  readonly #find: IdLookUp<FoundPaper>;
  /** By the columns that they select. */
  readonly #byLabel = new QuickLRU<string, Statement<[number], PaperRow>>({ maxSize: PREPARED });
  readonly #byName = new QuickLRU<string, IdLookUp<PaperRow>>({ maxSize: PREPARED });
  readonly #columns: PaperColumns;
  readonly #subsets: Subsets;
  readonly #twins: Twins;

  constructor(db: Database, { columns, twins }: Kept) {
    this.#db = db;
    this.size = columns.labels.length;
    this.#columns = columns;
    this.#subsets = new Subsets(columns);
    this.#twins = twins;
    this.#resolve = new IdLookUp(db, RESOLVED);
    this.#find = new IdLookUp(db, FOUND);
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

/** Finds a paper by id or alias; `columns`: what is wanted of it. */
class IdLookUp<Row> {
  readonly #byId: Statement<[string], Row>;
  readonly #byArxiv: Statement<[string], Row>;
  readonly #byAlias: Statement<[string], Row>;

  constructor(db: Database, columns: string) {
    this.#byId = db.prepare(`SELECT ${columns} FROM papers WHERE id = ?`);
    this.#byArxiv = db.prepare(`SELECT ${columns} FROM papers WHERE arxiv_base = ?`);
    this.#byAlias = db.prepare(
      `SELECT ${columns} FROM papers
       WHERE label = (SELECT min(label) FROM aliases WHERE alias = ?)`,
    );
  }

  get(idOrAlias: string): Row | undefined {
    return this.#byId.get(idOrAlias) ?? this.#byOtherName(idOrAlias);
  }

  /** The paper that has the arXiv id goes before one that only links to it. */
  #byOtherName(alias: string): Row | undefined {
    const key = aliasKey(alias);
    if (key === undefined) return undefined;
    const arxiv = parseArxivId(alias);
    return (arxiv && this.#byArxiv.get(arxiv.base)) ?? this.#byAlias.get(key);
  }
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
