/** Files of judged data: every form that is accepted, and where the error points that any other gets. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { readJudgements, readPools, readQueries } from '../../src/evaluation/judged-data.js';
import { afterFile, temporaryFolder } from '../support/temporary-folder.js';

const file = afterFile();
const { signal } = new AbortController();
let path: string;
before(async () => {
  path = join(await temporaryFolder(file), 'judged');
});

type Reader<T> = (path: string, signal: AbortSignal) => Promise<T>;

async function read<T>(reader: Reader<T>, content: string | Uint8Array): Promise<T> {
  await writeFile(path, content);
  return reader(path, signal);
}

async function refused<T>(reader: Reader<T>, content: string | Uint8Array, says: RegExp): Promise<void> {
  await assert.rejects(read(reader, content), (thrown: Error & { code?: string }) => {
    assert.equal(thrown.code, 'input_unreadable');
    assert.ok(thrown.message.startsWith(path), thrown.message);
    assert.match(thrown.message.slice(path.length), says);
    return true;
  });
}

describe('queries', () => {
  it('have a text, a paper, or both, under an id of either name', async () => {
    const lines = [
      '{"id": "a", "text": "dense retrieval", "more": 1}',
      '{"_id": 7, "text": "x"}',
      '',
      '{"id": " p ", "paperId": 12, "text": null}',
      '{"id": "both", "paperId": "arXiv:2401.00001", "text": "y"}',
    ];
    assert.deepEqual(await read(readQueries, lines.join('\r\n')), [
      { id: 'a', text: 'dense retrieval', paperId: undefined },
      { id: '7', text: 'x', paperId: undefined },
      { id: 'p', text: undefined, paperId: '12' },
      { id: 'both', text: 'y', paperId: 'arXiv:2401.00001' },
    ]);
  });

  it('may be packed', async () => {
    const [query] = await read(readQueries, gzipSync('{"id":"a","text":"x"}\n'));
    assert.equal(query?.id, 'a');
  });

  const good = '{"id":"a","text":"x"}\n';
  const bad: [what: string, content: string | Uint8Array, says: RegExp][] = [
    ['no JSON', `${good}\n{"id":`, /^, line 3: not JSON/],
    ['no object', `${good}["a"]`, /^, line 2: each line must be a JSON object/],
    ['no id', `${good}{"text":"x"}`, /^, line 2: the query has no "id"/],
    ['an empty id', `${good}{"id":" ","text":"x"}`, /^, line 2: "id" must be an id/],
    ['an id again', good + good, /^, line 2: the query "a" came before/],
    ['neither text nor paper', '{"id":"a"}', /^, line 1: the query has neither "text" nor "paperId"/],
    ['an empty text', '{"id":"a","text":" "}', /^, line 1: "text" must be a text, not empty/],
    ['a text that is a number', '{"id":"a","text":1}', /^, line 1: "text" must be a text/],
    ['half a character', '{"id":"a","text":"\\ud800"}', /^, line 1: "text" has characters that are not text/],
    [
      'bytes that are not UTF-8',
      Buffer.from([0x7b, 0xff, 0x0a]),
      /^, line 1: it has bytes that are not UTF-8/,
    ],
    ['nothing', '\n', /^ has no query/],
  ];
  for (const [what, content, says] of bad) {
    it(`with ${what} are refused`, () => refused(readQueries, content, says));
  }

  it('that are not there are refused with what to do', async () => {
    const missing = `${path}-missing`;
    await assert.rejects(readQueries(missing, signal), { code: 'input_unreadable', message: /no such file/ });
  });
});

describe('judgements', () => {
  const expected = new Map([
    [
      'q 1',
      new Map([
        ['a', 2],
        ['b', 0],
      ]),
    ],
    ['q2', new Map([['a', 0.5]])],
  ]);

  it('are query, paper and grade between tabs, with or without a header', async () => {
    const lines = 'q 1\ta\t2\nq 1\tb\t0\n\nq2\ta\t0.5\n';
    assert.deepEqual(await read(readJudgements, lines), expected);
    assert.deepEqual(await read(readJudgements, `query-id\tcorpus-id\tscore\r\n${lines}`), expected);
  });

  it("are TREC's four columns between any white space, a grade below 0 counting as 0", async () => {
    const lines = 'q1 0 a 2\nq1\t0\tb\t-2\n  q1   0   a   2\n';
    assert.deepEqual(
      await read(readJudgements, lines),
      new Map([
        [
          'q1',
          new Map([
            ['a', 2],
            ['b', 0],
          ]),
        ],
      ]),
    );
  });

  const bad: [what: string, content: string, says: RegExp][] = [
    ['two columns', 'q\ta\t1\nq\ta\n', /^, line 2: a judgement is "query, paper, grade" between tabs/],
    ['five columns', 'q 0 a 1 x\n', /^, line 1: a judgement is/],
    ['an empty paper', 'q\t\t1\n', /^, line 1: a judgement is/],
    ['a grade that is a word', 'q\ta\thigh\n', /^, line 1: the grade "high" is not a number/],
    [
      'a header in the middle',
      'q\ta\t1\nquery\tpaper\tscore\n',
      /^, line 2: the grade "score" is not a number/,
    ],
    [
      'two grades for one paper',
      'q\ta\t1\nq\ta\t2\n',
      /^, line 2: the paper "a" has two grades for the query "q"/,
    ],
    ['nothing but a header', 'query\tpaper\tscore\n', /^ has no judgement/],
  ];
  for (const [what, content, says] of bad) {
    it(`with ${what} are refused`, () => refused(readJudgements, content, says));
  }
});

describe('pools', () => {
  it('are the candidates of a query, in their order', async () => {
    const pools = await read(
      readPools,
      '{"id":"q","candidates":["b","a",3]}\n{"id":"r","candidates":["a"]}\n',
    );
    assert.deepEqual(
      [...pools],
      [
        ['q', ['b', 'a', '3']],
        ['r', ['a']],
      ],
    );
  });

  const bad: [what: string, content: string, says: RegExp][] = [
    ['no query', '{"candidates":["a"]}', /^, line 1: the pool has no "id" of a query/],
    [
      'no candidate',
      '{"id":"q","candidates":[]}',
      /^, line 1: "candidates" must be a list of at least one paper/,
    ],
    ['candidates that are no list', '{"id":"q","candidates":"a"}', /^, line 1: "candidates" must be a list/],
    [
      'a candidate that is none',
      '{"id":"q","candidates":["a",null]}',
      /^, line 1: "candidates" must be a list of ids/,
    ],
    [
      'a candidate twice',
      '{"id":"q","candidates":["a","b","a"]}',
      /^, line 1: "candidates" names a paper twice/,
    ],
    [
      'a query twice',
      '{"id":"q","candidates":["a"]}\n{"id":"q","candidates":["b"]}',
      /^, line 2: the query "q" has a pool already/,
    ],
  ];
  for (const [what, content, says] of bad) {
    it(`with ${what} are refused`, () => refused(readPools, content, says));
  }
});
