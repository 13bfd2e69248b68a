/** Who may wait: many in a burst, few once a load has shown that it does not end. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { QueueLimit } from '../src/queue-limit.js';

const BURST = 64;
const STANDING = 2;

/** A queue that serves one in each ms, and to which `arrivals` of each ms come first. */
function simulate(limit: QueueLimit, clock: { now: number }, arrivals: readonly number[]) {
  let waiting = 0;
  let refused = 0;
  let longest = 0;
  for (const come of arrivals) {
    clock.now++;
    for (let i = 0; i < come; i++) {
      if (limit.admits(waiting)) waiting++;
      else refused++;
    }
    longest = Math.max(longest, waiting);
    waiting = Math.max(0, waiting - 1);
  }
  return { refused, longest };
}

function limited() {
  const clock = { now: 0 };
  return { clock, limit: new QueueLimit(BURST, STANDING, () => clock.now) };
}

const steady = (rate: number, ms: number): number[] =>
  Array.from({ length: ms }, (_, i) => Math.floor((i + 1) * rate) - Math.floor(i * rate));

describe('a limit of a queue', () => {
  it('refuses nobody whom the queue can hold, however often they come again', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(BURST - 1), { maxLength: 200 }), (queues) => {
        const { limit } = limited();
        for (const waiting of queues) assert.ok(limit.admits(waiting));
      }),
    );
  });

  it('takes up a burst whole', () => {
    const { limit, clock } = limited();
    assert.deepEqual(simulate(limit, clock, [BURST, ...steady(1, 100)]), { refused: 0, longest: BURST });
  });

  it('keeps the queue short once four times as much comes as can be served, for as long as it lasts', () => {
    const { limit, clock } = limited();
    const first = simulate(limit, clock, steady(4, 500));
    assert.equal(first.longest, BURST);
    const { refused, longest } = simulate(limit, clock, steady(4, 10_000));
    assert.equal(longest, STANDING);
    // Always one to serve: what is served does not suffer.
    assert.ok(40_000 - refused >= 10_000);
  });

  it('takes up bursts again after a second of a load that is borne', () => {
    const { limit, clock } = limited();
    simulate(limit, clock, steady(4, 3000));
    simulate(limit, clock, steady(0.9, 2500));
    assert.deepEqual(simulate(limit, clock, [BURST - 1]), { refused: 0, longest: BURST - 1 });
  });

  it('takes up bursts again after silence', () => {
    const { limit, clock } = limited();
    simulate(limit, clock, steady(4, 3000));
    clock.now += 2000;
    assert.equal(simulate(limit, clock, [BURST]).refused, 0);
  });

  it('of nobody lets nobody wait', () => {
    const limit = new QueueLimit(0, STANDING, () => 0);
    assert.equal(limit.admits(0), false);
  });
});
