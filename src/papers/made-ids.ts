/** Ids of papers that come without one. */
import type { Database, Statement } from 'better-sqlite3';
import type { DraftRows } from './draft-rows.js';
import { slugOf } from './ids.js';
import type { SeenLabels } from './seen-labels.js';

interface Holder {
  label: number;
  title: string;
  textHash: Buffer;
}

export class MadeIds {
  readonly #db: Database;
  readonly #rows: DraftRows;
  readonly #seen: SeenLabels;
  readonly #holder: Statement<[string], Holder>;
  /** Held paper -> paper without an id that has its title and another text: one changed, or two? See `settle`. */
  readonly #rivals = new Map<number, number>();

  /** `seen`: the labels that the input brought by now. */
  constructor(db: Database, rows: DraftRows, seen: SeenLabels) {
    this.#db = db;
    this.#rows = rows;
    this.#seen = seen;
    this.#holder = db.prepare('SELECT label, title, text_hash AS textHash FROM main.papers WHERE id = ?');
  }

  /**
   * The id of a paper that came without one: from its title, with a suffix from its text's hash where another
   * text has the title already. `rivalOf`: the paper that it may turn out to be a changed text of.
   */
  make(title: string, hash: Buffer): { id: string; rivalOf: number | null } {
    const suffix = hash.toString('hex').slice(0, 8);
    const slug = slugOf(title);
    if (slug === '') return { id: `paper-${suffix}`, rivalOf: null };
    const holder = this.#holder.get(slug);
    if (holder === undefined || holder.textHash.equals(hash)) return { id: slug, rivalOf: null };
    // The input may still bring the holder itself. One whose id was given, for another title, is no relation.
    const unsettled =
      !this.#seen.has(holder.label) && !this.#rivals.has(holder.label) && slugOf(holder.title) === slug;
    return { id: `${slug}-${suffix}`, rivalOf: unsettled ? holder.label : null };
  }

  /** `held`: the label that `make` named; `label`: of the paper that was stored under the made id. */
  addRival(held: number, label: number): void {
    this.#rivals.set(held, label);
  }

  /**
   * To be called when all of the input is stored, in a transaction. A text without an id whose title a held paper has is
   * another paper if the input brought the held one too, and otherwise its new text: then it takes over the id. Deciding at
   * the end is what lets a held paper keep its id whatever the order of the input. `onTaken`: told the label that goes, and
   * the one that has its text now.
   */
  settle(onTaken: (rival: number, held: number) => void): void {
    const fields = `title, abstract, authors, published, updated, year, categories, venue, url, doi, text_hash,
      content_hash`;
    const takeText = this.#db.prepare(
      `UPDATE main.papers SET (${fields}) = (SELECT ${fields} FROM main.papers WHERE label = ?) WHERE label = ?`,
    );
    for (const [held, rival] of this.#rivals) {
      if (this.#seen.has(held)) continue;
      takeText.run(rival, held);
      this.#rows.moveAliases(rival, held);
      this.#rows.remove(rival);
      this.#seen.delete(rival);
      this.#seen.add(held);
      onTaken(rival, held);
    }
    this.#rivals.clear();
  }
}
