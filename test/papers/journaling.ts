/** Changes and journals for tests. */
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import type { Change, PutChange } from '../../src/papers/change.js';
import { createJournal, type Journal, openJournal } from '../../src/papers/journal.js';
import { FINGERPRINT, paper, temporaryFolder } from './drafting.js';

export const OTHER_MODEL = 'b'.repeat(64);

/** Change `seq`, with a paper, an arXiv version and a vector that are its own; every fifth removes. */
export function change(seq: number, dimensions = 8): Change {
  const label = 1 + ((seq * 7) % 40);
  if (seq % 5 === 0) return { kind: 'remove', seq, label, id: `paper "${label}"` };
  return put(seq, label, dimensions);
}

export function put(
  seq: number,
  label: number,
  dimensions = 8,
  fields: Partial<PutChange['paper']> = {},
): PutChange {
  const title = `Title ${seq} \u{1F600}`;
  return {
    kind: 'put',
    seq,
    label,
    paper: {
      ...paper({ title, abstract: `Of ${seq}. `.repeat(seq % 30), authors: ['É. Galois'] }),
      id: `p${label}`,
      ...fields,
    },
    arxivVersion: seq % 3 === 0 ? seq : null,
    vector: vectorOfSeq(seq, dimensions),
  };
}

/** A vector that tells changes apart; not of length 1, which no journal asks for. */
export function vectorOfSeq(seq: number, dimensions: number): Float32Array {
  return Float32Array.from({ length: dimensions }, (_, i) => Math.sin(seq * 31 + i));
}

/** Changes `from` to `to`, both included. */
export function changes(from: number, to: number, dimensions = 8): Change[] {
  return Array.from({ length: to - from + 1 }, (_, i) => change(from + i, dimensions));
}

/** A new journal, and one opened for writing. */
export function newJournal(t: Pick<TestContext, 'after'>): { path: string; journal: Journal } {
  const path = join(temporaryFolder(t), 'changes-0123abcd.db');
  createJournal(path);
  const journal = openJournal(path, 'write');
  t.after(() => journal.close());
  return { path, journal };
}

/** Every change after `seq` of the journal at `path`, as another reader finds it. */
export function readJournal(path: string, seq = 0, fingerprint = FINGERPRINT): Change[] {
  const journal = openJournal(path, 'read');
  try {
    return [...journal.changesAfter(seq, fingerprint)];
  } finally {
    journal.close();
  }
}

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const optional = fc.option(text);

const PLAIN = { noNullPrototype: true } as const;

/** Any change, without its place in the order. */
export const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('remove' as const),
      seq: fc.constant(0),
      label: fc.nat(),
      id: text,
    },
    PLAIN,
  ),
  fc.record(
    {
      kind: fc.constant('put' as const),
      seq: fc.constant(0),
      label: fc.nat(),
      paper: fc.record(
        {
          id: fc.string({ unit: 'binary', maxLength: 20 }),
          title: text,
          abstract: fc.string({ maxLength: 5000 }),
          authors: fc.array(text),
          published: optional,
          updated: optional,
          year: fc.option(fc.nat(3000)),
          categories: fc.array(text),
          venue: optional,
          url: optional,
          doi: optional,
        },
        PLAIN,
      ),
      arxivVersion: fc.option(fc.nat(9999)),
      vector: fc.float32Array({ minLength: 4, maxLength: 4, noNaN: true }),
    },
    PLAIN,
  ),
);
