/** nearpaper evaluate, as people and as programs call it. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { packageRoot } from '../../src/package-root.js';
import { runCommand, startCommand } from '../support/command.js';
import { indexOf, SAMPLE_PAGE, THREE_PAPERS, writePapers } from '../support/corpus.js';
import { afterFile, temporaryFolder } from '../support/temporary-folder.js';

const file = afterFile();
const QUERIES = [
  { id: 'rewards', text: 'rewards for language models' },
  { id: 'sky', text: 'light of galaxies' },
  { id: 'like', paperId: 'arXiv:2401.00001' },
];
const QRELS = 'rewards\tarXiv:2401.00001\t2\nsky\t2401.00002v1\t1\nlike\tarXiv:2401.00003\t1\n';
const JUDGED = ['--queries', 'queries.jsonl', '--qrels', 'qrels.tsv'];

let cwd: string;
let index: string;
before(async () => {
  cwd = await temporaryFolder(file);
  index = await indexOf(file);
  await writeFile(join(cwd, 'queries.jsonl'), QUERIES.map((query) => JSON.stringify(query)).join('\n'));
  await writeFile(join(cwd, 'qrels.tsv'), QRELS);
  const pools = QUERIES.map(({ id }) => ({ id, candidates: THREE_PAPERS.map((paper) => paper.id) }));
  await writeFile(join(cwd, 'pools.jsonl'), pools.map((pool) => JSON.stringify(pool)).join('\n'));
  await writePapers(join(cwd, 'papers.jsonl'), THREE_PAPERS);
});

const env = () => ({ NEARPAPER_INDEX: index, NEARPAPER_WORKERS: '1' });
const run = (...flags: string[]) => runCommand(['evaluate', ...JUDGED, ...flags], { cwd, env: env() });

describe('nearpaper evaluate', () => {
  it('of the published index prints each metric with its interval, and nothing else', async () => {
    const { code, stdout, stderr } = await run();
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    const [about, queries, blank, head, ...rows] = stdout.trimEnd().split('\n');
    assert.match(about ?? '', /^Index {4}3 papers, all-MiniLM-L6-v2, generation g000001-/);
    assert.equal(queries, 'Queries  3 with 3 judgements, relevant from grade 1, 100 results each');
    assert.equal(blank, '');
    assert.match(head ?? '', /^ +hybrid +95 % interval$/);
    const names = ['MAP', 'nDCG@10', 'Recall@20', 'Recall@100', 'MRR'];
    assert.deepEqual(
      rows.map((row) => row.split(' ')[0]),
      names,
    );
    for (const row of rows) assert.match(row, /^\S+ +[01]\.\d{4} {2}[01]\.\d{4} to [01]\.\d{4}$/);
  });

  it('writes a run and a table of queries; the run as rival is no better and no worse', async () => {
    assert.equal((await run('--run', 'own.trec', '--per-query', 'own.tsv')).code, 0);
    const trec = await readFile(join(cwd, 'own.trec'), 'utf8');
    assert.match(trec, /^rewards Q0 arXiv:2401\.00001 1 \S+ nearpaper-hybrid\n/);
    assert.match(trec, /^sky Q0 2401\.00002v1 1 /m);
    const [head, ...rows] = (await readFile(join(cwd, 'own.tsv'), 'utf8')).trimEnd().split('\n');
    assert.equal(head, 'query\tMAP\tnDCG@10\tRecall@20\tRecall@100\tMRR');
    assert.deepEqual(
      rows.slice(0, 2),
      ['rewards', 'sky'].map((id) => `${id}${'\t1.0000'.repeat(5)}`),
    );
    const { stdout } = await run('--against', 'own.trec');
    assert.match(
      stdout,
      /^ +hybrid +95 % interval +own\.trec +difference +95 % interval +p +better +worse +same$/m,
    );
    for (const row of stdout.match(/^(MAP|nDCG|Recall|MRR).*$/gm) ?? []) {
      assert.match(row, / 0\.0000 +0\.0000 to 0\.0000 +1\.0000 +0 +0 +3$/);
    }
    assert.deepEqual(
      (await readdir(cwd)).filter((name) => name.includes('.tmp')),
      [],
    );
  });

  it('prints its figures and writes the other file when one cannot be written', async () => {
    // A name that the file system takes, but not with the ending of a temporary file.
    const { code, stdout, stderr } = await run('--run', 'x'.repeat(250), '--per-query', 'saved.tsv');
    assert.match(stdout, /^MAP +[01]\.\d{4}/m);
    assert.match(stderr, /^nearpaper: --run: x+ cannot be written: /);
    assert.equal(code, 2);
    assert.match(await readFile(join(cwd, 'saved.tsv'), 'utf8'), /^query\tMAP/);
  });

  it('with --json prints the configuration, every figure and the warnings, unrounded', async () => {
    const { code, stdout, stderr } = await run(
      ...[
        '--json',
        '--pools',
        'pools.jsonl',
        '--threshold',
        '2',
        '--mode',
        'semantic',
        '--against',
        'keyword',
      ],
    );
    assert.equal(code, 0, stderr);
    const report = JSON.parse(stdout);
    const { mode, threshold, depth, pools, queries, withoutRelevant, judgements, index: about } = report;
    assert.deepEqual(
      [mode, threshold, depth, pools, queries, withoutRelevant, judgements],
      ['semantic', 2, null, true, 1, 2, 1],
    );
    assert.deepEqual([about.papers, about.model, about.engine], [3, 'all-MiniLM-L6-v2', 'exact']);
    assert.deepEqual(report.metrics.MAP, { mean: 1, interval: [1, 1] });
    assert.ok('NDCG%20' in report.metrics);
    assert.equal(report.against.name, 'keyword');
    assert.deepEqual(Object.keys(report.against.comparison.MAP), [
      'difference',
      'interval',
      'p',
      'better',
      'worse',
      'same',
    ]);
    assert.deepEqual(report.warnings, []);
  });
});

describe('nearpaper evaluate --corpus', () => {
  it('builds in a folder of its own, leaves nothing behind and the published index as it is', async (t) => {
    const before = await readdir(index);
    const temporary = await temporaryFolder(t);
    const { code, stdout, stderr } = await runCommand(['evaluate', ...JUDGED, '--corpus', 'papers.jsonl'], {
      cwd,
      env: { ...env(), TMPDIR: temporary },
    });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /Embedding 3 of 3/);
    assert.match(stdout, /^Index {4}3 papers/);
    assert.deepEqual(await readdir(temporary), []);
    assert.deepEqual(await readdir(index), before);
  });

  it('with --keep embeds only what is new the next time, and forgets papers that are not named', async (t) => {
    const keep = join(await temporaryFolder(t), 'kept');
    const more = join(cwd, 'more.jsonl');
    await writePapers(more, [{ id: 'more', title: 'One more paper' }]);
    const evaluateIt = (...corpus: string[]) => run('--corpus', ...corpus, '--keep', keep, '--json');
    assert.match((await evaluateIt('papers.jsonl', 'more.jsonl')).stderr, /Embedding 4 of 4/);
    const { stderr, stdout } = await evaluateIt('papers.jsonl');
    assert.doesNotMatch(stderr, /Embedding/);
    assert.equal(JSON.parse(stdout).index.papers, 3);
  });

  it('finds downloaded models where every other command does', async () => {
    const models = join(index, 'models-cache', 'someone');
    await mkdir(models, { recursive: true });
    await symlink(join(packageRoot(), 'models', 'all-MiniLM-L6-v2'), join(models, 'some-model'));
    const { code, stderr } = await run('--corpus', 'papers.jsonl', '--model', 'someone/some-model');
    assert.equal(code, 0, stderr);
  });

  it('removes its folder also when it is stopped', async (t) => {
    const temporary = await temporaryFolder(t);
    const running = startCommand(t, ['evaluate', ...JUDGED, '--corpus', SAMPLE_PAGE], {
      cwd,
      env: { ...env(), TMPDIR: temporary },
    });
    await running.shows('stderr', /Embedding/);
    running.kill('SIGINT');
    const { code, stdout, stderr } = await running.finished;
    assert.equal(code, 130);
    assert.equal(stdout, '');
    assert.match(stderr, /^Stopped\.\nIt was a temporary index, and is removed: with --keep /m);
    assert.deepEqual(await readdir(temporary), []);
  });

  it('says of an index that is kept that the same command resumes', async (t) => {
    const kept = ['--corpus', SAMPLE_PAGE, '--keep', join(await temporaryFolder(t), 'kept')];
    const running = startCommand(t, ['evaluate', ...JUDGED, ...kept], { cwd, env: env() });
    await running.shows('stderr', /Embedding/);
    running.kill('SIGINT');
    const { code, stderr } = await running.finished;
    assert.equal(code, 130);
    assert.match(stderr, /^Stopped\. What was embedded is kept: the same command resumes\./m);
    assert.doesNotMatch(stderr, /temporary/);
  });

  it('never touches an index that is not its own', async (t) => {
    const other = await indexOf(t);
    for (const keep of [index, other]) {
      const { code, stderr } = await run('--corpus', 'papers.jsonl', '--keep', keep);
      assert.match(stderr, keep === index ? /names your own index/ : /holds something else/);
      assert.equal(code, 2);
    }
  });
});

describe('nearpaper evaluate, used wrongly, says what to do', () => {
  const wrong: [what: string, flags: string[], says: RegExp][] = [
    ['an unknown mode', ['--mode', 'fuzzy'], /--mode must be one of hybrid, semantic, keyword\./],
    [
      'a mode against itself',
      ['--against', 'hybrid'],
      /--against hybrid compares the mode hybrid with itself/,
    ],
    ['a threshold of 0', ['--threshold', '0'], /--threshold must be a number above 0, not "0"/],
    [
      'a depth that is too small',
      ['--depth', '20'],
      /--depth must be a whole number from 100 to 1000, not "20"/,
    ],
    ['a depth that takes too long', ['--depth', '1001'], /--depth must be a whole number from 100 to 1000,/],
    ['a depth that is no number', ['--depth', ''], /--depth must be a whole number/],
    ['a model for an index that has one', ['--model', 'bge-small-en-v1.5'], /Add --corpus/],
    ['a folder to keep nothing in', ['--keep', 'x'], /Add --corpus/],
    ['an index beside a corpus', ['--index', 'x', '--corpus', 'y'], /Give one of them/],
    [
      'a run in a folder that is not there',
      ['--run', 'nowhere/x.trec'],
      /--run: nowhere\/x\.trec cannot be written/,
    ],
    [
      'a table that is a folder',
      ['--per-query', '.'],
      /--per-query: \. cannot be written: it is there and no plain/,
    ],
    ['a run without a name', ['--run', ''], /--run: "" cannot be written: it has no name/],
    ['a run that would be a folder', ['--run', 'new/'], /--run: new\/ cannot be written: it names a folder/],
    [
      'one file for both outputs',
      ['--run', 'both', '--per-query', './both'],
      /--per-query: \S+ cannot be written: it is the file of --run\. Name another file\./,
    ],
  ];
  for (const [what, flags, says] of wrong) {
    it(what, async () => {
      const { code, stdout, stderr } = await run(...flags);
      assert.match(stderr, says);
      assert.equal(stdout, '');
      assert.doesNotMatch(stderr, /\n\s+at /, 'no stack');
      assert.equal(code, 2);
    });
  }

  it('an output over an input, whatever name it goes by', async () => {
    await symlink(cwd, join(cwd, 'around'));
    await symlink('pools.jsonl', join(cwd, 'link.jsonl'));
    const old = 'rewards Q0 arXiv:2401.00001 1 1 old\n';
    await writeFile(join(cwd, 'old.trec'), old);
    const inputs = ['queries.jsonl', 'qrels.tsv', 'pools.jsonl', 'papers.jsonl', 'old.trec'];
    const contents = () => Promise.all(inputs.map((name) => readFile(join(cwd, name), 'utf8')));
    const before = await contents();
    const flags = ['--pools', 'pools.jsonl', '--corpus', 'papers.jsonl', '--against', './old.trec'];
    for (const [output, input] of [
      ['./queries.jsonl', '--queries'],
      ['around/qrels.tsv', '--qrels'],
      ['link.jsonl', '--pools'],
      [join(cwd, 'papers.jsonl'), '--corpus'],
      ['old.trec', '--against'],
    ] as const) {
      for (const flag of ['--run', '--per-query']) {
        const { code, stdout, stderr } = await run(...flags, flag, output);
        assert.ok(
          stderr.startsWith(`nearpaper: ${flag}: ${output} cannot be written: it is the file of ${input}.`),
          stderr,
        );
        assert.deepEqual([code, stdout], [2, '']);
      }
    }
    assert.deepEqual(await contents(), before);
  });

  it('without judged data', async () => {
    const { code, stderr } = await runCommand(['evaluate', '--queries', 'x'], { cwd });
    assert.match(stderr, /required option '--qrels <file>' not specified/);
    assert.equal(code, 2);
  });

  it('a file that cannot be read, before anything is built', async () => {
    await mkdir(join(cwd, 'folder'), { recursive: true });
    for (const flags of [
      ['--pools', 'qrels.tsv'],
      ['--queries', 'folder'],
    ]) {
      const { code, stderr } = await run('--corpus', 'papers.jsonl', ...flags);
      assert.match(stderr, /^nearpaper: (qrels\.tsv, line 1|folder: it is a directory)/);
      assert.doesNotMatch(stderr, /Embedding|\n\s+at /);
      assert.equal(code, 1);
    }
  });
});

describe('nearpaper evaluate refuses', () => {
  it('to compare with what is neither a mode nor a file, and names the modes', async () => {
    const { code, stderr } = await run('--corpus', 'papers.jsonl', '--against', 'Keyword');
    assert.match(stderr, /"Keyword" is neither a mode \(hybrid, semantic, keyword\) nor a run file/);
    assert.doesNotMatch(stderr, /Embedding/);
    assert.equal(code, 2);
  });

  it('to write into the folder of an index', async () => {
    const index = join(cwd, 'an-index');
    await mkdir(index, { recursive: true });
    for (const flag of ['--run', '--per-query']) {
      const { code, stderr } = await run('--index', index, flag, join(index, 'CURRENT'));
      assert.match(stderr, /CURRENT cannot be written: it lies in the folder of an index/);
      assert.equal(code, 2);
    }
  });
});

describe('nearpaper evaluate --help', () => {
  it('names its flags', async () => {
    const { code, stdout } = await runCommand(['evaluate', '--help'], { cwd });
    assert.equal(code, 0);
    for (const flag of [
      ...['index', 'queries', 'qrels', 'pools', 'corpus', 'keep', 'model', 'mode', 'against'],
      ...['threshold', 'depth', 'run', 'per-query', 'json'],
    ]) {
      assert.match(stdout, new RegExp(`--${flag}\\b`));
    }
  });
});
