import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { FORMAT_NAMES } from '../../../src/papers/formats/format.js';
import { READERS } from '../../../src/papers/formats/readers.js';
import { UnusedNames } from '../../../src/papers/formats/unused-names.js';
import { TITLES } from './contract/fixture.js';
import { FIXTURES } from './contract/fixtures.js';
import { fileOf, papersOf, readAll, readPieces, summary } from './reading.js';

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
