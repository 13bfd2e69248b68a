/** Point look-ups in the store's tables: papers by their names, and what an overlay asks of the store beneath it. */
import type { Database, Statement } from 'better-sqlite3';
import { rowOf } from '../row-of.js';
import type { PaperColumns } from './columns.js';
import { aliasKey, parseArxivId } from './ids.js';
import { SKETCH_WORDS } from './text-sketch.js';

/** Which version of a paper is held: what a write of the same paper is compared with. */
export interface HeldVersion {
  label: number;
  id: string;
  /** The version of the arXiv paper whose text is held; null when none was named. */
  arxivVersion: number | null;
  /** SHA-256 over every field but the id. */
  contentHash: Buffer;
  /** SHA-256 over title and abstract: what an embedding is kept under. */
  textHash: Buffer;
}

/** Labels by name and parts of papers by label, for a store that is laid over this one. A few microseconds each. */
export interface LabelLookUps {
  /** The paper with exactly this id. */
  byId(id: string): number | undefined;
  /** The paper whose own id is this arXiv id; `base` as `parseArxivId` gives it. */
  byArxiv(base: string): number | undefined;
  /** The papers that have this alias (see `aliasKeys`), ascending from the label `from` on, `limit` at most. */
  byAlias(key: string, from: number, limit: number): number[];
  /** See `aliasKeys`. */
  aliasesOf(label: number): readonly string[];
  heldAt(label: number): HeldVersion | undefined;
  /** The sketch of the paper's abstract, `SKETCH_WORDS` numbers; not to be changed. */
  sketchOf(label: number): Uint32Array | undefined;
}

/**
 * The label of the paper with exactly this id, else of the one whose arXiv id it is, else of the first that has it as an
 * alias: the paper that has the arXiv id goes before one that only links to it.
 */
export function labelNamed(lookUps: LabelLookUps, idOrAlias: string): number | undefined {
  const exact = lookUps.byId(idOrAlias);
  if (exact !== undefined) return exact;
  const key = aliasKey(idOrAlias);
  if (key === undefined) return undefined;
  const arxiv = parseArxivId(idOrAlias);
  return (arxiv && lookUps.byArxiv(arxiv.base)) ?? lookUps.byAlias(key, 0, 1)[0];
}

/** The paper that one with this id would replace: every version of an arXiv paper is one paper. */
export function heldUnder(lookUps: LabelLookUps, id: string): HeldVersion | undefined {
  const arxiv = parseArxivId(id);
  const label = (arxiv && lookUps.byArxiv(arxiv.base)) ?? lookUps.byId(id);
  return label === undefined ? undefined : lookUps.heldAt(label);
}

/** Finds a paper by id or alias in one statement, as `labelNamed` does; `columns`: what is wanted of it. */
export class IdLookUp<Row> {
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

  #byOtherName(alias: string): Row | undefined {
    const key = aliasKey(alias);
    if (key === undefined) return undefined;
    const arxiv = parseArxivId(alias);
    return (arxiv && this.#byArxiv.get(arxiv.base)) ?? this.#byAlias.get(key);
  }
}

/** The look-ups of a SQLite store. */
export class SqliteLookUps implements LabelLookUps {
  readonly #columns: PaperColumns;
  readonly #byId: Statement<[string], number>;
  readonly #byArxiv: Statement<[string], number>;
  readonly #byAlias: Statement<[string, number, number], number>;
  readonly #aliases: Statement<[number], string>;
  readonly #held: Statement<[number], HeldVersion>;

  constructor(db: Database, columns: PaperColumns) {
    this.#columns = columns;
    this.#byId = db.prepare<[string], number>('SELECT label FROM papers WHERE id = ?').pluck();
    this.#byArxiv = db.prepare<[string], number>('SELECT label FROM papers WHERE arxiv_base = ?').pluck();
    this.#byAlias = db
      .prepare<[string, number, number], number>(
        'SELECT label FROM aliases WHERE alias = ? AND label >= ? ORDER BY label LIMIT ?',
      )
      .pluck();
    this.#aliases = db.prepare<[number], string>('SELECT alias FROM aliases WHERE label = ?').pluck();
    this.#held = db.prepare(
      `SELECT label, id, arxiv_version AS arxivVersion, content_hash AS contentHash, text_hash AS textHash
       FROM papers WHERE label = ?`,
    );
  }

  byId(id: string): number | undefined {
    return this.#byId.get(id);
  }

  byArxiv(base: string): number | undefined {
    return this.#byArxiv.get(base);
  }

  byAlias(key: string, from: number, limit: number): number[] {
    return this.#byAlias.all(key, from, limit);
  }

  aliasesOf(label: number): string[] {
    return this.#aliases.all(label);
  }

  heldAt(label: number): HeldVersion | undefined {
    return this.#held.get(label);
  }

  sketchOf(label: number): Uint32Array | undefined {
    const row = rowOf(this.#columns.labels, label);
    return row < 0
      ? undefined
      : this.#columns.sketches.subarray(row * SKETCH_WORDS, (row + 1) * SKETCH_WORDS);
  }
}
