/** The optional dependency that could not be compiled: the index is built and served without it, and gets its graph later. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readManifest } from '../../src/generations/manifest.js';
import {
  currentFolder,
  jsonFile,
  papersFrom,
  readCurrent,
  runBuild,
  runCommand,
  temporaryFolder,
} from './building.js';

const dataUrl = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;

/** Lets no module of the process find hnswlib-node, as after an install in which its compilation failed. */
const HOOKS = `
  export async function resolve(specifier, context, next) {
    if (specifier !== 'hnswlib-node') return next(specifier, context);
    throw Object.assign(new Error("Cannot find package 'hnswlib-node'"), { code: 'ERR_MODULE_NOT_FOUND' });
  }`;
const WITHOUT = {
  NODE_OPTIONS: `--import=${dataUrl(`import { register } from 'node:module'; register(${JSON.stringify(dataUrl(HOOKS))});`)}`,
};

describe('without hnswlib-node', () => {
  it('a build has no graph, says so, and is served by exact search', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    const input = jsonFile(folder, papersFrom(0, 6));
    const first = await runCommand(['build', '--index', index, input], { environment: WITHOUT });
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /No HNSW index: hnswlib-node is not installed.*`nearpaper doctor`/);
    assert.equal(existsSync(join(currentFolder(index), 'vectors.graph')), false);
    const manifest = await readManifest(currentFolder(index));
    assert.deepEqual([manifest.vectors.hnsw, manifest.recall], [null, null]);

    const again = await runCommand(['build', '--index', index, input], { environment: WITHOUT });
    assert.match(again.stdout, /Nothing changed/);
    const asked = ['similar', '--index', index, '--json', 'p1'];
    const answer = await runCommand(asked, { environment: { ...WITHOUT, NEARPAPER_EXACT_BELOW: '0' } });
    assert.equal(JSON.parse(answer.stdout).results.length, 5, answer.stderr);
    const doctor = await runCommand(['doctor', '--index', index], { environment: WITHOUT });
    assert.match(doctor.stdout, /warning hnswlib-node: .*Cannot find package/);

    // Now it is there: the graph is added from what is stored.
    const { kind, embedded, recall } = await runBuild(index, []);
    assert.deepEqual([kind, embedded, recall?.recall], ['published', 0, 1]);
    const whole = join(folder, 'whole');
    await runBuild(whole, [input]);
    assert.ok(readCurrent(index, 'vectors.graph').equals(readCurrent(whole, 'vectors.graph')));
  });

  it('an index that has a graph is searched by it, and is not rebuilt', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    const input = jsonFile(folder, papersFrom(0, 4));
    const { generation } = await runBuild(index, [input]);
    const info = await runCommand(['info', '--index', index, '--json'], {
      environment: { ...WITHOUT, NEARPAPER_EXACT_BELOW: '0' },
    });
    assert.equal(info.code, 0, info.stderr);
    const { search } = JSON.parse(info.stdout);
    assert.deepEqual([search.engine, search.note], ['hnsw', null]);
    const again = await runCommand(['build', '--index', index, input], { environment: WITHOUT });
    assert.match(again.stdout, new RegExp(`Nothing changed: 4 papers, generation ${generation} stays`));
  });
});
