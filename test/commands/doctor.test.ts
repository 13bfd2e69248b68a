/** What doctor finds where something is broken, and that what it says to do mends it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCommand, SERVE_ENV, startCommand } from '../support/command.js';
import { indexOf } from '../support/corpus.js';
import { afterFile, temporaryFolder } from '../support/temporary-folder.js';

const file = afterFile();
let index: string;
before(async () => {
  index = await indexOf(file);
});

/** A copy of the index to break. */
async function copyOfIndex(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t);
  await cp(index, folder, { recursive: true });
  return folder;
}

async function pathInGeneration(folder: string, name: string): Promise<string> {
  const generation = (await readdir(folder)).find((entry) => /^g\d{6}-/.test(entry)) ?? '';
  return join(folder, generation, name);
}

async function flipBit(folder: string, name: string): Promise<void> {
  const path = await pathInGeneration(folder, name);
  const bytes = await readFile(path);
  const middle = bytes.length >> 1;
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 4, middle);
  await writeFile(path, bytes);
}

const doctor = (cwd: string, env: Record<string, string> = {}) =>
  runCommand(['doctor', '--index', cwd], { cwd, env });

describe('doctor', () => {
  it('without an index says which command makes one', async (t) => {
    const { code, stdout } = await doctor(await temporaryFolder(t));
    assert.match(stdout, /warning index: there is none .*`nearpaper build <file>`/);
    assert.equal(code, 0);
  });

  it('without an index still checks the model', async (t) => {
    const { stdout } = await doctor(await temporaryFolder(t));
    assert.match(stdout, /ok {3}model: all-MiniLM-L6-v2, files as described, loads/);
  });

  it('names what to install where better-sqlite3 was not compiled, as every command does', async (t) => {
    const folder = await temporaryFolder(t);
    // better-sqlite3 finds its binary through this package, which fails so where there is none.
    const preload = join(folder, 'no-binding.cjs');
    await writeFile(
      preload,
      `const { Module } = require('node:module'); const load = Module._load;
       Module._load = function (name, ...rest) {
         if (name === 'bindings') return () => { throw new Error('Could not locate the bindings file. Tried:'); };
         return load.call(this, name, ...rest);
       };`,
    );
    const env = { NODE_OPTIONS: `--require=${preload}` };
    const advice =
      /not compiled for this Node.*apt-get install build-essential python3.*npm rebuild better-sqlite3/;
    const examined = await doctor(index, env);
    assert.equal(examined.code, 1);
    assert.match(examined.stdout, advice);
    const searched = await runCommand(['search', 'a text', '--index', index], { cwd: folder, env });
    assert.equal(searched.code, 1);
    assert.match(searched.stderr, advice);
    assert.doesNotMatch(searched.stderr, / {4}at /);
  });

  for (const name of ['papers.db', 'vectors.i16', 'vectors.graph', 'keywords.bin']) {
    it(`finds one flipped bit in ${name}; what it says to run mends it`, async (t) => {
      const folder = await copyOfIndex(t);
      await flipBit(folder, name);
      const { code, stdout } = await doctor(folder);
      assert.match(stdout, new RegExp(`^PROBLEM .*${name.replace('.', '\\.')}`, 'm'));
      assert.match(stdout, /Something needs mending, see above\.\n$/);
      assert.equal(code, 1);
      const said = /`nearpaper (build[^`]*)`/.exec(stdout)?.[1]?.split(' ') ?? [];
      // Only what the store holds cannot be made again from it.
      assert.equal(said.includes('--fresh'), name === 'papers.db');
      const args = said.map((word) => (word === '<file>' ? join(folder, 'papers.jsonl') : word));
      const mended = await runCommand([...args, '--index', folder], { cwd: folder });
      assert.equal(mended.code, 0, mended.stderr);
      assert.equal((await doctor(folder)).code, 0);
    });
  }

  it('and every query say what to do about a processor that cannot run the kernels', {
    skip: process.arch !== 'x64' && 'V8 has the flag on x64 alone',
  }, () => {
    for (const command of ['doctor', 'search']) {
      const cli = fileURLToPath(new URL('../../src/cli.js', import.meta.url));
      const text = command === 'search' ? ['galaxies'] : [];
      const args = ['--no-enable-sse4-1', cli, command, ...text, '--index', index];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      assert.equal(status, 1);
      assert.match(stdout + stderr, /This processor cannot run the loops.*CPU model of its host/);
      assert.doesNotMatch(stderr, / {4}at /);
    }
  });

  it('says how an index of an older nearpaper is brought up to date, and every query says so too', async (t) => {
    const folder = await copyOfIndex(t);
    const path = await pathInGeneration(folder, 'manifest.json');
    const { keywords, calibration, ...older } = JSON.parse(await readFile(path, 'utf8'));
    assert.ok(keywords && calibration, 'the manifest of today has both');
    await writeFile(path, JSON.stringify({ ...older, checksum: undefined }));
    const { code, stdout } = await doctor(folder);
    assert.match(
      stdout,
      /^PROBLEM index: .*built by an older nearpaper\. Run `nearpaper build` to bring it up/m,
    );
    assert.equal(code, 1);
    const searched = await runCommand(['search', 'galaxies', '--index', folder], { cwd: folder });
    assert.equal(searched.code, 1);
    assert.match(searched.stderr, /Run `nearpaper build`/);
    const built = await runCommand(['build', '--index', folder, '--json'], { cwd: folder });
    assert.equal(JSON.parse(built.stdout).embedded, 0);
    const mended = await doctor(folder);
    assert.match(mended.stdout, /^ {3}ok {3}keyword index: \d+ terms of 3 papers, as published$/m);
    assert.equal(mended.code, 0);
  });

  it('finds a manifest that is cut short, and a CURRENT that leads nowhere', async (t) => {
    const folder = await copyOfIndex(t);
    await writeFile(join(folder, 'CURRENT'), 'g000009-00000000\n');
    const { code, stdout } = await doctor(folder);
    assert.match(stdout, /^PROBLEM index: /m);
    assert.equal(code, 1);
  });

  it('finds that another model is set than the one of the index', async (t) => {
    const { code, stdout } = await doctor(await copyOfIndex(t), { NEARPAPER_MODEL: 'bge-small-en-v1.5' });
    assert.match(stdout, /^PROBLEM model: .*nearpaper build --model bge-small-en-v1\.5/m);
    assert.equal(code, 1);
  });
});

/** An environment in which hnswlib-node cannot be loaded, as where its compilation failed. */
async function withoutHnswlib(t: TestContext): Promise<Record<string, string>> {
  const folder = await temporaryFolder(t);
  const hooks = `export function resolve(specifier, context, next) {
    if (specifier === 'hnswlib-node') throw new Error("Cannot find package 'hnswlib-node'");
    return next(specifier, context);
  }`;
  await writeFile(join(folder, 'hooks.mjs'), hooks);
  const preload = `import { register } from 'node:module'; register('./hooks.mjs', import.meta.url);`;
  await writeFile(join(folder, 'preload.mjs'), preload);
  return { NODE_OPTIONS: `--import=${join(folder, 'preload.mjs')}` };
}

describe('where only the build of hnswlib-node failed', () => {
  it('an index made elsewhere is searched by its graph all the same; doctor says what builds will lack', async (t) => {
    const cwd = await copyOfIndex(t);
    const env = { ...(await withoutHnswlib(t)), ...SERVE_ENV, NEARPAPER_EXACT_BELOW: '0' };
    const found = await doctor(cwd, env);
    assert.match(
      found.stdout,
      /^warning hnswlib-node: .*Cannot find package 'hnswlib-node'.*build-essential/m,
    );
    assert.equal(found.code, 0);

    const service = startCommand(t, ['serve', '--index', cwd], { cwd, env });
    const url = await service.ready();
    const info = JSON.parse(await (await fetch(`${url}/v1/info`)).text());
    assert.deepEqual([info.search.engine, info.search.note], ['hnsw', null]);
    const answer = JSON.parse(await (await fetch(`${url}/v1/search?q=galaxies&limit=1`)).text());
    assert.equal(answer.results[0].paper.id, 'arXiv:2401.00002');
    assert.equal(answer.index.exact, false);
  });

  it('an index is built without the HNSW file, and completed by the next build once it is there', async (t) => {
    const cwd = await temporaryFolder(t);
    const env = await withoutHnswlib(t);
    const input = join(index, 'papers.jsonl');
    const without = await runCommand(['build', '--index', cwd, input], { cwd, env });
    assert.equal(without.code, 0, without.stderr);
    assert.match(without.stdout, /No HNSW index: hnswlib-node is not installed/);
    assert.equal((await runCommand(['search', 'galaxies', '--index', cwd], { cwd, env })).code, 0);
    const again = await runCommand(['build', '--index', cwd, '--json'], { cwd });
    const report = JSON.parse(again.stdout);
    assert.deepEqual([report.kind, report.embedded, report.recall.recall], ['published', 0, 1]);
  });
});
