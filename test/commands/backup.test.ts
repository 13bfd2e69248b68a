/** `backup` and `restore`: whole copies of what is published, with every acknowledged change. */
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { backUp } from '../../src/generations/backup.js';
import { lockForWriting } from '../../src/generations/lock.js';
import { restore } from '../../src/generations/restore.js';
import { openJournal } from '../../src/papers/journal.js';
import { runCommand, SERVE_ENV, startCommand } from '../support/command.js';
import { indexOf } from '../support/corpus.js';
import { afterFile, temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { ADDED, append, changeThreePapers, journalIn, someVector } from './pending-changes.js';

const file = afterFile();
/** An index of three papers with two changes. */
let index: string;
before(async () => {
  index = await indexOf(file);
  await changeThreePapers(index);
});

const signal = new AbortController().signal;
const AFTER_CHANGES = ['arXiv:2401.00001', 'arXiv:2401.00003', 'added'];

async function copyOfIndex(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t);
  await cp(index, folder, { recursive: true });
  return folder;
}

const run = (args: string[], cwd: string) => runCommand(args, { cwd });

async function idsIn(folder: string): Promise<string[]> {
  const { stdout, stderr } = await run(['papers', '--all', '--json', '--index', folder], folder);
  assert.equal(stderr, '');
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).id);
}

const currentOf = (folder: string) => readFileSync(join(folder, 'CURRENT'), 'utf8').trim();

/** In a text that the file holds, or else in its middle: half of a small journal is room for more. */
async function flipBit(path: string, text?: string): Promise<void> {
  const bytes = await readFile(path);
  const place = text === undefined ? bytes.length >> 1 : bytes.indexOf(text);
  bytes.writeUInt8(bytes.readUInt8(place) ^ 4, place);
  await writeFile(path, bytes);
}

