/** `nearpaper fetch` as a process, against servers that answer like arXiv and Hugging Face. */
import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import type { CommandContext } from '../../src/commands/context.js';
import { type FetchArxivFlags, fetchArxivCommand } from '../../src/commands/fetch.js';
import type { ErrorCode } from '../../src/errors.js';
import { addDays, dayOf } from '../../src/sources/days.js';
import { DailyPapersServer } from '../sources/daily-papers-server.js';
import { TestClock } from '../sources/fetching.js';
import { madeRecords, OaiServer } from '../sources/oai-server.js';
import { SourceServer, says, status } from '../sources/source-server.js';
import { runCommand, startCommand } from '../support/command.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const ENV = { NEARPAPER_WORKERS: '1' };

const REFUSAL =
  '<OAI-PMH><responseDate>2024-03-10T12:00:00Z</responseDate><error code="badArgument">Set does not exist</error></OAI-PMH>';

/** A working folder, and a server of arXiv's that gives all its records on one page if not said. */
async function arxiv(t: TestContext, count = 3, pageSize = 100) {
  const cwd = await temporaryFolder(t);
  const server = await new OaiServer(madeRecords(count)).listen(t);
  server.pageSize = pageSize;
  const fetched = join(cwd, 'index-data', 'fetched');
  const args = ['fetch', 'arxiv', '--category', 'cs.CL', '--since', '2024-03-01', '--url', server.url];
  const run = async (...more: string[]) => {
    // Nothing of the wait between two runs: it is tested where time is a test's own.
    for (const folder of [fetched, join(cwd, 'pages')])
      await rm(join(folder, '.requests.json'), { force: true });
    return runCommand([...args, ...more], { cwd, env: ENV });
  };
  return { cwd, server, fetched, args, run };
}

