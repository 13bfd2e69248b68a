import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openCorpus } from '../../src/open-corpus.js';
import { configFor, failure, jsonFile, papersFrom, runBuild, snapshot, temporaryFolder } from './building.js';

/** An index of ten papers, and a way to build it again from others. */
async function tenPapers(t: TestContext) {
  const folder = temporaryFolder(t);
  const index = join(folder, 'index');
  await runBuild(index, [jsonFile(folder, papersFrom(0, 10))]);
  const prune = (papers: readonly unknown[], force = false) =>
    runBuild(index, [jsonFile(folder, papers)], { prune: true, force });
  return { index, prune };
}

describe('--prune', () => {
  it('removes what the input does not name, from store and index', async (t) => {
    const { index, prune } = await tenPapers(t);
    const { papers, removed, embedded } = await prune(papersFrom(2, 8));
    assert.deepEqual({ papers, removed, embedded }, { papers: 8, removed: 2, embedded: 0 });
    const {
      overlay: { generation },
      embedder,
    } = await openCorpus(configFor(index));
    assert.equal(await generation.store.resolve('p0'), undefined);
    assert.equal(generation.vectors.size, 8);
    await Promise.all([generation.close(), embedder.close()]);
  });

  it('removes nothing when the input names all', async (t) => {
    const { prune } = await tenPapers(t);
    assert.equal((await prune(papersFrom(0, 10))).kind, 'unchanged');
  });

  it('refuses to remove over a fifth, unless forced', async (t) => {
    const { index, prune } = await tenPapers(t);
    const before = snapshot(index);
    const refused = failure('prune_refused', /would remove 3 of 10 papers, over 20 %.*--force/);
    await assert.rejects(prune(papersFrom(3, 7)), refused);
    assert.deepEqual(snapshot(index), before);
    assert.equal((await prune(papersFrom(3, 7), true)).removed, 3);
  });

  it('measures the fifth on what was held, however much the input adds', async (t) => {
    const { index, prune } = await tenPapers(t);
    const before = snapshot(index);
    await assert.rejects(prune(papersFrom(100, 60)), failure('prune_refused', /10 of 10 papers/));
    assert.deepEqual(snapshot(index), before);
  });

  it('refuses after a bad record, unless forced', async (t) => {
    const { index, prune } = await tenPapers(t);
    const before = snapshot(index);
    const input = [...papersFrom(1, 9), { id: 'p0', abstract: 'Its title got lost.' }];
    await assert.rejects(prune(input), failure('prune_refused', /bad records: 1\).*--force/));
    assert.deepEqual(snapshot(index), before);
    assert.equal((await prune(input, true)).removed, 1);
  });

  it('needs an input', async (t) => {
    const { index } = await tenPapers(t);
    await assert.rejects(runBuild(index, [], { prune: true }), failure('usage', /--prune needs the files/));
  });
});
