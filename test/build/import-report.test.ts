/** What an import tells of everything that it read. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ADDED, append, journalIn, someVector } from '../commands/pending-changes.js';
import {
  copyOf,
  failure,
  jsonFile,
  jsonLines,
  papersFrom,
  runBuild,
  runCommand,
  snapshot,
  temporaryFolder,
} from './building.js';

const undo: (() => void | Promise<void>)[] = [];
after(() => {
  for (const work of undo) void work();
});
let index: string;

before(async () => {
  const folder = temporaryFolder({ after: (work) => undo.push(work) });
  index = join(folder, 'index');
  await runBuild(index, [
    jsonFile(folder, [...papersFrom(0, 10), { id: '2401.00001v2', title: 'Held in version 2' }]),
  ]);
});

const [FIRST, SECOND, THIRD] = papersFrom(0, 3);
const INPUT = [
  FIRST,
  { ...SECOND, abstract: 'We look at proteins anew.' },
  { id: 'new-1', title: 'Something new', doi: '10.1000/Shared' },
  { id: 'new-2', title: 'Something new as well', doi: 'https://doi.org/10.1000/shared' },
  THIRD,
  THIRD,
  { id: '2401.00001v1', title: 'Held in version 2, earlier' },
  { abstract: 'no title' },
  { id: 'x', title: 'X', published: 'soon' },
  { id: 'y', title: 'Y', published: 'later' },
];

describe('the report of an import', () => {
  it('says what became of every record', async (t) => {
    const copy = copyOf(index, t);
    const input = jsonFile(temporaryFolder(t), INPUT);
    const report = await runBuild(copy, [input]);
    const { records, added, changed, unchanged, removed, repeated, olderVersions, bad, leftOut } = report;
    assert.deepEqual(
      { records, added, changed, unchanged, removed, repeated, olderVersions, bad, leftOut },
      {
        ...{ records: 10, added: 2, changed: 1, unchanged: 3, removed: 0 },
        ...{ repeated: 1, olderVersions: 1, bad: 3, leftOut: 0 },
      },
    );
    assert.deepEqual(report.foldedExamples, ['p2', '2401.00001v1']);
    assert.deepEqual(report.shared, { count: 1, examples: [['new-1', 'new-2']] });
    assert.deepEqual(report.inputs, [
      { input, format: 'jsonl', records: 10, bad: 3, leftOut: 0, failure: null },
    ]);
    assert.deepEqual(
      report.skipped.map(({ problem, count, examples }) => [
        problem,
        count,
        examples.map(({ line }) => line),
      ]),
      [
        ['bad_date', 2, [9, 10]],
        ['no_title', 1, [8]],
      ],
    );
    for (const { advice } of report.skipped) assert.match(advice, /^[A-Z].*\w/);
  });

  it('counts all and shows few where much is wrong', async (t) => {
    const copy = copyOf(index, t);
    const many = Array.from({ length: 50 }, (_, n) => ({ id: `u${n}` }));
    const { skipped } = await runBuild(copy, [jsonFile(temporaryFolder(t), [FIRST, ...many])]);
    assert.deepEqual(
      skipped.map(({ count, examples }) => [count, examples.length]),
      [[50, 3]],
    );
  });

  it('counts what the input did, and not the live changes that become part with it', async (t) => {
    const copy = copyOf(index, t);
    const journal = await journalIn(copy);
    append(journal, [
      { kind: 'put', seq: 1, label: 12, paper: ADDED, arxivVersion: null, vector: someVector(1) },
      { kind: 'remove', seq: 2, label: 1, id: 'p0' },
    ]);
    const input = jsonFile(temporaryFolder(t), [...papersFrom(1, 9), { id: 'n', title: 'New' }]);
    const { kind, papers, added, changed, unchanged, removed } = await runBuild(copy, [input]);
    assert.deepEqual(
      { kind, papers, added, changed, unchanged, removed },
      { kind: 'published', papers: 12, added: 1, changed: 0, unchanged: 9, removed: 0 },
    );
    append(await journalIn(copy), [
      {
        kind: 'put',
        seq: 1,
        label: 99,
        paper: { ...ADDED, id: 'z' },
        arxivVersion: null,
        vector: someVector(2),
      },
    ]);
    const pruned = await runBuild(copy, [input], { prune: true, force: true });
    assert.equal(pruned.removed, 3);
    assert.equal(pruned.papers, 10);
  });

  it('tells of papers that took the place of quite another one, and not of titles that were corrected', async (t) => {
    const folder = temporaryFolder(t);
    const mine = jsonFile(
      folder,
      [
        { id: '1', title: 'Bees in Norway' },
        { id: '2', title: 'On the origins of stars' },
      ],
      'mine.jsonl',
    );
    const others = jsonFile(
      folder,
      [
        { id: '1', title: 'Volcanoes of Iceland' },
        { id: '2', title: 'On the Origin of Stars' },
      ],
      'others.jsonl',
    );
    const replaced = { id: '1', before: 'Bees in Norway', after: 'Volcanoes of Iceland' };
    const together = await runBuild(join(folder, 'together'), [mine, others]);
    assert.deepEqual({ ...together.replaced }, { count: 1, examples: [replaced] });
    const oneByOne = join(folder, 'one-by-one');
    await runBuild(oneByOne, [mine]);
    const { stdout } = await runCommand(['build', '--index', oneByOne, others]);
    assert.match(stdout, /quite another title: 1 \(1: "Bees in Norway" is now "Volcanoes of Iceland"\)/);
  });

  it('adds up where papers and abstracts come apart', async (t) => {
    const folder = temporaryFolder(t);
    const paperOf = (id: number) => ({ corpusid: id, title: `Paper ${id}`, externalids: {}, authors: [] });
    const abstractOf = (id: number, n: number) => ({
      corpusid: id,
      openaccessinfo: {},
      abstract: `Text ${n}`,
    });
    const papers = jsonFile(folder, [1, 2, 3, 4].map(paperOf), 'p.jsonl');
    const abstracts = jsonFile(folder, [abstractOf(1, 1), abstractOf(1, 2), abstractOf(9, 3)], 'a.jsonl');
    const report = await runBuild(join(folder, 'index'), [papers, abstracts]);
    const { records, papersNamed, added, abstractsJoined, repeated, leftOut, withoutAbstract } = report;
    assert.deepEqual(
      { records, papersNamed, added, abstractsJoined, repeated, leftOut, withoutAbstract },
      {
        records: 7,
        papersNamed: 4,
        added: 4,
        abstractsJoined: 1,
        repeated: 1,
        leftOut: 1,
        withoutAbstract: 3,
      },
    );
    const { abstracts: abstractRecords, bad } = report;
    assert.equal(records, papersNamed + abstractRecords + bad);
  });

  it('is printed for people, and as JSON with the time that it took', async (t) => {
    const copy = copyOf(index, t);
    const input = jsonFile(temporaryFolder(t), INPUT);
    const people = await runCommand(['build', '--index', copy, '--dry-run', input]);
    assert.equal(people.code, 0, people.stderr);
    const expected = [
      /^Read 10 records of 1 input in \d+\.\d s: 2 new, 1 changed, 3 unchanged\.$/,
      /^Bad records skipped: 3\.$/,
      /^ {2}records with a date or year that is none: 2, .*papers\.jsonl, line 9 \(published: "soon" is not a date.*line 10/,
      /^ {4}Write dates as YYYY-MM-DD/,
      /^ {2}records without a title: 1, .*line 8/,
      /^ {4}A title is/,
      /^Records whose id came before, folded \(the last one won\): 1\.$/,
      /^Older versions of papers, folded into the newest: 1\.$/,
      /^DOIs and arXiv ids .* share: 1 \(new-1 = new-2\)/,
      /^Papers without an abstract .*: 2 of 6\.$/,
      /^Dry run: nothing was written \(\d+\.\d s\)\. A build would hold 13 papers and embed up to 3 texts\.$/,
    ];
    const lines = people.stdout.trimEnd().split('\n');
    assert.equal(lines.length, expected.length, people.stdout);
    for (const [at, pattern] of expected.entries()) assert.match(lines[at] ?? '', pattern);

    const machine = await runCommand(['build', '--index', copy, '--dry-run', '--json', input]);
    const report = JSON.parse(machine.stdout);
    assert.equal(report.kind, 'dry-run');
    assert.equal(report.toEmbed, 3);
    assert.ok(report.seconds >= report.readingSeconds && report.readingSeconds > 0);
  });
});

describe('a dry run', () => {
  it('says what a build then does, and writes nothing', async (t) => {
    const copy = copyOf(index, t);
    const input = jsonFile(temporaryFolder(t), INPUT);
    const files = snapshot(copy);
    const dry = JSON.parse(
      (await runCommand(['build', '--index', copy, '--dry-run', '--json', input])).stdout,
    );
    assert.deepEqual(snapshot(copy), files);
    const real = await runBuild(copy, [input]);
    for (const name of [
      'papers',
      'added',
      'changed',
      'unchanged',
      'removed',
      'records',
      'skipped',
      'shared',
    ] as const)
      assert.deepEqual(dry[name], real[name], name);
    assert.equal(dry.toEmbed, real.embedded);
  });

  it('needs no index, and makes no folder for one', async (t) => {
    const folder = temporaryFolder(t);
    const absent = join(folder, 'index');
    const input = jsonFile(folder, papersFrom(0, 2));
    const before = snapshot(folder);
    const { code, stdout } = await runCommand(['build', '--index', absent, '--dry-run', input]);
    assert.equal(code, 0);
    assert.match(stdout, /would hold 2 papers and embed up to 2 texts/);
    assert.deepEqual(snapshot(folder), before);
  });

  it('tells what --prune would remove, and refuses what it would refuse', async (t) => {
    const copy = copyOf(index, t);
    const input = jsonFile(temporaryFolder(t), papersFrom(0, 3));
    const args = ['build', '--index', copy, '--dry-run', '--prune', input];
    const refused = await runCommand(args);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /--prune would remove 8 of 11 papers/);
    const forced = await runCommand([...args, '--force']);
    assert.match(forced.stdout, /would hold 3 papers, 8 papers removed and embed up to 0 texts/);
  });
});

describe('a folder', () => {
  it('gives its files, whatever their formats, and those of its folders', async (t) => {
    const copy = copyOf(index, t);
    const folder = temporaryFolder(t);
    mkdirSync(join(folder, 'b', '.hidden'), { recursive: true });
    jsonFile(folder, [{ id: 'n1', title: 'One' }], 'a.jsonl');
    writeFileSync(join(folder, 'b', 'table.csv.gz'), gzipSync('id,title\nn2,Two\n'));
    jsonFile(join(folder, 'b', '.hidden'), [{ id: 'n3', title: 'Hidden' }]);
    const { added, inputs } = await runBuild(copy, [folder]);
    assert.equal(added, 2);
    assert.deepEqual(
      inputs.map(({ input, format }) => [input, format]),
      [
        [join(folder, 'a.jsonl'), 'jsonl'],
        [join(folder, 'b', 'table.csv.gz'), 'csv'],
      ],
    );
  });

  it('loses nothing by a file that cannot be read, which is told', async (t) => {
    const copy = copyOf(index, t);
    const folder = temporaryFolder(t);
    const packed = gzipSync(jsonLines(papersFrom(100, 2000)));
    writeFileSync(join(folder, 'a-truncated.jsonl.gz'), packed.subarray(0, packed.length - 200));
    writeFileSync(join(folder, 'notes.txt'), 'Dear diary');
    jsonFile(folder, [{ id: 'n1', title: 'One' }], 'z.jsonl');
    const { added, inputs, notes } = await runBuild(copy, [folder]);
    const [truncated, diary, good] = inputs;
    assert.equal(truncated?.failure?.kind, 'broken');
    assert.match(truncated.failure.message, /truncated/);
    assert.equal(added, (truncated?.records ?? 0) + 1);
    assert.equal(diary?.failure?.kind, 'unrecognised');
    assert.match(diary.failure.message, /format is not recognised/);
    assert.equal(good?.failure, null);
    assert.equal(notes.filter((note) => note.startsWith('Passed over: ')).length, 2);
  });

  it('is not pruned by when a file of it is truncated, and is when one is no file of papers', async (t) => {
    const copy = copyOf(index, t);
    const folder = temporaryFolder(t);
    jsonFile(folder, papersFrom(0, 10), 'a.jsonl');
    const truncated = join(folder, 'b.jsonl.gz');
    writeFileSync(truncated, gzipSync(jsonLines(papersFrom(100, 5))).subarray(0, -20));
    const refused = failure('prune_refused', /broken files: 1, .*b\.jsonl\.gz\).*--force/);
    await assert.rejects(runBuild(copy, [folder], { prune: true }), refused);
    rmSync(truncated);
    writeFileSync(join(folder, 'notes.txt'), 'Dear diary');
    const { removed } = await runBuild(copy, [folder], { prune: true });
    assert.equal(removed, 1);
  });

  it('is not pruned by when a file of papers has become a page that tells of an error', async (t) => {
    const copy = copyOf(index, t);
    const folder = temporaryFolder(t);
    jsonFile(folder, papersFrom(0, 10), 'a.jsonl');
    writeFileSync(join(folder, 'b.jsonl'), '<!DOCTYPE html>\n<title>502 Bad Gateway</title>\n');
    await assert.rejects(
      runBuild(copy, [folder], { prune: true }),
      failure('prune_refused', /broken files: 1, .*b\.jsonl/),
    );
  });

  it('that has become empty, or whose file cannot be had, is not pruned by even with --force', async (t) => {
    const copy = copyOf(index, t);
    const [filled, unmounted] = [temporaryFolder(t), temporaryFolder(t)];
    jsonFile(filled, papersFrom(0, 10), 'a.jsonl');
    const options = { prune: true, force: true };
    await assert.rejects(
      runBuild(copy, [filled, unmounted], options),
      failure('input_unreadable', new RegExp(`there is no file in ${unmounted}`)),
    );
    symlinkSync(join(unmounted, 'gone.jsonl'), join(filled, 'link.jsonl'));
    await assert.rejects(
      runBuild(copy, [filled], options),
      failure('input_unreadable', /link\.jsonl: there is no such file/),
    );
  });

  it('may hold the index, which is not read, and may be named from within', async (t) => {
    const folder = temporaryFolder(t);
    mkdirSync(join(folder, 'sub'));
    jsonFile(folder, papersFrom(0, 3), 'a.jsonl');
    jsonFile(join(folder, 'sub'), papersFrom(3, 3));
    const args = ['build', '--json', '--index', join(folder, 'index-data'), '.'];
    for (const expected of [6, 0]) {
      const { code, stdout, stderr } = await runCommand(args, { cwd: folder });
      assert.equal(code, 0, stderr);
      const { added, inputs } = JSON.parse(stdout);
      assert.equal(added, expected);
      assert.deepEqual(
        inputs.map(({ input }: { input: string }) => input),
        ['a.jsonl', 'sub/papers.jsonl'],
      );
    }
  });

  it('with such a file fails with --strict', async (t) => {
    const copy = copyOf(index, t);
    const folder = temporaryFolder(t);
    jsonFile(folder, papersFrom(0, 10), 'a.jsonl');
    writeFileSync(join(folder, 'notes.txt'), 'Dear diary');
    await assert.rejects(
      runBuild(copy, [folder], { strict: true }),
      failure('input_unreadable', /notes\.txt/),
    );
  });
});
