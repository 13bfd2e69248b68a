/** Whatever becomes of a journal's bytes: what is read is what was written, or the file is refused. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { NearpaperError } from '../../src/errors.js';
import type { Change } from '../../src/papers/change.js';
import { openJournal } from '../../src/papers/journal.js';
import { failure } from '../build/building.js';
import { FINGERPRINT } from './drafting.js';
import { changes, newJournal, OTHER_MODEL, readJournal, vectorOfSeq } from './journaling.js';

const REFUSAL = /changes-0123abcd\.db.*nearpaper restore.*nearpaper build --discard-changes/;

/** A closed journal with changes 21 to 120, each with vectors of two models, and free pages. */
function written(t: TestContext): { path: string; bytes: Buffer } {
  const { path, journal } = newJournal(t);
  for (let from = 1; from <= 120; from += 12) journal.append(FINGERPRINT, changes(from, from + 11, 64));
  journal.putVectors(
    OTHER_MODEL,
    changes(1, 120).flatMap(({ kind, seq }) =>
      kind === 'put' ? [{ seq, vector: vectorOfSeq(-seq, 64) }] : [],
    ),
  );
  journal.trim(20);
  journal.close();
  return { path, bytes: readFileSync(path) };
}

/** All that can be read of a journal. */
function everything(path: string) {
  const journal = openJournal(path, 'read');
  try {
    return {
      ends: [journal.trimmedTo, journal.lastSeq],
      changes: [...journal.changesAfter(20, FINGERPRINT)],
      moved: [...journal.changesAfter(20, OTHER_MODEL)],
      pending: journal.textsWithout('c'.repeat(64), 20),
    };
  } finally {
    journal.close();
  }
}

/** Repeatable whole numbers below `bound`: a linear congruential generator, constants of Numerical Recipes. */
function randomNumbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

