/** A disk of a few megabytes, to be filled or made read-only. Mounting takes root; elsewhere the test says that it was skipped. */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { temporaryFolder } from '../build/building.js';

const run = promisify(execFile);

/** Runs `use` with a disk of this size, unmounted when it ends. Whatever `use` starts must have ended by then. */
export async function withDisk(
  t: TestContext,
  size: string,
  use: (disk: string) => Promise<void>,
): Promise<void> {
  const disk = join(temporaryFolder(t), 'disk');
  mkdirSync(disk);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk]);
  } catch (thrown) {
    t.skip(`no disk can be mounted here, which takes root: ${String(thrown).split('\n', 1)[0]}`);
    return;
  }
  try {
    await use(disk);
  } finally {
    await run('umount', ['--lazy', disk]);
  }
}

/** Leaves this many bytes of room on the disk, to the page. */
export function leaveFree(disk: string, bytes: number): void {
  free(disk);
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(join(disk, 'filler'), Buffer.alloc(Math.max(0, bavail * bsize - bytes)));
}

/** Takes the filling away. */
export function free(disk: string): void {
  rmSync(join(disk, 'filler'), { force: true });
}

export async function makeReadOnly(disk: string): Promise<void> {
  await run('mount', ['-o', 'remount,ro', disk]);
}
