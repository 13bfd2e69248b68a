/** `nearpaper sync`: when it imports, what it does about failures, and how it ends. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { appendFile, chmod, mkdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseDuration } from '../../src/commands/wakes.js';
import { lockForWriting } from '../../src/generations/lock.js';
import { failure, jsonFile, jsonLines, papersFrom, servedPapers } from '../build/building.js';
import { runCommand, SERVE_ENV, startCommand } from '../support/command.js';
import { SAMPLE_PAGE } from '../support/corpus.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { scene } from './syncing.js';

const MINUTE = 60_000;
const IMPORTING = /Importing \d+ files?/;
const FAILED = /Failed: /;

describe('nearpaper sync by the clock', () => {
  it('imports at the start, and at a tick only when a file has changed', async (t) => {
    const { index, folder, start } = await scene(t);
    const file = jsonFile(folder, papersFrom(0, 3));
    const syncing = start([file], { every: '15m' });
    await syncing.shows(/Looking every 15m; Ctrl-C ends\./);
    assert.equal(await servedPapers(index), 3);
    const before = syncing.stdout;
    await syncing.clock.advance(15 * MINUTE);
    await syncing.clock.advance(15 * MINUTE);
    assert.equal(syncing.stdout, before);
    jsonFile(folder, papersFrom(0, 4));
    await syncing.clock.advance(14 * MINUTE);
    assert.equal(syncing.stdout, before);
    await syncing.clock.advance(MINUTE);
    assert.match(syncing.stdout.slice(before.length), /^\d\d:\d\d:\d\d Importing 1 file \(1 changed\)\n/);
    assert.equal(await servedPapers(index), 4);
  });

  it('waits for a file that is still being written', async (t) => {
    const { index, folder, start } = await scene(t);
    const file = jsonFile(folder, papersFrom(0, 1));
    const syncing = start([file], { every: '1h' });
    syncing.clock.onSettling = async () => {
      if (syncing.clock.settlings < 4)
        await appendFile(file, jsonLines(papersFrom(syncing.clock.settlings, 1)));
    };
    await syncing.shows(/Looking every/);
    assert.equal(syncing.clock.settlings, 4);
    assert.equal(syncing.count(IMPORTING), 1);
    assert.equal(await servedPapers(index), 4);
  });

  it('imports a file that never comes to rest, too', async (t) => {
    const { folder, start } = await scene(t);
    const file = jsonFile(folder, papersFrom(0, 1));
    const syncing = start([file], { every: '1h' });
    syncing.clock.onSettling = () => appendFile(file, '\n');
    await syncing.shows(/Looking every/);
    assert.equal(syncing.count(IMPORTING), 1);
  });

  it('prints one line of JSON for each pass, and nothing else on standard output', async (t) => {
    const { folder, start } = await scene(t);
    const file = jsonFile(folder, papersFrom(0, 3));
    const syncing = start([file], { every: '1m', json: true, strict: true });
    await syncing.shows(/Looking every/);
    jsonFile(folder, papersFrom(0, 4));
    await syncing.clock.advance(MINUTE);
    await appendFile(file, 'no record\n');
    await syncing.clock.advance(MINUTE);
    syncing.ask();
    await syncing.shows(FAILED, 2);
    await rm(file);
    await syncing.clock.advance(MINUTE);
    const lines = syncing.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ outcome, papers, added, code }) => ({ outcome, papers, added, code })),
      [
        { outcome: 'published', papers: 3, added: 3, code: undefined },
        { outcome: 'published', papers: 4, added: 1, code: undefined },
        { outcome: 'failed', papers: undefined, added: undefined, code: 'bad_record' },
        { outcome: 'failed', papers: undefined, added: undefined, code: 'bad_record' },
        { outcome: 'failed', papers: undefined, added: undefined, code: 'input_unreadable' },
      ],
    );
    assert.deepEqual(
      lines.map(({ at }) => at.slice(0, 19)),
      ['00:00', '01:00', '02:00', '02:00', '03:00'].map((time) => `2026-01-01T00:${time}`),
    );
    assert.deepEqual(lines.map(({ retryInSeconds }) => retryInSeconds).slice(2), [null, null, 5]);
  });
});

describe('nearpaper sync by events', () => {
  it('imports what is added to a folder, what changes in it, and with --prune what goes', async (t) => {
    const { index, folder, start } = await scene(t);
    jsonFile(folder, papersFrom(0, 10), 'a.jsonl');
    const syncing = start([folder], { prune: true });
    await syncing.shows(/Watching 1 folder; Ctrl-C ends\./);
    await mkdir(join(folder, 'deeper'));
    jsonFile(folder, papersFrom(10, 2), 'deeper/b.jsonl');
    await syncing.shows(/Importing 2 files \(1 new\)[\s\S]*Watching/);
    assert.equal(await servedPapers(index), 12);
    jsonFile(folder, papersFrom(0, 11), 'a.jsonl');
    await syncing.shows(/Importing 2 files \(1 changed\)[\s\S]*Watching/);
    assert.equal(await servedPapers(index), 12);
    await rm(join(folder, 'deeper', 'b.jsonl'));
    await syncing.shows(/Importing 1 file \(1 gone\)[\s\S]*Watching/);
    assert.equal(await servedPapers(index), 11);
  });

  it('makes exactly one pass of all that changes during a pass', async (t) => {
    const { index, folder, start } = await scene(t);
    const file = jsonFile(folder, papersFrom(0, 3));
    const syncing = start([file]);
    let changes = 0;
    syncing.onOutput = (text) => {
      if (!/^Read /m.test(text) || syncing.count(IMPORTING) > 1) return;
      for (; changes < 3; changes++) {
        jsonFile(folder, papersFrom(0, 4 + changes));
        syncing.ask();
      }
    };
    await syncing.shows(/Watching 1 file/, 2);
    // The events of the same changes, whenever they come, are no reason for another pass; nor is a look.
    await syncing.clock.advance(MINUTE);
    assert.equal(changes, 3);
    assert.equal(syncing.count(IMPORTING), 2);
    assert.equal(await servedPapers(index), 6);
  });

  it('finds within a minute that a name stands for another folder, of which no event tells, and watches it', async (t) => {
    const { index, folder, start } = await scene(t);
    const inner = join(folder, 'inner');
    await mkdir(inner);
    jsonFile(inner, papersFrom(0, 3));
    const syncing = start([inner]);
    await syncing.shows(/Watching 1 folder/);
    await mkdir(join(`${folder}-other`, 'inner'), { recursive: true });
    jsonFile(join(`${folder}-other`, 'inner'), papersFrom(0, 4));
    await rename(folder, `${folder}-before`);
    await rename(`${folder}-other`, folder);
    assert.ok(syncing.clock.left <= MINUTE);
    await syncing.clock.advance(MINUTE);
    await syncing.shows(/Watching 1 folder/, 2);
    assert.equal(await servedPapers(index), 4);
    jsonFile(inner, papersFrom(0, 5));
    await syncing.shows(/Watching 1 folder/, 3);
    assert.equal(await servedPapers(index), 5);
  });

  it('leaves the papers of files that are gone, and says so, unless they are to be pruned', async (t) => {
    const { index, folder, start } = await scene(t);
    jsonFile(folder, papersFrom(0, 3), 'a.jsonl');
    jsonFile(folder, papersFrom(3, 1), 'b.jsonl');
    const syncing = start([folder]);
    await syncing.shows(/Watching/);
    await rm(join(folder, 'b.jsonl'));
    await syncing.shows(/Files are gone\. Their papers stay: --prune would remove them\./);
    assert.equal(syncing.count(IMPORTING), 1);
    assert.equal(await servedPapers(index), 4);
  });

  it('waits for files in an empty folder', async (t) => {
    const { index, folder, start } = await scene(t);
    const syncing = start([folder]);
    await syncing.shows(/No files in .*papers\.\n.*Watching 1 folder/);
    jsonFile(folder, papersFrom(0, 3));
    await syncing.shows(IMPORTING);
    assert.equal(await servedPapers(index), 3);
    assert.equal(syncing.stderr.match(FAILED), null);
  });

  it('makes a pass at once on SIGHUP, though nothing has changed', async (t) => {
    const { folder, start } = await scene(t);
    const syncing = start([jsonFile(folder, papersFrom(0, 3))]);
    await syncing.shows(/Watching/);
    syncing.ask();
    await syncing.shows(/Watching/, 2);
    assert.equal(syncing.count(IMPORTING), 2);
    assert.match(syncing.stdout, /Nothing changed/);
  });
});

describe('a pass that fails', () => {
  it('for the lock of another writer is tried again after 5 s, then twice as long, at most 5 minutes', async (t) => {
    const { index, folder, start } = await scene(t);
    await mkdir(index);
    const lock = lockForWriting(index, 'nearpaper build');
    t.after(() => lock.release());
    const syncing = start([jsonFile(folder, papersFrom(0, 3))], { every: '7d' });
    await syncing.shows(/Failed: Another process is writing .* Tried again in 5 s, or every 7d\./);
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      waits.push(syncing.clock.left / 1000);
      await syncing.clock.advance(syncing.clock.left);
    }
    assert.deepEqual(waits, [5, 10, 20, 40, 80, 160, 300, 300]);
    assert.equal(syncing.count(FAILED), 9);
    lock.release();
    await syncing.clock.advance(syncing.clock.left);
    await syncing.shows(/Looking every/);
    assert.equal(await servedPapers(index), 3);
    assert.ok(syncing.clock.left > 6 * 24 * 60 * MINUTE, 'nothing is tried again any more');
  });

  it('for its files leaves the index as it was, and is tried again when they change, not before', async (t) => {
    const { index, folder, start } = await scene(t);
    const file = jsonFile(folder, papersFrom(0, 3));
    const syncing = start([file], { strict: true });
    await syncing.shows(/Watching/);
    const current = readFileSync(join(index, 'CURRENT'), 'utf8');
    await appendFile(file, 'no record\n');
    await syncing.shows(/Failed: .*line 4: .* Tried again when a file changes\./);
    for (let i = 0; i < 3; i++) await syncing.clock.advance(MINUTE);
    assert.equal(syncing.count(FAILED), 1);
    assert.equal(readFileSync(join(index, 'CURRENT'), 'utf8'), current);
    jsonFile(folder, papersFrom(0, 5));
    await syncing.shows(/Watching/, 2);
    assert.equal(await servedPapers(index), 5);
  });

  it('for a folder that is gone prunes nothing, and follows the folder again when it is back', async (t) => {
    const { index, folder, start } = await scene(t);
    jsonFile(folder, papersFrom(0, 3));
    const syncing = start([folder], { prune: true, force: true });
    await syncing.shows(/Watching/);
    await rename(folder, `${folder}-away`);
    await syncing.shows(
      /Failed: Cannot look at the files: ENOENT.* Tried again in 5 s, or when a file changes\./,
    );
    await mkdir(folder);
    jsonFile(folder, papersFrom(0, 4));
    await syncing.clock.advance(syncing.clock.left);
    await syncing.shows(/Watching/, 2);
    assert.equal(await servedPapers(index), 4);
    // By an event of the new folder.
    jsonFile(folder, papersFrom(0, 2));
    await syncing.shows(/Watching/, 3);
    assert.equal(await servedPapers(index), 2);
  });
});

describe('a file that the system does not let be read', () => {
  const skip = process.platform !== 'linux' && 'only Linux has a file that nobody may read';

  it('costs the others nothing, and is tried again by itself', { skip }, async (t) => {
    const { index, folder, start } = await scene(t);
    jsonFile(folder, papersFrom(0, 3), 'a.jsonl');
    const link = join(folder, 'b.jsonl');
    // Not even by root.
    await symlink('/proc/sys/vm/compact_memory', link);
    const syncing = start([folder]);
    await syncing.shows(/Failed: Not all could be read: .*b\.jsonl.* Tried again in 5 s/);
    assert.equal(await servedPapers(index), 3);
    await syncing.clock.advance(syncing.clock.left);
    await syncing.shows(/Tried again in 10 s/);
    await rm(link);
    jsonFile(folder, papersFrom(3, 1), 'b.jsonl');
    await syncing.clock.advance(syncing.clock.left);
    await syncing.shows(/Watching/);
    assert.equal(await servedPapers(index), 4);
  });
});

describe('a file whose permissions change', () => {
  it('is another one: what could not be read may be readable now', async (t) => {
    const { folder, start } = await scene(t);
    const file = jsonFile(folder, papersFrom(0, 3));
    const syncing = start([folder]);
    await syncing.shows(/Watching/);
    await chmod(file, 0o600);
    await syncing.clock.advance(MINUTE);
    await syncing.shows(/Importing 1 file \(1 changed\)[\s\S]*Watching/);
  });
});

describe('a link to a folder', () => {
  it('is neither watched nor read', async (t) => {
    const { index, folder, start } = await scene(t);
    jsonFile(folder, papersFrom(0, 3), 'a.jsonl');
    const elsewhere = await temporaryFolder(t);
    jsonFile(elsewhere, papersFrom(3, 3));
    await symlink(elsewhere, join(folder, 'link'));
    const syncing = start([folder]);
    await syncing.shows(/Watching/);
    assert.equal(await servedPapers(index), 3);
  });
});

describe('a folder that is gone', () => {
  it('is told once, whatever events come of others, until it is tried again', async (t) => {
    const { folder, start } = await scene(t);
    const other = join(folder, '..', 'other');
    await mkdir(other);
    const syncing = start([jsonFile(folder, papersFrom(0, 3)), other]);
    await syncing.shows(/Watching/);
    await rename(folder, `${folder}-away`);
    await syncing.clock.advance(MINUTE);
    await syncing.shows(FAILED);
    const { waits } = syncing.clock;
    const failures = syncing.count(FAILED);
    jsonFile(other, papersFrom(3, 1));
    await until('the look that the event asks for', () => syncing.clock.waits > waits);
    assert.equal(syncing.count(FAILED), failures);
    await syncing.clock.advance(syncing.clock.left);
    assert.equal(syncing.count(FAILED), failures + 1);
    await rename(`${folder}-away`, folder);
    await rm(join(other, 'papers.jsonl'));
    await syncing.clock.advance(syncing.clock.left);
    await syncing.shows(/The files are as they were imported\. Watching 1 folder and 1 file; Ctrl-C ends\./);
  });
});

describe('nearpaper sync that is stopped', () => {
  it('between passes, or while it waits for a file, ends with 0', async (t) => {
    const { folder, start } = await scene(t);
    const file = jsonFile(folder, papersFrom(0, 3));
    const atOnce = start([file]);
    atOnce.stop();
    assert.equal(await atOnce.ended, 0);
    const settling = start([file]);
    settling.clock.onSettling = async () => settling.stop();
    assert.equal(await settling.ended, 0);
    assert.equal(settling.count(IMPORTING), 0);
    const idle = start([file]);
    await idle.shows(/Watching/);
    idle.stop();
    assert.equal(await idle.ended, 0);
  });

  it('while it waits to try again ends with 0', async (t) => {
    const { folder, start } = await scene(t);
    jsonFile(folder, papersFrom(0, 3));
    const syncing = start([folder]);
    await syncing.shows(/Watching/);
    await rm(folder, { recursive: true });
    await syncing.shows(FAILED);
    syncing.stop();
    assert.equal(await syncing.ended, 0);
  });

  it('within a pass ends as a build does', async (t) => {
    const { folder, start } = await scene(t);
    const syncing = start([jsonFile(folder, papersFrom(0, 3))]);
    syncing.onOutput = (text) => {
      if (/^Read /m.test(text)) syncing.stop();
    };
    await assert.rejects(syncing.ended, failure('cancelled', /./));
  });
});

describe('nearpaper sync --prune', () => {
  it('prunes nothing while one of the folders is empty, as one that is not mounted, even with --force', async (t) => {
    const { index, folder, start } = await scene(t);
    const other = join(folder, '..', 'other');
    await mkdir(other);
    jsonFile(folder, papersFrom(0, 3));
    jsonFile(other, papersFrom(3, 1));
    const syncing = start([folder, other], { prune: true, force: true, every: '1m' });
    await syncing.shows(/Looking/);
    assert.equal(await servedPapers(index), 4);
    await rm(join(other, 'papers.jsonl'));
    await syncing.clock.advance(MINUTE);
    assert.match(syncing.stdout, /No files in .*other\. Nothing is pruned while that is so/);
    assert.equal(await servedPapers(index), 4);
    await rm(join(folder, 'papers.jsonl'));
    await syncing.clock.advance(MINUTE);
    assert.equal(await servedPapers(index), 4);
    jsonFile(other, papersFrom(4, 1));
    jsonFile(folder, papersFrom(0, 3));
    await syncing.clock.advance(MINUTE);
    assert.equal(await servedPapers(index), 4);
    assert.match(syncing.stdout, /1 added, 0 changed, 1 removed/);
  });
});

describe('the command nearpaper sync', () => {
  it('ends with 0 on SIGINT and SIGTERM between passes', async (t) => {
    const cwd = await temporaryFolder(t);
    const file = jsonFile(cwd, papersFrom(0, 3));
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const syncing = startCommand(t, ['sync', file], { cwd, env: SERVE_ENV });
      await syncing.shows('stdout', /Watching 1 file; Ctrl-C ends\./);
      syncing.kill(signal);
      const { code, stderr } = await syncing.finished;
      assert.equal(code, 0, stderr);
    }
  });

  it('ends as a build does on SIGTERM within a pass, and the next start resumes', async (t) => {
    const cwd = await temporaryFolder(t);
    const syncing = startCommand(t, ['sync', SAMPLE_PAGE], { cwd, env: SERVE_ENV });
    await syncing.shows('stderr', /Embedding 32 of 47/);
    syncing.kill('SIGTERM');
    const { code, stderr } = await syncing.finished;
    assert.equal(code, 143);
    assert.match(stderr, /Stopped\. What was embedded is kept/);
    const again = startCommand(t, ['sync', SAMPLE_PAGE], { cwd, env: SERVE_ENV });
    await again.shows('stdout', /Watching/);
    assert.match(again.stderr, /Resuming/);
  });

  it('refuses wrong use before it begins, with the exit code of a build', async (t) => {
    const cwd = await temporaryFolder(t);
    const file = jsonFile(cwd, papersFrom(0, 1));
    const refused: [args: string[], code: number, told: RegExp][] = [
      [[], 2, /missing required argument 'names'/],
      [[file, '--evry', '1m'], 2, /unknown option '--evry'/],
      [[file, '--every', '1m', '--watch'], 2, /one of --watch and --every/],
      [[file, '--every', '15'], 2, /--every takes a time from 1s to 7d, .* not "15"/],
      [[file, '--format', 'xlsx'], 2, /xlsx/],
      [['-'], 2, /`nearpaper build -` reads it/],
      [[file, 'absent.jsonl'], 1, /Cannot read absent\.jsonl: ENOENT/],
      [['.', '--index', './index'], 2, /The index .* lies in \., so each import would begin another/],
      [[file, '--model', 'no-such-model'], 1, /no-such-model/],
    ];
    for (const [args, code, told] of refused) {
      const { code: found, stderr } = await runCommand(['sync', ...args], { cwd, env: SERVE_ENV });
      assert.match(stderr, told);
      assert.equal(found, code, stderr);
    }
  });
});

describe('a duration', () => {
  it('is a whole number of seconds, minutes, hours or days, from 1s to 7d', () => {
    const given = ['1s', '30s', '15m', '1h', '7d'];
    assert.deepEqual(given.map(parseDuration), [1000, 30_000, 900_000, 3_600_000, 604_800_000]);
    for (const text of ['', '0s', '8d', '169h', '1.5h', '-1m', '1 m', '1M', '1w', 'm', '15', '1e3s', '1s\n'])
      assert.equal(parseDuration(text), null, JSON.stringify(text));
  });
});
