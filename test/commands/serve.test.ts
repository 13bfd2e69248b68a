/** `serve` and `start`: what they need, what they refuse, and what becomes of the sample. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { runCommand, SERVE_ENV, startCommand } from '../support/command.js';
import { indexOf, THREE_PAPERS, writePapers } from '../support/corpus.js';
import { afterFile, temporaryFolder } from '../support/temporary-folder.js';

const file = afterFile();
let index: string;
before(async () => {
  index = await indexOf(file);
});

const getJson = async (url: string) => JSON.parse(await (await fetch(url)).text());

describe('nearpaper serve', () => {
  it('without an index exits 1, names the commands that make one, and builds nothing', async (t) => {
    const cwd = await temporaryFolder(t);
    const { code, stderr } = await runCommand(['serve'], { cwd, env: SERVE_ENV });
    assert.equal(code, 1);
    assert.match(stderr, /There is no index in .*`nearpaper build <file>`.*`nearpaper start`/);
    assert.deepEqual(await readdir(cwd), []);
  });

  it('on a port that is taken exits 1 and says how to choose another', async (t) => {
    const holder = createServer().listen(0, '127.0.0.1');
    t.after(() => void holder.close());
    await once(holder, 'listening');
    const address = holder.address();
    const port = String(typeof address === 'object' && address !== null ? address.port : 0);
    const { code, stderr } = await runCommand(['serve', '--index', index, '--port', port], { cwd: index });
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`Port ${port} on 127.0.0.1 is taken.*PORT \\(or --port\\)`));
  });

  it('on an address that is not of this machine exits 2 and says so', async () => {
    const { code, stderr } = await runCommand(['serve', '--index', index, '--host', '192.0.2.1'], {
      cwd: index,
      env: SERVE_ENV,
    });
    assert.match(stderr, /Cannot listen on 192\.0\.2\.1/);
    assert.equal(code, 2);
  });

  it('is told its settings by flags, over the environment', async (t) => {
    const env = { PORT: '1', LOG_LEVEL: 'silent', NEARPAPER_INDEX: join(index, 'none') };
    const flags = ['--port', '0', '--log-level', 'info', '--index', index, '--host', 'localhost'];
    const service = startCommand(t, ['serve', ...flags], { cwd: index, env });
    const url = await service.ready();
    assert.match(url, /^http:\/\/localhost:\d+$/);
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
  });

  it('writes nothing but JSON lines to standard output, and nothing into the index', async (t) => {
    const before = await readdir(index);
    const service = startCommand(t, ['serve', '--index', index], { cwd: index, env: SERVE_ENV });
    const url = await service.ready();
    await fetch(`${url}/v1/search?q=rewards`);
    await service.shows('stdout', /"msg":"request"/);
    service.kill('SIGTERM');
    const { code, stdout, stderr } = await service.finished;
    assert.equal(code, 0);
    assert.equal(stderr, '');
    for (const line of stdout.trimEnd().split('\n')) assert.equal(typeof JSON.parse(line).msg, 'string');
    assert.deepEqual(await readdir(index), before);
  });
});

describe('an index of another model than the one that is set', () => {
  it('is refused with the command that mends it, and that command mends it', async (t) => {
    const cwd = await indexOf(t);
    const env = { ...SERVE_ENV, NEARPAPER_MODEL: 'bge-small-en-v1.5' };
    const refused = await runCommand(['serve', '--index', cwd], { cwd, env });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /built with all-MiniLM-L6-v2 .*Unset NEARPAPER_MODEL/);
    const mend = /`nearpaper (build --model \S+)`/.exec(refused.stderr)?.[1] ?? '';
    assert.equal(mend, 'build --model bge-small-en-v1.5');
    const search = await runCommand(['search', 'x', '--index', cwd], { cwd, env });
    assert.equal(search.code, 1);
    assert.match(search.stderr, /build --model bge-small-en-v1\.5/);

    const mended = await runCommand([...mend.split(' '), '--index', cwd, '--json'], { cwd });
    assert.equal(mended.code, 0, mended.stderr);
    assert.equal(JSON.parse(mended.stdout).embedded, 3);
    const service = startCommand(t, ['serve', '--index', cwd], { cwd, env });
    const answer = await getJson(`${await service.ready()}/v1/search?q=galaxies&limit=1`);
    assert.equal(answer.index.model, 'bge-small-en-v1.5');
    assert.equal(answer.results[0].paper.id, 'arXiv:2401.00002');
    // Where none is set, it is the index's own.
    const unset = await runCommand(['search', 'galaxies', '-n', '1', '--json', '--index', cwd], { cwd });
    assert.deepEqual(JSON.parse(unset.stdout), answer);
  });
});

describe('nearpaper start', () => {
  it("builds the marked sample where there is nothing; a user's build replaces it and says so", async (t) => {
    const cwd = await temporaryFolder(t);
    const service = startCommand(t, ['start'], { cwd, env: SERVE_ENV });
    const url = await service.ready();
    assert.match(service.stderr, /No index in .*: building the sample corpus\./);
    const sample = await getJson(`${url}/v1/info`);
    assert.deepEqual([sample.papers, sample.sample], [47, true]);
    assert.match(
      (await runCommand(['info'], { cwd })).stdout,
      /the sample corpus; your first build replaces it/,
    );

    const input = await writePapers(join(cwd, 'mine.jsonl'), THREE_PAPERS);
    const built = await runCommand(['build', input], { cwd });
    assert.equal(built.code, 0);
    assert.match(built.stderr, /Your papers replace the sample corpus\./);
    assert.match(built.stdout, /SIGHUP/);
    assert.equal((await getJson(`${url}/v1/info`)).papers, 47);

    service.kill('SIGHUP');
    await service.shows('stdout', /serving the new generation/);
    const mine = await getJson(`${url}/v1/info`);
    assert.deepEqual([mine.papers, mine.sample], [3, false]);
    service.kill('SIGTERM');
    assert.equal((await service.finished).code, 0);

    const again = startCommand(t, ['start'], { cwd, env: SERVE_ENV });
    assert.equal((await getJson(`${await again.ready()}/v1/info`)).papers, 3);
    assert.doesNotMatch(again.stderr, /sample/);
  });
});
