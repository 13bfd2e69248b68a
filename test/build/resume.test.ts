/** A build that is stopped, or killed at any moment, resumes where it was. */
import assert from 'node:assert/strict';
import { existsSync, type FSWatcher, mkdirSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3';
import type { BuildEvent } from '../../src/build/progress.js';
import { openCorpus } from '../../src/open-corpus.js';
import {
  configFor,
  currentFolder,
  failure,
  jsonFile,
  papersFrom,
  readCurrent,
  runBuild,
  runCommand,
  servedPapers,
  snapshot,
  temporaryFolder,
} from './building.js';

/** As `papersFrom`, with abstracts that take the model about as long as real ones. */
function longPapers(from: number, count: number) {
  return papersFrom(from, count).map((paper) => ({ ...paper, abstract: `${paper.abstract} `.repeat(30) }));
}

/** How many embeddings the draft of a stopped build holds. */
function embeddedInDraft(index: string): number {
  const path = join(index, 'building', 'papers.db');
  if (!existsSync(path)) return 0;
  const db = new Database(path);
  const count = Number(db.prepare('SELECT count(*) FROM embeddings').pluck().get());
  db.close();
  return count;
}

async function publishedIds(index: string): Promise<string[]> {
  const {
    overlay: { generation },
    embedder,
  } = await openCorpus(configFor(index));
  const { papers } = await generation.store.list([], 0, 1000);
  await Promise.all([generation.close(), embedder.close()]);
  return papers.map(({ id }) => id);
}

/** Runs a build and stops it at the first event of this kind. */
async function stopAt(kind: BuildEvent['kind'], index: string, inputs: readonly string[]): Promise<void> {
  const stop = new AbortController();
  const onEvent = (event: BuildEvent) => {
    if (event.kind === kind) stop.abort();
  };
  await assert.rejects(
    runBuild(index, inputs, { signal: stop.signal, onEvent }),
    failure('cancelled', /stopped|went away/),
  );
}

describe('a build that is told to stop', () => {
  it('while it embeds, keeps what was embedded, and the next one embeds only the rest', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    const input = jsonFile(folder, papersFrom(0, 100));
    await stopAt('embedding', index, [input]);
    assert.equal(existsSync(join(index, 'CURRENT')), false);
    const kept = embeddedInDraft(index);
    assert.ok(kept >= 32, `${kept} were kept`);
    const { embedded, added, notes } = await runBuild(index, [input]);
    assert.deepEqual({ embedded, added }, { embedded: 100 - kept, added: 100 });
    assert.match(notes.join(), /Resuming/);

    const whole = join(folder, 'whole');
    await runBuild(whole, [input]);
    for (const file of ['vectors.i16', 'vectors.graph', 'keywords.bin']) {
      assert.ok(readCurrent(index, file).equals(readCurrent(whole, file)), file);
    }
  });

  it('at any other moment leaves the published index as it was', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    await runBuild(index, [jsonFile(folder, papersFrom(0, 40))]);
    const before = snapshot(currentFolder(index));
    const input = jsonFile(folder, papersFrom(0, 80), 'more.jsonl');
    for (const kind of ['reading', 'embedding', 'indexing'] as const) {
      await stopAt(kind, index, [input]);
      assert.deepEqual(snapshot(currentFolder(index)), before, kind);
    }
    assert.equal(await servedPapers(index), 40);
    assert.deepEqual((await runBuild(index, [input])).embedded, 0);
    assert.equal(await servedPapers(index), 80);
  });

  it('before it begins does nothing', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    const signal = AbortSignal.abort();
    await assert.rejects(
      runBuild(index, [jsonFile(folder, papersFrom(0, 3))], { signal }),
      failure('cancelled', /stopped/),
    );
    assert.deepEqual([...snapshot(index)], []);
  });
});

