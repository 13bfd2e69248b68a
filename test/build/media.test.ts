/** Full disks, read-only disks, and two writers. Mounts need root; where none can be made, a test says that it was skipped. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { BuildEvent } from '../../src/build/progress.js';
import { corpusOf, openCorpus } from '../../src/open-corpus.js';
import { DEFAULT_OPTIONS } from '../../src/recommend/answer.js';
import { search } from '../../src/recommend/search.js';
import { similar } from '../../src/recommend/similar.js';
import { leaveFree, withDisk } from '../support/small-disk.js';
import {
  configFor,
  currentFolder,
  failure,
  jsonFile,
  papersFrom,
  runBuild,
  runCommand,
  servedPapers,
  snapshot,
  temporaryFolder,
} from './building.js';

const run = promisify(execFile);

/** The message says what is wrong and what to do, whichever step met the end of the disk. */
const FULL = /(no space left|disk is full|disk I\/O error|did not write all of it).*free (some )?space/is;

describe('a full disk', () => {
  it('fails the build with a clear message at whatever step, and the old generation still serves', async (t) => {
    const folder = temporaryFolder(t);
    const few = jsonFile(folder, papersFrom(0, 5), 'few.jsonl');
    const many = jsonFile(folder, papersFrom(0, 60), 'many.jsonl');
    await withDisk(t, '4m', async (disk) => {
      const index = join(disk, 'index');
      await runBuild(index, [few]);
      const before = snapshot(currentFolder(index));
      const reached = new Set<string>();
      for (const free of [0, 16, 48, 96, 160, 240, 320]) {
        rmSync(join(index, 'building'), { recursive: true, force: true });
        leaveFree(disk, free * 1024);
        let last = 'nothing';
        const onEvent = (event: BuildEvent) => {
          last = event.kind;
        };
        await assert.rejects(
          runBuild(index, [many], { onEvent }),
          failure('index_unwritable', FULL),
          `${free} KiB`,
        );
        reached.add(last);
        assert.deepEqual(snapshot(currentFolder(index)), before);
        assert.equal(await servedPapers(index), 5);
      }
      assert.ok(reached.size >= 3, `the disk was full only at ${[...reached]}`);
      rmSync(join(disk, 'filler'));
      assert.equal((await runBuild(index, [many])).papers, 60);
      assert.equal(await servedPapers(index), 60);
    });
  });

  it('never costs what a stopped build had embedded, however often the build is tried', async (t) => {
    const input = jsonFile(temporaryFolder(t), papersFrom(0, 60));
    await withDisk(t, '4m', async (disk) => {
      const index = join(disk, 'index');
      const stop = new AbortController();
      const onEvent = (event: BuildEvent) => event.kind === 'indexing' && stop.abort();
      await assert.rejects(
        runBuild(index, [input], { signal: stop.signal, onEvent }),
        failure('cancelled', /stopped/),
      );
      for (const free of [0, 4, 16, 40]) {
        leaveFree(disk, free * 1024);
        await assert.rejects(runBuild(index, [input]), failure('index_unwritable', FULL), `${free} KiB`);
      }
      rmSync(join(disk, 'filler'));
      assert.equal((await runBuild(index, [input])).embedded, 0);
    });
  });
});

describe('a read-only disk', () => {
  it('serves papers, search and similar papers, and refuses a build', async (t) => {
    const input = jsonFile(temporaryFolder(t), papersFrom(0, 12));
    await withDisk(t, '8m', async (disk) => {
      const index = join(disk, 'index');
      await runBuild(index, [input]);
      await run('mount', ['-o', 'remount,ro', disk]);
      assert.throws(() => writeFileSync(join(disk, 'probe'), ''), /EROFS/);

      const { overlay, embedder } = await openCorpus(configFor(index, { NEARPAPER_EXACT_BELOW: '0' }));
      assert.deepEqual([overlay.generation.vectors.engine, overlay.generation.note], ['hnsw', null]);
      const corpus = corpusOf(overlay);
      const options = { ...DEFAULT_OPTIONS, limit: 3 };
      const near = await similar(corpus, { id: 'p3', ...options }, new AbortController().signal);
      assert.equal(near.results.length, 3);
      const asked = { text: 'Study 7 of traffic', mode: 'hybrid' as const, ...options };
      const found = await search({ ...corpus, embedder }, asked, new AbortController().signal);
      assert.equal(found.results[0]?.paper.id, 'p7');
      assert.equal((await corpus.store.list([], 0, 100)).papers.length, 12);
      await Promise.all([overlay.close(), embedder.close()]);

      const { code, stdout, stderr } = await runCommand(['similar', '--index', index, '--json', 'p3']);
      assert.equal(code, 0, stderr);
      assert.equal(JSON.parse(stdout).results[0].paper.id, near.results[0]?.paper.id);
      const refused = failure('index_unwritable', /read-only file system.*NEARPAPER_INDEX names another/i);
      await assert.rejects(runBuild(index, [input]), refused);
    });
  });
});

describe('two builds at once', () => {
  it('are one that is refused and one that is not disturbed', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    const input = jsonFile(folder, papersFrom(0, 80));
    const other = jsonFile(folder, papersFrom(200, 3), 'other.jsonl');
    let second: Promise<unknown> | undefined;
    const { code, stderr } = await runCommand(['build', '--index', index, input], {
      onLine: (line) => {
        if (!line.startsWith('Embedding')) return;
        second ??= assert.rejects(
          runBuild(index, [other]),
          failure('index_locked', /nearpaper build, process \d+, since .*Wait until it is done/),
        );
      },
    });
    assert.ok(second, 'the first build embedded nothing');
    await second;
    assert.equal(code, 0, stderr);
    assert.equal(await servedPapers(index), 80);
    assert.equal((await runBuild(index, [input])).kind, 'unchanged');
    assert.equal((await runBuild(index, [other])).papers, 83);
  });

  it('started in the same instant publish one whole index', async (t) => {
    const folder = temporaryFolder(t);
    const index = join(folder, 'index');
    const input = jsonFile(folder, papersFrom(0, 10));
    const outcomes = await Promise.allSettled([runBuild(index, [input]), runBuild(index, [input])]);
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') failure('index_locked', /process \d+/)(outcome.reason);
    }
    assert.equal(await servedPapers(index), 10);
  });
});
