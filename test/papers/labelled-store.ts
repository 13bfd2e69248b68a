/** Stores in which the test decides which paper has which label. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { aliasKeys, parseArxivId } from '../../src/papers/ids.js';
import type { Paper } from '../../src/papers/paper.js';
import { rowValues, textHash } from '../../src/papers/paper-row.js';
import { createSchema } from '../../src/papers/schema.js';
import { openStore, type PaperStore } from '../../src/papers/store.js';
import { writeColumns } from '../../src/papers/stored-columns.js';
import { FINGERPRINT, vectorOf } from './drafting.js';

export interface LabelledPaper {
  label: number;
  paper: Paper;
  arxivVersion: number | null;
}

/** A published store of these papers, with a vector for each text. Its file is in the folder, under this name. */
export async function labelledStore(
  folder: string,
  name: string,
  papers: readonly LabelledPaper[],
): Promise<PaperStore> {
  const path = join(folder, name);
  const db = new Database(path);
  db.pragma('synchronous = OFF');
  db.pragma('journal_mode = MEMORY');
  createSchema(db);
  const insert = db.prepare(
    `INSERT INTO papers (label, id, arxiv_base, arxiv_version, title, abstract, authors, published, updated, year,
      categories, venue, url, doi, text_hash, content_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const addAlias = db.prepare('INSERT INTO aliases (alias, label) VALUES (?, ?)');
  const addVector = db.prepare(
    'INSERT OR IGNORE INTO embeddings (text_hash, fingerprint, vector) VALUES (?, ?, ?)',
  );
  db.transaction(() => {
    for (const { label, paper, arxivVersion } of papers) {
      const hash = textHash(paper);
      const base = parseArxivId(paper.id)?.base ?? null;
      insert.run(label, paper.id, base, arxivVersion, ...rowValues(paper, hash));
      for (const alias of aliasKeys(paper)) addAlias.run(alias, label);
      addVector.run(hash, FINGERPRINT, Buffer.from(vectorOf(hash).buffer));
    }
  })();
  writeColumns(db);
  db.close();
  return openStore(path);
}

export function put(seq: number, { label, paper, arxivVersion }: LabelledPaper) {
  const vector = vectorOf(textHash(paper));
  return { kind: 'put' as const, seq, label, paper, arxivVersion, vector };
}

export function removal(seq: number, { label, paper }: LabelledPaper) {
  return { kind: 'remove' as const, seq, label, id: paper.id };
}
