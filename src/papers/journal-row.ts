/** A change as a row of the journal, with the checksum that SQLite does not keep. */
import { createHash } from 'node:crypto';
import type { Change } from './change.js';
import type { Paper } from './paper.js';
import { floatsOf } from './paper-row.js';

export interface ChangeRow {
  seq: number;
  kind: string;
  label: number;
  /** JSON: a paper and its arXiv version, or the id of what was removed. */
  body: string;
  /** The model of the vector that came with a put; null for a removal, as the vector. */
  fingerprint: string | null;
  vector: Buffer | null;
  sha256: Buffer;
}

/** The vector of a put by a model that came later. */
export interface VectorRow {
  seq: number;
  fingerprint: string;
  vector: Buffer;
  sha256: Buffer;
}

export interface StateRow {
  lastSeq: number;
  trimmedTo: number;
  sha256: Buffer;
}

type Body = { paper: Paper; arxivVersion: number | null };

export function rowOfChange(change: Change, fingerprint: string): ChangeRow {
  const { seq, kind, label } = change;
  const row =
    change.kind === 'put'
      ? {
          ...{ seq, kind, label, fingerprint, vector: bytesOf(change.vector) },
          body: JSON.stringify({ paper: change.paper, arxivVersion: change.arxivVersion } satisfies Body),
        }
      : { seq, kind, label, fingerprint: null, vector: null, body: JSON.stringify({ id: change.id }) };
  return { ...row, sha256: changeHash(row) };
}

/** The change of a row whose checksum was found to be right. `vector`: by the model that is wanted, of a put. */
export function changeOfRow(row: ChangeRow, vector: Buffer | null): Change {
  const { seq, label } = row;
  // What the checksum proves is what `rowOfChange` wrote.
  if (row.kind === 'remove' || vector === null) {
    const { id } = JSON.parse(row.body) as { id: string };
    return { kind: 'remove', seq, label, id };
  }
  return { kind: 'put', seq, label, ...(JSON.parse(row.body) as Body), vector: floatsOf(vector) };
}

/** Title and abstract of a put, as `changeOfRow`. */
export function textOfRow(row: ChangeRow): { title: string; abstract: string } {
  const { paper } = JSON.parse(row.body) as Body;
  return { title: paper.title, abstract: paper.abstract };
}

export function rowOfVector(seq: number, fingerprint: string, vector: Float32Array): VectorRow {
  const row = { seq, fingerprint, vector: bytesOf(vector) };
  return { ...row, sha256: vectorHash(row) };
}

export function rowOfState(lastSeq: number, trimmedTo: number): StateRow {
  return { lastSeq, trimmedTo, sha256: stateHash({ lastSeq, trimmedTo }) };
}

export function isChangeIntact(row: ChangeRow): boolean {
  return row.sha256.equals(changeHash(row));
}

export function isVectorIntact(row: VectorRow): boolean {
  return row.sha256.equals(vectorHash(row));
}

export function isStateIntact(row: StateRow): boolean {
  return row.sha256.equals(stateHash(row));
}

/** NUL separates: none of the texts holds one, JSON writes it in another way. */
function changeHash({ seq, kind, label, body, fingerprint, vector }: Omit<ChangeRow, 'sha256'>): Buffer {
  const texts = `change\0${seq}\0${kind}\0${label}\0${fingerprint}\0${body}\0`;
  const hash = createHash('sha256').update(texts);
  return (vector === null ? hash : hash.update(vector)).digest();
}

function vectorHash({ seq, fingerprint, vector }: Omit<VectorRow, 'sha256'>): Buffer {
  return createHash('sha256').update(`vector\0${seq}\0${fingerprint}\0`).update(vector).digest();
}

function stateHash({ lastSeq, trimmedTo }: Omit<StateRow, 'sha256'>): Buffer {
  return createHash('sha256').update(`state\0${lastSeq}\0${trimmedTo}`).digest();
}

function bytesOf(vector: Float32Array): Buffer {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
}
