/** Run files: what is written is read back, by us and by programs that sort by score. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { decodedId, encodedId, type Run, readRun, runLines } from '../../src/evaluation/trec-run.js';
import { afterFile, temporaryFolder } from '../support/temporary-folder.js';

const file = afterFile();
const { signal } = new AbortController();
let path: string;
before(async () => {
  path = join(await temporaryFolder(file), 'a.run');
});

const runOf = (rankings: Record<string, [id: string, score: number][]>): Run =>
  new Map(
    Object.entries(rankings).map(([query, papers]) => [query, papers.map(([id, score]) => ({ id, score }))]),
  );
const linesOf = (run: Run) => [...runLines(run, 'tag')];
/** Query -> ids in their order. */
const orders = (run: Run, named = (id: string) => id) =>
  [...run].map(([query, papers]) => [named(query), papers.map(({ id }) => named(id))]);
const read = async (text: string, keepsOrder = false) => {
  await writeFile(path, text);
  return readRun(path, keepsOrder, signal);
};

/** Any text that can be an id: trimmed, not empty, well-formed. */
const id = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
    fc.string({
      unit: fc.constantFrom(' ', '%', '2', '0', '5', 'F', '\t', '\n', '\u0085', 'a'),
      maxLength: 12,
    }),
  )
  .filter((text) => text.trim() !== '');

describe('an id in a run file', () => {
  it('has no white space and no control character, and is read back as it was', () => {
    fc.assert(
      fc.property(id, (text) => {
        assert.match(encodedId(text), /^[^\s\p{Cc}]+$/u);
        assert.equal(decodedId(encodedId(text)), text);
      }),
    );
  });

  it('is written as it is without white space, and % too where it escapes nothing', () => {
    for (const plain of ['arXiv:2401.00001', '10.1000/182', 'ü+&=', '10.1000%2F182', '100%']) {
      assert.equal(encodedId(plain), plain);
    }
    assert.equal(encodedId('100 %'), '100%20%');
    assert.equal(encodedId('a%20b'), 'a%2520b');
    assert.equal(encodedId('%2F '), '%252F%20');
  });

  it('of another system keeps what we would not have written', () => {
    for (const foreign of ['10.1000%2F182', '100%', '%zz', '%ff', '%20%2F']) {
      assert.equal(decodedId(foreign), foreign);
    }
  });
});

describe('a run file', () => {
  it('is query, Q0, paper, rank, score and tag', () => {
    assert.deepEqual(
      linesOf(
        runOf({
          q1: [
            ['a', 0.75],
            ['b c', 0.5],
          ],
          q2: [['a', -1]],
        }),
      ),
      ['q1 Q0 a 1 0.75 tag', 'q1 Q0 b%20c 2 0.5 tag', 'q2 Q0 a 1 -1 tag'],
    );
  });

  it('has scores that fall from line to line in single precision, near the real ones, whatever these are', () => {
    const score = fc.oneof(
      fc.constantFrom(0, -0, 1, 0.8123, 0.8124, -0.5, 1e-45, 250.1234),
      fc.double({ min: -400, max: 400, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(score, { minLength: 1, maxLength: 40 }), (scores) => {
        const falling = [...scores].sort((a, b) => b - a);
        const lines = linesOf(runOf({ q: falling.map((value, i) => [`p${i}`, value]) }));
        const written = lines.map((line) => Number(line.split(' ')[4]));
        for (const [i, value] of written.entries()) {
          const before = written[i - 1] ?? Number.POSITIVE_INFINITY;
          assert.ok(value < before && Math.fround(value) < Math.fround(before), lines.join('\n'));
          assert.ok(Math.abs(value - (falling[i] ?? 0)) < 0.01, lines.join('\n'));
        }
      }),
    );
  });

  it('that we wrote is read back in our order, ties and ids of any kind included', async () => {
    const papers = fc.uniqueArray(
      id.map((text) => text.trim()),
      { minLength: 1, maxLength: 8 },
    );
    const run = fc
      .uniqueArray(
        fc.tuple(
          id.map((text) => text.trim()),
          papers,
        ),
        { selector: ([query]) => query, minLength: 1, maxLength: 4 },
      )
      .map(
        (queries): Run =>
          new Map(queries.map(([query, ids]) => [query, ids.map((paper) => ({ id: paper, score: 1 }))])),
      );
    await fc.assert(
      fc.asyncProperty(run, async (given) => {
        const text = linesOf(given).join('\n');
        for (const keepsOrder of [false, true])
          assert.deepEqual(orders(await read(text, keepsOrder), decodedId), orders(given));
      }),
      { numRuns: 50 },
    );
  });

  it('of another system comes by score, ties by id from the last, or as they stand, repeats left out', async () => {
    const text = 'q Q0 a 1 1.5 x\nq\tQ0\tc\t2\t2e0\tx\n\nq Q0 b 9 1.5 x\nq Q0 c 4 0 x\n';
    assert.deepEqual(orders(await read(text)), [['q', ['c', 'b', 'a']]]);
    assert.deepEqual(orders(await read(text, true)), [['q', ['c', 'a', 'b']]]);
  });

  it('keeps its ids as they are written', async () => {
    assert.deepEqual(orders(await read('q%201 Q0 a%2520 1 1 x\n')), [['q%201', ['a%2520']]]);
  });

  it('may have the three columns query, paper and score', async () => {
    assert.deepEqual(orders(await read('q\ta b\t1\nq\tc\t2\n')), [['q', ['c', 'a b']]]);
  });

  it('with a line of another form, or a score that is none, is refused with file and line', async () => {
    for (const bad of ['q Q0 a 1 2', 'q Q0 a 1 high tag', 'q', 'q\t\t1']) {
      await assert.rejects(read(`q Q0 a 1 2 tag\n${bad}\n`), (thrown: Error & { code?: string }) => {
        assert.equal(thrown.code, 'input_unreadable');
        assert.ok(thrown.message.startsWith(`${path}, line 2: a line of a run is`), thrown.message);
        return true;
      });
    }
  });
});