/** As `arxiv`, within the test's process, where waiting takes no time. */
async function arxivInProcess(t: TestContext) {
  const { cwd, server } = await arxiv(t);
  const clock = new TestClock();
  /** Resolves to what was printed; with a code, the command must fail so. */
  const fetch = async (flags: Partial<FetchArxivFlags>, code?: ErrorCode) => {
    const printed = { stdout: '', stderr: '' };
    const stream = (name: 'stdout' | 'stderr') => {
      const piped = new PassThrough({ encoding: 'utf8' });
      piped.on('data', (text: string) => {
        printed[name] += text;
      });
      // Commands use of it what a pipe has too: no terminal.
      return piped as unknown as NodeJS.WriteStream;
    };
    const context: CommandContext = {
      arguments: [],
      environment: { ...ENV, NEARPAPER_INDEX: join(cwd, 'index-data') },
      stdin: process.stdin,
      stdout: stream('stdout'),
      stderr: stream('stderr'),
      signal: new AbortController().signal,
      stoppedBy: () => undefined,
      onReload: () => undefined,
    };
    const asked = { category: ['cs.CL'], since: '2024-03-01', url: server.url, ...flags };
    const ended = fetchArxivCommand(context, asked, clock);
    if (code === undefined) await ended;
    else await assert.rejects(ended, { code });
    return printed;
  };
  return { cwd, server, fetch };
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
    const noDay = await runCommand(['fetch', 'arxiv', '--category', 'cs.CL', ...url], { cwd, env: ENV });
    assert.deepEqual([noDay.code, await readdir(cwd)], [2, []]);
    assert.match(noDay.stderr, /From which day on\?/);
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

  it('arxiv offline says so, takes in what there is, and fails', async (t) => {
    const { cwd, server, fetch } = await arxivInProcess(t);
    await fetch({ downloadOnly: true });
    server.close();
    const { stdout, stderr } = await fetch({ category: ['cs.CL', 'hep-th'] }, 'source_unreachable');
    assert.match(
      stderr,
      /^arXiv: ECONNREFUSED\. Try 2 of 3 in \d s\.\n.*Try 3 of 3 in \d s\.\nReading [\s\S]*arXiv hep-th was not asked, since the one before could not be reached\.\n$/,
    );
    assert.match(stdout, /^Read 3 records of 1 input/);
    assert.equal((await titlesIn(cwd)).length, 3);
    assert.ok(!(await readdir(join(cwd, 'index-data', 'fetched'))).includes('arxiv-hep-th'));
  });

  it('arxiv goes on with the other categories after one that is refused', async (t) => {
    const { cwd, server, fetch } = await arxivInProcess(t);
    server.faults = [says(REFUSAL)];
    const category = ['cs.XX', 'cs.CL'];
    const { stdout, stderr } = await fetch({ category, json: true }, 'source_refused');
    const { sources, build } = JSON.parse(stdout);
    const message = 'arXiv refused (badArgument: Set does not exist). What was fetched is kept.';
    assert.deepEqual(sources[0].failure, { code: 'source_refused', message });
    assert.deepEqual([sources[1].failure, sources[1].pages, sources[1].pending], [null, 1, []]);
    assert.equal(build.papers, 3);
    assert.equal((await titlesIn(cwd)).length, 3);
    assert.doesNotMatch(stderr, /badArgument/, 'the entry prints what is thrown');
    server.faults = [says(REFUSAL), status(403)];
    const both = await fetch({ category }, 'source_refused');
    assert.match(both.stderr, /HTTP 403/);
  });

  it('arxiv keeps a damaged page pending, says so, and exits 1', async (t) => {
    const { cwd, fetched, run } = await arxiv(t, 4, 2);
    await run('--download-only');
    const page = join(fetched, 'arxiv-cs.CL', 'page-000002.xml.gz');
    const whole = await readFile(page);
    await writeFile(page, whole.subarray(0, 40));
    for (const times of [1, 2]) {
      const { code, stdout, stderr } = await run('--json');
      assert.equal(code, 1, stderr);
      assert.match(
        stderr,
        /nearpaper: Some of what was fetched is not in the index.*page-000002\.xml\.gz\. .*remove it and \.state\.json/,
      );
      const { sources, build } = JSON.parse(stdout);
      assert.deepEqual(sources[0].pending, ['page-000002.xml.gz']);
      assert.equal(build.inputs.length, times === 1 ? 2 : 1);
    }
    assert.equal((await titlesIn(cwd)).length, 2);
    // As it advises.
    await rm(page);
    await rm(join(fetched, 'arxiv-cs.CL', '.state.json'));
    const mended = await run();
    assert.equal(mended.code, 0, mended.stderr);
    assert.equal((await titlesIn(cwd)).length, 4);
    assert.match((await run()).stdout, /The index is as it was/);
  });

  it('daily-papers takes a list without anything good in it for read', async (t) => {
    const cwd = await temporaryFolder(t);
    const today = dayOf(Date.now());
    const server = await new DailyPapersServer({ [today]: ['Agents that plan'] }).listen(t);
    server.today = '9999-12-31';
    const yesterday = addDays(today, -1);
    server.faults = [says('[{"paper": {"id": 1}}]')];
    const args = ['fetch', 'daily-papers', '--since', yesterday, '--url', server.url, '--json'];
    const { code, stdout, stderr } = await runCommand(args, { cwd, env: ENV });
    assert.equal(code, 0, stderr);
    const { sources, build } = JSON.parse(stdout);
    assert.deepEqual([sources[0].pages, sources[0].pending, build.papers], [2, [], 1]);
    assert.equal(build.inputs[0].failure.kind, 'empty');
  });

  it('arxiv into a folder of two indexes gives each what it lacks', async (t) => {
    const { server, run } = await arxiv(t);
    const papersOf = async (index: string) => {
      const { stdout, stderr } = await run('--index', index, '--to', 'pages', '--json');
      return JSON.parse(stdout).build?.papers ?? stderr;
    };
    assert.deepEqual([await papersOf('one'), await papersOf('other')], [3, 3]);
    server.records.push({ id: '2403.00004', datestamp: '2024-03-10', title: 'The fourth' });
    assert.equal(await papersOf('one'), 4);
    // The source gives it once only.
    server.records = [];
    assert.equal(await papersOf('other'), 4);
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
