/**
 * Every command of docs/operations.md works as it stands there: its blocks are run from top to bottom in one shell, in an
 * empty folder, with the real command. Only the port is another.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/package-root.js';
import { runCommand } from '../support/command.js';
import { afterFile, temporaryFolder } from '../support/temporary-folder.js';

const DOCUMENT = readFileSync(join(packageRoot(), 'docs', 'operations.md'), 'utf8');
const CLI = fileURLToPath(new URL('../../src/cli.js', import.meta.url));
/** The whole page; a few builds of four papers and a few starts of the service. */
const MOST_MS = 300_000;

interface Block {
  /** Of its fence. */
  line: number;
  code: string;
  /** Why it is not run; undefined where it is. */
  notRun: string | undefined;
}

function blocksOf(document: string): Block[] {
  return [...document.matchAll(/^```sh(.*)\n([\s\S]*?)^```$/gm)].map(
    ({ index, 1: info = '', 2: code = '' }) => ({
      line: document.slice(0, index).split('\n').length,
      code,
      notRun: info === '' ? undefined : (/^ no-test: (.+)$/.exec(info)?.[1] ?? ''),
    }),
  );
}

const BLOCKS = blocksOf(DOCUMENT);
const RUN = BLOCKS.filter(({ notRun }) => notRun === undefined);

/** One shell for all: a block may use what one before it set. Each that ends well is written down in `done`. */
function scriptOf(blocks: readonly Block[], port: number): string {
  const parts = blocks.map(
    ({ code, line }) => `echo "--- line ${line}" >&2\n${code}\necho ${line} >> "$DONE"`,
  );
  return ['set -euo pipefail', "trap 'kill $(jobs -p) || true; wait' EXIT", ...parts]
    .join('\n')
    .replaceAll('localhost:8080', `127.0.0.1:${port}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

/** A folder with the command `nearpaper` in it, as an installation has it. */
async function commandFolder(folder: string): Promise<string> {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'nearpaper'), `#!/bin/sh\nexec "${process.execPath}" "${CLI}" "$@"\n`);
  await chmod(join(bin, 'nearpaper'), 0o755);
  return bin;
}

/** Runs the script to its end; resolves to the lines of the blocks that ended well, and to all that was printed. */
async function runBlocks(folder: string): Promise<{ done: Set<number>; output: string }> {
  const bin = await commandFolder(folder);
  const work = join(folder, 'work');
  await mkdir(work);
  const port = await freePort();
  const script = join(folder, 'script.sh');
  await writeFile(script, scriptOf(RUN, port));
  const done = join(folder, 'done');
  const printed = join(folder, 'printed');
  const output = openSync(printed, 'w');
  const shell = spawn('bash', [script], {
    cwd: work,
    env: {
      PATH: [bin, dirname(process.execPath), process.env.PATH].join(':'),
      HOME: process.env.HOME,
      PORT: String(port),
      NEARPAPER_WORKERS: '1',
      DONE: done,
    },
    stdio: ['ignore', output, output],
    // A group of its own, to be ended with all that it started.
    detached: true,
  });
  closeSync(output);
  file.after(() => endGroup(shell));
  const timer = setTimeout(() => endGroup(shell), MOST_MS);
  await once(shell, 'exit');
  clearTimeout(timer);
  const lines = existsSync(done) ? readFileSync(done, 'utf8').trim().split('\n').map(Number) : [];
  return { done: new Set(lines), output: readFileSync(printed, 'utf8') };
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}

const file = afterFile();

describe('the commands of docs/operations.md', {
  skip: process.platform === 'win32' && 'they are for a shell',
}, () => {
  let outcome: Awaited<ReturnType<typeof runBlocks>>;
  before(async () => {
    outcome = await runBlocks(await temporaryFolder(file));
  });

  for (const { line, code } of RUN) {
    it(`work in the block of line ${line}: ${code.split('\n', 1)[0]}`, () => {
      assert.ok(
        outcome.done.has(line),
        outcome.output.split(`--- line ${line}\n`)[1] ?? 'a block before it failed',
      );
    });
  }

  it('have no word that the shell does not know', () => {
    assert.doesNotMatch(outcome.output, /command not found|syntax error|unbound variable/);
  });
});

describe('what docs/operations.md says of commands', () => {
  it('is run, or says why it is not', () => {
    assert.ok(RUN.length >= 15, 'the blocks are found');
    for (const { line, notRun } of BLOCKS) assert.notEqual(notRun, '', `line ${line} gives no reason`);
  });

  it('names none that does not exist', async () => {
    const { stdout } = await runCommand(['--help'], { cwd: await temporaryFolder(file) });
    const known = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);
    // In a block, or as code in a sentence.
    const named = new Set([...DOCUMENT.matchAll(/(?:^|`)nearpaper ([a-z]+)/gm)].map(([, name]) => name));
    assert.ok(named.size >= 12, 'they are found');
    assert.deepEqual(
      [...named].filter((name) => !known.includes(name)),
      [],
    );
  });
});