describe('nearpaper backup', () => {
  it('makes a folder that answers as the index does, changes included, and that verify finds sound', async (t) => {
    const target = join(await temporaryFolder(t), 'backup');
    const { code, stdout, stderr } = await run(['backup', target, '--index', index], index);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^Backed up to .*backup: g000001-\w{8}, 3 papers, 2 changes since; /);
    assert.deepEqual(await idsIn(target), AFTER_CHANGES);
    const verified = await run(['verify', target], index);
    assert.equal(verified.code, 0, verified.stdout);
  });

  it('holds the generation, its journal and CURRENT, and nothing else', async (t) => {
    const target = join(await temporaryFolder(t), 'backup');
    await run(['backup', target, '--index', index], index);
    const generation = currentOf(index);
    const { path } = await journalIn(index);
    const names = ['CURRENT', path.split('/').at(-1) ?? '', generation];
    assert.deepEqual((await readdir(target)).toSorted(), names.toSorted());
    for (const name of await readdir(join(index, generation))) {
      const of = (folder: string) => readFile(join(folder, generation, name));
      assert.deepEqual(await of(target), await of(index), name);
    }
  });

  it('with --json reports what was copied', async (t) => {
    const target = join(await temporaryFolder(t), 'backup');
    const { stdout } = await run(['backup', target, '--index', index, '--json'], index);
    const { bytes, seconds, ...report } = JSON.parse(stdout);
    assert.deepEqual(report, { folder: target, generation: currentOf(index), papers: 3, changes: 2 });
    assert.ok(bytes > 10_000 && seconds > 0);
  });

  it('takes an empty folder, and refuses one that is not, or lies in the index', async (t) => {
    const cwd = await temporaryFolder(t);
    await mkdir(join(cwd, 'empty'));
    assert.equal((await run(['backup', 'empty', '--index', index], cwd)).code, 0);
    for (const target of ['empty', index, join(index, 'inside')]) {
      const { code, stderr } = await run(['backup', target, '--index', index], cwd);
      assert.match(
        stderr,
        /cannot be the folder of the backup: it (is not empty|lies in the folder of the index)/,
      );
      assert.equal(code, 2);
    }
    assert.deepEqual(await readdir(cwd), ['empty']);
    assert.ok(!(await readdir(index)).includes('inside'));
  });

  it('without an index says how to make one, and leaves nothing', async (t) => {
    const cwd = await temporaryFolder(t);
    const { code, stderr } = await run(['backup', 'b', '--index', join(cwd, 'none')], cwd);
    assert.match(stderr, /There is no index in/);
    assert.equal(code, 1);
    assert.deepEqual(await readdir(cwd), []);
  });

  it('of a damaged index fails, names the file, and leaves nothing', async (t) => {
    const folder = await copyOfIndex(t);
    await flipBit(join(folder, currentOf(folder), 'vectors.i16'));
    const cwd = await temporaryFolder(t);
    const { code, stderr } = await run(['backup', 'b', '--index', folder], cwd);
    assert.match(
      stderr,
      /vectors\.i16 is not the file that was published.*Nothing was backed up.*nearpaper verify/,
    );
    assert.equal(code, 1);
    assert.deepEqual(await readdir(cwd), []);
  });

  it('has no name before it is whole, and takes the place of what a killed one left', async (t) => {
    const cwd = await temporaryFolder(t);
    const target = join(cwd, 'backup');
    await mkdir(join(`${target}.partial`, 'g000001-00000000'), { recursive: true });
    const seen = new Set<string>();
    const onProgress = () => {
      for (const name of readdirSync(cwd)) seen.add(name);
    };
    await backUp(index, target, { signal, onProgress });
    assert.deepEqual([...seen], ['backup.partial']);
    assert.deepEqual(await readdir(cwd), ['backup']);
    assert.ok(!(await readdir(target)).includes('g000001-00000000'));
  });

  it('that is stopped leaves nothing', async (t) => {
    const cwd = await temporaryFolder(t);
    const stop = new AbortController();
    const stopped = backUp(index, join(cwd, 'backup'), {
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    await assert.rejects(stopped, (thrown) => thrown === stop.signal.reason);
    assert.deepEqual(await readdir(cwd), []);
  });

  it('refuses to run twice into the same folder at once', async (t) => {
    const target = join(await temporaryFolder(t), 'backup');
    let second: Promise<unknown> | undefined;
    const onProgress = () => {
      second ??= assert.rejects(backUp(index, target, { signal }), { code: 'index_locked' });
    };
    await backUp(index, target, { signal, onProgress });
    await second;
    assert.deepEqual(await idsIn(target), AFTER_CHANGES);
  });
});

/** Publishes a copy of the generation under the next name and removes the one before, all at once. */
function publishNext(folder: string): void {
  const before = currentOf(folder);
  const after = `g${String(Number(before.slice(1, 7)) + 1).padStart(6, '0')}${before.slice(7)}`;
  cpSync(join(folder, before), join(folder, after), { recursive: true });
  const manifest = JSON.parse(readFileSync(join(folder, after, 'manifest.json'), 'utf8'));
  const named = { ...manifest, generation: after, checksum: undefined };
  writeFileSync(join(folder, after, 'manifest.json'), JSON.stringify(named));
  writeFileSync(join(folder, 'CURRENT.tmp'), `${after}\n`);
  renameSync(join(folder, 'CURRENT.tmp'), join(folder, 'CURRENT'));
  rmSync(join(folder, before), { recursive: true });
}

describe('a backup while the index changes', () => {
  it('begins again when the generation is replaced and removed', async (t) => {
    const folder = await copyOfIndex(t);
    const target = join(await temporaryFolder(t), 'backup');
    let published = false;
    const onProgress = () => {
      if (!published) publishNext(folder);
      published = true;
    };
    const { generation } = await backUp(folder, target, { signal, onProgress });
    assert.match(generation, /^g000002-/);
    assert.deepEqual(await idsIn(target), AFTER_CHANGES);
    assert.deepEqual(
      (await readdir(target)).filter((name) => name.startsWith('g')),
      [generation],
    );
  });

  it('gives up when it is replaced again and again', async (t) => {
    const folder = await copyOfIndex(t);
    const cwd = await temporaryFolder(t);
    const replacing = backUp(folder, join(cwd, 'b'), { signal, onProgress: () => publishNext(folder) });
    await assert.rejects(replacing, { code: 'index_damaged' });
    assert.match(currentOf(folder), /^g00000[2-9]-|^g0000[1-9]/);
    assert.deepEqual(await readdir(cwd), []);
  });

  it('never takes a journal that lacks changes of its generation', async (t) => {
    const folder = await copyOfIndex(t);
    const journal = await journalIn(folder);
    const cwd = await temporaryFolder(t);
    const trim = () => {
      const writing = openJournal(journal.path, 'write');
      writing.trim(2);
      writing.close();
    };
    const trimmed = backUp(folder, join(cwd, 'b'), { signal, onProgress: trim });
    await assert.rejects(trimmed, {
      code: 'index_damaged',
      message: /no longer holds the changes from 1 to 2/,
    });
    assert.deepEqual(await readdir(cwd), []);
  });

  it('holds every change that was acknowledged before it took the journal', async (t) => {
    const folder = await copyOfIndex(t);
    const journal = await journalIn(folder);
    const target = join(await temporaryFolder(t), 'backup');
    let seq = 2;
    const onProgress = () => {
      seq++;
      append(journal, [{ kind: 'remove', seq, label: seq === 3 ? 1 : 99, id: `removed-${seq}` }]);
    };
    const { changes } = await backUp(folder, target, { signal, onProgress });
    assert.equal(changes, seq);
    assert.deepEqual(await idsIn(target), ['arXiv:2401.00003', 'added']);
  });
});

describe('a backup of a service that takes changes', () => {
  it('holds what was acknowledged before it began, whatever comes meanwhile; restoring waits for the service', async (t) => {
    const folder = await copyOfIndex(t);
    const key = 'a key of some length'.replaceAll(' ', '-');
    const env = { ...SERVE_ENV, NEARPAPER_ADMIN_KEY: key };
    const service = startCommand(t, ['serve', '--index', folder], { cwd: folder, env });
    const url = await service.ready();
    const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
    const put = async (id: string) => {
      const body = JSON.stringify({ title: `The paper ${id}` });
      assert.equal((await fetch(`${url}/v1/papers/${id}`, { method: 'PUT', headers, body })).status, 201);
    };
    const early = ['e1', 'e2', 'e3'];
    for (const id of early) await put(id);

    const backup = join(await temporaryFolder(t), 'b');
    let done = false;
    const backingUp = run(['backup', backup, '--index', folder], folder).finally(() => {
      done = true;
    });
    let late = 0;
    while (!done) await put(`late-${++late}`);
    const { code, stderr } = await backingUp;
    assert.equal(code, 0, stderr);
    assert.ok(late > 0);
    const held = await idsIn(backup);
    assert.deepEqual(held.slice(0, 6), [...AFTER_CHANGES, ...early]);
    // Of what came meanwhile the first ones, without a gap.
    assert.deepEqual(
      held.slice(6),
      held.slice(6).map((_, i) => `late-${i + 1}`),
    );
    assert.equal((await run(['verify', backup], folder)).code, 0);

    const refused = await run(['restore', backup, '--index', folder], folder);
    assert.match(refused.stderr, /Another process is writing .*nearpaper serve.* stop it first/);
    assert.equal(refused.code, 1);
  });
});

describe('nearpaper restore', () => {
  it('brings a backup back over an index that went on, which stays as the generation before', async (t) => {
    const folder = await copyOfIndex(t);
    const target = join(await temporaryFolder(t), 'backup');
    await run(['backup', target, '--index', folder], folder);
    const before = currentOf(folder);
    const journal = await journalIn(folder);
    append(journal, [{ kind: 'remove', seq: 3, label: 1, id: 'arXiv:2401.00001' }]);
    assert.deepEqual(await idsIn(folder), ['arXiv:2401.00003', 'added']);

    const { code, stdout, stderr } = await run(['restore', target, '--index', folder], folder);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, new RegExp(`^Replaced: ${before}, 3 papers, 3 changes since\\. It stays`));
    assert.match(
      stdout,
      new RegExp(`^Restored ${before} as g000002-\\w{8}: 3 papers and 2 changes since`, 'm'),
    );
    assert.deepEqual(await idsIn(folder), AFTER_CHANGES);
    assert.notEqual((await journalIn(folder)).path, journal.path);

    await writeFile(join(folder, 'CURRENT'), `${before}\n`);
    assert.deepEqual(await idsIn(folder), ['arXiv:2401.00003', 'added']);
  });

  it('into a folder that is not there makes an index that verify finds sound and build takes on', async (t) => {
    const cwd = await temporaryFolder(t);
    await run(['backup', 'b', '--index', index], cwd);
    const restored = await run(['restore', 'b', '--index', 'new', '--json'], cwd);
    const { seconds: _seconds, ...report } = JSON.parse(restored.stdout);
    const generation = currentOf(join(cwd, 'new'));
    assert.deepEqual(report, { generation, papers: 3, changes: 2, from: currentOf(index), replaced: null });
    const verified = await run(['verify', 'new'], cwd);
    assert.equal(verified.code, 0, verified.stdout);
    const built = await run(['build', '--index', 'new'], cwd);
    assert.equal(built.code, 0, built.stderr);
    assert.deepEqual((await idsIn(join(cwd, 'new'))).toSorted(), AFTER_CHANGES.toSorted());
  });

  for (const name of ['papers.db', 'manifest.json', 'the journal']) {
    it(`refuses a backup in which ${name} is damaged, and changes nothing`, async (t) => {
      const folder = await copyOfIndex(t);
      const backup = join(await temporaryFolder(t), 'b');
      await run(['backup', backup, '--index', folder], folder);
      const { path } = await journalIn(backup);
      await (name === 'the journal'
        ? flipBit(path, ADDED.title)
        : flipBit(join(backup, currentOf(backup), name)));
      // The lock's own file stays, as after every build.
      const namesNow = async () => (await readdir(folder)).filter((entry) => entry !== 'writer.lock');
      const before = await namesNow();
      const { code, stderr } = await run(['restore', backup, '--index', folder], folder);
      assert.match(stderr, /The backup .* is damaged, nothing was changed\./);
      assert.equal(code, 1);
      assert.deepEqual(await namesNow(), before);
    });
  }

  it('mends an index whose store or CURRENT is damaged', async (t) => {
    const backup = join(await temporaryFolder(t), 'b');
    await run(['backup', backup, '--index', index], index);
    for (const damage of ['store', 'CURRENT']) {
      const folder = await copyOfIndex(t);
      if (damage === 'store') await flipBit(join(folder, currentOf(folder), 'papers.db'));
      else await writeFile(join(folder, 'CURRENT'), 'nothing\n');
      assert.equal((await run(['verify', folder], folder)).code, 1);
      const { code, stderr } = await run(['restore', backup, '--index', folder], folder);
      assert.equal(code, 0, stderr);
      assert.deepEqual(await idsIn(folder), AFTER_CHANGES);
    }
  });

  it('refuses while another process writes the index', async (t) => {
    const folder = await copyOfIndex(t);
    const backup = join(await temporaryFolder(t), 'b');
    await run(['backup', backup, '--index', folder], folder);
    const lock = lockForWriting(folder, 'nearpaper serve');
    t.after(() => lock.release());
    const { code, stderr } = await run(['restore', backup, '--index', folder], folder);
    assert.match(stderr, /Another process is writing .*nearpaper serve/);
    assert.equal(code, 1);
  });

  it('refuses a folder without a backup, and the index itself', async (t) => {
    const cwd = await temporaryFolder(t);
    const none = await run(['restore', 'none', '--index', index], cwd);
    assert.match(none.stderr, /There is no backup in none/);
    assert.equal(none.code, 1);
    const itself = await run(['restore', index, '--index', index], cwd);
    assert.match(itself.stderr, /not a backup of it/);
    assert.equal(itself.code, 2);
  });

  it('that is stopped leaves what was published, and no trace', async (t) => {
    const folder = await copyOfIndex(t);
    const backup = join(await temporaryFolder(t), 'b');
    await backUp(folder, backup, { signal });
    const before = currentOf(folder);
    const stop = new AbortController();
    const options = { signal: stop.signal, onProgress: () => stop.abort(), verify: async () => undefined };
    await assert.rejects(restore(backup, folder, options), (thrown) => thrown === stop.signal.reason);
    assert.equal(currentOf(folder), before);
    assert.ok(!(await readdir(folder)).includes('restoring'));
  });

  it('is taken up by a running read-only service on SIGHUP', async (t) => {
    const folder = await copyOfIndex(t);
    const backup = join(await temporaryFolder(t), 'b');
    await run(['backup', backup, '--index', folder], folder);
    const journal = await journalIn(folder);
    append(journal, [
      {
        kind: 'put',
        seq: 3,
        label: 5,
        paper: { ...ADDED, id: 'later' },
        arxivVersion: null,
        vector: someVector(2),
      },
    ]);
    const service = startCommand(t, ['serve', '--index', folder], { cwd: folder, env: SERVE_ENV });
    const url = await service.ready();
    const sizeNow = async () => JSON.parse(await (await fetch(`${url}/v1/info`)).text()).papers;
    assert.equal(await sizeNow(), 4);
    assert.equal((await run(['restore', backup, '--index', folder], folder)).code, 0);
    service.kill('SIGHUP');
    await until('the restored corpus answers', async () => (await sizeNow()) === 3);
  });
});