describe('a journal whose file is damaged', () => {
  it('is refused when it is cut short, whatever is left of it', (t) => {
    const { path, bytes } = written(t);
    const lengths = Array.from({ length: 18 }, (_, i) => Math.floor((bytes.length * (i + 0.5)) / 18));
    for (const length of [0, ...lengths, bytes.length - 1]) {
      writeFileSync(path, bytes.subarray(0, length));
      assert.throws(
        () => everything(path),
        failure('index_damaged', REFUSAL),
        `${length} of ${bytes.length}`,
      );
      assert.throws(
        () => openJournal(path, 'write'),
        failure('index_damaged', REFUSAL),
        `${length}, to write`,
      );
    }
  });

  it('gives what was written or nothing, whichever bit flips', (t) => {
    const { path, bytes } = written(t);
    const expected = everything(path);
    assert.deepEqual(expected.changes, changes(21, 120, 64));
    const random = randomNumbers(7);
    let noticed = 0;
    // Every eighth in the header of the file and the definitions of its tables.
    for (let flip = 0; flip < 300; flip++) {
      const at = flip % 8 === 0 ? random(100) : random(bytes.length);
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << random(8)), at);
      writeFileSync(path, flipped);
      try {
        assert.deepEqual(everything(path), expected, `byte ${at}`);
      } catch (thrown) {
        assert.ok(thrown instanceof NearpaperError, `byte ${at}: ${String(thrown)}`);
        noticed++;
        if (thrown.code !== 'schema_newer') failure('index_damaged', REFUSAL)(thrown);
        else assert.ok(at >= 60 && at < 64, `byte ${at} is not the version of the schema`);
      }
    }
    // The rest are in free pages, in unused parts of pages, or of no consequence.
    assert.ok(noticed > 150, `${noticed} of 300 were noticed`);
  });

  it('takes appends only where they can be read again, whichever bit flips', (t) => {
    const { path, bytes } = written(t);
    const random = randomNumbers(11);
    for (let flip = 0; flip < 150; flip++) {
      const at = flip % 8 === 0 ? random(100) : random(bytes.length);
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << random(8)), at);
      writeFileSync(path, flipped);
      rmSync(`${path}-journal`, { force: true });
      let found: Change[];
      try {
        const journal = openJournal(path, 'write');
        try {
          // As a service begins: it reads what is pending.
          assert.deepEqual([...journal.changesAfter(20, FINGERPRINT)], changes(21, 120, 64));
          journal.append(FINGERPRINT, changes(121, 130, 64));
        } finally {
          journal.close();
        }
        found = readJournal(path, 20);
      } catch (thrown) {
        assert.ok(thrown instanceof NearpaperError, `byte ${at}: ${String(thrown)}`);
        assert.match(thrown.code, /^(?:index_damaged|schema_newer)$/, `byte ${at}: ${thrown.message}`);
        continue;
      }
      assert.deepEqual(found, changes(21, 130, 64), `byte ${at}`);
    }
  });

  const damages: [what: string, damage: string][] = [
    ['a change is missing in the middle', 'DELETE FROM changes WHERE seq = 50'],
    ['the first change is missing', 'DELETE FROM changes WHERE seq = 21'],
    ['the last change is missing', 'DELETE FROM changes WHERE seq = 120'],
    ['every change is missing', 'DELETE FROM changes'],
    ['a change has another label', 'UPDATE changes SET label = label + 1 WHERE seq = 30'],
    [
      'a change is a copy of another',
      'UPDATE changes SET (kind, label, body, fingerprint, vector, sha256) = (SELECT kind, label, body, fingerprint, vector, sha256 FROM changes WHERE seq = 31) WHERE seq = 32',
    ],
    [
      'a vector is that of another change',
      'UPDATE vectors SET (vector, sha256) = (SELECT vector, sha256 FROM vectors WHERE seq = 31) WHERE seq = 32',
    ],
    ['a change is of another model', `UPDATE changes SET fingerprint = '${OTHER_MODEL}' WHERE seq = 31`],
    ['it says that it ends earlier', 'UPDATE state SET last_seq = 119'],
    ['it says that it begins earlier', 'UPDATE state SET trimmed_to = 19'],
    ['it does not say where it ends', 'DELETE FROM state'],
    [
      'there is a change after its end',
      'INSERT INTO changes SELECT 121, kind, label, body, fingerprint, vector, sha256 FROM changes WHERE seq = 120',
    ],
    ['a table is missing', 'DROP TABLE vectors'],
    ['it is the database of something else', 'PRAGMA application_id = 1'],
    ['it says that it is older than the first', 'PRAGMA user_version = 0'],
  ];
  for (const [what, sql] of damages) {
    it(`is refused when ${what}`, (t) => {
      const { path } = written(t);
      const db = new Database(path);
      db.exec(sql);
      db.close();
      assert.throws(() => everything(path), failure('index_damaged', REFUSAL));
    });
  }

  it('is refused when it is missing, or no file at all', (t) => {
    const { path } = written(t);
    rmSync(path);
    for (const mode of ['read', 'write'] as const) {
      assert.throws(() => openJournal(path, mode), failure('index_damaged', REFUSAL));
    }
    mkdirSync(path);
    assert.throws(() => openJournal(path, 'read'), failure('index_damaged', REFUSAL));
  });

  it('is copied as it is or not at all', (t) => {
    const { path, bytes } = written(t);
    const flipped = Buffer.from(bytes).fill(0x5a, 4096 * 3 + 8, 4096 * 3 + 64);
    writeFileSync(path, flipped);
    const copy = join(path, '..', 'copy.db');
    try {
      const journal = openJournal(path, 'read');
      try {
        journal.snapshot(copy);
      } finally {
        journal.close();
      }
    } catch (thrown) {
      failure('index_damaged', REFUSAL)(thrown as NearpaperError);
      return;
    }
    cpSync(copy, path);
    assert.throws(() => everything(path), failure('index_damaged', REFUSAL));
  });
});
