import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { NearpaperError } from '../../../src/errors.js';
import { decoded } from '../../../src/papers/formats/decode-bytes.js';
import { parseFormatName } from '../../../src/papers/formats/format.js';
import { readPapers } from '../../../src/papers/formats/read-papers.js';
import { StrayLines } from '../../../src/papers/formats/stray-bytes.js';
import { fileOf, packagePath, papersOf, type Reading, readAll, readPieces, summary } from './reading.js';

const record = (n: number) =>
  `{"id":"${n}","title":"Paper ${n}","abstract":"${'words and '.repeat(n % 40)}"}\n`;
const records = (count: number) => Array.from({ length: count }, (_, n) => record(n)).join('');

function assertUnreadable({ thrown }: Reading, message: RegExp): void {
  assert.ok(thrown instanceof NearpaperError, `not a NearpaperError: ${thrown}`);
  assert.equal(thrown.code, 'input_unreadable');
  assert.match(thrown.message, message);
}

test('the sample page has 47 papers, none of them bad', async () => {
  const { format, outcomes } = await readAll(packagePath('index-data', 'sample-page.txt'));
  const papers = papersOf(outcomes);
  assert.deepEqual([format, outcomes.length, papers.length], ['page', 47, 47]);
  assert.equal(
    papers[0]?.title,
    'Flow of Reasoning: Efficient Training of LLM Policy with Divergent Thinking',
  );
  assert.match(papers[46]?.title ?? '', /^CySecBench: /);
  assert.match(papers[46]?.abstract ?? '', /78\.5%, higher than the state-of-the-art methods\.$/);
  assert.deepEqual(Object.keys(papers[0] ?? {}).sort(), ['abstract', 'title']);
});

test('a missing file is unreadable, by name', async () => {
  assertUnreadable(
    await readAll('/no/such/papers.jsonl'),
    /^\/no\/such\/papers\.jsonl: there is no such file/,
  );
});

test('a directory is unreadable, by name', async (t) => {
  const folder = dirname(fileOf(t, 'x', ''));
  assertUnreadable(await readAll(folder), /it is a directory/);
});

test('a file without permission is unreadable', {
  skip: process.getuid?.() === 0 ? 'root may read every file' : false,
}, async (t) => {
  const path = fileOf(t, 'x.jsonl', record(1));
  chmodSync(path, 0);
  assertUnreadable(await readAll(path), /not permitted/);
});

test('a text of no known format is unreadable, and the formats are named', async () => {
  assertUnreadable(
    await readPieces(['Dear all,\nplease find attached.']),
    /^standard input, line 1: .*"Dear all, please.*page, jsonl/,
  );
  assertUnreadable(await readPieces([' '.repeat(70_000), 'Dear all']), /not recognised/);
});

test('an unknown format name is wrong use, and the names are listed', () => {
  assert.equal(parseFormatName('csv'), 'csv');
  assert.throws(
    () => parseFormatName('tsv'),
    (thrown) =>
      thrown instanceof NearpaperError && thrown.code === 'usage' && /json-array/.test(thrown.message),
  );
});

test('standard input that was not handed over is wrong use', async () => {
  await assert.rejects(
    readPapers('-'),
    (thrown) => thrown instanceof NearpaperError && thrown.code === 'usage',
  );
});

test('standard input is read as a file is, and strings in it too', async () => {
  const { outcomes } = await readAll('-', { stdin: Readable.from([record(1), record(2)]) });
  assert.deepEqual(summary(outcomes), ['1', '2']);
});

test('gzip of several members is read to its end', async () => {
  const bytes = Buffer.concat([gzipSync(record(1)), gzipSync(record(2)), gzipSync(''), gzipSync(record(3))]);
  assert.deepEqual(summary((await readPieces([bytes])).outcomes), ['1', '2', '3']);
  const single = [...bytes].map((byte) => Uint8Array.of(byte));
  assert.deepEqual(summary((await readPieces(single)).outcomes), ['1', '2', '3']);
});

test('a truncated gzip yields what could be unpacked, then is unreadable', async () => {
  const bytes = gzipSync(records(3000));
  for (const length of [2, 5, 11, 100, bytes.length >> 1, bytes.length - 9, bytes.length - 1]) {
    const cut = bytes.subarray(0, length);
    const readable = gunzipSync(cut, { finishFlush: 2 }).toString().split('\n').length - 1;
    const reading = await readPieces([cut]);
    assertUnreadable(reading, /gzip data ends too early/);
    assert.equal(papersOf(reading.outcomes).length, readable, `of ${length} bytes`);
  }
});