describe('a build that is killed with -9', () => {
  it('at one moment after another resumes each time, and ends as if nothing had happened', async (t) => {
    // So many that embedding them takes several commits of two seconds, also on a fast machine that does nothing else.
    const COUNT = 400;
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    const input = jsonFile(folder, longPapers(0, COUNT));
    const args = ['build', '--index', index, '--json', input];
    const killAt = (stage: string) =>
      runCommand(args, { onLine: (line, kill) => line.startsWith(stage) && kill('SIGKILL') });

    for (const stage of ['Reading', 'Embedding'])
      assert.equal((await killAt(stage)).signal, 'SIGKILL', stage);
    // In the middle of writing embeddings down: the log changes only for them once embedding has begun. Where that
    // comes before the commit and nothing is kept, the next one is killed at a later write, half a second after the first.
    let kept = embeddedInDraft(index);
    for (let tries = 0; tries < 5 && (tries === 0 || kept === 0); tries++) {
      let watcher: FSWatcher | undefined;
      await runCommand(args, {
        onLine: (line, kill) => {
          if (!line.startsWith('Embedding') || watcher !== undefined) return;
          let firstWrite: number | undefined;
          watcher = watch(join(index, 'building'), (_, file) => {
            if (file !== 'papers.db-wal') return;
            firstWrite ??= performance.now();
            if (tries === 0 || performance.now() - firstWrite > 500) kill('SIGKILL');
          });
        },
      });
      watcher?.close();
      const now = embeddedInDraft(index);
      assert.ok(now >= kept, 'embeddings were lost');
      kept = now;
    }
    assert.ok(kept > 0, 'nothing was kept');
    assert.equal(existsSync(join(index, 'CURRENT')), false);

    for (const stage of ['Indexing', 'Measuring']) {
      await killAt(stage);
      assert.equal(embeddedInDraft(index), COUNT, stage);
      assert.equal(existsSync(join(index, 'CURRENT')), false);
    }
    const { code, stdout, stderr } = await runCommand(args);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /Resuming/);
    const { embedded, papers } = JSON.parse(stdout);
    assert.deepEqual({ embedded, papers }, { embedded: 0, papers: COUNT });

    const whole = join(folder, 'whole');
    await runBuild(whole, [input], { workers: 2 });
    for (const file of ['vectors.i16', 'vectors.graph', 'keywords.bin']) {
      assert.ok(readCurrent(index, file).equals(readCurrent(whole, file)), file);
    }
  });

  it('while it publishes leaves the old index or the new one, and the next build embeds nothing', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    await runBuild(index, [jsonFile(folder, papersFrom(0, 5))]);
    const input = jsonFile(folder, papersFrom(0, 9), 'more.jsonl');
    await runCommand(['build', '--index', index, input], {
      onLine: (line, kill) => line.startsWith('Publishing') && kill('SIGKILL'),
    });
    assert.ok([5, 9].includes(await servedPapers(index)));
    assert.equal((await runBuild(index, [input])).embedded, 0);
    assert.equal(await servedPapers(index), 9);
  });

  it('between the new folder and CURRENT loses neither the old generation nor the new embeddings', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    const first = await runBuild(index, [jsonFile(folder, papersFrom(0, 5))]);
    const input = jsonFile(folder, papersFrom(0, 9), 'more.jsonl');
    await runBuild(index, [input]);
    // Exactly what such a build leaves behind: its generation is complete, and CURRENT names the one before.
    writeFileSync(join(index, 'CURRENT'), `${first.generation}\n`);
    assert.equal(await servedPapers(index), 5);
    const { embedded, added, generation } = await runBuild(index, [input]);
    assert.deepEqual({ embedded, added }, { embedded: 0, added: 4 });
    assert.equal(await servedPapers(index), 9);
    assert.ok(existsSync(join(index, first.generation, 'manifest.json')), 'the way back is gone');
    assert.notEqual(generation, first.generation);
  });

  it('between the new folder and CURRENT, on the very first build, too', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    const input = jsonFile(folder, papersFrom(0, 5));
    await runBuild(index, [input]);
    rmSync(join(index, 'CURRENT'));
    const { kind, embedded, papers } = await runBuild(index, [input]);
    assert.deepEqual({ kind, embedded, papers }, { kind: 'unchanged', embedded: 0, papers: 5 });
    assert.equal(await servedPapers(index), 5);
  });

  it('loses no paper where CURRENT is lost: the newest generation is taken for it', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    await runBuild(index, [jsonFile(folder, papersFrom(0, 5))]);
    rmSync(join(index, 'CURRENT'));
    await assert.rejects(
      servedPapers(index),
      failure('index_damaged', /CURRENT is missing, and g000001.*nearpaper build/),
    );
    const { papers, added } = await runBuild(index, [jsonFile(folder, papersFrom(5, 1), 'one.jsonl')]);
    assert.deepEqual({ papers, added }, { papers: 6, added: 1 });
  });
});

