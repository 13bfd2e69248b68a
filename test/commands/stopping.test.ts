/** What may hang while a command starts or ends, and that it can be stopped all the same. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import { ANNOUNCE_HANDLERS, runCommand, SERVE_ENV, startCommand } from '../support/command.js';
import { indexOf, SAMPLE_PAGE } from '../support/corpus.js';
import { openSocket, write } from '../support/raw-http.js';
import { afterFile, temporaryFolder } from '../support/temporary-folder.js';

const file = afterFile();
let index: string;
before(async () => {
  index = await indexOf(file);
});

/** An environment in which the hub is one on this machine that never answers; `asked` resolves once it is asked. */
async function silentHub(t: TestContext) {
  const server = createServer();
  const asked = once(server, 'request');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const redirect = `
    const { fetch } = globalThis;
    globalThis.fetch = (url, options) =>
      fetch(String(url).replace('https://huggingface.co', 'http://127.0.0.1:${address.port}'), options);`;
  const env = {
    ...SERVE_ENV,
    NEARPAPER_ALLOW_DOWNLOAD: 'yes',
    NEARPAPER_CACHE: await temporaryFolder(t),
    NEARPAPER_MODEL: 'someone/some-model',
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(redirect)}`,
  };
  return { env, asked };
}

describe('a hub that never answers', () => {
  it('does not hold a build that is stopped by Ctrl-C, nor its lock', async (t) => {
    const cwd = await temporaryFolder(t);
    const { env, asked } = await silentHub(t);
    const building = startCommand(t, ['build', SAMPLE_PAGE], { cwd, env });
    await asked;
    building.kill('SIGINT');
    const { code, stderr } = await building.finished;
    assert.equal(code, 130, stderr);
    assert.deepEqual(await readdir(join(env.NEARPAPER_CACHE, 'someone')), []);
    assert.ok(!(await readdir(join(cwd, 'index-data'))).includes('writer.json'));
  });

  it('does not hold a service that is told to stop while it starts', async (t) => {
    const { env, asked } = await silentHub(t);
    const service = startCommand(t, ['serve', '--index', index], { cwd: index, env });
    await asked;
    service.kill('SIGTERM');
    const { code, stderr } = await service.finished;
    assert.deepEqual([code, stderr], [0, '']);
  });
});

describe('a second signal', () => {
  for (const second of ['SIGTERM', 'SIGINT'] as const) {
    it(`${second} ends at once what the first did not`, async (t) => {
      const env = { ...SERVE_ENV, NEARPAPER_SHUTDOWN_MS: '600000' };
      const service = startCommand(t, ['serve', '--index', index], { cwd: index, env });
      const socket = await openSocket(Number(new URL(await service.ready()).port));
      t.after(() => void socket.destroy());
      socket.on('error', () => undefined);
      // A request that never ends holds the stop for as long as the settings allow.
      await write(socket, 'POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n');
      await write(socket, 'Content-Length: 100\r\n\r\n{');
      service.kill('SIGTERM');
      await service.shows('stdout', /stopping/);
      // One that comes right after the first is the same wish.
      service.kill(second);
      await after(600);
      assert.equal(service.child.exitCode ?? service.child.signalCode, null);
      service.kill(second);
      // What a shell reports as 128 + n.
      assert.equal((await service.finished).signal, second);
    });
  }

  it('while texts are embedded ends it cleanly by that signal, not by an abort inside the model', async (t) => {
    const env = {
      ...SERVE_ENV,
      NEARPAPER_SHUTDOWN_MS: '600000',
      NEARPAPER_DEADLINE_MS: '600000',
      NEARPAPER_QUEUE: '1000',
    };
    const service = startCommand(t, ['serve', '--index', index], { cwd: index, env });
    const url = await service.ready();
    const body = JSON.stringify({ q: 'the reasoning of language models '.repeat(100) });
    const headers = { 'Content-Type': 'application/json' };
    const searches = Array.from({ length: 300 }, () =>
      fetch(`${url}/v1/search`, { method: 'POST', headers, body }).then(
        (response) => response.text(),
        () => 'cut',
      ),
    );
    await Promise.race(searches);
    service.kill('SIGTERM');
    await after(600);
    service.kill('SIGTERM');
    const { signal, stderr } = await service.finished;
    assert.deepEqual([signal, stderr], ['SIGTERM', '']);
    await Promise.allSettled(searches);
  });

  it('that comes with the first, as npm passes Ctrl-C on a second time, is the same wish', async (t) => {
    const cwd = await temporaryFolder(t);
    const building = startCommand(t, ['build', SAMPLE_PAGE], { cwd, env: SERVE_ENV });
    await building.shows('stderr', /Embedding 32 of 47/);
    building.kill('SIGINT');
    building.kill('SIGINT');
    const { code, signal } = await building.finished;
    assert.deepEqual([code, signal], [130, null]);
  });
});

describe('SIGHUP before the service is ready', () => {
  it('is not lost: the service looks again once it is ready', async (t) => {
    const env = { ...SERVE_ENV, NODE_OPTIONS: ANNOUNCE_HANDLERS };
    const service = startCommand(t, ['serve', '--index', index], { cwd: index, env });
    await service.shows('stderr', /handlers in place/);
    service.kill('SIGHUP');
    await service.ready();
    await service.shows('stdout', /reload: this generation is served already/);
  });
});

describe('a .env in the working folder', () => {
  const info = (cwd: string) => runCommand(['info', '--json'], { cwd });

  it('that is a folder, as of a virtual environment of Python, does not matter', async (t) => {
    const cwd = await temporaryFolder(t);
    await mkdir(join(cwd, '.env'));
    const { code, stderr } = await info(cwd);
    assert.equal(code, 1);
    assert.match(stderr, /^nearpaper: There is no index/);
  });

  it('gives settings, and the environment wins over it', async (t) => {
    const cwd = await temporaryFolder(t);
    await writeFile(join(cwd, '.env'), `# mine\nNEARPAPER_INDEX="${index}"\nLOG_LEVEL=info\n`);
    assert.equal((await info(cwd)).code, 0);
    const env = { NEARPAPER_INDEX: join(cwd, 'elsewhere') };
    assert.match((await runCommand(['info'], { cwd, env })).stderr, /elsewhere/);
  });

  it('that cannot be read, or is not text, exits 2 with a sentence', async (t) => {
    const unreadable = await temporaryFolder(t);
    // A link to itself: nobody can read it, root included.
    await symlink('.env', join(unreadable, '.env'));
    const malformed = await temporaryFolder(t);
    await writeFile(join(malformed, '.env'), Buffer.from('\ufeffPORT=1\n', 'utf16le'));
    for (const cwd of [unreadable, malformed]) {
      const { code, stdout, stderr } = await info(cwd);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, /^nearpaper: The settings file \.env .* cannot be read: .*\n$/);
    }
  });
});
