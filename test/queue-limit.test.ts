/** Who may wait: many in a burst, few once a load has shown that it does not end, and many again once it has gone. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { QueueLimit } from '../src/queue-limit.js';

const BURST = 64;
/** Length of a step of the simulation, in ms. */
const STEP = 0.1;
/** From an answer to the next question of the same caller, in ms. */
const THINKS = 0.2;
/** From a refusal to it, in ms. */
const RETRY = 0.2;

/** A question: who asks, for callers who wait for their answers, and when. */
interface Asked {
  caller?: number;
  at: number;
}

interface Ended {
  at: number;
  ms: number;
  served: boolean;
}

/** Servers of equal speed behind one queue, with a clock of their own. */
class Simulation {
  now = 0;
  /** Of callers who ask whether answers come or not, and of those who wait for theirs. */
  readonly flood: Ended[] = [];
  readonly callers: Ended[] = [];
  readonly #waiting: Asked[] = [];
  readonly #busy: { asked: Asked; until: number }[] = [];
  readonly #limit: QueueLimit;
  #due: number[] = [];
  #next = 0;

  /** `service`: ms that each of the `servers` takes for one. */
  constructor(
    readonly servers: number,
    readonly service: number,
  ) {
    this.#limit = new QueueLimit({
      burst: BURST,
      standing: servers,
      shed: (places) => {
        for (const asked of this.#waiting.splice(places)) this.#end(asked, false);
      },
      now: () => this.now,
    });
  }

  /** `rate`: questions a ms, whether answers come or not; `callers`: how many ask again when they have their answer. */
  run(ms: number, { rate = 0, callers = 0 }: { rate?: number; callers?: number }): void {
    const end = this.now + ms;
    this.#next = this.now;
    this.#due = Array.from({ length: callers }, (_, i) => this.now + i * 0.05);
    for (; this.now < end; this.now += STEP) {
      this.#serve();
      for (; rate > 0 && this.#next <= this.now; this.#next += 1 / rate) this.#ask({ at: this.now });
      for (const [caller, due] of this.#due.entries()) {
        if (due > this.now) continue;
        this.#due[caller] = Number.POSITIVE_INFINITY;
        this.#ask({ caller, at: this.now });
      }
    }
  }

  /** So many at once; how many were refused. */
  burst(count: number): number {
    const before = this.flood.length;
    for (let i = 0; i < count; i++) this.#ask({ at: this.now });
    return this.flood.length - before;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  #serve(): void {
    const done = this.#busy.filter(({ until }) => until <= this.now);
    for (const one of done) {
      this.#busy.splice(this.#busy.indexOf(one), 1);
      this.#end(one.asked, true);
      const next = this.#waiting.shift();
      if (next !== undefined) this.#begin(next);
    }
  }

  #ask(asked: Asked): void {
    if (this.#busy.length < this.servers) this.#begin(asked);
    else if (this.#limit.admits(this.#waiting.length)) this.#waiting.push(asked);
    else this.#end(asked, false);
  }

  #begin(asked: Asked): void {
    this.#busy.push({ asked, until: this.now + this.service });
  }

  #end({ caller, at }: Asked, served: boolean): void {
    (caller === undefined ? this.flood : this.callers).push({ at: this.now, ms: this.now - at, served });
    if (caller !== undefined) this.#due[caller] = this.now + (served ? THINKS : RETRY);
  }
}

const p99 = (ended: readonly Ended[]): number =>
  ended.map(({ ms }) => ms).sort((a, b) => a - b)[Math.ceil(ended.length * 0.99) - 1] ?? Number.NaN;

/** By id on one thread, slowly; short texts on two workers; long ones. */
const KINDS: [servers: number, service: number][] = [
  [1, 0.5],
  [1, 1],
  [2, 3],
  [2, 10],
];

describe('a limit of a queue', () => {
  it('refuses nobody whom the queue can hold, however often they come again', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(BURST - 1), { maxLength: 200 }), (queues) => {
        const limit = new QueueLimit({ burst: BURST, standing: 1, shed: () => assert.fail() });
        for (const waiting of queues) assert.ok(limit.admits(waiting));
      }),
    );
  });

  it('takes up a burst whole, and serves it', () => {
    const queue = new Simulation(1, 1);
    assert.equal(queue.burst(BURST + 10), 9);
    queue.run(100, {});
    assert.equal(queue.flood.filter(({ served }) => served).length, BURST + 1);
  });

  for (const [servers, service] of KINDS) {
    const what = `${servers} x ${service} ms`;
    const overloaded = (ms: number) => {
      const queue = new Simulation(servers, service);
      queue.run(ms, { rate: (4 * servers) / service });
      return queue;
    };

    it(`keeps waits short while four times as much comes as can be served: ${what}`, () => {
      const steady = overloaded(10_000).flood.filter(({ at }) => at > 2000);
      const served = steady.filter((ended) => ended.served);
      assert.ok(p99(served) < 3 * service, `${p99(served)} ms`);
      assert.ok(p99(steady.filter((ended) => !ended.served)) < 20);
      // Always one to serve: what is served does not suffer.
      assert.ok(served.length > 0.85 * 8000 * (servers / service), `${served.length} served`);
    });

    for (const callers of [1, 16, BURST]) {
      it(`serves ${callers} who ask again at once, 2 s after such a load: ${what}`, () => {
        const queue = overloaded(3000);
        const ended = queue.now;
        queue.run(4000, { callers });
        const later = queue.callers.filter(({ at }) => at > ended + 2000);
        assert.ok(later.length > 0.85 * 2000 * Math.min(servers / service, callers / (service + THINKS)));
        assert.deepEqual(
          later.filter(({ served }) => !served),
          [],
        );
      });
    }
  }

  it('serves those who come again after a second, as they are told', () => {
    const queue = new Simulation(1, 1);
    assert.equal(queue.burst(100), 35);
    queue.run(1000, {});
    assert.equal(queue.burst(35), 0);
  });

  it('takes up bursts again after a load that is borne', () => {
    const queue = new Simulation(1, 1);
    queue.run(3000, { rate: 4 });
    queue.run(3000, { rate: 0.9 });
    assert.equal(queue.burst(BURST - queue.waiting), 0);
  });

  it('of nobody lets nobody wait', () => {
    const limit = new QueueLimit({ burst: 0, standing: 2, shed: () => undefined, now: () => 0 });
    assert.equal(limit.admits(0), false);
  });
});