describe('the draft of a stopped build', () => {
  it('of another input never brings its papers into a later build', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    await runBuild(index, [jsonFile(folder, papersFrom(0, 3))]);
    await stopAt('indexing', index, [jsonFile(folder, papersFrom(50, 40), 'other.jsonl')]);
    const { papers, added, embedded } = await runBuild(index, [
      jsonFile(folder, papersFrom(3, 1), 'one.jsonl'),
    ]);
    assert.deepEqual({ papers, added, embedded }, { papers: 4, added: 1, embedded: 1 });
    assert.deepEqual(await publishedIds(index), ['p0', 'p1', 'p2', 'p3']);
  });

  it('survives a build that finds nothing new, or fails', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    const small = jsonFile(folder, papersFrom(0, 3));
    await runBuild(index, [small]);
    const large = jsonFile(folder, papersFrom(0, 40), 'large.jsonl');
    await stopAt('indexing', index, [large]);
    assert.equal((await runBuild(index, [small])).kind, 'unchanged');
    await assert.rejects(
      runBuild(index, [jsonFile(folder, [], 'empty.jsonl')]),
      failure('input_empty', /empty/),
    );
    assert.equal((await runBuild(index, [large])).embedded, 0);
  });

  it('is discarded when it is garbage, with whatever else lies beside it', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    const building = join(index, 'building');
    mkdirSync(building, { recursive: true });
    for (const file of ['papers.db', 'papers.db-wal', 'papers.db-shm', 'vectors.graph.tmp', 'notes']) {
      writeFileSync(join(building, file), Buffer.alloc(40_000, 'garbage'));
    }
    const { papers, notes } = await runBuild(index, [jsonFile(folder, papersFrom(0, 4))]);
    assert.deepEqual([papers, notes], [4, []]);
    const files = [...snapshot(currentFolder(index)).keys()];
    assert.deepEqual(files, ['keywords.bin', 'manifest.json', 'papers.db', 'vectors.graph', 'vectors.i16']);
  });

  it('that was half copied from the published store is discarded', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    await runBuild(index, [jsonFile(folder, papersFrom(0, 20))]);
    mkdirSync(join(index, 'building'));
    writeFileSync(join(index, 'building', 'papers.db'), readCurrent(index, 'papers.db').subarray(0, 12_288));
    const { papers, embedded } = await runBuild(index, [jsonFile(folder, papersFrom(20, 1))]);
    assert.deepEqual({ papers, embedded }, { papers: 21, embedded: 1 });
  });
});

describe('an index folder', () => {
  it('can be moved between builds', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    await runBuild(index, [jsonFile(folder, papersFrom(0, 40))]);
    await stopAt('indexing', index, [jsonFile(folder, papersFrom(40, 32))]);
    const moved = join(folder, 'moved');
    renameSync(index, moved);
    assert.equal((await runBuild(moved, [jsonFile(folder, papersFrom(40, 32))])).embedded, 0);
    assert.match(basename(currentFolder(moved)), /^g000002-/);
  });
});
