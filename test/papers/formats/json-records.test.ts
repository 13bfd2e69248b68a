import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readJsonRecords } from '../../../src/papers/formats/json-records.js';
import { holdsRecords } from '../../../src/papers/formats/json-shape.js';
import { UnusedNames } from '../../../src/papers/formats/unused-names.js';

const isRecord = (value: Record<string, unknown>) => 'key' in value;
const telling = /"key"\s*:/;
const HEAD_LENGTH = 64 * 1024;

/** The lines of what was read, and their keys; "bad" for what could not be read, "none" for what has none. */
function keysOf(text: string, size = 50_000): Promise<string[]> {
  const pieces = function* () {
    for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
  };
  return keysOfPieces(pieces(), text.slice(0, HEAD_LENGTH));
}

async function keysOfPieces(pieces: Iterable<string>, head: string): Promise<string[]> {
  const context = { source: 'x', head, unused: new UnusedNames() };
  const keys: string[] = [];
  const toOutcome = (line: number, value: unknown) => {
    const isOne = typeof value === 'object' && value !== null && 'key' in value;
    return { kind: 'paper' as const, line, paper: { title: isOne ? String(value.key) : 'none' } };
  };
  const text = (async function* () {
    yield* pieces;
  })();
  for await (const outcome of readJsonRecords(text, context, { isRecord, toOutcome })) {
    keys.push(`${outcome.line} ${outcome.kind === 'paper' ? outcome.paper.title : 'bad'}`);
  }
  return keys;
}

const holds = (text: string) => holdsRecords(text.slice(0, HEAD_LENGTH), isRecord, telling);
const long = 'x'.repeat(5_000_000);

describe('JSON records are found and read', () => {
  const texts: [how: string, text: string, keys: string[]][] = [
    ['one a line', '{"key":1}\n\n{"key":2,"a":[{"key":3}]}\n', ['1 1', '3 2']],
    ['one a line after a broken one', '{"key":,"a":[{}]}\n{"key":2}', ['1 bad', '2 2']],
    ['one a line after one of something else', '{"a":[{"b":1}]}\n{"key":2}', ['1 none', '2 2']],
    ['over several lines each', '{\n"key":1,\n"a":[{"key":3}]\n}\n{\n"key":2\n}', ['1 1', '5 2']],
    ['over several lines, alone', '{\n"key":1,\n"a":[\n{"key":3}\n]\n}', ['1 1']],
    ['in an array', '[{"key":1},\nnull,{"key":2}]', ['1 1', '2 none', '2 2']],
    ['in a member', '{"meta":{"n":2},"results":[{"key":1},\n{"key":2}],"groups":[]}', ['1 1', '2 2']],
    ['in a member, an object a line', '{"meta":{},"results":[\n{"key":1},\n{"key":2}\n]}', ['2 1', '3 2']],
    ['in a member over several lines', '{\n"n": [],\n"results": [\n{\n"key":1\n}\n]\n}', ['4 1']],
    ['alone, with lists of its own', '{"key":1,"a":[{"key":2}]}', ['1 1']],
    ['alone and longer than the head', `{"key":1,"b":"${long}","a":[{"key":2}]}`, ['1 1']],
    ['alone with a list that is longer than the head', `{"key":1,"a":[{"key":2},{"b":"${long}"}]}`, ['1 1']],
    ['one a line, the first longer than the head', `{"key":1,"a":["${long}"]}\n{"key":2}`, ['1 1', '2 2']],
    [
      'in a member, the first longer than the head',
      `{"m":{"a":1},"r":[{"key":1,"b":"${long}"},{"key":2}]}`,
      ['1 1', '1 2'],
    ],
  ];
  for (const [how, text, keys] of texts) {
    test(how, async () => {
      assert.equal(holds(text), true);
      assert.deepEqual(await keysOf(text), keys);
      assert.deepEqual(await keysOf(text.replaceAll('\n', '\r\n')), keys);
    });
  }

  test('over several lines, alone and longer than the head, by what the head has of it', async () => {
    const lists = Array.from({ length: 10_000 }, (_, n) => ({ name: `n${n}` }));
    for (const [record, key] of [
      [{ key: 1, a: lists }, '1 1'],
      [{ a: lists.slice(0, 10), key: 1, b: lists }, '1 1'],
    ] as const) {
      const text = JSON.stringify(record, null, 2);
      assert.ok(text.length > 2 * HEAD_LENGTH);
      assert.deepEqual([holds(text), await keysOf(text)], [true, [key]]);
    }
    const array = JSON.stringify([{ a: lists, key: 1 }], null, 2);
    assert.deepEqual(await keysOf(array), ['2 1']);
  });

  test('or are none of those asked for', () => {
    for (const text of [
      '',
      '{',
      '[',
      '{"a":1}',
      '[1,2]',
      '{"a":[{"b":1}]}\n{"a":[{"b":1}]}',
      '{"title":"a","a":[{"key":1}]}\n{"title":"b"}',
      'key',
      '"key":',
    ]) {
      assert.equal(holds(text), false, text);
    }
  });
});

