import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Live } from '../../src/generations/live.js';

/** A value that notices when it is used after it was closed, or closed while in use, or closed twice. */
class Value {
  users = 0;
  closed = 0;

  async close(): Promise<void> {
    assert.equal(this.users, 0, 'closed while in use');
    this.closed++;
  }
}

/** Lets a test decide when a piece of work ends. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

function begin(live: Live<Value>, fails = false) {
  const { opened, open } = gate();
  const done = live.use(async (value) => {
    assert.equal(value.closed, 0, 'used after it was closed');
    value.users++;
    await opened;
    value.users--;
    if (fails) throw new Error('the work failed');
    return value;
  });
  return { open, done };
}

const unexpected = (thrown: unknown) => assert.fail(String(thrown));

describe('a live value', () => {
  it('is closed at once when it is replaced and nobody uses it', () => {
    const first = new Value();
    const live = new Live(first, unexpected);
    live.replace(new Value());
    assert.equal(first.closed, 1);
  });

  it('is closed only after its last user, while new work gets the next one', async () => {
    const [first, second] = [new Value(), new Value()];
    const live = new Live(first, unexpected);
    const [a, b] = [begin(live), begin(live)];
    live.replace(second);
    const c = begin(live);
    assert.equal(live.current, second);
    a.open();
    await a.done;
    assert.equal(first.closed, 0);
    b.open();
    assert.equal(await b.done, first);
    assert.equal(first.closed, 1);
    c.open();
    assert.equal(await c.done, second);
    assert.equal(second.closed, 0);
  });

  it('is closed after work that fails, too', async () => {
    const first = new Value();
    const live = new Live(first, unexpected);
    const work = begin(live, true);
    live.replace(new Value());
    work.open();
    await assert.rejects(work.done, /the work failed/);
    assert.equal(first.closed, 1);
  });

  it('reports a close that fails, and goes on', async () => {
    const reported: unknown[] = [];
    const failing = { close: () => Promise.reject(new Error('stuck')) };
    const live = new Live(failing, (thrown) => reported.push(thrown));
    const next = { close: () => Promise.resolve() as Promise<never> };
    live.replace(next);
    assert.equal(await live.use(async (value) => value), next);
    assert.match(String(reported[0]), /stuck/);
  });

  it('is closed by close() once its work has ended, and those before it too, before that resolves', async () => {
    const [first, second] = [new Value(), new Value()];
    const live = new Live(first, unexpected);
    const a = begin(live);
    live.replace(second);
    const b = begin(live);
    let closed = false;
    const closing = live.close().then(() => {
      closed = true;
    });
    assert.deepEqual([first.closed, second.closed], [0, 0]);
    b.open();
    await b.done;
    await new Promise(setImmediate);
    assert.deepEqual([first.closed, second.closed, closed], [0, 1, false]);
    a.open();
    await a.done;
    await closing;
    assert.deepEqual([first.closed, second.closed], [1, 1]);
    await live.close();
    assert.deepEqual([first.closed, second.closed], [1, 1]);
  });

  it('waits in close() for the slow close of one that was replaced before', async () => {
    const { opened, open } = gate();
    const slow = { close: () => opened };
    const live = new Live(slow, unexpected);
    live.replace({ close: () => Promise.resolve() });
    let closed = false;
    const closing = live.close().then(() => {
      closed = true;
    });
    await new Promise(setImmediate);
    assert.equal(closed, false);
    open();
    await closing;
  });

  it('after close() takes no work, and closes what it is given', async () => {
    const [first, second] = [new Value(), new Value()];
    const live = new Live(first, unexpected);
    await live.close();
    await assert.rejects(
      live.use(async () => assert.fail('used after close')),
      { code: 'not_ready' },
    );
    live.replace(second);
    await live.close();
    assert.deepEqual([first.closed, second.closed], [1, 1]);
  });

  it('resolves close() when closing the value fails, which is reported', async () => {
    const reported: unknown[] = [];
    const failing = { close: () => Promise.reject(new Error('stuck')) };
    const live = new Live(failing, (thrown) => reported.push(thrown));
    await live.close();
    assert.match(String(reported), /stuck/);
  });

  const steps = fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.record({ do: fc.constant('begin' as const), fails: fc.boolean() }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('end' as const), which: fc.nat(20) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('replace' as const) }) },
    ),
    { maxLength: 40 },
  );

  it('is never closed in use, and always after, however work and replacements interleave', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const values = [new Value()];
        const live = new Live<Value>(values[0] ?? new Value(), unexpected);
        const running: ReturnType<typeof begin>[] = [];
        const end = async (work: ReturnType<typeof begin> | undefined) => {
          work?.open();
          await work?.done.catch((thrown: Error) => assert.match(thrown.message, /the work failed/));
        };
        for (const step of plan) {
          if (step.do === 'begin') running.push(begin(live, step.fails));
          else if (step.do === 'end') await end(running.splice(step.which % (running.length || 1), 1)[0]);
          else {
            values.push(new Value());
            live.replace(values.at(-1) ?? new Value());
          }
          for (const value of values) {
            const expected = value !== live.current && value.users === 0 ? 1 : 0;
            assert.equal(value.closed, expected);
          }
        }
        for (const work of running) await end(work);
        assert.deepEqual(
          values.map(({ closed }) => closed),
          values.map((value) => (value === live.current ? 0 : 1)),
        );
        await live.close();
        assert.ok(values.every(({ closed }) => closed === 1));
      }),
      { numRuns: 300 },
    );
  });
});