test('a corrupt gzip is unreadable after what came before the fault', async () => {
  const bytes = gzipSync(records(2000));
  bytes.fill(0, bytes.length - 8);
  const reading = await readPieces([bytes]);
  assertUnreadable(reading, /after the record of line \d+: the gzip data is corrupt/);
  // The last block, of at most 16 KiB unpacked, is lost with the fault that was found in it.
  assert.ok(reading.outcomes.length > 1900 && reading.outcomes.length < 2000);
});

test('reading stops with the reason of the signal', async () => {
  const controller = new AbortController();
  const stdin = new Readable({
    read() {
      this.push(record(1).repeat(1000));
    },
  });
  const input = await readPapers('-', { stdin, signal: controller.signal });
  const reason = new Error('enough');
  await assert.rejects(
    async () => {
      for await (const _ of input.outcomes) controller.abort(reason);
    },
    (thrown) => thrown === reason,
  );
  await assert.rejects(readPapers('-', { stdin, signal: controller.signal }), (thrown) => thrown === reason);
});

test('a reader that is left early releases its source', async () => {
  const stdin = Readable.from([record(1), record(2)]);
  const input = await readPapers('-', { stdin });
  for await (const _ of input.outcomes) break;
  assert.equal(stdin.destroyed, true);
  const unread = Readable.from([record(1)]);
  (await readPapers('-', { stdin: unread })).close();
  assert.equal(unread.destroyed, true);
});

test('a slow consumer holds the source back', async () => {
  let produced = 0;
  const stdin = new Readable({
    read() {
      produced += 1;
      this.push(produced > 500 ? null : records(200));
    },
  });
  const input = await readPapers('-', { stdin });
  let seen = 0;
  for await (const _ of input.outcomes) if (++seen === 1000) break;
  assert.ok(produced < 50, `${produced} pieces were taken for 5`);
});