describe('several pages in one text', () => {
  const pages = [
    { meta: { n: 4 }, results: [{ key: 1 }, { key: 2, a: [{ b: 1 }] }], groups: [{ key: 'g' }] },
    { meta: { n: 4, results: [{}] }, results: [], groups: [{ key: 'g' }] },
    { results: [{ key: 3 }], meta: { n: 4 } },
    { meta: { n: 4 }, groups: [{ key: 'g' }], results: [{ key: '4]}' }] },
  ];
  const withoutLines = (keys: string[]) => keys.map((key) => key.slice(key.indexOf(' ') + 1));

  for (const [how, indent] of [
    ['on one line each', 0],
    ['over several lines', 2],
  ] as const) {
    for (const between of ['', '\n', '\r\n', ' \n\n\t', '\uFEFF']) {
      test(`${how}, with ${JSON.stringify(between)} between them, are all read`, async () => {
        const written = pages.map((value) => JSON.stringify(value, null, indent));
        const text = written.join(between) + between;
        assert.equal(holds(text), true);
        assert.deepEqual(withoutLines(await keysOf(text)), ['1', '2', '3', '4]}']);
        const empty = JSON.stringify({ meta: { n: 0 }, results: [], groups: [] }, null, indent);
        const emptyFirst = [empty, ...written.slice(2), empty].join(between);
        assert.equal(holds(emptyFirst), true);
        assert.deepEqual(withoutLines(await keysOf(emptyFirst)), ['3', '4]}']);
      });
    }
  }

  test('have the lines of their records, also where they are longer than the head', async () => {
    const one = `{"n":1,"r":[{"key":1,"b":"${long}"},\n{"key":2}]}`;
    assert.deepEqual(await keysOf(`${one}\n\n${one}`), ['1 1', '2 2', '4 1', '5 2']);
  });

  test('come out the same in every cut of the text', async () => {
    const text = pages.map((value) => JSON.stringify(value)).join('\n');
    const whole = await keysOf(text);
    for (let size = 1; size < 40; size += 1) assert.deepEqual(await keysOf(text, size), whole);
  });

  test('and what is no page between them is a record of its own, or ends the reading', async () => {
    const [first = '', last = ''] = [pages[0], pages[2]].map((value) => JSON.stringify(value));
    for (const [other, key] of [
      ['{"error":"too many requests"}', 'none'],
      ['{"error":"x","details":[{"key":5}]}', 'none'],
      ['{"key":6,"a":[{"key":5}]}', '6'],
      ['{"a":1,}', 'bad'],
      [`{"a":"${long}${long}"}`, 'bad'],
      [`{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`, 'bad'],
    ]) {
      assert.deepEqual(await keysOf(`${first}\n${other}\n${last}`), ['1 1', '1 2', `2 ${key}`, '3 3']);
    }
    for (const other of ['Too many requests', '[]', '[{"key":5}]', '<html>', ',', ']']) {
      const message = /line 2: .* something follows the end of the object around it/;
      await assert.rejects(keysOf(`${first}\n${other}\n${last}`), message, other);
    }
    await assert.rejects(keysOf(`${first}\n{"meta":{}`), /line 2: .* before the object around it is closed/);
    await assert.rejects(keysOf(first.slice(0, -1)), /line 1: .* before the object around it is closed/);
  });
});

describe('a record that nests over a thousand brackets', () => {
  const deep = (count: number) => `{"key":5,"a":${'['.repeat(count)}${']'.repeat(count)}}`;

  test('is a bad one, and the next is read', async () => {
    assert.deepEqual(await keysOf(`[${deep(990)},\n${deep(2000)},\n{"key":2}]`), ['1 5', '2 bad', '3 2']);
    const pretty = `{\n"key":1\n}\n{\n${deep(990).slice(1)}\n{\n${deep(3000).slice(1)}\n{\n"key":2\n}`;
    assert.deepEqual(await keysOf(pretty), ['1 1', '4 5', '6 bad', '8 2']);
  });

  for (const [how, begin, piece, message] of [
    ['an array', '[{"key":1},{"key":2,"x":', '['.repeat(1 << 20), /before the array is closed/],
    ['a page', '{"r":[{"key":1}],"x":', '{"a":['.repeat(1 << 18), /before the object around it is closed/],
    ['an object over several lines', '{\n"key":1\n}\n{\n"x":', `${'['.repeat(1 << 20)}\n`, null],
  ] as const) {
    test(`costs no memory when it never ends, in ${how}`, async () => {
      const pieces = function* () {
        yield begin;
        for (let n = 0; n < 15; n += 1) yield piece;
      };
      const before = process.memoryUsage().heapUsed;
      const reading = keysOfPieces(pieces(), begin);
      if (message === null) assert.deepEqual(await reading, ['1 1', '4 bad']);
      else await assert.rejects(reading, message);
      // Each open bracket kept would take eight bytes: 126 MB of them, all in all.
      assert.ok(process.memoryUsage().heapUsed - before < 90e6);
    });
  }
});

test('an empty list in a member holds none, and a broken one is an error after its records', async () => {
  assert.deepEqual(await keysOf('{"total":0,"data":[]}'), []);
  await assert.rejects(keysOf('{"data":[{"key":1},{"key":2}'), /the text ends before the array is closed/);
});

test('a head of nothing but quotes, brackets or blanks costs no more than others', () => {
  const start = performance.now();
  for (const unit of ['{"', '\\"', '{', '[', '{"a":[', ' ', '"', '{"a":', ',']) {
    holds(`{"${unit.repeat(HEAD_LENGTH)}`);
    holds(`{${unit.repeat(HEAD_LENGTH)}`);
  }
  assert.ok(performance.now() - start < 5000);
});
