import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

/** Where clean-up is registered: a test's context, or `afterFile()`. */
export interface CleanUp {
  after(work: () => Promise<void> | void): void;
}

/**
 * Clean-up at the end of a test file, the last thing first. To be called at the top of the file: what a `before`
 * hook hands to `after` of node:test runs when that hook ends.
 */
export function afterFile(): CleanUp {
  const works: (() => Promise<void> | void)[] = [];
  after(async () => {
    for (const work of works.reverse()) await work();
  });
  return { after: (work) => void works.push(work) };
}

/** A folder that goes when the test, or the file, ends. */
export async function temporaryFolder(t: CleanUp): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nearpaper-test-'));
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}
