/** Two writers on one folder, and files that a newer nearpaper wrote: each is refused, and says what to do. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import Database from 'better-sqlite3';
import { lockForWriting } from '../../src/generations/lock.js';
import {
  copyOf,
  currentFolder,
  jsonFile,
  papersFrom,
  runBuild,
  runCommand,
  snapshot,
  temporaryFolder,
} from '../build/building.js';
import { changing } from '../changes/changing.js';
import { serveIndex } from '../support/service.js';
import { filesOf } from './damage.js';

const adminKey = 'crash-campaign-admin-key';
const SERVE = { PORT: '0', NEARPAPER_WORKERS: '1' };

/** Five papers, one of them a live change, and a backup of them. */
let index = '';
let backup = '';
let input = '';
const undo: (() => void | Promise<void>)[] = [];
before(async () => {
  const scope = { after: (work: () => void | Promise<void>) => void undo.push(work) };
  const folder = temporaryFolder(scope);
  index = join(folder, 'index');
  backup = join(folder, 'backup');
  input = jsonFile(folder, papersFrom(0, 5));
  await runBuild(index, [input]);
  const live = await changing(scope, index);
  await live.put({ id: 'p9', title: 'A live paper' });
  await live.stop();
  const { code, stderr } = await runCommand(['backup', backup, '--index', index]);
  assert.equal(code, 0, stderr);
});
after(async () => {
  for (const work of undo.reverse()) await work();
});

describe('a second writer beside a service that takes changes', () => {
  const seconds: [what: string, args: () => string[], environment: Record<string, string>, remedy: RegExp][] =
    [
      [
        'another such service',
        () => ['serve'],
        { ...SERVE, NEARPAPER_ADMIN_KEY: adminKey },
        /NEARPAPER_READ_ONLY=true/,
      ],
      ['a build', () => ['build', input], {}, /POST \/v1\/papers/],
      ['a build of nothing new', () => ['build'], {}, /stop it/],
      ['a restore', () => ['restore', backup], {}, /stop it/],
    ];

  it('is refused, told who holds the folder and what to do, and disturbs nothing', async (t) => {
    const folder = copyOf(index, t);
    const service = await serveIndex(t, folder, { adminKey });
    for (const [what, args, environment, remedy] of seconds) {
      const { code, stderr } = await runCommand([...args(), '--index', folder], { environment });
      assert.equal(code, 1, `${what} was let in: ${stderr}`);
      assert.match(stderr, new RegExp(`is writing .*nearpaper serve, process ${process.pid}`), what);
      assert.match(stderr, remedy, what);
      await service.http.get('/v1/papers/p9').expect(200);
    }
    const written = service.http.put('/v1/papers/p10').set('Authorization', `Bearer ${adminKey}`);
    await written.send({ title: 'Another live paper' }).expect(201);
  });

  it('is welcome when it only reads', async (t) => {
    const folder = copyOf(index, t);
    await serveIndex(t, folder, { adminKey });
    for (const settings of [{}, { adminKey, readOnly: true }]) {
      const reader = await serveIndex(t, folder, settings);
      await reader.http.get('/v1/papers/p9').expect(200);
    }
    for (const args of [['similar', 'p9'], ['verify']]) {
      const { code, stderr } = await runCommand([...args, '--index', folder]);
      assert.equal(code, 0, `${args}: ${stderr}`);
    }
  });
});

describe('a second writer beside a build', () => {
  it('is refused, whatever it is', async (t) => {
    const folder = copyOf(index, t);
    const lock = lockForWriting(folder, 'nearpaper build');
    t.after(() => lock.release());
    const before = snapshot(folder);
    const serving = { ...SERVE, NEARPAPER_ADMIN_KEY: adminKey };
    for (const [args, environment] of [
      [['serve'], serving],
      [['build', input], {}],
      [['restore', backup], {}],
    ] as const) {
      const { code, stderr } = await runCommand([...args, '--index', folder], { environment });
      assert.equal(code, 1, `${args} was let in: ${stderr}`);
      assert.match(stderr, /is writing .*nearpaper build, process \d+.* Wait until it is done/, `${args}`);
    }
    assert.deepEqual(snapshot(folder), before);
  });
});

describe('what a newer nearpaper wrote', () => {
  const newer: [what: string, change: (folder: string) => void][] = [
    [
      'the manifest',
      (folder) => writeFileSync(join(currentFolder(folder), 'manifest.json'), '{"version":99}'),
    ],
    ['the journal', (folder) => raise(join(currentFolder(folder), filesOf(folder).at(-1) ?? ''))],
    ['the store', raiseStore],
  ];
  for (const [what, change] of newer) {
    it(`is refused in ${what}, by every command, and stays as it is`, async (t) => {
      const folder = copyOf(index, t);
      change(folder);
      const before = snapshot(folder);
      const serving = { ...SERVE, NEARPAPER_ADMIN_KEY: adminKey };
      for (const [args, environment] of [
        [['serve'], SERVE],
        [['serve'], serving],
        [['build'], {}],
        [['build', input], {}],
        [['similar', 'p3'], {}],
      ] as const) {
        const { code, stderr } = await runCommand([...args, '--index', folder], { environment });
        assert.equal(code, 1, `${args} took it: ${stderr}`);
        assert.match(stderr, /newer nearpaper.*Update nearpaper/, `${args}`);
      }
      assert.deepEqual(snapshot(folder), before);
    });
  }
});

function raise(path: string): void {
  const db = new Database(path);
  db.pragma('user_version = 99');
  db.close();
}

/** With a manifest that names the store as it is then; one without a checksum of its own, as older versions wrote it. */
function raiseStore(folder: string): void {
  const path = join(currentFolder(folder), 'papers.db');
  raise(path);
  const manifest = join(currentFolder(folder), 'manifest.json');
  const { checksum: _checksum, store, ...rest } = JSON.parse(readFileSync(manifest, 'utf8'));
  writeFileSync(manifest, JSON.stringify({ ...rest, store: { ...store, sha256: shaOf(path) } }));
}

function shaOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
