import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { lockForWriting } from '../../src/generations/lock.js';
import { failure, temporaryFolder } from '../build/building.js';

/** A process that takes the lock, says so, and holds it until it is killed. */
async function holder(folder: string): Promise<ChildProcess> {
  const lockModule = new URL('../../src/generations/lock.js', import.meta.url).href;
  const program = `
    import { lockForWriting } from ${JSON.stringify(lockModule)};
    globalThis.lock = lockForWriting(${JSON.stringify(folder)}, 'a test that holds it');
    console.log('held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', () => reject(new Error('it ended without the lock')));
  });
  return child;
}

async function killed(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

describe("the writer's lock", () => {
  it('refuses a second writer at once, and names the first', async (t) => {
    const folder = temporaryFolder(t);
    const child = await holder(folder);
    t.after(() => killed(child));
    const started = performance.now();
    const named = new RegExp(
      `a test that holds it, process ${child.pid}, since \\d{4}-.*Wait until it is done, or stop it`,
    );
    assert.throws(() => lockForWriting(folder, 'another'), failure('index_locked', named));
    assert.ok(performance.now() - started < 2000, 'it waited');
  });

  it('is free once its holder was killed with -9', async (t) => {
    const folder = temporaryFolder(t);
    await killed(await holder(folder));
    lockForWriting(folder, 'the next').release();
  });

  it('holds within one process too', (t) => {
    const folder = temporaryFolder(t);
    const first = lockForWriting(folder, 'first');
    assert.throws(() => lockForWriting(folder, 'second'), failure('index_locked', /first/));
    // The refused attempt must not have taken the lock away from its holder.
    assert.throws(() => lockForWriting(folder, 'third'), failure('index_locked', /first/));
    first.release();
    lockForWriting(folder, 'fourth').release();
  });

  it('can be released twice, and leaves no name of a holder', (t) => {
    const folder = temporaryFolder(t);
    const lock = lockForWriting(folder, 'first');
    lock.release();
    assert.equal(existsSync(join(folder, 'writer.json')), false);
    const next = lockForWriting(folder, 'second');
    lock.release();
    assert.throws(() => lockForWriting(folder, 'third'), failure('index_locked', /second/));
    next.release();
  });

  it('is refused without a name when its holder left none that can be read', async (t) => {
    const folder = temporaryFolder(t);
    const child = await holder(folder);
    t.after(() => killed(child));
    writeFileSync(join(folder, 'writer.json'), '{');
    assert.throws(() => lockForWriting(folder, 'another'), failure('index_locked', /is writing \S+\. Wait/));
  });

  it('is of one folder only', (t) => {
    const locks = [temporaryFolder(t), temporaryFolder(t)].map((folder) => lockForWriting(folder, 'both'));
    for (const lock of locks) lock.release();
  });
});
