import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { FORMAT_NAMES, type FormatName } from '../../../src/papers/formats/format.js';
import { READERS } from '../../../src/papers/formats/readers.js';
import { UnusedNames } from '../../../src/papers/formats/unused-names.js';
import { fileOf, papersOf, readAll, readPieces, summary } from './reading.js';

/** What a reader supplies: three records of which the middle one is bad, with text beyond ASCII. */
interface Fixture {
  text: string;
  /** Lines of the two papers, and of the bad record between them; null when the format can have none there. */
  lines: [number, number];
  bad: { line: number; reason: RegExp } | null;
}

const TITLES = ['Énergie – die 𝒩-Räume', '注意力就是你所需要的'];
const [A, B] = TITLES;
const snapshotRecord = (title: string | undefined) =>
  JSON.stringify({
    id: '0704.0001',
    submitter: 'X',
    title,
    abstract: 'ä',
    versions: [],
    update_date: '2008-11-26',
  });

const FIXTURES: Record<FormatName, Fixture> = {
  page: {
    text: `new\n\nGet trending papers in your email inbox!\n\nSubscribe\n\nbyAK and the research community\n\nMar 11\n\n${A}\n\nä\n\n${B}\n\nä\n`,
    lines: [11, 15],
    bad: null,
  },
  jsonl: {
    text: `\n{"title":"${A}"}\n{"title":"x",}\n\n{"title":"${B}"}\n`,
    lines: [2, 5],
    bad: { line: 3, reason: /^not JSON: unexpected "}" at position 14$/ },
  },
  'json-array': {
    text: `[\n  {"title": "${A}"},\n  {\n    "title": NaN\n  },\n\n  {"title": "${B}"}\n]\n`,
    lines: [2, 7],
    bad: { line: 3, reason: /^not JSON: unexpected "N" at position \d+ of the record$/ },
  },
  csv: {
    text: `id,Title,Abstract\n\n1,"${A}","two\nlines, ""quoted"""\n2,x\n3,${B},ä\n`,
    lines: [3, 6],
    bad: { line: 5, reason: /^the row has 2 columns, the header 3$/ },
  },
  'arxiv-snapshot': {
    text: `${snapshotRecord(A)}\n${snapshotRecord(undefined)}\n${snapshotRecord(B)}\n`,
    lines: [1, 3],
    bad: { line: 2, reason: /^no title$/ },
  },
};

test('every format has one reader, and no other', () => {
  assert.deepEqual(READERS.map(({ name }) => name).sort(), [...FORMAT_NAMES].sort());
});

for (const format of FORMAT_NAMES) {
  const fixture = FIXTURES[format];
  const bytes = Buffer.from(fixture.text);
  const check = (reading: Awaited<ReturnType<typeof readAll>>) => {
    assert.equal(reading.thrown, undefined);
    assert.equal(reading.format, format);
    assert.deepEqual(
      papersOf(reading.outcomes).map(({ title }) => title),
      TITLES,
    );
    const lines = reading.outcomes.filter(({ kind }) => kind === 'paper').map(({ line }) => line);
    assert.deepEqual(lines, fixture.lines);
    const bad = reading.outcomes.find((outcome) => outcome.kind === 'bad');
    assert.equal(bad?.line, fixture.bad?.line);
    if (fixture.bad !== null) assert.match(bad?.reason ?? '', fixture.bad.reason);
  };

  describe(`the reader of ${format}`, () => {
    test('is recognised and reads on after a bad record', async () => check(await readPieces([bytes])));

    test('reads the same when the format is named', async () => check(await readPieces([bytes], { format })));

    test('reads CRLF as LF', async () => check(await readPieces([fixture.text.replaceAll('\n', '\r\n')])));

    test('reads a file without a last line break', async () =>
      check(await readPieces([fixture.text.trimEnd()])));

    test('drops a byte order mark', async () => check(await readPieces([`\ufeff${fixture.text}`])));

    test('reads UTF-16 with a byte order mark', async () => {
      const little = Buffer.from(`\ufeff${fixture.text}`, 'utf16le');
      check(await readPieces([little]));
      check(await readPieces([Buffer.from(little).swap16()]));
    });

    test('unpacks gzip whatever the name says', async (t) => {
      check(await readAll(fileOf(t, 'papers.txt', gzipSync(bytes))));
      check(await readAll(fileOf(t, 'papers.gz', bytes)));
    });

    test('reads the same however the bytes are cut', async () => {
      for (const all of [bytes, Buffer.from(fixture.text.replaceAll('\n', '\r\n'))]) {
        for (let cut = 1; cut < all.length; cut += 1) {
          check(await readPieces([all.subarray(0, cut), all.subarray(cut)]));
        }
        check(await readPieces([...all].map((byte) => Uint8Array.of(byte))));
      }
    });

    test('yields nothing for an empty or blank input', async () => {
      for (const blank of [[], [''], ['\n \r\n\n'], ['\ufeff']]) {
        const reading = await readPieces(blank, { format });
        assert.deepEqual([summary(reading.outcomes), reading.thrown], [[], undefined]);
      }
    });

    test('yields the records before a failure of its source, then throws', async () => {
      const failing = (async function* () {
        yield fixture.text;
        throw new Error('the source broke');
      })();
      const reader = READERS.find(({ name }) => name === format);
      const lines: number[] = [];
      await assert.rejects(async () => {
        const read = reader?.read(failing, {
          source: 'x',
          head: fixture.text,
          unused: new UnusedNames(),
        });
        for await (const { line } of read ?? []) lines.push(line);
      }, /the source broke/);
      assert.equal(lines[0], fixture.lines[0]);
    });

    test('never throws at any beginning of a text', () => {
      for (const head of ['', '{', '[', '"', '[[', '{"', '}', ',', '\0', '{"title": ', 'title']) {
        for (const { looksLike } of READERS) assert.equal(typeof looksLike(head), 'boolean');
      }
    });
  });
}
