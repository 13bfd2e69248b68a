/** A bad corpus never destroys a good index. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { BuildRequest } from '../../src/build/request.js';
import type { ErrorCode } from '../../src/errors.js';
import {
  copyOf,
  failure,
  jsonFile,
  jsonLines,
  papersFrom,
  runBuild,
  runCommand,
  servedPapers,
  snapshot,
  temporaryFolder,
} from './building.js';

/** An index of ten papers, built once and copied by each test. */
let index = '';
const undo: (() => void | Promise<void>)[] = [];
before(async () => {
  const folder = temporaryFolder({ after: (work) => undo.push(work) });
  index = join(folder, 'index');
  await runBuild(index, [jsonFile(folder, papersFrom(0, 10))]);
});
after(async () => {
  for (const work of undo) await work();
});

const GOOD_AND_BAD = [
  ...papersFrom(20, 2),
  { id: 'no-title', abstract: 'Text.' },
  ...papersFrom(22, 1),
  { id: '', title: 'Of an empty id' },
  { id: 'late', title: 'Of a wrong date', published: 'soon' },
];

interface BadInput {
  what: string;
  content?: string | Buffer;
  choice?: Partial<BuildRequest>;
  code: ErrorCode;
  message: RegExp;
}

const packed = gzipSync(
  jsonLines(Array.from({ length: 2000 }, (_, i) => ({ title: `T ${i} ${Math.sin(i)}` }))),
);

