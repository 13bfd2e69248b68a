/** The corpus as `nearpaper papers` lists it, and papers that it looks up. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { PAPER_FIELDS } from '../../src/recommend/answer.js';
import { RunningCommand, runCommand } from '../support/command.js';
import { indexOf, THREE_PAPERS } from '../support/corpus.js';
import { serveIndex } from '../support/service.js';
import { afterFile } from '../support/temporary-folder.js';

const file = afterFile();
const MANY = Array.from({ length: 120 }, (_, i) => ({
  id: `paper-${String(i).padStart(3, '0')}`,
  title: `Number ${i}`,
  year: 1900 + i,
  // Together more than a pipe holds.
  url: `https://example.org/${'x'.repeat(1900)}/${i}`,
}));
let index: string;
let many: string;
const run = (...args: string[]) => runCommand(['papers', ...args, '--index', index], { cwd: index });
const runMany = (...args: string[]) => runCommand(['papers', ...args, '--index', many], { cwd: many });

before(async () => {
  index = await indexOf(file);
  many = await indexOf(file, MANY);
});

describe('nearpaper papers without ids', () => {
  it('lists title, who, when, where and id of each paper', async () => {
    const { code, stdout, stderr } = await run();
    assert.equal(
      stdout,
      `Rewards for language models
    Ada Lovelace, Alan Turing · 2024-01-02 · A Workshop · arXiv:2401.00001
Galaxies at high redshift
    arXiv:2401.00002
A title without an abstract
    arXiv:2401.00003
`,
    );
    assert.deepEqual([code, stderr], [0, '']);
  });

  it('lists what passes the filters', async () => {
    const cases: [args: string[], ids: number[]][] = [
      [['--author', 'A. Turing'], [1]],
      [['--venue', 'workshop'], [1]],
      [['--category', 'cs.*'], [1]],
      [['--category', 'math.AG,cs.CL'], [1]],
      [['--category', 'math.AG', '--category', 'cs.LG'], [1]],
      [['--from', '2024', '--to', '2024-01'], [1]],
      [['--to', '2024-01-01'], []],
      [['--category', 'math.AG'], []],
    ];
    for (const [args, numbers] of cases) {
      const { code, stdout } = await run(...args, '--json', '--fields', 'id');
      const papers = numbers.map((number) => ({ id: `arXiv:2401.0000${number}` }));
      const { warnings: _warnings, ...listed } = JSON.parse(stdout);
      assert.deepEqual(listed, { papers, next: null }, args.join(' '));
      assert.equal(code, 0);
    }
    assert.equal(
      (await run('--category', 'math.AG')).stdout,
      'Note: No paper of the corpus passes these filters.\n',
    );
  });

  it('shows a page and says that there is more; --cursor goes on where JSON says', async () => {
    const { stdout } = await runMany('-n', '2', '--from', '1950');
    assert.equal(
      stdout,
      `Number 50
    1950 · paper-050
Number 51
    1951 · paper-051
There are more: -n shows more of them, --all every one.
`,
    );
    const first = JSON.parse((await runMany('-n', '100', '--json', '--fields', 'id')).stdout);
    const second = JSON.parse((await runMany('--json', '--fields', 'id', '--cursor', first.next)).stdout);
    assert.equal(first.papers.length, 100);
    assert.equal(second.papers[0].id, 'paper-100');
    const wrong = await runMany('--json', '--cursor', 'x');
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /cursor.*`next` in the page before/);
  });

  it('with --all prints every page, as JSON one paper a line', async () => {
    const lines = (await runMany('--all')).stdout.trimEnd().split('\n');
    assert.equal(lines.length, 240);
    assert.equal(lines.at(-1), '    2019 · paper-119');
    const { code, stdout } = await runMany(
      '--all',
      '--json',
      '--fields',
      'id,title,year,url',
      '--from',
      '1910',
    );
    const papers = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(papers, MANY.slice(10));
    assert.equal(code, 0);
  });

  it('stops quietly when the reader has seen enough', async () => {
    const running = new RunningCommand(['papers', '--all', '--json', '--index', many], { cwd: many });
    running.child.stdout?.once('data', () => running.child.stdout?.destroy());
    const { code, stderr } = await running.finished;
    assert.deepEqual([code, stderr], [0, '']);
  });
});

describe('nearpaper papers with ids', () => {
  it('prints all that the corpus knows of them, in the order asked, by any spelling of the id', async () => {
    const { code, stdout } = await run('https://arxiv.org/abs/2401.00002v3', '10.1000/182');
    assert.equal(
      stdout,
      `Galaxies at high redshift
    arXiv:2401.00002
    We measure the light of galaxies.
Rewards for language models
    Ada Lovelace, Alan Turing · 2024-01-02 · A Workshop · arXiv:2401.00001
    cs.LG, cs.CL
    https://arxiv.org/abs/2401.00001 · 10.1000/182
    We train language models with rewards from human feedback.
`,
    );
    assert.equal(code, 0);
  });

  it('names those that are not there and exits 1, after the others', async () => {
    const { code, stdout, stderr } = await run('nothing', 'arXiv:2401.00003', 'nowhere');
    assert.match(stdout, /^A title without an abstract\n/);
    assert.match(stderr, /The corpus has no paper nothing, nowhere\. `nearpaper papers` lists the ids\.\n/);
    assert.equal(code, 1);
  });

  it('with --json print what the HTTP API answers', async (t) => {
    const { http } = await serveIndex(t, index);
    const ids = ['nothing', ...THREE_PAPERS.map(({ id }) => id ?? '')];
    const looked = await run(...ids, '--json');
    assert.equal(looked.code, 1);
    const { body } = await http.post('/v1/papers/lookup').send({ ids, fields: PAPER_FIELDS });
    assert.deepEqual(JSON.parse(looked.stdout), body);
    const listed = await http.get('/v1/papers?limit=2&author=lovelace');
    assert.deepEqual(
      JSON.parse((await run('--json', '-n', '2', '--author', 'lovelace')).stdout),
      listed.body,
    );
  });
});
