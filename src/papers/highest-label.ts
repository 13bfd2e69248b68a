/**
 * The highest label that a paper of the corpus ever had. A label is the paper's name in the journal and in every part of an
 * index, so that of a removed paper must not come to name another one.
 */
import type { Database } from 'better-sqlite3';

/** Stores of before 0.3 do not say, and nothing could be removed from them but by `--prune`: there it is the highest held. */
export function highestLabelOf(db: Database, schema: 'main' | 'base'): number {
  const held =
    db.prepare<[], number>(`SELECT ifnull(max(label), 0) FROM ${schema}.papers`).pluck().get() ?? 0;
  const known = db
    .prepare(`SELECT 1 FROM ${schema}.sqlite_master WHERE type = 'table' AND name = 'highest_label'`)
    .get();
  if (known === undefined) return held;
  const ever = db.prepare<[], number>(`SELECT label FROM ${schema}.highest_label`).pluck().get() ?? 0;
  return Math.max(held, ever);
}

/** Within a transaction of the caller. */
export function storeHighestLabel(db: Database, label: number): void {
  db.exec(`CREATE TABLE IF NOT EXISTS main.highest_label (label INTEGER NOT NULL) STRICT;
    DELETE FROM main.highest_label;`);
  db.prepare('INSERT INTO main.highest_label (label) VALUES (?)').run(label);
}
