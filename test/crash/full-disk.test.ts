/** A disk that becomes full, or is read-only, under a service that takes changes. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { failure, jsonFile, papersFrom, runBuild, runCommand, temporaryFolder } from '../build/building.js';
import { assertProblem } from '../support/problems.js';
import { serveIndex, type TestService } from '../support/service.js';
import { free, leaveFree, makeReadOnly, withDisk } from '../support/small-disk.js';
import type { CleanUp } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const adminKey = 'crash-campaign-admin-key';
/** What the disk has to say, and what is to be done. */
const FULL =
  /(no space left|disk is full|disk I\/O error|did not write all of it).*free (some|the)? ?space/is;
const LONG = 'Words that make a paper of some size. '.repeat(40);

const paperNumber = (n: number) => ({ title: `Live paper ${n}`, abstract: `${LONG} Number ${n}.` });

/** Things to be ended before the disk goes, the last one first. */
async function ending(work: (scope: CleanUp) => Promise<void>): Promise<void> {
  const ends: (() => Promise<void> | void)[] = [];
  try {
    await work({ after: (end) => void ends.push(end) });
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

const put = (service: TestService, n: number) =>
  service.http.put(`/v1/papers/live-${n}`).set('Authorization', `Bearer ${adminKey}`).send(paperNumber(n));

async function statusOf(service: TestService) {
  const { body } = await service.http
    .get('/v1/admin/status')
    .set('Authorization', `Bearer ${adminKey}`)
    .expect(200);
  return body;
}

/** Asks for a rebuild and resolves to how it ended. */
async function rebuild(service: TestService): Promise<{ state: string; code?: string; detail?: string }> {
  await service.http.post('/v1/admin/rebuild').set('Authorization', `Bearer ${adminKey}`).expect(202);
  await until(
    'the end of the rebuild',
    async () => (await statusOf(service)).rebuild.state !== 'running',
    60,
  );
  return (await statusOf(service)).rebuild;
}

/** The base, and exactly these live papers, are served, and found. */
async function assertServed(service: TestService, live: ReadonlySet<number>, refused: ReadonlySet<number>) {
  await service.http.get('/v1/papers/p3').expect(200);
  const found = await service.http.get('/v1/search?q=Study+3+of+speech&limit=1').expect(200);
  assert.equal(found.body.results[0].paper.id, 'p3');
  for (const n of live) {
    const { body } = await service.http.get(`/v1/papers/live-${n}`).expect(200);
    assert.equal(body.title, `Live paper ${n}`);
  }
  for (const n of refused) if (!live.has(n)) await service.http.get(`/v1/papers/live-${n}`).expect(404);
}

async function indexOn(disk: string, t: TestContext): Promise<string> {
  const index = join(disk, 'index');
  await runBuild(index, [jsonFile(temporaryFolder(t), papersFrom(0, 5))]);
  return index;
}

describe('a full disk under a service that takes changes', () => {
  it('refuses writes with 507 and goes on; with space again all is there, also after a restart', async (t) => {
    await withDisk(t, '6m', async (disk) => {
      const index = await indexOn(disk, t);
      const live = new Set<number>();
      const refused = new Set<number>();
      await ending(async (scope) => {
        const service = await serveIndex(scope, index, { adminKey });
        let n = 0;
        for (const room of [0, 4096, 12_288, 40_960]) {
          leaveFree(disk, room);
          for (let tries = 0; tries < 40 && refused.size < 3; tries++) {
            const reply = await put(service, ++n);
            if (reply.status === 201) {
              live.add(n);
              continue;
            }
            assert.match(assertProblem(reply, 'storage_failed').detail, FULL);
            refused.add(n);
          }
          assert.ok(refused.size > 0, `${room} bytes of room never ran out`);
          await assertServed(service, live, refused);
          free(disk);
          for (const again of refused) {
            await put(service, again).expect(201);
            live.add(again);
          }
          refused.clear();
          await assertServed(service, live, refused);
        }
      });
      await ending(async (scope) => {
        await assertServed(await serveIndex(scope, index, { adminKey }), live, refused);
      });
    });
  });

  it('fails a rebuild at whatever step, says so, and the next one works', async (t) => {
    await withDisk(t, '6m', async (disk) => {
      const index = await indexOn(disk, t);
      await ending(async (scope) => {
        const service = await serveIndex(scope, index, { adminKey });
        const live = new Set<number>();
        for (let n = 1; n <= 30; n++) {
          await put(service, n).expect(201);
          live.add(n);
        }
        for (const room of [0, 32, 96, 160, 224].map((kib) => kib * 1024)) {
          leaveFree(disk, room);
          const { state, code, detail } = await rebuild(service);
          if (state === 'failed') {
            assert.equal(code, 'index_unwritable', detail);
            assert.match(detail ?? '', FULL);
          } else assert.ok(room > 0, 'a rebuild needs no room');
          await assertServed(service, live, new Set());
        }
        free(disk);
        assert.equal((await rebuild(service)).state, 'idle');
        assert.equal((await statusOf(service)).changes.pending, 0);
        await assertServed(service, live, new Set());
        await put(service, 31).expect(201);
      });
    });
  });

  it('fails a backup, which leaves nothing that could be taken for one', async (t) => {
    const index = join(temporaryFolder(t), 'index');
    await runBuild(index, [jsonFile(temporaryFolder(t), papersFrom(0, 40))]);
    await withDisk(t, '1m', async (disk) => {
      for (const room of [0, 64, 128].map((kib) => kib * 1024)) {
        leaveFree(disk, room);
        const target = join(disk, `backup-${room}`);
        const { code, stderr } = await runCommand(['backup', target, '--index', index]);
        assert.equal(code, 1, `${room} bytes were enough`);
        assert.match(stderr, /no space left|disk is full/i);
        assert.ok(!existsSync(join(target, 'CURRENT')), 'it looks like a backup');
      }
      free(disk);
      const { code, stderr } = await runCommand(['backup', join(disk, 'backup'), '--index', index]);
      assert.equal(code, 0, stderr);
    });
  });
});

describe('a read-only disk', () => {
  it('is served with its changes; with an admin key the refusal names NEARPAPER_READ_ONLY', async (t) => {
    await withDisk(t, '6m', async (disk) => {
      const index = await indexOn(disk, t);
      await ending(async (scope) => {
        const service = await serveIndex(scope, index, { adminKey });
        for (const n of [1, 2]) await put(service, n).expect(201);
      });
      await makeReadOnly(disk);
      const live = new Set([1, 2]);
      await assert.rejects(
        ending(async (scope) => void (await serveIndex(scope, index, { adminKey }))),
        failure('index_unwritable', /NEARPAPER_READ_ONLY/),
      );
      for (const settings of [{}, { adminKey, readOnly: true }]) {
        await ending(async (scope) => {
          const service = await serveIndex(scope, index, settings);
          await assertServed(service, live, new Set([3]));
          assertProblem(await put(service, 3), 'writes_off');
        });
      }
    });
  });
});
