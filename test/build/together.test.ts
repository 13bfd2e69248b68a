import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import type { BuildEvent } from '../../src/build/progress.js';
import { LaterEvents, together } from '../../src/build/together.js';

const never = new AbortController().signal;

/** Resolves when the signal aborts, to what a stage that notices would throw. */
async function stopped(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
}

describe('two stages at once', () => {
  it('both give their result', async () => {
    const first = Promise.resolve(1);
    assert.deepEqual(
      await together(
        never,
        () => first,
        async () => 'two',
      ),
      [1, 'two'],
    );
  });

  for (const failing of ['first', 'second']) {
    it(`stop when the ${failing} fails, which is what is told once both have ended`, async () => {
      const failure = new Error('no space');
      let ended = false;
      const fail = async () => {
        throw failure;
      };
      const wait = async (signal: AbortSignal) => {
        await stopped(signal).finally(() => {
          ended = true;
        });
      };
      const [first, second] = failing === 'first' ? [fail, wait] : [wait, fail];
      await assert.rejects(together(never, first, second), (thrown) => thrown === failure);
      assert.ok(ended);
    });
  }

  it('that are told to stop tell the reason, whatever a stage says of it', async () => {
    const stop = new AbortController();
    const reason = new Error('Ctrl-C');
    const both = together(stop.signal, stopped, async (signal) => {
      await stopped(signal).catch(() => undefined);
      throw new Error('the caller went away');
    });
    stop.abort(reason);
    await assert.rejects(both, (thrown) => thrown === reason);
  });

  it('are told to stop by the signal from outside, whose reason is what is told', async () => {
    const stop = new AbortController();
    const reason = new Error('Ctrl-C');
    const both = together(stop.signal, stopped, stopped);
    stop.abort(reason);
    await assert.rejects(both, (thrown) => thrown === reason);
    await assert.rejects(together(stop.signal, stopped, stopped), (thrown) => thrown === reason);
  });
});

describe('the progress of the later stage', () => {
  it('is told when the earlier one is done, of its counts the newest, and from then on at once', () => {
    const told: BuildEvent[] = [];
    const later = new LaterEvents((event) => told.push(event));
    const note = { kind: 'note', message: 'slow' } as const;
    later.tell({ kind: 'indexing', done: 1, total: 3 });
    later.tell({ kind: 'indexing', done: 2, total: 3 });
    later.tell(note);
    assert.deepEqual(told, []);
    later.release();
    later.tell({ kind: 'indexing', done: 3, total: 3 });
    assert.deepEqual(told, [
      { kind: 'indexing', done: 2, total: 3 },
      note,
      { kind: 'indexing', done: 3, total: 3 },
    ]);
  });
});
