/** `nearpaper fetch` as a process, against servers that answer like arXiv and Hugging Face. */
import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { dayOf } from '../../src/sources/days.js';
import { DailyPapersServer } from '../sources/daily-papers-server.js';
import { madeRecords, OaiServer } from '../sources/oai-server.js';
import { SourceServer, status } from '../sources/source-server.js';
import { runCommand, startCommand } from '../support/command.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const ENV = { NEARPAPER_WORKERS: '1' };

/** A working folder, and a server of arXiv's that gives all its records on one page. */
async function arxiv(t: TestContext, count = 3) {
  const cwd = await temporaryFolder(t);
  const server = await new OaiServer(madeRecords(count)).listen(t);
  server.pageSize = 100;
  const fetched = join(cwd, 'index-data', 'fetched');
  const args = ['fetch', 'arxiv', '--category', 'cs.CL', '--since', '2024-03-01', '--url', server.url];
  const run = async (...more: string[]) => {
    // Nothing of the wait between two runs: it is tested where time is a test's own.
    await rm(join(fetched, '.requests.json'), { force: true });
    return runCommand([...args, ...more], { cwd, env: ENV });
  };
  return { cwd, server, fetched, args, run };
}

async function titlesIn(cwd: string): Promise<string[]> {
  const { stdout } = await runCommand(['papers', '--all', '--json'], { cwd, env: ENV });
  return [...stdout.matchAll(/"title": ?"([^"]*)"/g)].map(([, title]) => title ?? '').toSorted();
}