const BAD_INPUTS: BadInput[] = [
  { what: 'is missing', code: 'input_unreadable', message: /Cannot read .*ENOENT/ },
  { what: 'is empty', content: '', code: 'input_empty', message: /it is empty\. The index stays as it was/ },
  { what: 'is blank', content: ' \n\n\t\n', code: 'input_empty', message: /it is empty/ },
  { what: 'is an empty gzip', content: gzipSync(''), code: 'input_empty', message: /it is empty/ },
  {
    what: 'has bad records only',
    content: jsonLines([{ abstract: 'x' }, { title: '' }]),
    code: 'input_empty',
    message: /all of its 2 records are bad\. The index stays/,
  },
  {
    what: 'is of no known format',
    content: 'Hello there.\n',
    code: 'input_unreadable',
    message: /format is not recognised/,
  },
  {
    what: 'is in Latin-1 and --strict is given',
    content: Buffer.from('id,title\n1,good\n2,caf\xe9\n', 'latin1'),
    choice: { strict: true },
    code: 'input_unreadable',
    message: /input, line 3: it has bytes that are not UTF-8\. Convert the text, e\.g\. `iconv -f latin1/,
  },
  {
    what: 'is a table without titles',
    content: 'id,name,abstract\n1,a,b\n',
    code: 'input_unreadable',
    message: /line 1: the header has no column "title" \(its columns are: id, name, abstract\)/,
  },
  {
    what: 'is an object around no papers',
    content: '{"papers": []}',
    code: 'input_empty',
    message: /it is empty\. The index stays/,
  },
  {
    what: 'is a gzip cut short after good records',
    content: packed.subarray(0, packed.length / 2),
    code: 'input_unreadable',
    message: /after the record of line \d{2,}: the gzip data ends too early/,
  },
  {
    what: 'is a gzip with a fault in its middle',
    content: Buffer.from(packed).fill(0xff, packed.length / 2, packed.length / 2 + 50),
    code: 'input_unreadable',
    message: /the gzip data is corrupt/,
  },
  {
    what: 'is a JSON array that ends too early',
    content: JSON.stringify(papersFrom(20, 3)).slice(0, -20),
    code: 'input_unreadable',
    message: /./,
  },
  {
    what: 'has a bad record and --strict is given',
    content: jsonLines(GOOD_AND_BAD),
    choice: { strict: true },
    code: 'bad_record',
    message: /line 3: no title.*--strict/,
  },
];

describe('a build whose input', () => {
  for (const { what, content, choice, code, message } of BAD_INPUTS) {
    it(`${what} fails and changes nothing`, async (t) => {
      const copy = copyOf(index, t);
      const input = join(temporaryFolder(t), 'input');
      if (content !== undefined) writeFileSync(input, content);
      const before = snapshot(copy);
      for (const more of [{}, { prune: true, force: true }, { fresh: true }]) {
        await assert.rejects(runBuild(copy, [input], { ...choice, ...more }), failure(code, message));
        assert.deepEqual(snapshot(copy), before);
      }
      assert.equal(existsSync(join(copy, 'building')), false);
      assert.equal(await servedPapers(copy), 10);
    });
  }

  it('is one good file and an empty one fails, names the empty one and changes nothing', async (t) => {
    const copy = copyOf(index, t);
    const before = snapshot(copy);
    const folder = temporaryFolder(t);
    const [good, empty] = [join(folder, 'good.jsonl'), join(folder, 'empty.jsonl')];
    writeFileSync(good, jsonLines(papersFrom(30, 2)));
    writeFileSync(empty, '');
    await assert.rejects(runBuild(copy, [good, empty]), failure('input_empty', /empty\.jsonl: it is empty/));
    assert.deepEqual(snapshot(copy), before);
  });

  it('is an empty folder fails and changes nothing', async (t) => {
    const copy = copyOf(index, t);
    const before = snapshot(copy);
    const folder = temporaryFolder(t);
    await assert.rejects(runBuild(copy, [folder]), failure('input_empty', /there is no file in it/));
    assert.deepEqual(snapshot(copy), before);
  });

  it('is missing makes no index folder either', async (t) => {
    const folder = join(temporaryFolder(t), 'index');
    await assert.rejects(runBuild(folder, ['/nowhere/papers.jsonl']), failure('input_unreadable', /ENOENT/));
    assert.equal(existsSync(folder), false);
  });

  it('is bad in one of two files changes nothing', async (t) => {
    const copy = copyOf(index, t);
    const before = snapshot(copy);
    const folder = temporaryFolder(t);
    const good = jsonFile(folder, papersFrom(20, 3));
    writeFileSync(join(folder, 'cut.gz'), packed.subarray(0, -9));
    await assert.rejects(
      runBuild(copy, [good, join(folder, 'cut.gz')]),
      failure('input_unreadable', /cut\.gz/),
    );
    await assert.rejects(runBuild(copy, [good, join(folder, 'none')]), failure('input_unreadable', /none/));
    assert.deepEqual(snapshot(copy), before);
  });

  it('is standard input twice is refused', async (t) => {
    await assert.rejects(runBuild(copyOf(index, t), ['-', '-']), failure('usage', /only once/));
  });
});

describe('bad records', () => {
  it('are counted, reported with line and reason, and skipped', async (t) => {
    const copy = copyOf(index, t);
    const input = jsonFile(temporaryFolder(t), GOOD_AND_BAD);
    const { events, bad, records, added, papers } = await runBuild(copy, [input]);
    assert.deepEqual({ bad, records, added, papers }, { bad: 3, records: 6, added: 3, papers: 13 });
    const skipped = events.flatMap((event) => (event.kind === 'skipped' ? [event] : []));
    assert.deepEqual(
      skipped.map(({ input: of, line }) => [of, line]),
      [3, 5, 6].map((line) => [input, line]),
    );
    assert.match(
      skipped.map(({ reason }) => reason).join('; '),
      /^no title; id: .*; published: "soon" is not a date/,
    );
  });

  it('are told to whoever runs the command, which succeeds', async (t) => {
    const copy = copyOf(index, t);
    const input = jsonLines(GOOD_AND_BAD);
    const { code, stdout, stderr } = await runCommand(['build', '--index', copy, '-'], { input });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /Skipped standard input, line 3: no title/);
    assert.match(stdout, /^Bad records skipped: 3\.$/m);
  });
});

describe('a build with no file', () => {
  it('and no index asks for one, and leaves nothing behind', async (t) => {
    const folder = join(temporaryFolder(t), 'index');
    await assert.rejects(runBuild(folder, []), failure('usage', /`nearpaper build <file>`/));
    assert.equal(existsSync(join(folder, 'CURRENT')), false);
    assert.equal(existsSync(join(folder, 'building')), false);
  });

  it('and a sound index changes nothing', async (t) => {
    const copy = copyOf(index, t);
    const before = snapshot(copy);
    assert.equal((await runBuild(copy, [])).kind, 'unchanged');
    assert.deepEqual(snapshot(copy), before);
  });
});

describe('a folder in which an index cannot be', () => {
  it('is refused with a word on where else', async (t) => {
    const folder = temporaryFolder(t);
    const input = jsonFile(folder, papersFrom(0, 1));
    await assert.rejects(
      runBuild(input, [input]),
      failure('index_unwritable', /NEARPAPER_INDEX names another/),
    );
  });

  it('is refused when something else has the name of the lock', async (t) => {
    const folder = join(temporaryFolder(t), 'index');
    mkdirSync(folder);
    writeFileSync(join(folder, 'writer.lock'), 'this is no lock of ours '.repeat(50));
    const input = jsonFile(folder, papersFrom(0, 1));
    await assert.rejects(
      runBuild(folder, [input]),
      failure('index_unwritable', /Cannot write .*writer\.lock: file is not a database/),
    );
  });
});
