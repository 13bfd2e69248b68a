/** The journal of a writer that was killed, that has no room, or that may not write. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { createJournal, openJournal } from '../../src/papers/journal.js';
import { failure } from '../build/building.js';
import { withDisk } from '../support/small-disk.js';
import { appendForever, endOfNextAppend } from './append-forever.js';
import { FINGERPRINT, temporaryFolder } from './drafting.js';
import { changes, newJournal, readJournal } from './journaling.js';

const run = promisify(execFile);

/** Appends in a child process until `appends` were acknowledged, kills it, and gives the last that was. */
async function killAfter(path: string, appends: number): Promise<number> {
  const child = spawn(process.execPath, [appendForever, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let acknowledged = 0;
  let left = appends;
  const closed = new Promise((resolve) => child.once('close', resolve));
  for await (const line of createInterface(child.stdout)) {
    acknowledged = Number(line);
    if (--left === 0) child.kill('SIGKILL');
  }
  await closed;
  return acknowledged;
}

describe('a writer that is killed while it appends', () => {
  it('leaves every change that was acknowledged, and no half of an append', async (t) => {
    const { path, journal } = newJournal(t);
    journal.close();
    for (let kill = 0; kill < 10; kill++) {
      const acknowledged = await killAfter(path, 2 + ((kill * 7) % 19));
      // Half of the kills are mended by a reader, as by `nearpaper search`.
      if (kill % 2 === 0) assert.ok(openAndClose(path).length > 0);
      const next = openJournal(path, 'write');
      const { trimmedTo, lastSeq } = next;
      assert.ok(
        [acknowledged, endOfNextAppend(acknowledged)].includes(lastSeq),
        `${acknowledged}, ${lastSeq}`,
      );
      assert.deepEqual([...next.changesAfter(trimmedTo, FINGERPRINT)], changes(trimmedTo + 1, lastSeq, 384));
      next.close();
    }
  });
});

function openAndClose(path: string) {
  const journal = openJournal(path, 'read');
  const found = [...journal.changesAfter(journal.trimmedTo, FINGERPRINT)];
  journal.close();
  return found;
}

/** A copy of a journal with 9 changes as it is after kill -9 in the middle of writing an append of 300 to the file. */
function cutInTheMiddle(t: TestContext, folder: string): string {
  const { path, journal } = newJournal(t);
  journal.append(FINGERPRINT, changes(1, 9));
  journal.close();
  const db = new Database(path);
  // Without room in memory, pages go to the file before the transaction ends.
  for (const pragma of ['journal_mode = TRUNCATE', 'cache_size = 1', 'cache_spill = 1']) db.pragma(pragma);
  db.exec('BEGIN; UPDATE state SET last_seq = 309; UPDATE changes SET label = label + 1;');
  const add = db.prepare("INSERT INTO changes VALUES (?, 'remove', 1, ?, NULL, NULL, X'00')");
  for (let seq = 10; seq <= 309; seq++) add.run(seq, 'x'.repeat(2000));
  const copy = join(folder, 'changes-0123abcd.db');
  for (const suffix of ['', '-journal']) copyFileSync(path + suffix, copy + suffix);
  db.exec('ROLLBACK');
  db.close();
  assert.ok(statSync(copy).size > statSync(path).size, 'nothing went to the file');
  return copy;
}

describe('what is left of half an append', () => {
  for (const mode of ['write', 'read'] as const) {
    it(`is taken back by whoever opens the journal first, to ${mode}`, (t) => {
      const path = cutInTheMiddle(t, temporaryFolder(t));
      openJournal(path, mode).close();
      assert.ok(!existsSync(`${path}-journal`) || statSync(`${path}-journal`).size === 0);
      assert.deepEqual(readJournal(path), changes(1, 9));
    });
  }

  it('is never taken for changes where it cannot be taken back', async (t) => {
    await withDisk(t, '8m', async (disk) => {
      const path = cutInTheMiddle(t, disk);
      await run('mount', ['-o', 'remount,ro', disk]);
      for (const mode of ['read', 'write'] as const) {
        assert.throws(
          () => openJournal(path, mode),
          failure(
            'index_unwritable',
            /stopped while it wrote.*Start nearpaper once where the folder can be written/,
          ),
        );
      }
    });
  });
});

describe('a disk without room', () => {
  it('refuses an append whole, and takes it when there is room again', async (t) => {
    const { path, journal } = newJournal(t);
    journal.append(FINGERPRINT, changes(1, 9));
    journal.close();
    const child = new URL('./journal-full-disk.js', import.meta.url).pathname;
    // 256 units of 512 bytes, or of 1024 in some shells.
    const { stdout } = await run('sh', [
      '-c',
      'ulimit -f 256; exec "$@"',
      'sh',
      process.execPath,
      child,
      path,
    ]);
    const { refused, lastSeq } = JSON.parse(stdout);
    assert.match(refused, /^index_unwritable: .*then try again/);
    assert.ok(lastSeq > 9, 'the disk was full before');
    const after = openJournal(path, 'write');
    assert.equal(after.lastSeq, lastSeq);
    after.append(FINGERPRINT, changes(lastSeq + 1, lastSeq + 100, 384));
    assert.deepEqual([...after.changesAfter(9, FINGERPRINT)], changes(10, lastSeq + 100, 384));
    after.close();
  });

  it('is told apart at whatever page it ends, also where a journal is made', async (t) => {
    await withDisk(t, '1m', async (disk) => {
      const path = join(disk, 'changes-0123abcd.db');
      createJournal(path);
      const journal = openJournal(path, 'write');
      let last = 0;
      let refusals = 0;
      for (let size = 1; refusals < 12; size = (size % 7) + 1) {
        const some = changes(last + 1, last + size, 384);
        try {
          journal.append(FINGERPRINT, some);
          last += size;
        } catch (thrown) {
          failure('index_unwritable', /full.*free some space and try again/)(thrown as never);
          refusals++;
        }
        assert.equal(journal.lastSeq, last);
      }
      assert.throws(() => createJournal(join(disk, 'another.db')), failure('index_unwritable', /full/));
      assert.throws(() => journal.snapshot(join(disk, 'copy.db')), failure('index_unwritable', /full/));
      assert.deepEqual(
        [existsSync(join(disk, 'another.db.tmp')), existsSync(join(disk, 'copy.db.tmp'))],
        [false, false],
      );
      assert.deepEqual([...journal.changesAfter(0, FINGERPRINT)], changes(1, last, 384));
      journal.close();
    });
  });
});

describe('where nothing may be written', () => {
  it('a journal is read, and refused to whoever wants to write', async (t) => {
    await withDisk(t, '1m', async (disk) => {
      const path = join(disk, 'changes-0123abcd.db');
      createJournal(path);
      const journal = openJournal(path, 'write');
      journal.append(FINGERPRINT, changes(1, 30));
      journal.close();
      const before = readFileSync(path);
      await run('mount', ['-o', 'remount,ro', disk]);
      assert.deepEqual(readJournal(path), changes(1, 30));
      assert.throws(() => openJournal(path, 'write'), failure('index_unwritable', /try again/));
      assert.throws(
        () => createJournal(join(disk, 'another.db')),
        failure('index_unwritable', /Cannot write/),
      );
      assert.deepEqual(readFileSync(path), before);
    });
  });

  it('neither in a folder without permission', (t) => {
    if (process.getuid?.() === 0) return t.skip('root may write everywhere');
    const { path, journal } = newJournal(t);
    journal.append(FINGERPRINT, changes(1, 30));
    journal.close();
    const folder = join(path, '..');
    chmodSync(path, 0o444);
    chmodSync(folder, 0o555);
    t.after(() => chmodSync(folder, 0o755));
    assert.deepEqual(readJournal(path), changes(1, 30));
    assert.throws(() => openJournal(path, 'write'), failure('index_unwritable', /try again/));
  });
});
