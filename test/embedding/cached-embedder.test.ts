/** The cache of query vectors over the real pool with a real model; what reaches the pool is watched. */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { CachedEmbedder, queryCacheOf } from '../../src/embedding/cached-embedder.js';
import type { Embedder } from '../../src/embedding/embedder.js';
import { createEmbedder } from '../../src/embedding/pool.js';
import type { ErrorCode } from '../../src/errors.js';
import { embedderContract } from '../contract/embedder.js';
import type { CleanUp } from '../support/temporary-folder.js';
import { vendored } from './vendored.js';

for (const [texts, what] of [
  [100, 'a cache'],
  [0, 'a cache that is switched off'],
] as const) {
  embedderContract({
    name: `${what} before the worker pool with all-MiniLM-L6-v2`,
    dimensions: 384,
    wordsBeyondWindow: 512,
    queriesDiffer: false,
    create: async (options) =>
      new CachedEmbedder(await createEmbedder(await vendored('all-MiniLM-L6-v2'), options), { texts }),
  });
}

interface Watched {
  cached: CachedEmbedder;
  pool: Embedder;
  /** Queries that reached the pool, in their order. */
  runs: string[];
  /** What `onEmbedded` was told. */
  times: number[];
}

async function open(
  t: CleanUp,
  { texts = 100, workers = 1, maxQueued = 64 }: { texts?: number; workers?: number; maxQueued?: number } = {},
): Promise<Watched> {
  const pool = await createEmbedder(await vendored('all-MiniLM-L6-v2'), { workers, maxQueued });
  const runs: string[] = [];
  const times: number[] = [];
  const watched: Embedder = {
    model: pool.model,
    fingerprint: pool.fingerprint,
    dimensions: pool.dimensions,
    get queueDepth() {
      return pool.queueDepth;
    },
    get failure() {
      return pool.failure;
    },
    embedDocuments: (...given) => pool.embedDocuments(...given),
    embedQuery(text, signal) {
      runs.push(text);
      return pool.embedQuery(text, signal);
    },
    close: () => pool.close(),
  };
  const cached = new CachedEmbedder(watched, { texts, onEmbedded: (ms) => void times.push(ms) });
  t.after(() => cached.close());
  return { cached, pool, runs, times };
}

const counts = ({ hits, shared, misses, size }: CachedEmbedder) => ({ hits, shared, misses, size });
const code = (expected: ErrorCode) => ({ name: 'NearpaperError', code: expected });

describe('a query text that was asked before', () => {
  it('gets the same bytes as from the model, without a run of it', async (t) => {
    const { cached, pool, runs, times } = await open(t);
    const long = 'beyond the window of the model '.repeat(100);
    const expected = [await pool.embedQuery('graphs'), await pool.embedQuery(long)];
    for (let round = 0; round < 3; round++) {
      assert.deepEqual([await cached.embedQuery('graphs'), await cached.embedQuery(long)], expected);
    }
    assert.equal(expected[1]?.truncated, true);
    assert.deepEqual(runs, ['graphs', long]);
    assert.equal(times.length, 2);
    assert.ok(times.every((ms) => ms > 0));
    assert.deepEqual(counts(cached), { hits: 4, shared: 0, misses: 2, size: 2 });
  });

  it('is not confused with one that differs in half a character', async (t) => {
    const { cached, runs } = await open(t);
    for (const text of ['x\ud83d', 'x\ufffd', 'x\ude00', 'x', 'X']) await cached.embedQuery(text);
    assert.equal(runs.length, 5);
  });

  it('gets a vector that no other caller can write to', async (t) => {
    const { cached, pool } = await open(t);
    const expected = await pool.embedQuery('graphs');
    const together = await Promise.all([cached.embedQuery('graphs'), cached.embedQuery('graphs')]);
    together[0].vector.fill(0);
    assert.deepEqual(together[1], expected);
    together[1].vector.fill(0);
    const later = await cached.embedQuery('graphs');
    assert.deepEqual(later, expected);
    later.vector.fill(0);
    assert.deepEqual(await cached.embedQuery('graphs'), expected);
  });

  it('is refused like any other once the caller left, or the embedder is closed', async (t) => {
    const { cached } = await open(t);
    await cached.embedQuery('graphs');
    await assert.rejects(cached.embedQuery('graphs', AbortSignal.abort()), code('cancelled'));
    await cached.close();
    await assert.rejects(cached.embedQuery('graphs'), code('not_ready'));
    assert.equal(cached.size, 0);
  });

  it('is embedded anew each time when the cache is switched off', async (t) => {
    const { cached, runs, times } = await open(t, { texts: 0 });
    await Promise.all([cached.embedQuery('graphs'), cached.embedQuery('graphs')]);
    await cached.embedQuery('graphs');
    assert.equal(runs.length, 3);
    assert.equal(times.length, 3);
    assert.deepEqual(counts(cached), { hits: 0, shared: 0, misses: 0, size: 0 });
  });
});

