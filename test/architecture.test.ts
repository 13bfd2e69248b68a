/** Holds the architecture: the direction of imports, where vendors may appear, who reads the environment. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { packageRoot } from '../src/package-root.js';

const root = packageRoot();
/** Reading these is for the entries alone. */
const ENTRY_ONLY = /process\.(env|argv|on|once|stdin|stdout|stderr|exit|exitCode|cwd|loadEnvFile)\b/;

/** The processes that there are: the command, and the child that makes a service's next generation. */
const ENTRIES: ReadonlySet<string> = new Set(['cli.ts', 'rebuild-process.ts']);

describe('architecture', () => {
  it('has imports that go one way, no cycle, and every vendor in its room', async () => {
    const depcruise = join(root, 'node_modules', '.bin', 'depcruise');
    const { stdout } = await promisify(execFile)(depcruise, ['src', '--config', '.dependency-cruiser.cjs'], {
      cwd: root,
    });
    assert.match(stdout, /no dependency violations found \(\d{2,} modules/);
  });

  it('reads environment, arguments, streams and signals only in the entries', async () => {
    const offenders: string[] = [];
    for (const file of await readdir(join(root, 'src'), { recursive: true })) {
      if (!file.endsWith('.ts') || ENTRIES.has(file)) continue;
      const code = (await readFile(join(root, 'src', file), 'utf8'))
        .replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
        // Written for a native part, never read.
        .replace("process.env.ORT_DISABLE_TELEMETRY = '1';", '');
      const found = ENTRY_ONLY.exec(code);
      if (found) offenders.push(`${file}: ${found[0]}`);
    }
    assert.deepEqual(offenders, []);
  });
});
