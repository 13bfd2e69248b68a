import assert from 'node:assert/strict';
import { chmodSync, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { NearpaperError } from '../../../src/errors.js';
import { parseFormatName } from '../../../src/papers/formats/format.js';
import { readPapers } from '../../../src/papers/formats/read-papers.js';
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

const corpus = packagePath('..', 'shared', 'datasets', 'scale', 'arxiv-llm-2024-2025.jsonl.gz');
test('a real corpus of 45,983 records passes in flat memory, more than 5,000 a second', {
  skip: existsSync(corpus) ? false : 'no shared datasets here',
}, async () => {
  const input = await readPapers(corpus);
  const begun = performance.now();
  const before = process.memoryUsage().rss;
  let papers = 0;
  for await (const { kind } of input.outcomes) if (kind === 'paper') papers += 1;
  assert.equal(papers, 45_983);
  assert.ok(papers / ((performance.now() - begun) / 1000) > 5_000);
  assert.ok(process.memoryUsage().rss - before < 150e6);
});
