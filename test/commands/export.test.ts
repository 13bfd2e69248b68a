/** `export`: a file that `build` reads back to the same corpus. */
import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { shortest } from '../../src/commands/export.js';
import { streamOutputFile } from '../../src/commands/output-file.js';
import { describeFile } from '../../src/generations/digest.js';
import { RunningCommand, runCommand } from '../support/command.js';
import { indexOf, THREE_PAPERS } from '../support/corpus.js';
import { afterFile, temporaryFolder } from '../support/temporary-folder.js';
import { ADDED, changeThreePapers, someVector } from './pending-changes.js';

const file = afterFile();

/** Records whose fields are easily lost or changed on the way: in order, so that labels agree too. */
const AWKWARD = [
  ...THREE_PAPERS,
  { title: 'A paper without an id' },
  { title: 'A paper without an id', abstract: 'And another of the same title.' },
  { id: 'cs/0112017', title: '"Quotes", commas; and\ttabs', authors: ['Davis, Sammy, Jr.', 'O’Neill; P.'] },
  { id: '=1+1', title: '=HYPERLINK("x")', categories: ['a b', 'c,d', 'c;d'], venue: '@SUM(1)' },
  { id: '<b>', title: '<script>alert(1)</script>', abstract: '{"title": "no paper of its own"}' },
  { id: 'é e\u0301 ', title: 'Cafe\u0301 \u{1F600} 数学', year: 1999, published: '2001-02-03' },
  {
    id: 'http://doi.org/10.1/x y',
    title: 'Percent %41',
    url: 'https://example.org/a b?c=é',
    doi: 'doi:10.1/(x)',
  },
  { id: '2401.01335v3', title: 'A version', updated: '2024-05-06', year: 2024 },
];

let index: string;
let changed: string;
before(async () => {
  index = await indexOf(file, AWKWARD);
  changed = await indexOf(file);
  await changeThreePapers(changed);
});

const run = (args: string[], cwd: string) => runCommand(args, { cwd });
const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Every paper's id with the hash of its content and its embedding. */
function contentOf(indexFolder: string, current: string) {
  const db = new Database(join(indexFolder, current, 'papers.db'), { readonly: true });
  try {
    return db
      .prepare(
        `SELECT label, id, hex(content_hash) AS content, hex(vector) AS vector
         FROM papers JOIN embeddings USING (text_hash) ORDER BY label`,
      )
      .all();
  } finally {
    db.close();
  }
}

const storeOf = async (folder: string) =>
  contentOf(folder, (await readFile(join(folder, 'CURRENT'), 'utf8')).trim());

