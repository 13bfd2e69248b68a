import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { before, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { NearpaperError } from '../../src/errors.js';
import { LabelSet } from '../../src/label-set.js';
import { ExactIndex } from '../../src/vectors/exact.js';
import { Rows } from '../../src/vectors/rows.js';
import { ScanLine, waitingScans } from '../../src/vectors/scan-line.js';
import { rejectsWith } from '../contract/vector-index.js';
import { large } from './large.js';

/** Scans that may wait, unless a test says otherwise. */
const PLACES = 32;

/** Vectors of two dimensions whose scan takes several turns. */
const COUNT = 4_000_000;

const stays = new AbortController().signal;

/** A scan that ends when it is told to. */
function scan(name: string, began: string[]) {
  let end = (_failure?: Error): void => undefined;
  const run = () =>
    new Promise<string>((resolve, reject) => {
      began.push(name);
      end = (failure) => (failure === undefined ? resolve(name) : reject(failure));
    });
  return { run, end: (failure?: Error) => end(failure) };
}

describe('ScanLine', () => {
  it('runs one scan at a time, in order of arrival, also after one that failed', async () => {
    const line = new ScanLine(PLACES);
    const began: string[] = [];
    const [a, b, c] = [scan('a', began), scan('b', began), scan('c', began)];
    const [first, second, third] = [a, b, c].map(({ run }) => line.run(run, stays));
    await turn();
    assert.deepEqual(began, ['a']);
    a.end();
    assert.equal(await first, 'a');
    await turn();
    assert.deepEqual(began, ['a', 'b']);
    b.end(new Error('a defect'));
    await assert.rejects(second ?? Promise.resolve(), /a defect/);
    await turn();
    c.end();
    assert.equal(await third, 'c');
    assert.equal(getEventListeners(stays, 'abort').length, 0);
  });

  it('refuses at once what finds the line full, and takes the next when there is room', async () => {
    const line = new ScanLine(PLACES);
    const began: string[] = [];
    const slow = scan('slow', began);
    const running = line.run(slow.run, undefined);
    const waiting = Array.from({ length: PLACES }, (_, i) => line.run(async () => i, undefined));
    await assert.rejects(
      line.run(async () => 'too many', undefined),
      (thrown) => {
        assert.ok(thrown instanceof NearpaperError);
        assert.deepEqual([thrown.code, thrown.details.retryAfter], ['overloaded', 1]);
        return true;
      },
    );
    slow.end();
    await running;
    assert.deepEqual(await Promise.all(waiting), [...waiting.keys()]);
    assert.equal(await line.run(async () => 'room again', undefined), 'room again');
  });

  it('lets go at once of what is cancelled while it waits', async () => {
    const line = new ScanLine(PLACES);
    const began: string[] = [];
    const slow = scan('slow', began);
    const running = line.run(slow.run, undefined);
    const stop = new AbortController();
    const leaving = Array.from({ length: PLACES }, () => line.run(scan('gone', began).run, stop.signal));
    stop.abort();
    for (const gone of leaving) await assert.rejects(gone, rejectsWith('cancelled'));
    const next = line.run(async () => 'next', undefined);
    slow.end();
    assert.deepEqual([await running, await next], ['slow', 'next']);
    assert.deepEqual(began, ['slow']);
  });

  it('does not begin what is cancelled just as its turn comes', async () => {
    const line = new ScanLine(PLACES);
    const began: string[] = [];
    const slow = scan('slow', began);
    const stop = new AbortController();
    const running = line.run(slow.run, undefined);
    const gone = line.run(scan('gone', began).run, stop.signal);
    slow.end();
    // Runs after the end of the slow scan has handed the place on, before the next has taken it.
    queueMicrotask(() => stop.abort());
    await assert.rejects(gone, rejectsWith('cancelled'));
    await running;
    assert.deepEqual(began, ['slow']);
    assert.equal(await line.run(async () => 'next', undefined), 'next');
  });
});

describe('long scans of an ExactIndex', () => {
  let index: ExactIndex;
  let query: Float32Array;
  before(() => {
    ({ index, query } = large());
  });

  it('stop at their next turn when the signal aborts, with or without a subset', async () => {
    const labels = Array.from({ length: index.size }, (_, label) => label);
    const most = LabelSet.of(labels.slice(1));
    // Few enough that their rows are looked up one by one, and still several milliseconds.
    const few = LabelSet.of(labels.filter((label) => label % 17 === 0));
    for (const subset of [undefined, most, few]) {
      const stop = new AbortController();
      const running = index.search(query, 3, { subset, signal: stop.signal });
      setImmediate(() => stop.abort());
      await assert.rejects(running, rejectsWith('cancelled'));
    }
  });

  it('wait for each other up to a bound, and none that has begun is disturbed', async () => {
    const [alone] = await Promise.all([index.search(query, 3)]);
    const places = waitingScans(index.size * index.dimensions);
    const outcomes = await Promise.allSettled(
      Array.from({ length: places + 11 }, () => index.search(query, 3)),
    );
    const found = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    assert.deepEqual([found.length, refused.length], [places + 1, 10]);
    for (const { value } of found) assert.deepEqual(value, alone);
    for (const { reason } of refused) assert.ok(rejectsWith('overloaded')(reason));
  });

  it('keep what they have found while short searches run between their turns', async () => {
    // Unit vectors around a circle, in an order that brings near ones all along the scan.
    const circle = new Rows(COUNT, 2);
    const turnOf = (label: number) => (label * 0.6180339887498949) % 1;
    for (let label = 0; label < COUNT; label++) {
      const angle = 2 * Math.PI * turnOf(label);
      circle.put(label, label, Float32Array.of(Math.cos(angle), Math.sin(angle)));
    }
    const around = new ExactIndex(circle);
    const [up, left] = [Float32Array.of(0, 1), Float32Array.of(-1, 0)];
    const some = LabelSet.of(Array.from({ length: 200 }, (_, i) => i * 50));
    const alone = {
      long: await around.search(up, 64),
      short: await around.search(left, 64, { subset: some }),
    };
    let ended = false;
    const long = around.search(up, 64).finally(() => {
      ended = true;
    });
    let between = 0;
    while (!ended) {
      assert.deepEqual(await around.search(left, 64, { subset: some }), alone.short);
      await around.similarities(left, [1, 2, 3]);
      await turn();
      between++;
    }
    assert.ok(between > 1, 'the scan took one turn');
    assert.deepEqual(await long, alone.long);
  });

  it('do not hold up a short search of a subset', async () => {
    const order: string[] = [];
    const long = Array.from({ length: 3 }, () => index.search(query, 3).then(() => order.push('long')));
    const subset = LabelSet.of([5, 6, 7]);
    await index.search(query, 3, { subset }).then(() => order.push('short'));
    await Promise.all(long);
    assert.equal(order[0], 'short');
  });

  it('finish when the index is closed while they wait', async () => {
    const { index: closing } = large();
    const searches = Array.from({ length: 3 }, () => closing.search(query, 3));
    await closing.close();
    const [first, ...rest] = await Promise.all(searches);
    for (const found of rest) assert.deepEqual(found, first);
  });
});
