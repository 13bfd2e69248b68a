/** build, search, similar, info and doctor on the sample, as people and as programs call them. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { RunningCommand, runCommand, startCommand } from '../support/command.js';
import { SAMPLE_PAGE, samplePairs, THREE_PAPERS } from '../support/corpus.js';
import { serveIndex } from '../support/service.js';
import { afterFile, temporaryFolder } from '../support/temporary-folder.js';

const file = afterFile();
let cwd: string;
const ID = 'flow-of-reasoning-efficient-training-of-llm-policy-with-divergent-thinking';
const run = (...args: string[]) => runCommand(args, { cwd });

before(async () => {
  cwd = await temporaryFolder(file);
  const { code, stdout, stderr } = await run('build', SAMPLE_PAGE);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /47 papers: 47 added, 0 changed, 0 removed; 47 texts embedded/);
  assert.match(stdout, /Recall@10 .*: 1\.0000/);
  assert.match(stdout, /Published as g000001-[0-9a-f]{8}/);
  assert.match(stderr, /Embedding 47 of 47, \d+ papers\/s, 0 s left/);
});

describe('nearpaper build', () => {
  it('a second time finds that nothing changed, and embeds nothing', async () => {
    const { code, stdout } = await run('build', SAMPLE_PAGE, '--json');
    assert.equal(code, 0);
    const report = JSON.parse(stdout);
    assert.equal(report.kind, 'unchanged');
    assert.equal(report.embedded, 0);
    assert.equal(report.papers, 47);
  });

  it('of an empty, missing or useless input exits 1, says why and leaves the index', async () => {
    await writeFile(join(cwd, 'empty'), '');
    await writeFile(join(cwd, 'useless.jsonl'), '{"id":"x"}\n{"title":""}\n');
    const generation = JSON.parse((await run('info', '--json')).stdout).generation;
    for (const [input, says] of [
      ['empty', /empty/],
      ['missing.jsonl', /Cannot read missing\.jsonl/],
      ['useless.jsonl', /No paper found/],
      ['.', /No paper found in \.: none of its files could be used/],
    ] as const) {
      const { code, stderr } = await run('build', input);
      assert.match(stderr, says);
      assert.equal(code, 1);
    }
    assert.equal(JSON.parse((await run('info', '--json')).stdout).generation, generation);
  });

  it('reads standard input, reports bad records with their lines, and with --strict stops at the first', async () => {
    const records = [...THREE_PAPERS.map((paper) => JSON.stringify(paper)), '{"abstract":"no title"}', '{'];
    const other = join(cwd, 'other');
    const build = (...flags: string[]) =>
      runCommand(['build', '-', '--index', other, ...flags], { cwd, input: records.join('\n') });
    const strict = await build('--strict');
    assert.equal(strict.code, 1);
    assert.match(strict.stderr, /line 4/);
    assert.equal((await runCommand(['info', '--index', other], { cwd })).code, 1);
    const { code, stdout, stderr } = await build('--json');
    assert.equal(code, 0);
    assert.match(stderr, /Skipped standard input, line 4: .+\n[\s\S]*line 5: /);
    const report = JSON.parse(stdout);
    assert.deepEqual([report.records, report.bad, report.papers, report.kind], [5, 2, 3, 'published']);
  });
});

describe('nearpaper search and similar', () => {
  it('print numbered papers with similarity and id', async () => {
    const title = samplePairs()[0]?.title ?? '';
    const { code, stdout, stderr } = await run('search', title, '-n', '3');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^ {2}1 {2}0\.\d{3} {2}\S/);
    assert.equal(stdout.match(/^ +\d+ {2}0\.\d{3} /gm)?.length, 3);
    assert.ok(stdout.includes(title) && stdout.includes(ID));
    const similar = await run('similar', ID, '-n', '100');
    assert.equal(similar.code, 0);
    assert.equal(similar.stdout.match(/^ +\d+ {2}-?\d\.\d{3} /gm)?.length, 46);
    assert.ok(!similar.stdout.includes(title));
  });

  it('say first when there is no good match', async () => {
    const recipe = 'bake the lasagne with tomato sauce and cheese for forty minutes';
    const { code, stdout } = await run('search', recipe, '-n', '1');
    assert.match(stdout, /^No good match: even the best of these .*\n {2}1 {2}-?0\.\d{3} {2}\S/);
    assert.equal(code, 0);
    assert.doesNotMatch((await run('search', 'tree search for reasoning')).stdout, /No good match/);
  });

  it('with --json print what the HTTP API answers, also for a text from standard input', async (t) => {
    const { http } = await serveIndex(t, join(cwd, 'index-data'));
    const q = 'agents that use tools';
    const searched = await runCommand(['search', '-', '--json', '--limit', '5'], { cwd, input: q });
    assert.deepEqual(JSON.parse(searched.stdout), (await http.post('/v1/search').send({ q, limit: 5 })).body);
    const similar = await run('similar', ID, '--json', '--exact');
    assert.deepEqual(
      JSON.parse(similar.stdout),
      (await http.get(`/v1/papers/${ID}/similar?exact=true`)).body,
    );
    const byWords = await run('similar', ID, '--json', '--mode', 'keyword');
    assert.deepEqual(
      JSON.parse(byWords.stdout),
      (await http.get(`/v1/papers/${ID}/similar?mode=keyword`)).body,
    );
    assert.notEqual(byWords.stdout, similar.stdout);
  });

  it('- as text can be interrupted while nothing comes', async (t) => {
    const waiting = startCommand(t, ['search', '-'], { cwd, input: 'open' });
    // More than fits into the pipe: when all of it is written, the command is reading.
    await new Promise((resolve) => waiting.child.stdin?.write('x'.repeat(1 << 20), resolve));
    waiting.kill('SIGINT');
    assert.equal((await waiting.finished).code, 130);
  });

  it('exit 1 for an id that is not there, saying how to find ids, and without an index', async () => {
    const unknown = await run('similar', 'nothing');
    assert.deepEqual([unknown.code, unknown.stdout], [1, '']);
    assert.match(unknown.stderr, /The corpus has no paper "nothing"\. `nearpaper papers` lists the ids\.\n/);
    for (const args of [
      ['search', 'x'],
      ['similar', 'x'],
      ['recommend', '--positive', 'x'],
      ['papers'],
      ['info'],
    ]) {
      const { code, stderr } = await run(...args, '--index', join(cwd, 'none'));
      assert.equal(code, 1);
      assert.match(stderr, /There is no index in .*nearpaper build <file>/);
    }
  });

  it('stop quietly when the reader of their output has seen enough', async () => {
    const running = new RunningCommand(['similar', ID, '-n', '40', '--json'], { cwd });
    running.child.stdout?.destroy();
    const { code, stderr } = await running.finished;
    assert.deepEqual([code, stderr], [0, '']);
  });
});

describe('nearpaper info and doctor', () => {
  it('tell what the index holds, for people and as JSON', async () => {
    const { code, stdout } = await run('info');
    assert.equal(code, 0);
    assert.match(stdout, /Papers +47\n/);
    assert.match(stdout, /Model +all-MiniLM-L6-v2, 384 dimensions/);
    assert.match(stdout, /^Keywords +\d{4} different terms$/m);
    assert.match(
      stdout,
      /^Good match +from 0\.\d{3} for a text of \d+ words, from 0\.\d{3} for one of \d{3}$/m,
    );
    // 47 papers make too few pairs for a word about one in ten thousand.
    assert.match(
      stdout,
      /^Similarity +of random pairs, top 1 % from 0\.\d{3} for papers, 0\.\d{3} for short texts$/m,
    );
    const about = JSON.parse((await run('info', '--json')).stdout);
    assert.equal(about.papers, 47);
    assert.equal(about.sample, false);
    assert.equal(about.search.engine, 'exact');
    assert.ok(about.search.recall.recall >= 0.99);
    assert.ok(about.keywords.terms > 1000);
    assert.ok(about.calibration.floor.title.similarity < about.calibration.floor.abstract.similarity);
  });

  it('say that all is well', async () => {
    const { code, stdout } = await run('doctor');
    assert.equal(code, 0, stdout);
    assert.match(stdout, /all 47 vectors agree/);
    assert.match(stdout, /All is well\.\n$/);
    const { healthy, findings } = JSON.parse((await run('doctor', '--json')).stdout);
    assert.equal(healthy, true);
    for (const { status } of findings) assert.equal(status, 'ok');
  });

  it('read settings from a .env file in the working folder, which the environment overrides', async () => {
    const folder = await temporaryFolder(file);
    await writeFile(join(folder, '.env'), `NEARPAPER_INDEX=${join(cwd, 'index-data')}\n`);
    assert.equal((await runCommand(['info'], { cwd: folder })).code, 0);
    const env = { NEARPAPER_INDEX: join(folder, 'none') };
    assert.equal((await runCommand(['info'], { cwd: folder, env })).code, 1);
  });
});
