/** Signals, at every stage of a service's and of a build's life. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import { ANNOUNCE_HANDLERS, runCommand, SERVE_ENV, startCommand } from '../support/command.js';
import { buildIndex, indexOf, SAMPLE_PAGE, THREE_PAPERS, writePapers } from '../support/corpus.js';
import { afterFile, temporaryFolder } from '../support/temporary-folder.js';

const file = afterFile();
let index: string;
before(async () => {
  index = await indexOf(file);
});

const LONG = 'the reasoning of language models under reinforcement learning '.repeat(60);
const ANNOUNCING = { ...SERVE_ENV, NODE_OPTIONS: ANNOUNCE_HANDLERS };

describe('SIGTERM', () => {
  // From before anything is loaded until after the service is ready.
  for (const ms of [0, 50, 100, 150, 400]) {
    it(`${ms} ms after the first line of the program has run ends serve with 0`, async (t) => {
      const service = startCommand(t, ['serve', '--index', index], { cwd: index, env: ANNOUNCING });
      await service.shows('stderr', /handlers in place/);
      if (ms > 0) await after(ms);
      service.kill('SIGTERM');
      const { code, signal, stderr } = await service.finished;
      assert.deepEqual([code, signal], [0, null], stderr);
    });
  }

  it('while start builds the sample ends it with 0, and the next start resumes', async (t) => {
    const cwd = await temporaryFolder(t);
    const first = startCommand(t, ['start'], { cwd, env: SERVE_ENV });
    await first.shows('stderr', /Embedding 32 of 47/);
    first.kill('SIGTERM');
    assert.equal((await first.finished).code, 0);
    const second = startCommand(t, ['start'], { cwd, env: SERVE_ENV });
    await second.ready();
    assert.match(second.stderr, /Resuming/);
    assert.doesNotMatch(second.stderr, / 47 texts embedded/);
  });

  it('while texts are embedded lets all be answered, then ends with 0, however often it comes', async (t) => {
    const service = startCommand(t, ['serve', '--index', index], { cwd: index, env: SERVE_ENV });
    const url = await service.ready();
    const search = async () => {
      const response = await fetch(`${url}/v1/search`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ q: LONG }),
      });
      await response.text();
      return response.status;
    };
    const searches = Array.from({ length: 10 }, search);
    // With the first answer the others have arrived, and one of them is in the model.
    await Promise.race(searches);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGTERM'] as const) service.kill(signal);
    assert.deepEqual(await Promise.all(searches), Array(10).fill(200));
    assert.equal((await service.finished).code, 0);
    assert.ok(service.log().every(({ level }) => Number(level) < 50));
  });
});

describe('SIGHUP', () => {
  it('takes up the generation that was published, without losing a request', async (t) => {
    const cwd = await indexOf(t);
    const service = startCommand(t, ['serve', '--index', cwd], { cwd, env: SERVE_ENV });
    const url = await service.ready();
    const papers = [...THREE_PAPERS, { id: 'new', title: 'A new paper' }];
    await buildIndex(cwd, [await writePapers(join(cwd, 'papers.jsonl'), papers)]);
    let stop = false;
    const statuses = new Set<number>();
    const asking = (async () => {
      while (!stop) statuses.add((await fetch(`${url}/v1/search?q=rewards`)).status);
    })();
    service.kill('SIGHUP');
    await service.shows('stdout', /serving the new generation/);
    stop = true;
    await asking;
    assert.deepEqual([...statuses], [200]);
    assert.equal((await fetch(`${url}/v1/papers/new`)).status, 200);
  });

  it('followed by SIGTERM while it loads another model still ends with 0', async (t) => {
    const cwd = await indexOf(t);
    const service = startCommand(t, ['serve', '--index', cwd], { cwd, env: SERVE_ENV });
    await service.ready();
    await buildIndex(cwd, [], { model: 'bge-small-en-v1.5' });
    service.kill('SIGHUP');
    service.kill('SIGTERM');
    assert.equal((await service.finished).code, 0);
  });

  it('during the first instant kills nothing', async (t) => {
    const service = startCommand(t, ['serve', '--index', index], { cwd: index, env: ANNOUNCING });
    await service.shows('stderr', /handlers in place/);
    service.kill('SIGHUP');
    await service.ready();
    service.kill('SIGTERM');
    assert.equal((await service.finished).code, 0);
  });
});

describe('a build that is stopped', () => {
  it('by Ctrl-C exits 130, tells how to resume, leaves no index, and the same command resumes', async (t) => {
    const cwd = await temporaryFolder(t);
    const building = startCommand(t, ['build', SAMPLE_PAGE], { cwd, env: SERVE_ENV });
    await building.shows('stderr', /Embedding 32 of 47/);
    building.kill('SIGINT');
    const { code, stdout, stderr } = await building.finished;
    assert.equal(code, 130);
    assert.equal(stdout, '');
    assert.match(stderr, /Stopped\. What was embedded is kept: the same command resumes\./);
    assert.equal((await runCommand(['info'], { cwd })).code, 1);

    const resumed = await runCommand(['build', SAMPLE_PAGE, '--json'], { cwd });
    assert.equal(resumed.code, 0);
    assert.match(resumed.stderr, /Resuming: what a stopped build embedded is kept\./);
    const report = JSON.parse(resumed.stdout);
    assert.equal(report.papers, 47);
    assert.ok(report.embedded <= 15, `${report.embedded} embedded again`);
  });

  it('by SIGTERM exits 143, and leaves the index of before as it was', async (t) => {
    const cwd = await indexOf(t);
    const before = (await runCommand(['info', '--json', '--index', cwd], { cwd })).stdout;
    const building = startCommand(t, ['build', SAMPLE_PAGE, '--index', cwd], { cwd, env: SERVE_ENV });
    await building.shows('stderr', /Embedding 32 of 47/);
    building.kill('SIGTERM');
    assert.equal((await building.finished).code, 143);
    assert.equal((await runCommand(['info', '--json', '--index', cwd], { cwd })).stdout, before);
    assert.equal((await runCommand(['doctor', '--index', cwd], { cwd })).code, 0);
  });
});