describe('nearpaper export', () => {
  for (const args of [['papers.jsonl'], ['--vectors', 'papers.jsonl.gz']]) {
    it(`${args.join(' ')} is read back to the same ids, contents and vectors`, async (t) => {
      const cwd = await temporaryFolder(t);
      const { code, stdout, stderr } = await run(['export', ...args, '--index', index], cwd);
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, /^11 papers of g000001-\w{8} written to papers\.jsonl(\.gz)?\.\n$/);
      assert.deepEqual(await readdir(cwd), [args.at(-1)]);
      const built = await run(['build', '--strict', '--index', 'again', args.at(-1) ?? ''], cwd);
      assert.equal(built.code, 0, built.stderr);
      assert.match(built.stderr, /\(jsonl\): 11 records/);
      assert.deepEqual(await storeOf(join(cwd, 'again')), await storeOf(index));
    });
  }

  it('without a file prints the papers, as papers --all --json does, and the report beside them', async (t) => {
    const cwd = await temporaryFolder(t);
    const listed = await run(['papers', '--all', '--json', '--index', index], cwd);
    for (const args of [[], ['-']]) {
      const { code, stdout, stderr } = await run(['export', ...args, '--index', index], cwd);
      assert.equal(stdout, listed.stdout);
      assert.match(stderr, /^11 papers of g000001-\w{8} written\.\n$/);
      assert.equal(code, 0);
    }
  });

  it('has the changes that no generation contains yet, with their vectors', async (t) => {
    const cwd = await temporaryFolder(t);
    const { stdout } = await run(['export', '--vectors', '--index', changed], cwd);
    const papers = linesOf(stdout);
    assert.deepEqual(
      papers.map(({ id }) => id),
      ['arXiv:2401.00001', 'arXiv:2401.00003', 'added'],
    );
    const { vector, model, ...paper } = papers.at(-1);
    assert.deepEqual(paper, ADDED);
    assert.match(model, /^[0-9a-f]{16}$/);
    assert.deepEqual(Float32Array.from(vector), someVector(1));
  });

  it('with --vectors gives back every float of the store', async (t) => {
    const cwd = await temporaryFolder(t);
    const { stdout } = await run(['export', '--vectors', '--index', index], cwd);
    const vectors = linesOf(stdout).map(({ vector }) =>
      Buffer.from(Float32Array.from(vector).buffer).toString('hex').toUpperCase(),
    );
    const stored = (await storeOf(index)) as { vector: string }[];
    assert.deepEqual(
      vectors,
      stored.map(({ vector }) => vector),
    );
  });

  it('with --json reports counts, where the papers are not', async (t) => {
    const cwd = await temporaryFolder(t);
    const toFile = await run(['export', 'x.jsonl', '--json', '--index', changed], cwd);
    const { generation, ...report } = JSON.parse(toFile.stdout);
    assert.deepEqual(report, { file: 'x.jsonl', papers: 3 });
    assert.match(generation, /^g000001-\w{8}\+2$/);
    const toOutput = await run(['export', '--json', '--index', changed], cwd);
    assert.deepEqual(JSON.parse(toOutput.stderr), { file: null, generation, papers: 3 });
    assert.equal(linesOf(toOutput.stdout).length, 3);
  });

  it('gzips what ends in .gz', async (t) => {
    const cwd = await temporaryFolder(t);
    await run(['export', 'x.gz', '--index', changed], cwd);
    const text = gunzipSync(await readFile(join(cwd, 'x.gz'))).toString();
    assert.deepEqual(linesOf(text).at(-1), ADDED);
  });

  it('refuses a file that cannot be written, or would lie in the index', async (t) => {
    const cwd = await temporaryFolder(t);
    await mkdir(join(cwd, 'folder'));
    for (const path of ['none/x.jsonl', 'folder', join(index, 'x.jsonl')]) {
      const { code, stdout, stderr } = await run(['export', path, '--index', index], cwd);
      assert.match(stderr, /cannot be written: .* Name another file\./);
      assert.deepEqual([code, stdout], [2, '']);
    }
  });

  it('stops quietly when the reader has seen enough', async () => {
    const running = new RunningCommand(['export', '--vectors', '--index', index], { cwd: index });
    running.child.stdout?.once('data', () => running.child.stdout?.destroy());
    assert.equal((await running.finished).code, 0);
  });

  it('of a store that lacks a vector says so and writes nothing', async (t) => {
    const folder = await temporaryFolder(t);
    await cp(changed, folder, { recursive: true });
    const cwd = await temporaryFolder(t);
    await withoutEmbeddings(folder);
    const { code, stderr } = await run(['export', 'x.jsonl', '--vectors', '--index', folder], cwd);
    assert.match(stderr, /There is no vector of arXiv:2401\.00001\. `nearpaper verify` says what mends it\./);
    assert.equal(code, 1);
    assert.deepEqual(await readdir(cwd), []);
  });
});

/** Takes the embeddings out of the store, and tells the manifest of the file that is left. */
async function withoutEmbeddings(indexFolder: string): Promise<void> {
  const current = (await readFile(join(indexFolder, 'CURRENT'), 'utf8')).trim();
  const store = join(indexFolder, current, 'papers.db');
  const db = new Database(store);
  db.exec('DELETE FROM embeddings');
  db.close();
  const path = join(indexFolder, current, 'manifest.json');
  const manifest = JSON.parse(await readFile(path, 'utf8'));
  manifest.store = { ...manifest.store, ...(await describeFile(store)) };
  await writeFile(path, JSON.stringify({ ...manifest, checksum: undefined }));
}

describe('an output file of many lines', () => {
  const signal = new AbortController().signal;

  it('is not there, nor anything else, when its lines end in a failure', async (t: TestContext) => {
    const cwd = await temporaryFolder(t);
    const failure = new Error('no more lines');
    async function* lines() {
      yield 'one';
      throw failure;
    }
    const written = streamOutputFile('file', join(cwd, 'x'), lines(), signal);
    await assert.rejects(written, (thrown) => thrown === failure);
    assert.deepEqual(await readdir(cwd), []);
  });

  it('leaves the file of before when it is stopped', async (t: TestContext) => {
    const cwd = await temporaryFolder(t);
    await writeFile(join(cwd, 'x.gz'), 'before');
    const stop = new AbortController();
    async function* lines() {
      yield 'one';
      stop.abort();
      for (;;) yield 'more';
    }
    const written = streamOutputFile('file', join(cwd, 'x.gz'), lines(), stop.signal);
    await assert.rejects(written, (thrown) => thrown === stop.signal.reason);
    assert.deepEqual(await readdir(cwd), ['x.gz']);
    assert.equal(await readFile(join(cwd, 'x.gz'), 'utf8'), 'before');
  });
});

describe('the digits of a 32-bit float', () => {
  /** Those too small to have 24 bits are none of a unit vector's that matter. */
  const normalFloat = fc
    .float({ min: -1, max: 1, noNaN: true })
    .filter((float) => Math.abs(float) > 2 ** -126);

  it('give back the float, and one digit fewer does not', () => {
    fc.assert(
      fc.property(normalFloat, (float) => {
        const short = shortest(float);
        assert.equal(Math.fround(short), float);
        const digits = short.toExponential().replace(/e.*|\D/g, '').length;
        if (digits > 1) assert.notEqual(Math.fround(Number(float.toPrecision(digits - 1))), float);
      }),
    );
  });
});