describe('nearpaper fetch', () => {
  it('names what it fetches, and what each takes', async (t) => {
    const cwd = await temporaryFolder(t);
    const help = async (...args: string[]) => (await runCommand([...args, '--help'], { cwd })).stdout;
    assert.match(await help('fetch'), /arxiv[\s\S]*daily-papers/);
    const shared = [
      '--index',
      '--since',
      '--until',
      '--to',
      '--download-only',
      '--dry-run',
      '--model',
      '--url',
      '--json',
    ];
    const arxivHelp = await help('fetch', 'arxiv');
    const dailyHelp = await help('fetch', 'daily-papers');
    for (const flag of shared)
      for (const text of [arxivHelp, dailyHelp]) assert.match(text, new RegExp(`${flag}\\b`));
    assert.match(arxivHelp, /--category/);
    assert.match(arxivHelp, /last changed: older papers come too/);
  });

  it('says what is wrong with a command line before it asks or makes anything', async (t) => {
    const { cwd, server } = await arxiv(t);
    const url = ['--url', server.url];
    for (const [args, why] of [
      [['arxiv', ...url], /--category/],
      [['arxiv', '--category', 'biology', ...url], /no category "biology"\. Name an archive \(astro-ph, /],
      [
        ['arxiv', '--category', 'cs.CL', '--since', 'yesterday', ...url],
        /--since takes a day as YYYY-MM-DD.*"yesterday"/,
      ],
      [['arxiv', '--category', 'cs.CL', '--until', '2024-02-30', ...url], /--until takes a day/],
      [['arxiv', '--category', 'cs.CL', '--url', 'ftp://example.org'], /--url takes an address/],
      [['daily-papers', '--download-only', '--dry-run', ...url], /Take one of/],
      [['biorxiv'], /unknown command 'biorxiv'/],
    ] as const) {
      const { code, stderr } = await runCommand(['fetch', ...args], { cwd, env: ENV });
      assert.equal(code, 2, stderr);
      assert.match(stderr, why);
    }
    assert.deepEqual(await readdir(cwd), []);
    assert.equal(server.asked.length, 0);
  });

  it('arxiv makes an index of what it fetches, adds what is new, and rests when nothing is', async (t) => {
    const { cwd, server, fetched, run } = await arxiv(t);
    const first = await run();
    assert.equal(first.code, 0, first.stderr);
    assert.match(
      first.stdout,
      /^arXiv cs\.CL, since 2024-03-01: fetched 3 records on 1 page, kept in .*arxiv-cs\.CL\.\n/,
    );
    assert.match(first.stdout, /3 new, 0 changed/);
    assert.match(server.asked[0]?.userAgent ?? '', /^nearpaper\/\d+\.\d+\.\d+/);
    assert.deepEqual(await titlesIn(cwd), [
      'Paper 1 & its friends',
      'Paper 2 & its friends',
      'Paper 3 & its friends',
    ]);

    const second = await run();
    assert.deepEqual(
      [second.code, second.stdout],
      [0, 'arXiv cs.CL: nothing new since 2024-03-01.\nThe index is as it was.\n'],
    );

    server.records.push({ id: '2403.00004', datestamp: '2024-03-10', title: 'The fourth' });
    assert.match((await run()).stdout, /1 new/);
    assert.equal((await titlesIn(cwd)).length, 4);
    assert.deepEqual((await readdir(join(fetched, 'arxiv-cs.CL'))).toSorted(), [
      '.state.json',
      'page-000001.xml.gz',
      'page-000002.xml.gz',
    ]);

    // What is fetched lies in the index folder, and is in nobody's way.
    for (const args of [
      ['verify'],
      ['doctor'],
      ['build', join(fetched, 'arxiv-cs.CL')],
      ['backup', 'saved'],
    ]) {
      const { code, stdout, stderr } = await runCommand(args, { cwd, env: ENV });
      assert.equal(code, 0, stdout + stderr);
    }
    assert.ok(!(await readdir(join(cwd, 'saved'))).includes('fetched'));
  });

  it('arxiv --download-only and --dry-run leave the index alone; the next run takes the pages in', async (t) => {
    const { cwd, server, run } = await arxiv(t);
    const downloaded = await run('--download-only');
    assert.deepEqual([downloaded.code, downloaded.stderr], [0, '']);
    assert.match(downloaded.stdout, /without --download-only adds them/);
    assert.deepEqual((await readdir(join(cwd, 'index-data'))).toSorted(), ['fetched']);
    const dry = JSON.parse((await run('--dry-run', '--json')).stdout);
    assert.deepEqual([dry.build.kind, dry.build.added], ['dry-run', 3]);
    assert.deepEqual(dry.sources[0].pending, ['page-000001.xml.gz']);
    const built = JSON.parse((await run('--json')).stdout);
    assert.equal(built.build.papers, 3);
    assert.deepEqual(
      [built.sources[0].source, built.sources[0].pages, built.sources[0].pending],
      ['arxiv-cs.CL', 0, []],
    );
    assert.equal((await titlesIn(cwd)).length, 3);
    assert.equal(server.queries.filter(({ from }) => from === '2024-03-01').length, 1);
  });

  it('arxiv keeps what a build could not take in for the next time', async (t) => {
    const { run } = await arxiv(t);
    const failed = await run('--model', './no-such-model');
    assert.equal(failed.code, 1, failed.stderr);
    const built = JSON.parse((await run('--json')).stdout);
    assert.deepEqual([built.sources[0].pages, built.build.papers], [0, 3]);
  });

  it('arxiv offline says so, exits 1, and keeps what there is', async (t) => {
    const { server, fetched, run } = await arxiv(t);
    await run('--download-only');
    server.close();
    const { code, stdout, stderr } = await run();
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(
      stderr,
      /Try 2 of 3 in \d s\.\n.*Try 3 of 3 in \d s\.\nnearpaper: Cannot reach 127\.0\.0\.1:\d+ \(ECONNREFUSED\): is this machine online\? What was fetched is kept, and the same command goes on\.\n$/,
    );
    assert.ok((await readdir(join(fetched, 'arxiv-cs.CL'))).includes('page-000001.xml.gz'));
  });

  it('arxiv stopped by Ctrl-C in a wait ends at once, and goes on later', async (t) => {
    const { cwd, server, args, run } = await arxiv(t);
    server.faults = [status(503, { 'Retry-After': '300' })];
    const waiting = startCommand(t, args, { cwd, env: ENV });
    await waiting.shows('stderr', /arXiv asks to wait 5 min \(HTTP 503\)/);
    waiting.kill('SIGINT');
    const { code, stderr } = await waiting.finished;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /Stopped\. What was fetched is kept in .*fetched: the same command goes on\.\n$/);
    assert.equal((await run()).code, 0);
    assert.equal((await titlesIn(cwd)).length, 3);
  });

  it('arxiv killed in the middle of an answer loses nothing', async (t) => {
    const { cwd, server, args, run } = await arxiv(t);
    let isAsked = () => {};
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve;
    });
    server.faults = [() => isAsked()];
    const killed = startCommand(t, args, { cwd, env: ENV });
    await asked;
    killed.kill('SIGKILL');
    await killed.finished;
    assert.equal((await run()).code, 0);
    assert.equal((await titlesIn(cwd)).length, 3);
  });

  it('daily-papers adds the lists of the days', async (t) => {
    const cwd = await temporaryFolder(t);
    const today = dayOf(Date.now());
    const server = await new DailyPapersServer({
      [today]: ['Agents that plan', 'Models that reason'],
    }).listen(t);
    server.today = '9999-12-31';
    const args = ['fetch', 'daily-papers', '--since', today, '--url', server.url, '--to', 'elsewhere'];
    const { code, stdout, stderr } = await runCommand(args, { cwd, env: ENV });
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /^Hugging Face, since .*: fetched 2 records on 1 page, kept in .*elsewhere\/daily-papers\.\n/,
    );
    assert.deepEqual(await titlesIn(cwd), ['Agents that plan', 'Models that reason']);
    assert.ok((await readdir(join(cwd, 'elsewhere', 'daily-papers'))).includes(`${today}.json.gz`));
  });

  it('does not wait for connections that a source keeps open', async (t) => {
    const cwd = await temporaryFolder(t);
    const server = await new SourceServer('/x', (_request, response) => {
      response.writeHead(403, { Connection: 'keep-alive', 'Keep-Alive': 'timeout=600' }).end('no');
    }).listen(t);
    const { code, stderr } = await runCommand(['fetch', 'daily-papers', '--url', server.url], {
      cwd,
      env: ENV,
    });
    assert.equal(code, 1);
    assert.match(stderr, /Hugging Face refused \(HTTP 403\)/);
  });
});