describe('what is kept', () => {
  it('are at least the latest texts, by when they were asked last, and never twice as many and more', async (t) => {
    const { cached, runs } = await open(t, { texts: 4 });
    for (let i = 0; i < 30; i++) {
      await cached.embedQuery('asked again and again');
      await cached.embedQuery(`text ${i}`);
      assert.ok(cached.size <= 8, `${cached.size} kept`);
    }
    assert.equal(runs.length, 31);
    for (const text of ['text 27', 'text 28', 'text 29', 'asked again and again'])
      await cached.embedQuery(text);
    assert.equal(runs.length, 31);
    await cached.embedQuery('text 0');
    assert.deepEqual(runs.slice(31), ['text 0']);
  });

  it('are no documents, which a model may embed in another way', async (t) => {
    const { cached, runs } = await open(t);
    await cached.embedDocuments(['graphs']);
    assert.equal(cached.size, 0);
    await cached.embedQuery('graphs');
    assert.deepEqual(runs, ['graphs']);
  });

  it('are no failures: the next caller tries again', async (t) => {
    const { cached, runs } = await open(t, { maxQueued: 0 });
    const busy = cached.embedQuery('busy');
    await assert.rejects(cached.embedQuery('graphs'), code('overloaded'));
    await busy;
    assert.equal((await cached.embedQuery('graphs')).vector.length, 384);
    assert.deepEqual(runs, ['busy', 'graphs', 'graphs']);
    assert.deepEqual(counts(cached), { hits: 0, shared: 0, misses: 3, size: 2 });
  });
});

describe('callers that ask for one text at the same time', () => {
  it('share one run', async (t) => {
    const { cached, pool, runs } = await open(t);
    const expected = await pool.embedQuery('graphs');
    const answers = Promise.all(Array.from({ length: 10 }, () => cached.embedQuery('graphs')));
    assert.equal(cached.queueDepth, 1);
    for (const answer of await answers) assert.deepEqual(answer, expected);
    assert.deepEqual(runs, ['graphs']);
    assert.deepEqual(counts(cached), { hits: 0, shared: 9, misses: 1, size: 1 });
  });

  it('are answered whoever of them leaves, the first one too', async (t) => {
    const { cached, runs } = await open(t);
    const busy = cached.embedQuery('busy');
    const leaving = [new AbortController(), new AbortController()];
    const first = cached.embedQuery('graphs', leaving[0]?.signal);
    const staying = cached.embedQuery('graphs');
    const third = cached.embedQuery('graphs', leaving[1]?.signal);
    for (const caller of leaving) caller.abort();
    await Promise.all([
      assert.rejects(first, code('cancelled')),
      assert.rejects(third, code('cancelled')),
      busy,
    ]);
    assert.equal((await staying).vector.length, 384);
    assert.deepEqual(runs, ['busy', 'graphs']);
  });

  it('stop the run when the last of them leaves, and the next one begins another', async (t) => {
    const { cached, runs } = await open(t);
    const busy = cached.embedQuery('busy');
    const leaving = [new AbortController(), new AbortController()];
    const left = leaving.map(({ signal }) => cached.embedQuery('graphs', signal));
    assert.equal(cached.queueDepth, 2);
    leaving[0]?.abort();
    assert.equal(cached.queueDepth, 2);
    leaving[1]?.abort();
    assert.equal(cached.queueDepth, 1);
    // In the same breath: the run that is being stopped must not be joined.
    const next = cached.embedQuery('graphs');
    for (const caller of left) await assert.rejects(caller, code('cancelled'));
    assert.equal((await next).vector.length, 384);
    await busy;
    assert.deepEqual(runs, ['busy', 'graphs', 'graphs']);
    assert.deepEqual(counts(cached), { hits: 0, shared: 1, misses: 3, size: 2 });
  });

  it('all learn that the queue is full', async (t) => {
    const { cached, runs } = await open(t, { maxQueued: 0 });
    const busy = cached.embedQuery('busy');
    const refused = Array.from({ length: 5 }, () => cached.embedQuery('graphs'));
    for (const caller of refused) await assert.rejects(caller, code('overloaded'));
    await busy;
    assert.deepEqual(runs, ['busy', 'graphs']);
  });

  it('leave no listener on signals that live on', async (t) => {
    const { cached } = await open(t);
    const { signal } = new AbortController();
    await Promise.all([cached.embedQuery('graphs', signal), cached.embedQuery('graphs', signal)]);
    await cached.embedQuery('graphs', signal);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });
});

describe('the cache of an embedder', () => {
  it('is itself where there is one, and null for the pool alone', async (t) => {
    const { cached, pool } = await open(t);
    assert.equal(queryCacheOf(cached), cached);
    assert.equal(queryCacheOf(pool), null);
  });
});
