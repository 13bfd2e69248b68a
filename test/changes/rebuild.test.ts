import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { generationNames } from '../../src/generations/folder.js';
import { journalOf } from '../../src/generations/journal-name.js';
import { openPublished } from '../../src/open-corpus.js';
import { openJournal } from '../../src/papers/journal.js';
import { failure, papersFrom, runBuild } from '../build/building.js';
import { buildIndex, indexOf, writePapers } from '../support/corpus.js';
import { until } from '../support/until.js';
import { changing } from './changing.js';

describe('a rebuild', () => {
  it('makes changes part of the index, while further ones come', async (t) => {
    const index = await indexOf(t);
    const { corpus, put, remove, rebuilt, seen, find, config } = await changing(t, index);
    for (const paper of papersFrom(0, 8)) await put(paper);
    await remove('p3');
    await corpus.rebuild();
    await put({ id: 'p1', title: 'Changed meanwhile', abstract: 'About volcanoes.' });
    await remove('p2');
    await put({ id: 'late', title: 'Came meanwhile', abstract: 'About glaciers.' });
    await rebuilt();
    assert.equal(seen().store.size, 10);
    assert.equal((await find('volcanoes'))[0], 'p1');
    assert.equal((await find('glaciers'))[0], 'late');
    for (const id of ['p2', 'p3']) assert.equal(await seen().store.resolve(id), undefined);
    assert.deepEqual(corpus.status.rebuild, { state: 'idle' });
    assert.equal(corpus.status.changes.pending, 3);
    const reader = await openPublished(config);
    t.after(() => reader.close());
    assert.equal(reader.view().name, seen().generation);
    assert.equal(reader.view().store.size, 10);
  });

  it('begins by itself after enough changes, again and again', async (t) => {
    const index = await indexOf(t);
    const { put, rebuilt, corpus, seen } = await changing(t, index, { rebuildAfter: 4 });
    for (const paper of papersFrom(0, 4)) await put(paper);
    await rebuilt(1);
    for (const paper of papersFrom(4, 4)) await put(paper);
    await rebuilt(2);
    assert.equal(corpus.status.changes.pending, 0);
    assert.equal(seen().store.size, 11);
    // The one that serves, and the one before it.
    assert.equal((await generationNames(index)).length, 2);
  });

  it('leaves in the journal only what the index does not contain', async (t) => {
    const index = await indexOf(t);
    const { corpus, put, rebuilt, stop, config } = await changing(t, index);
    await put({ id: 'a', title: 'One' });
    await corpus.rebuild();
    await rebuilt();
    await put({ id: 'b', title: 'Two' });
    await stop();
    const reader = await openPublished(config);
    t.after(() => reader.close());
    assert.deepEqual(
      reader.pending.map(({ seq }) => seq),
      [2],
    );
    const place = journalOf(index, reader.generation.manifest);
    assert.ok(place);
    const journal = openJournal(place.path, 'read');
    // What the generation before does not contain stays for a way back.
    assert.deepEqual([journal.trimmedTo, journal.lastSeq], [0, 2]);
    journal.close();
  });

  it('moves to another model with everything that came meanwhile', async (t) => {
    const index = await indexOf(t);
    const { corpus, put, rebuilt, seen, find, stop, config } = await changing(t, index);
    await put({ id: 'before', title: 'Volcanoes', abstract: 'They erupt.' });
    await corpus.reembed('bge-small-en-v1.5');
    await put({ id: 'meanwhile', title: 'Glaciers', abstract: 'They flow.' });
    await rebuilt();
    await put({ id: 'after', title: 'Deserts', abstract: 'They are dry.' });
    assert.equal(seen().model, 'bge-small-en-v1.5');
    assert.equal((await find('volcanoes that erupt'))[0], 'before');
    assert.equal((await find('glaciers that flow'))[0], 'meanwhile');
    assert.equal((await find('dry deserts'))[0], 'after');
    await stop();
    const reader = await openPublished(config);
    t.after(() => reader.close());
    assert.deepEqual(
      reader.pending.map((change) => change.kind === 'put' && change.paper.id),
      ['meanwhile', 'after'],
    );
  });

  it('to another model that is asked for while one is under way follows it', async (t) => {
    const { corpus, put, rebuilt, seen } = await changing(t, await indexOf(t));
    await put({ id: 'a', title: 'One' });
    await corpus.rebuild();
    await corpus.reembed('bge-small-en-v1.5');
    await rebuilt(2);
    assert.equal(seen().model, 'bge-small-en-v1.5');
  });

  it('leaves a way back to the generation before, with every change', async (t) => {
    const index = await indexOf(t);
    const { corpus, put, remove, rebuilt, stop, config } = await changing(t, index);
    const [before = ''] = await generationNames(index);
    await put({ id: 'a', title: 'One' });
    await remove('arXiv:2401.00002');
    await corpus.rebuild();
    await rebuilt();
    await stop();
    writeFileSync(join(index, 'CURRENT'), `${before}\n`);
    const reader = await openPublished(config);
    t.after(() => reader.close());
    assert.equal(reader.view().name, `${before}+2`);
    assert.ok(await reader.view().store.resolve('a'));
    assert.equal(await reader.view().store.resolve('arXiv:2401.00002'), undefined);
  });

  it('of a corpus that has become empty is refused, and its papers stay removed', async (t) => {
    const index = await indexOf(t, [{ id: 'only', title: 'The only paper' }]);
    const { corpus, remove, rebuilds, put, seen } = await changing(t, index);
    await remove('only');
    await corpus.rebuild();
    await until('the rebuild has ended', () => rebuilds.some(({ kind }) => kind === 'failed'));
    assert.equal(corpus.status.rebuild.state === 'failed' && corpus.status.rebuild.code, 'input_empty');
    await put({ id: 'next', title: 'The next paper' });
    assert.equal(seen().store.size, 1);
  });

  it('to a model that is not there is refused', async (t) => {
    const { corpus } = await changing(t, await indexOf(t));
    await assert.rejects(corpus.reembed('no-such-model'), failure('model_missing', /no-such-model/));
  });
});