describe('bytes that are not UTF-8', () => {
  const latin1 = (text: string) => Buffer.from(text, 'latin1');
  const titles = ({ outcomes }: Reading) => papersOf(outcomes).map(({ title }) => title);
  const note = (what: string) => [`In standard input, ${what} read as Windows-1252.`];

  test('are read as Windows-1252 in their line, and told of, however they are cut', async () => {
    for (const [bytes, read, notes] of [
      [latin1('title\ngood\ncaf\xe9\n'), ['good', 'café'], '1 line is not UTF-8 (line 3); it was'],
      [
        Buffer.concat([
          Buffer.from('{"title":"É 𝒩"}\n'),
          latin1('{"title":"\x93\xc9\x94 \x80"}\r\n{"title":"\xfc"}'),
        ]),
        ['É 𝒩', '“É” €', 'ü'],
        '2 lines are not UTF-8 (the first is line 2); they were',
      ],
      [
        latin1('\xef\xbb\xbf[{"title":"caf\xe9"},\n{"title":"b"}]'),
        ['café', 'b'],
        '1 line is not UTF-8 (line 1); it was',
      ],
      // Half a character at the end of the input.
      [
        Buffer.from('{"title":"a"}\n{"title":"é 𝒩').subarray(0, -1),
        ['a'],
        '1 line is not UTF-8 (line 2); it was',
      ],
    ] as const) {
      for (const pieces of [[bytes], [...bytes].map((byte) => Uint8Array.of(byte)), [gzipSync(bytes)]]) {
        const reading = await readPieces(pieces);
        assert.deepEqual([titles(reading), reading.notes, reading.thrown], [read, note(notes), undefined]);
      }
    }
  });

  test('far into an input are told of with the exact line', async () => {
    const lines = Array.from({ length: 5000 }, (_, n) => JSON.stringify({ id: `${n}`, title: `É ${n} 𝒩` }));
    const bytes = Buffer.concat([Buffer.from(`${lines.join('\n')}\n`), latin1('{"title":"\xe9"}\n')]);
    const reading = await readAll('-', { stdin: Readable.from(slicesOf(bytes, 65_536)) });
    assert.equal(titles(reading).filter((title) => /^É \d+ 𝒩$/.test(title)).length, 5000);
    assert.deepEqual(
      [titles(reading).at(-1), reading.notes],
      ['é', note('1 line is not UTF-8 (line 5001); it was')],
    );
  });

  test('in a line of megabytes change no more than their part of it', async () => {
    const long = `"${'ab é𝒩 '.repeat(600_000)}"`;
    const bytes = Buffer.concat([Buffer.from(`{"x":${long},"title":"`), latin1('\xe9"}\n{"title":"b"}\n')]);
    for (const size of [bytes.length, 65_536, 999_983]) {
      const reading = await readAll('-', { format: 'jsonl', stdin: Readable.from(slicesOf(bytes, size)) });
      assert.deepEqual(titles(reading), ['é', 'b']);
      assert.equal(reading.notes.at(-1), note('1 line is not UTF-8 (line 1); it was')[0]);
    }
  });

  test('give the same text however they are cut', async () => {
    const part = fc.oneof(
      fc.constantFrom('\n', '\r\n', 'a', 'é', '𝒩', '注', '\ufeff').map((text) => Buffer.from(text)),
      fc.constantFrom(0xe9, 0x93, 0xf0, 0x80, 0xc3, 0xff).map((byte) => Buffer.of(byte)),
    );
    const read = async (pieces: Uint8Array[], strays: StrayLines | null) => {
      let text = '';
      try {
        for await (const piece of decoded(Readable.from(pieces, { objectMode: true }), strays)) text += piece;
      } catch (thrown) {
        text += String(thrown);
      }
      return [text, strays?.note('x')];
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 30 }),
        fc.integer({ min: 1, max: 7 }),
        async (parts, size) => {
          const bytes = Buffer.concat([Buffer.from('a'), ...parts]);
          for (const strays of [() => new StrayLines(), () => null]) {
            assert.deepEqual(await read(slicesOf(bytes, size), strays()), await read([bytes], strays()));
          }
          const lines = bytes
            .toString('latin1')
            .split('\n')
            .map((line) => latin1(line));
          const expected = lines.map((line) =>
            isUtf8(line)
              ? line.toString()
              : line
                  .toString('latin1')
                  .replaceAll('\x93', '“')
                  .replaceAll('\x80', '€')
                  .replaceAll('\x92', '’'),
          );
          assert.equal((await read([bytes], new StrayLines()))[0], expected.join('\n'));
        },
      ),
    );
  });

  test('end the reading after the records before them where the encoding is strict', async () => {
    const advice =
      /, line 3: it has bytes that are not UTF-8\. .*`iconv -f latin1 -t utf-8 in\.csv > out\.csv`/;
    for (const [bytes, read] of [
      [latin1('id,title\n1,good\n2,caf\xe9\n3,x\n'), ['2']],
      [latin1('{"title":"a"}\n{"title":"b"}\n{"title":"caf\xe9"}\n{"title":"c"}\n'), ['1', '2']],
      [latin1('[{"title":"a"},\n{"title":"b"},\n{"title":"\xfcber"}]'), ['1', '2']],
      [Buffer.from('{"title":"a"}\n{"title":"b"}\n{"title":"𝒩').subarray(0, -1), ['1', '2']],
    ] as const) {
      for (const pieces of [[bytes], [...bytes].map((byte) => Uint8Array.of(byte)), [gzipSync(bytes)]]) {
        const reading = await readPieces(pieces, { strictEncoding: true });
        assertUnreadable(reading, advice);
        assert.deepEqual(summary(reading.outcomes), read);
      }
    }
  });

  test('are none where the replacement character itself is written, or a byte order mark inside', async () => {
    const reading = await readPieces(['{"title":"a\ufffdb\ufeffc"}\n'], { strictEncoding: true });
    assert.deepEqual([titles(reading), reading.thrown, reading.notes], [['a\ufffdb\ufeffc'], undefined, []]);
  });

  test('are told of UTF-16 with half a character as an error', async () => {
    const reading = await readPieces([Buffer.from('\ufeff{"title":"a"}\n{"title":"\ud835"}\n', 'utf16le')]);
    assertUnreadable(reading, /line 2: it has bytes that are not UTF-16LE.* as UTF-8/);
  });

  test('are read as the encoding that an XML declaration names', async () => {
    const read = async (declaration: string, body: Uint8Array) => {
      let text = '';
      const pieces = Readable.from([Buffer.from(declaration), body], { objectMode: true });
      for await (const piece of decoded(pieces, new StrayLines())) text += piece;
      return text.slice(declaration.length);
    };
    const declared = (name: string) => `<?xml version="1.0" encoding="${name}"?>\n`;
    assert.equal(await read(declared('ISO-8859-2'), latin1('\xb3\xf3d\xbc\n')), 'łódź\n');
    assert.equal(await read(declared('iso-8859-1'), latin1('\xe9\x80')), 'é€');
    assert.equal(await read(declared('GBK'), latin1('\xd7\xa2')), '注');
    for (const name of ['UTF-8', 'utf-16', 'no-such']) {
      assert.equal(await read(declared(name), Buffer.from('é')), 'é', name);
      assert.equal(await read(declared(name), latin1('\xe9')), 'é', name);
    }
  });
});

