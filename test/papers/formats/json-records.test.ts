import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { holdsRecords, readJsonRecords } from '../../../src/papers/formats/json-records.js';
import { UnusedNames } from '../../../src/papers/formats/unused-names.js';

const isRecord = (value: Record<string, unknown>) => 'key' in value;
const telling = /"key"\s*:/;
const HEAD_LENGTH = 64 * 1024;

/** The lines of what was read, and their keys; "bad" for what was none. */
async function keysOf(text: string): Promise<string[]> {
  const pieces = (async function* () {
    for (let at = 0; at < text.length; at += 50_000) yield text.slice(at, at + 50_000);
  })();
  const context = { source: 'x', head: text.slice(0, HEAD_LENGTH), unused: new UnusedNames() };
  const keys: string[] = [];
  const toOutcome = (line: number, value: unknown) => {
    const isOne = typeof value === 'object' && value !== null && 'key' in value;
    return { kind: 'paper' as const, line, paper: { title: isOne ? String(value.key) : 'none' } };
  };
  for await (const outcome of readJsonRecords(pieces, context, { isRecord, toOutcome })) {
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

  test('or are none of those asked for', () => {
    for (const text of [
      '',
      '{',
      '[',
      '{"a":1}',
      '[1,2]',
      '{"a":[{"b":1}]}\n{"a":[{"key":1}]}',
      'key',
      '"key":',
    ]) {
      assert.equal(holds(text), false, text);
    }
  });
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
