/** The paper side of the waist: reading the papers of one generation. */
import type { Database, Statement } from 'better-sqlite3';
import { loadColumns, type PaperColumns } from './columns.js';
import { checkSchema, openDatabase } from './database.js';
import type { FilteredPapers, PaperFilter } from './filter.js';
import { aliasKey, parseArxivId } from './ids.js';
import type { Paper } from './paper.js';
import { floatsOf, PAPER_COLUMNS, type PaperRow, paperOfRow } from './paper-row.js';
import { Subsets } from './subsets.js';
import { loadTwins, type Twins } from './twins.js';

export interface ResolvedPaper {
  label: number;
  /** The id that the corpus gave, which may be spelled otherwise than the one asked for. */
  id: string;
  hasAbstract: boolean;
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
  /** Papers by label, in the order asked; undefined where there is none. */
  get(labels: readonly number[]): Promise<(Paper | undefined)[]>;
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
  close(): Promise<void>;
}

/**
 * Opens a published store for reading; works on read-only media. Its statements are point look-ups that
 * take some 10 microseconds, so they run where they are called. What filters look at is read into memory once, in
 * slices that leave the event loop free.
 * Errors: `native_module`, `index_damaged`, `schema_newer`.
 */
export async function openStore(path: string): Promise<PaperStore> {
  const db = openDatabase(path, 'read');
  try {
    checkSchema(db, path);
    const count = db.prepare<[], number>('SELECT count(*) FROM papers').pluck().get() ?? 0;
    return new SqlitePaperStore(db, await loadColumns(db, count), await loadTwins(db));
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

class SqlitePaperStore implements PaperStore {
  readonly size: number;
  readonly #db: Database;
  readonly #byId: Statement<[string], ResolvedRow>;
  readonly #byArxiv: Statement<[string], ResolvedRow>;
  readonly #byAlias: Statement<[string], ResolvedRow>;
  readonly #byLabel: Statement<[number], PaperRow>;
  readonly #subsets: Subsets;
  readonly #twins: Twins;

  constructor(db: Database, columns: PaperColumns, twins: Twins) {
    this.#db = db;
    this.size = columns.labels.length;
    this.#subsets = new Subsets(columns);
    this.#twins = twins;
    this.#byId = db.prepare(`SELECT ${RESOLVED} FROM papers WHERE id = ?`);
    this.#byArxiv = db.prepare(`SELECT ${RESOLVED} FROM papers WHERE arxiv_base = ?`);
    this.#byAlias = db.prepare(
      `SELECT ${RESOLVED} FROM papers
       WHERE label = (SELECT min(label) FROM aliases WHERE alias = ?)`,
    );
    this.#byLabel = db.prepare(`SELECT ${PAPER_COLUMNS} FROM papers WHERE label = ?`);
  }

  async resolve(idOrAlias: string): Promise<ResolvedPaper | undefined> {
    const row = this.#byId.get(idOrAlias) ?? this.#resolveAlias(idOrAlias);
    return row && { label: row.label, id: row.id, hasAbstract: row.hasAbstract === 1 };
  }

  /** The paper that has the arXiv id goes before one that only links to it. */
  #resolveAlias(alias: string): ResolvedRow | undefined {
    const key = aliasKey(alias);
    if (key === undefined) return undefined;
    const arxiv = parseArxivId(alias);
    return (arxiv && this.#byArxiv.get(arxiv.base)) ?? this.#byAlias.get(key);
  }

  async get(labels: readonly number[]): Promise<(Paper | undefined)[]> {
    return labels.map((label) => {
      const row = this.#byLabel.get(label);
      return row && paperOfRow(row);
    });
  }

  async list(filter: PaperFilter, from: number, limit: number, signal?: AbortSignal): Promise<PaperPage> {
    const { labels } = await this.#subsets.of(filter, signal);
    const page: number[] = [];
    let next: number | null = null;
    for (const label of labels.from(from)) {
      if (page.length === limit) {
        next = label;
        break;
      }
      page.push(label);
    }
    const papers = await this.get(page);
    return { papers: papers.filter((paper) => paper !== undefined), next };
  }

  subset(filter: PaperFilter, signal?: AbortSignal): Promise<FilteredPapers> {
    return this.#subsets.of(filter, signal);
  }

  twins(label: number): readonly number[] {
    return this.#twins.of(label);
  }

  async close(): Promise<void> {
    this.#db.close();
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
