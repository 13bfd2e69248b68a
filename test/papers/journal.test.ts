/** The journal's behaviour while nothing goes wrong, and while another process writes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import type { Change } from '../../src/papers/change.js';
import { createJournal, openJournal, TrimmedChangesError } from '../../src/papers/journal.js';
import { failure } from '../build/building.js';
import { until } from '../support/until.js';
import { appendForever, endOfNextAppend } from './append-forever.js';
import { FINGERPRINT, temporaryFolder } from './drafting.js';
import {
  anyChange,
  change,
  changes,
  newJournal,
  OTHER_MODEL,
  put,
  readJournal,
  vectorOfSeq,
} from './journaling.js';

describe('a journal', () => {
  it('is empty when it is made, one file, and never takes the place of another', (t) => {
    const folder = temporaryFolder(t);
    const path = join(folder, 'changes-0123abcd.db');
    createJournal(path);
    assert.deepEqual([existsSync(`${path}.tmp`), existsSync(`${path}-journal`)], [false, false]);
    const before = readFileSync(path);
    assert.throws(() => createJournal(path), failure('index_unwritable', /there already/));
    assert.deepEqual(readFileSync(path), before);
    assert.deepEqual(readJournal(path), []);
  });

  it('gives back every change as it was appended, to whoever opens it', (t) => {
    const folder = temporaryFolder(t);
    let files = 0;
    const appends = fc.array(fc.array(anyChange, { maxLength: 90 }), { maxLength: 4 });
    fc.assert(
      fc.property(appends, (batches) => {
        const path = join(folder, `changes-${files++}.db`);
        createJournal(path);
        const journal = openJournal(path, 'write');
        const all: Change[] = [];
        for (const batch of batches) {
          const numbered = batch.map((one, i) => ({ ...one, seq: all.length + 1 + i }));
          journal.append(FINGERPRINT, numbered);
          all.push(...numbered);
          assert.equal(journal.lastSeq, all.length);
        }
        assert.deepEqual([...journal.changesAfter(0, FINGERPRINT)], all);
        journal.close();
        const from = Math.floor(all.length / 3);
        assert.deepEqual(readJournal(path, from), all.slice(from));
      }),
      { numRuns: 30 },
    );
  });

  it('appends all or nothing, and never after a gap', (t) => {
    const { path, journal } = newJournal(t);
    journal.append(FINGERPRINT, changes(1, 3));
    for (const wrong of [[change(5)], [change(3)], [change(4), change(6)]]) {
      assert.throws(() => journal.append(FINGERPRINT, wrong), failure('internal', /cannot follow/));
    }
    assert.throws(() => journal.append(FINGERPRINT, [change(4), { ...put(5, 1), label: Number.NaN }]));
    journal.append(FINGERPRINT, [change(4)]);
    assert.deepEqual(readJournal(path), changes(1, 4));
  });

  it('ends where a reader began, whatever is appended meanwhile', (t) => {
    const { path, journal } = newJournal(t);
    journal.append(FINGERPRINT, changes(1, 200));
    const reader = openJournal(path, 'read');
    const found: Change[] = [];
    for (const one of reader.changesAfter(0, FINGERPRINT)) {
      if (one.seq % 50 === 1) journal.append(FINGERPRINT, [change(journal.lastSeq + 1)]);
      found.push(one);
    }
    assert.deepEqual(found, changes(1, 200));
    assert.equal(reader.lastSeq, 204);
    assert.deepEqual([...reader.changesAfter(200, FINGERPRINT)], changes(201, 204));
    reader.close();
  });

  it('tells a generation that contains more than it from one that contains less', (t) => {
    const { path, journal } = newJournal(t);
    journal.append(FINGERPRINT, changes(1, 3));
    assert.deepEqual(readJournal(path, 3), []);
    assert.throws(
      () => readJournal(path, 4),
      failure('index_damaged', /ends at change 3.*nearpaper restore/),
    );
  });

  it('is copied whole while it is written', (t) => {
    const { path, journal } = newJournal(t);
    journal.append(FINGERPRINT, changes(1, 30));
    journal.trim(4);
    const copy = join(path, '..', 'copy.db');
    const reader = openJournal(path, 'read');
    reader.snapshot(copy);
    reader.close();
    journal.append(FINGERPRINT, changes(31, 40));
    assert.deepEqual(readJournal(copy, 4), changes(5, 30));
    assert.deepEqual([existsSync(`${copy}.tmp`), existsSync(`${copy}-journal`)], [false, false]);
    const continued = openJournal(copy, 'write');
    continued.append(FINGERPRINT, changes(31, 32));
    continued.close();
    assert.throws(() => journal.snapshot(copy), failure('index_unwritable', /there already/));
    assert.throws(
      () => journal.snapshot(join(path, 'no', 'folder.db')),
      failure('index_unwritable', /folder\.db.*try again/),
    );
    assert.deepEqual(readJournal(copy, 4), changes(5, 32));
  });

  it('is refused when a newer version wrote it', (t) => {
    const { path, journal } = newJournal(t);
    journal.close();
    const db = new Database(path);
    db.pragma('user_version = 2');
    db.close();
    for (const mode of ['read', 'write'] as const) {
      assert.throws(() => openJournal(path, mode), failure('schema_newer', /schema 2.*Update nearpaper/));
    }
  });
});

describe('a trim', () => {
  it('forgets what a generation contains, and nothing else', (t) => {
    const { path, journal } = newJournal(t);
    journal.append(FINGERPRINT, changes(1, 300));
    journal.trim(120);
    assert.deepEqual([journal.trimmedTo, journal.lastSeq], [120, 300]);
    assert.deepEqual(readJournal(path, 120), changes(121, 300));
    assert.deepEqual(readJournal(path, 250), changes(251, 300));
    journal.trim(100);
    assert.equal(journal.trimmedTo, 120);
    assert.throws(() => journal.trim(301), failure('internal', /ends at 300/));
    journal.trim(300);
    assert.deepEqual([journal.trimmedTo, journal.lastSeq, readJournal(path, 300)], [300, 300, []]);
    journal.append(FINGERPRINT, changes(301, 302));
    assert.deepEqual(readJournal(path, 300), changes(301, 302));
  });

  it('is told to readers who ask for what is gone, also in the middle of reading', (t) => {
    const { path, journal } = newJournal(t);
    journal.append(FINGERPRINT, changes(1, 1200));
    const reader = openJournal(path, 'read');
    const reading = reader.changesAfter(0, FINGERPRINT);
    assert.deepEqual(reading.next().value, change(1));
    journal.trim(1190);
    const rest = () => [...reading];
    assert.throws(rest, TrimmedChangesError);
    assert.throws(
      () => [...reader.changesAfter(1189, FINGERPRINT)],
      failure('index_damaged', /older than the journal/),
    );
    assert.deepEqual([...reader.changesAfter(1190, FINGERPRINT)], changes(1191, 1200));
    reader.close();
  });

  it('gives the space back', (t) => {
    const { path, journal } = newJournal(t);
    journal.append(FINGERPRINT, changes(1, 2000, 384));
    const before = statSync(path).size;
    journal.trim(1990);
    assert.ok(statSync(path).size < before / 20, `${statSync(path).size} of ${before} bytes`);
    assert.deepEqual(readJournal(path, 1990), changes(1991, 2000, 384));
    journal.append(FINGERPRINT, changes(2001, 2002, 384));
    assert.deepEqual(readJournal(path, 1990), changes(1991, 2002, 384));
  });
});

describe('another model', () => {
  const moved = (one: Change): Change =>
    one.kind === 'put' ? { ...one, vector: vectorOfSeq(-one.seq, 4) } : one;
  const entries = (from: number, to: number) =>
    changes(from, to).flatMap(({ kind, seq }) =>
      kind === 'put' ? [{ seq, vector: vectorOfSeq(-seq, 4) }] : [],
    );

  it('is refused until every put has a vector by it', (t) => {
    const { path, journal } = newJournal(t);
    journal.append(FINGERPRINT, changes(1, 100));
    journal.putVectors(OTHER_MODEL, entries(1, 98));
    assert.throws(() => readJournal(path, 0, OTHER_MODEL), failure('model_mismatch', /change 99 /));
    journal.putVectors(OTHER_MODEL, entries(99, 99));
    assert.deepEqual(readJournal(path, 0, OTHER_MODEL), changes(1, 100).map(moved));
    assert.deepEqual(readJournal(path), changes(1, 100));
  });

  it('gets the texts that have no vector by it, some at a time', (t) => {
    const { journal } = newJournal(t);
    journal.append(FINGERPRINT, changes(1, 8));
    journal.append(OTHER_MODEL, changes(9, 12));
    journal.putVectors(OTHER_MODEL, entries(1, 3));
    const seqs = (after: number, limit?: number) =>
      journal.textsWithout(OTHER_MODEL, after, limit).map(({ seq }) => seq);
    assert.deepEqual(
      [seqs(0), seqs(0, 2), seqs(6, 9)],
      [
        [4, 6, 7, 8],
        [4, 6],
        [7, 8],
      ],
    );
    const [first] = journal.textsWithout(OTHER_MODEL, 0, 1);
    assert.deepEqual(first, { seq: 4, title: 'Title 4 \u{1F600}', abstract: 'Of 4. '.repeat(4) });
    assert.deepEqual(
      journal.textsWithout(FINGERPRINT, 0).map(({ seq }) => seq),
      [9, 11, 12],
    );
  });

  it('takes no vectors of changes that were never there, and leaves out those of trimmed ones', (t) => {
    const { path, journal } = newJournal(t);
    journal.append(FINGERPRINT, changes(1, 9));
    assert.throws(() => journal.putVectors(OTHER_MODEL, entries(9, 11)), failure('internal', /no change 11/));
    journal.trim(5);
    journal.putVectors(OTHER_MODEL, entries(1, 9));
    journal.trim(6);
    assert.deepEqual(readJournal(path, 6, OTHER_MODEL), changes(7, 9).map(moved));
  });
});

describe('readers beside a process that appends and trims', () => {
  it('neither fail nor see half an append', async (t) => {
    const { path, journal } = newJournal(t);
    journal.close();
    const child = spawn(process.execPath, [appendForever, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let acknowledged = 0;
    child.stdout.setEncoding('utf8').on('data', (lines: string) => {
      acknowledged = Number(lines.trim().split('\n').at(-1));
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    try {
      await until('the first append', () => acknowledged > 0);
      const ends = new Set<number>();
      for (let round = 0; round < 40; round++) {
        const least = acknowledged;
        const reader = openJournal(path, 'read');
        const { trimmedTo } = reader;
        try {
          const found = [...reader.changesAfter(trimmedTo, FINGERPRINT)];
          const last = found.at(-1)?.seq ?? trimmedTo;
          assert.ok(last >= least, `${least} was acknowledged and the reader ends at ${last}`);
          assert.equal(atEndOfAppend(last), true, `half an append ends at ${last}`);
          assert.deepEqual(found, changes(trimmedTo + 1, last, 384));
          ends.add(last);
        } catch (thrown) {
          // A trim came between; that is another test's.
          if (!(thrown instanceof TrimmedChangesError)) throw thrown;
        } finally {
          reader.close();
        }
        await new Promise(setImmediate);
      }
      assert.ok(ends.size > 5, `readers found ${ends.size} different ends`);
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  });
});

/** Whether one of the appends of append-forever.ts ends with this change. */
function atEndOfAppend(seq: number): boolean {
  let end = 0;
  while (end < seq) end = endOfNextAppend(end);
  return end === seq;
}