test('a binary file is refused, with what it is and what to do', async () => {
  const zip = Buffer.concat([Buffer.from('PK\x03\x04\x14\x00'), Buffer.alloc(600, 0x9c)]);
  const tar = Buffer.concat([Buffer.from('a.json'), Buffer.alloc(251), Buffer.from('ustar\x0000')]);
  const late = Buffer.concat([Buffer.from('{"title":"a"}\n'.repeat(100)), Buffer.of(0xe9, 0, 0xff)]);
  for (const [bytes, message] of [
    [zip, /^standard input: it looks like a zip archive, which \.xlsx and \.docx are too\. Unpack it/],
    [Buffer.from('PAR1\x15\x04'), /it looks like a Parquet file\. Write its records as CSV or JSON Lines/],
    [Buffer.from('SQLite format 3\0'), /it looks like an SQLite database/],
    [Buffer.from('%PDF-1.7\n%'), /it looks like a PDF document/],
    [Buffer.from('\x28\xb5\x2f\xfd\x04', 'latin1'), /it looks packed with zstd\. Unpack it/],
    [gzipSync(tar), /it looks like a tar archive\. Unpack it/],
    [Buffer.of(0x7f, 0x45, 0x4c, 0x46, 0, 0), /it has NUL bytes, as binary files do/],
  ] as const) {
    for (const format of [undefined, 'csv', 'jsonl'] as const) {
      assertUnreadable(await readPieces([bytes], { format }), message);
    }
  }
  assertUnreadable(await readPieces([late]), /it has NUL bytes/);
  assert.deepEqual(papersOf((await readPieces(['BZh,title\nx,PAR1\n'])).outcomes), [{ title: 'PAR1' }]);
});

function slicesOf(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  );
}

describe('what is not used of an input is told once:', () => {
  test('columns, as their header writes them', async () => {
    const table = 'ISSN,Item Type,Title,DOI,Extra,\n1,book,T,,x,\n2,book,U,,y,\n';
    const { outcomes, notes } = await readPieces([table]);
    assert.deepEqual(papersOf(outcomes), [{ title: 'T' }, { title: 'U' }]);
    assert.deepEqual(notes, [
      'Columns not used in standard input: ISSN, Item Type, Extra ' +
        '(known: id, title, abstract, authors, published, updated, year, categories, venue, url, doi).',
    ]);
  });

  test('fields of JSON records, bad ones too', async () => {
    for (const text of [
      '{"title":"a","n\\u001bote":1}\n{"title":"b","n\\u001bote":2,"tl;dr":""}\n{"name":"c"}\n',
      '[{"title":"a","n\\u001bote":1},\n{"title":"b","tl;dr":""},{"name":"c"}]',
    ]) {
      const { notes } = await readPieces([text]);
      assert.match(
        notes.join(),
        /^Fields not used in standard input: n ote, tl;dr, name \(known: id, title, /,
      );
    }
  });

  test('twenty names at most, none of them long', async () => {
    const fields = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`field ${n}`, n]));
    const { notes } = await readPieces([JSON.stringify({ title: 'a', ['x'.repeat(1000)]: 1, ...fields })]);
    assert.match(notes[0] ?? '', /: x{40}…, field 0, .*field 18 and others \(known/);
    assert.equal(notes.length, 1);
  });

  test('nothing where all is used, and nothing of the fields of the arXiv snapshot', async () => {
    assert.deepEqual((await readPieces([record(1), record(2)])).notes, []);
    assert.deepEqual((await readPieces(['ID,TITLE\n1,a\n'])).notes, []);
    const snapshot = await readAll(packagePath('test', 'fixtures', 'formats', 'arxiv-snapshot.jsonl'));
    assert.deepEqual(snapshot.notes, []);
  });
});
