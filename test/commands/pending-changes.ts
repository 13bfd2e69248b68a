/** Changes in an index's journal that its generation does not contain, as a service that writes leaves them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { currentGeneration } from '../../src/generations/folder.js';
import { journalOf, newJournalName } from '../../src/generations/journal-name.js';
import { readManifest } from '../../src/generations/manifest.js';
import type { Change } from '../../src/papers/change.js';
import { createJournal, openJournal } from '../../src/papers/journal.js';
import type { Paper } from '../../src/papers/paper.js';

export const ADDED: Paper = {
  id: 'added',
  title: 'A paper that came later',
  abstract: 'It was put while the corpus was served.',
  authors: ['Grace Hopper'],
  published: '2025-03-04',
  updated: null,
  year: 2025,
  categories: ['cs.SE'],
  venue: null,
  url: null,
  doi: null,
};

/** A unit vector of 384 dimensions whose numbers are not short. */
export function someVector(seed: number): Float32Array {
  const vector = Float32Array.from({ length: 384 }, (_, i) => Math.sin(seed + i * 1.7));
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  return vector.map((x) => x / length);
}

export interface IndexJournal {
  path: string;
  fingerprint: string;
}

/** The journal of the published generation, made if there is none. */
export async function journalIn(indexFolder: string): Promise<IndexJournal> {
  const current = await currentGeneration(indexFolder);
  if (current === null) throw new Error('nothing is published');
  const manifest = await readManifest(current.folder);
  const path = journalOf(indexFolder, manifest)?.path ?? join(indexFolder, newJournalName(current.name));
  if (!existsSync(path)) createJournal(path);
  return { path, fingerprint: manifest.model.fingerprint };
}

export function append({ path, fingerprint }: IndexJournal, changes: readonly Change[]): void {
  const journal = openJournal(path, 'write');
  try {
    journal.append(fingerprint, changes);
  } finally {
    journal.close();
  }
}

/** Puts `ADDED` and removes the second of THREE_PAPERS. */
export async function changeThreePapers(indexFolder: string): Promise<IndexJournal> {
  const journal = await journalIn(indexFolder);
  append(journal, [
    { kind: 'put', seq: 1, label: 4, paper: ADDED, arxivVersion: null, vector: someVector(1) },
    { kind: 'remove', seq: 2, label: 2, id: 'arXiv:2401.00002' },
  ]);
  return journal;
}