describe('a build', () => {
  const WHALES = { id: 'whales', title: 'Songs of whales' };

  it('is refused while a service changes the corpus, and names what to use instead', async (t) => {
    const index = await indexOf(t);
    await changing(t, index);
    const input = await writePapers(`${index}/more.jsonl`, [WHALES]);
    await assert.rejects(buildIndex(index, [input]), failure('index_locked', /POST \/v1\/papers/));
  });

  it('makes pending changes part of the index, and its own input on top', async (t) => {
    const index = await indexOf(t);
    const { put, remove, stop, config } = await changing(t, index);
    await put(WHALES);
    await put({ id: 'both', title: 'By the service' });
    await remove('arXiv:2401.00002');
    await stop();
    const input = await writePapers(`${index}/more.jsonl`, [{ id: 'both', title: 'By the build' }]);
    await buildIndex(index, [input]);
    const { generation, ...overlay } = await openPublished(config).then((opened) => ({
      generation: opened.generation,
      pending: opened.pending,
    }));
    t.after(() => generation.close());
    assert.deepEqual(overlay.pending, []);
    assert.equal((await generation.store.read('both', ['title']))?.title, 'By the build');
    assert.ok(await generation.store.resolve('whales'));
    assert.equal(await generation.store.resolve('arXiv:2401.00002'), undefined);
  });

  it('that drops the changes publishes a generation without them', async (t) => {
    const index = await indexOf(t);
    const { put, stop, config } = await changing(t, index);
    await put(WHALES);
    await stop();
    const { kind } = await runBuild(index, [], { discardChanges: true });
    assert.equal(kind, 'published');
    const reader = await openPublished(config);
    t.after(() => reader.close());
    assert.deepEqual([reader.view().store.size, reader.pending.length], [3, 0]);
  });

  it('that removed a paper leaves its label to nobody', async (t) => {
    const index = await indexOf(t);
    const kept = await writePapers(`${index}/kept.jsonl`, [
      { id: 'arXiv:2401.00001', title: 'Rewards' },
      { id: 'arXiv:2401.00002', title: 'Galaxies' },
    ]);
    await runBuild(index, [kept], { prune: true, force: true });
    const { put, seen } = await changing(t, index);
    await put(WHALES);
    assert.equal(seen().store.highestLabel, 4);
  });

  it('afresh begins a journal of its own', async (t) => {
    const index = await indexOf(t);
    const { put, stop, config } = await changing(t, index);
    await put(WHALES);
    await stop();
    const input = await writePapers(`${index}/more.jsonl`, [{ id: 'new', title: 'All there is' }]);
    await buildIndex(index, [input], { fresh: true });
    const reader = await openPublished(config);
    t.after(() => reader.close());
    assert.deepEqual([reader.view().store.size, reader.pending.length], [1, 0]);
    // That of the generation before stays for a way back.
    assert.equal(readdirSync(index).filter((name) => /^changes-[0-9a-f]{8}\.db$/.test(name)).length, 2);
  });
});
