import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { indexInThread } from '../../src/build/index-thread.js';
import type { BuildEvent } from '../../src/build/progress.js';
import { systemCode } from '../../src/errors.js';
import { buildingFolder } from '../../src/generations/folder.js';
import { openDraft } from '../../src/papers/draft.js';
import type { IndexFile } from '../../src/vectors/vector-index.js';
import { paper } from '../papers/drafting.js';
import { failure, jsonFile, papersFrom, runBuild, temporaryFolder } from './building.js';

const DIMENSIONS = 8;

/** A draft of `count` papers whose vectors lie around a circle; of the last `missing` there is none. */
function draftOf(t: TestContext, count: number, missing = 0) {
  const folder = temporaryFolder(t);
  const store = join(folder, 'papers.db');
  const draft = openDraft(store, { papers: null, embeddings: null });
  t.after(() => draft.close());
  draft.upsert(Array.from({ length: count }, (_, n) => paper({ id: `p${n}`, title: `Study ${n}` })));
  const entries = draft.texts(draft.labels()).map(({ textHash }, n) => {
    const vector = new Float32Array(DIMENSIONS);
    vector[0] = Math.cos((2 * Math.PI * n) / count);
    vector[1] = Math.sin((2 * Math.PI * n) / count);
    return { textHash, vector };
  });
  draft.putEmbeddings('test', entries.slice(0, count - missing));
  return { folder, store, fingerprint: 'test', count, dimensions: DIMENSIONS };
}

describe('indexing in a thread', () => {
  it('gives the files, tells of the vectors before the graph, and how far it is', async (t) => {
    const task = draftOf(t, 50);
    const events: BuildEvent[] = [];
    let early: IndexFile | undefined;
    const built = await indexInThread(task, {
      signal: new AbortController().signal,
      onEvent: (event) => events.push(event),
      onExact: (file) => {
        early = file;
        assert.deepEqual(events, []);
      },
    });
    assert.deepEqual(early, built.exact);
    assert.equal(built.hnsw?.count, 50);
    assert.equal(built.recall?.recall, 1);
    assert.deepEqual(events.at(-1), { kind: 'measuring', ef: 128 });
    for (const { file } of [built.exact, built.hnsw]) assert.ok(existsSync(join(task.folder, file)));
  });

  it('ends when it is told to, in the middle of the graph', async (t) => {
    const task = draftOf(t, 2000);
    const stop = new AbortController();
    const reason = new Error('Ctrl-C');
    let last = 0;
    const running = indexInThread(task, {
      signal: stop.signal,
      onEvent: (event) => {
        if (event.kind === 'indexing') last = event.done;
        stop.abort(reason);
      },
      onExact: () => undefined,
    });
    await assert.rejects(running, (thrown) => thrown === reason);
    assert.ok(last < 2000, `${last} points were added`);
  });

  it('passes on a failure with its code', async (t) => {
    const task = { ...draftOf(t, 3), dimensions: 9 };
    const quiet = {
      signal: new AbortController().signal,
      onEvent: () => undefined,
      onExact: () => undefined,
    };
    await assert.rejects(indexInThread(task, quiet), failure('invalid_vector', /./));
    const incomplete = draftOf(t, 3, 1);
    await assert.rejects(indexInThread(incomplete, quiet), /no embedding of paper 3/);
  });

  it('passes on what the system calls a failure', async (t) => {
    const task = draftOf(t, 3);
    const db = new Database(task.store);
    db.exec('ALTER TABLE embeddings RENAME TO lost');
    db.close();
    const quiet = {
      signal: new AbortController().signal,
      onEvent: () => undefined,
      onExact: () => undefined,
    };
    await assert.rejects(indexInThread(task, quiet), (thrown) => systemCode(thrown) === 'SQLITE_ERROR');
  });
});

describe('a build', () => {
  it('whose vectors cannot be written says so, not that others miss them', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    const onEvent = ({ kind }: BuildEvent) => {
      if (kind === 'embedding')
        mkdirSync(join(buildingFolder(index), 'vectors.i16.tmp'), { recursive: true });
    };
    const built = runBuild(index, [jsonFile(folder, papersFrom(0, 40))], { onEvent });
    await assert.rejects(built, failure('index_unwritable', /./));
  });
});
