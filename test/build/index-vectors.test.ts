import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { indexVectors } from '../../src/build/index-vectors.js';
import type { BuildEvent } from '../../src/build/progress.js';

const DIMENSIONS = 256;

/** Vectors in random directions have no neighbours worth the name: the hardest case for a graph. */
function* randomDirections(count: number): Generator<{ label: number; vector: Float32Array }> {
  let state = 7;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  for (let label = 1; label <= count; label++) {
    // Sums of uniform numbers are close enough to normal ones (Irwin-Hall) to favour no direction.
    const vector = Float32Array.from({ length: DIMENSIONS }, () => next() + next() + next() + next() - 2);
    const length = Math.hypot(...vector);
    yield { label, vector: vector.map((value) => value / length) };
  }
}

async function indexed(t: TestContext, count: number) {
  const folder = await mkdtemp(join(tmpdir(), 'nearpaper-index-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const events: BuildEvent[] = [];
  const built = await indexVectors(randomDirections(count), {
    folder,
    count,
    dimensions: DIMENSIONS,
    signal: new AbortController().signal,
    onEvent: (event) => events.push(event),
  });
  return {
    built,
    events,
    efforts: events.flatMap((event) => (event.kind === 'measuring' ? [event.ef] : [])),
  };
}

describe('the search effort', () => {
  it('is the least that is tried when that reaches the recall', async (t) => {
    const { built, efforts } = await indexed(t, 100);
    assert.deepEqual(efforts, [128]);
    assert.equal(built.hnsw?.ef, 128);
    assert.equal(built.recall?.recall, 1);
  });

  it('is raised while recall is below the floor, and a shortfall is said', async (t) => {
    const { built, efforts, events } = await indexed(t, 6000);
    const recall = built.recall?.recall ?? 1;
    assert.ok(efforts.length > 1, `recall ${recall} at ${efforts}`);
    assert.equal(built.hnsw?.ef, efforts.at(-1));
    const warned = events.some((event) => event.kind === 'note' && /Recall stays below/.test(event.message));
    assert.equal(warned, recall < 0.99);
  });
});
