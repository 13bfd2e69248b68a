import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { LabelSet } from '../../src/label-set.js';
import { ExactIndex } from '../../src/vectors/exact.js';
import { openExactIndex } from '../../src/vectors/exact-file.js';
import { type HnswIndex, openHnswIndex } from '../../src/vectors/hnsw.js';
import { VectorOverlay } from '../../src/vectors/overlay.js';
import { measureRecall } from '../../src/vectors/recall.js';
import type { VectorIndex } from '../../src/vectors/vector-index.js';
import { rejectsWith } from '../contract/vector-index.js';
import { clustered, seeded } from './clustered.js';
import { type Entry, temporaryFolder, withLabels, writeExact, writeHnsw } from './files.js';
import { large } from './large.js';

const DIMENSIONS = 12;

type Live = ReadonlyMap<number, Float32Array>;

/** Whether a view answers, to the last bit, as an index over what is alive in it. */
async function assertHolds(view: VectorIndex, live: Live, query: Float32Array): Promise<void> {
  const truth = ExactIndex.fromVectors(live, DIMENSIONS);
  assert.equal(view.size, live.size);
  for (const k of [1, 3, 1000]) {
    assert.deepEqual(await view.search(query, k), await truth.search(query, k));
    const subset = LabelSet.of([0, 1, 2, 4, 8, 9, 15, 16, 17, 33, 70]);
    assert.deepEqual(await view.search(query, k, { subset }), await truth.search(query, k, { subset }));
  }
  const labels = [...live.keys(), 0, 5, 40, 71, 5, -1, 0.5, Number.NaN];
  assert.deepEqual(await view.similarities(query, labels), await truth.similarities(query, labels));
  assert.deepEqual(await view.vectors(labels), await truth.vectors(labels));
}

describe('VectorOverlay', () => {
  it('answers, in every view there ever was, as an index over what was alive then', async () => {
    const KINDS = clustered(30, DIMENSIONS, 71);
    const [query = new Float32Array()] = clustered(1, DIMENSIONS, 72);
    // Few kinds, so that there are ties; labels in the base, between its labels, and beyond.
    const label = fc.nat(72);
    const change = fc.oneof(
      { weight: 3, arbitrary: fc.tuple(label, fc.constantFrom(...KINDS)) },
      { weight: 1, arbitrary: fc.tuple(label, fc.constant(undefined)) },
    );
    const given = fc.record({
      base: fc.uniqueArray(fc.nat(70), { maxLength: 70, size: 'max' }),
      changes: fc.array(change, { maxLength: 120, size: 'max' }),
      every: fc.integer({ min: 1, max: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(given, async ({ base, changes, every }) => {
        const entries = base.map((label, at): Entry => [label, KINDS[at % KINDS.length] ?? query]);
        const overlay = new VectorOverlay(ExactIndex.fromVectors(entries, DIMENSIONS));
        const live = new Map(entries);
        const views: [VectorIndex, Live][] = [[overlay.view(), new Map(live)]];
        for (const [at, [label, vector]] of changes.entries()) {
          if (vector === undefined) {
            overlay.remove(label);
            live.delete(label);
          } else {
            overlay.put(label, vector);
            live.set(label, vector);
          }
          if (at % every === 0) views.push([overlay.view(), new Map(live)]);
        }
        views.push([overlay.view(), live]);
        // Forth, and back: each view is asked after later ones were.
        for (const [view, then] of [...views, ...views.toReversed()]) await assertHolds(view, then, query);
      }),
      { numRuns: 60 },
    );
  });

  it('keeps what is put while it grows, and old views of it', async () => {
    const count = 5000;
    const vectors = clustered(count, DIMENSIONS, 73);
    const [query = new Float32Array()] = clustered(1, DIMENSIONS, 74);
    const overlay = new VectorOverlay(ExactIndex.fromVectors([], DIMENSIONS));
    const live = new Map<number, Float32Array>();
    const views: [VectorIndex, Live][] = [];
    for (const [at, vector] of vectors.entries()) {
      // Descending, and every seventh a second time.
      const label = at % 7 === 0 ? count : count - at;
      overlay.put(label, vector);
      live.set(label, vector);
      if ([500, 768, 1023, 1024, 1025, 2047, 2048, 4096, count - 1].includes(at)) {
        views.push([overlay.view(), new Map(live)]);
      }
    }
    for (const [view, then] of [...views, ...views.toReversed()]) await assertHolds(view, then, query);
  });

  it('finds the lowest labels of more equal vectors than are asked for', async () => {
    const [vector = new Float32Array(), other = new Float32Array()] = clustered(2, DIMENSIONS, 75);
    const overlay = new VectorOverlay(ExactIndex.fromVectors([[150, vector]], DIMENSIONS));
    for (let label = 300; label > 0; label--) overlay.put(label, label % 50 === 0 ? other : vector);
    for (const k of [1, 2, 49, 50, 130]) {
      const labels = (await overlay.view().search(vector, k)).map((found) => found.label);
      const wanted = Array.from({ length: 300 }, (_, at) => at + 1).filter((label) => label % 50 !== 0);
      assert.deepEqual(labels, wanted.slice(0, k));
    }
  });

  it('shows a search under way nothing of what changes between its turns', async () => {
    const { index, query } = large();
    const overlay = new VectorOverlay(index);
    // What is left of the nearest lies at the end, where a scan comes last.
    const first = 5 + 64 * 15_500;
    for (let label = 5; label < first; label += 64) overlay.remove(label);
    const view = overlay.view();
    let done = false;
    let changes = 0;
    const change = () => {
      if (done) return;
      overlay.remove(first + 64 * changes);
      overlay.put(changes, query);
      changes++;
      // Asks the base, too, so that it has been elsewhere when the search goes on.
      void overlay.view().search(query, 2, { subset: LabelSet.of([1, 2, 3]) });
      setImmediate(change);
    };
    setImmediate(change);
    const labels = (await view.search(query, 4)).map(({ label }) => label);
    done = true;
    assert.ok(changes >= 2, `${changes} changes`);
    assert.deepEqual(labels, [first, first + 64, first + 128, first + 192]);
    const now = await overlay.view().search(query, 1, { subset: LabelSet.of([0, first]) });
    assert.deepEqual(now, [{ label: 0, similarity: now[0]?.similarity }]);
  });

  it('refuses what a writer refuses, and nothing has changed then', async () => {
    const entries = withLabels(clustered(20, DIMENSIONS, 76));
    const [query = new Float32Array()] = clustered(1, DIMENSIONS, 77);
    const base = ExactIndex.fromVectors(entries, DIMENSIONS);
    const overlay = new VectorOverlay(base);
    for (const label of [-1, 0.5, Number.NaN, 2 ** 32]) {
      assert.throws(() => overlay.put(label, query), rejectsWith('invalid_vector'));
      assert.throws(() => overlay.remove(label), rejectsWith('invalid_vector'));
    }
    for (const bad of [query.slice(1), query.map((value) => value * 1.1), query.with(3, Number.NaN)]) {
      assert.throws(() => overlay.put(3, bad), rejectsWith('invalid_vector'));
    }
    overlay.remove(4);
    await assertHolds(overlay.view(), new Map(entries), query);
  });

  it('closes a view without its base and its other views', async () => {
    const entries = withLabels(clustered(20, DIMENSIONS, 78));
    const [query = new Float32Array()] = clustered(1, DIMENSIONS, 79);
    const base = ExactIndex.fromVectors(entries, DIMENSIONS);
    const overlay = new VectorOverlay(base);
    const [first, second] = [overlay.view(), overlay.view()];
    await first.close();
    await assert.rejects(first.search(query, 1), rejectsWith('not_ready'));
    assert.equal((await second.search(query, 1)).length, 1);
    assert.equal((await base.search(query, 1)).length, 1);
  });
});

/** A graph as a build makes it, searched with ef 128. */
async function openGraph(
  t: TestContext,
  entries: readonly Entry[],
  dimensions: number,
): Promise<{ base: HnswIndex; exact: ExactIndex }> {
  const folder = await temporaryFolder(t);
  const vectors = await writeExact(folder, entries, dimensions);
  const facts = await writeHnsw(folder, entries, vectors, { ef: 128 });
  const exact = await openExactIndex(folder, vectors);
  return { base: await openHnswIndex(folder, facts, { exact, poolSize: 128 }), exact };
}

describe('VectorOverlay over a graph', () => {
  it('has a recall@10 of .98 at every moment while half of 20,000 papers are replaced', async (t) => {
    const dimensions = 48;
    const count = 20_000;
    const random = seeded(80);
    // Old and new of the same clusters, as papers of one field are.
    const drawn = clustered(2 * count + 200, dimensions, 81);
    const queries = drawn.slice(0, 200);
    const entries = drawn.slice(200, 200 + count).map((vector, label): Entry => [label, vector]);
    const { base } = await openGraph(t, entries, dimensions);
    const overlay = new VectorOverlay(base);
    const live = new Map(entries);
    const order = [...live.keys()].map((label) => ({ label, at: random() })).sort((a, b) => a.at - b.at);
    const recalls: number[] = [];
    for (let changed = 0; changed <= count / 2; changed++) {
      if (changed % (count / 40) === 0) {
        const truth = ExactIndex.fromVectors(live, dimensions);
        const view = overlay.view();
        assert.equal(view.size, live.size);
        recalls.push((await measureRecall(view, truth, queries, 10)).recall);
      }
      const { label } = order[changed] ?? { label: 0 };
      const vector = drawn[200 + count + changed] ?? new Float32Array();
      // One in ten goes, and another comes under a label of its own.
      const under = changed % 10 === 9 ? count + changed : label;
      overlay.remove(label);
      live.delete(label);
      overlay.put(under, vector);
      live.set(under, vector);
    }
    assert.equal(recalls.length, 21);
    assert.ok(Math.min(...recalls) >= 0.98, `${recalls}`);
  });

  it('finds the nearest that are left where all around a query were removed', async (t) => {
    const entries = withLabels(clustered(3000, 48, 82));
    const queries = clustered(20, 48, 83);
    const { base } = await openGraph(t, entries, 48);
    for (const removed of [10, 128, 900, 2000]) {
      let recall = 0;
      for (const query of queries) {
        const overlay = new VectorOverlay(base);
        const nearest = await base.search(query, removed + 10, { exact: true });
        for (const { label } of nearest.slice(0, removed)) overlay.remove(label);
        const found = await overlay.view().search(query, 10);
        const wanted = nearest.slice(removed);
        assert.equal(found.length, 10);
        recall += wanted.filter(({ label }) => found.some((other) => other.label === label)).length / 10;
      }
      assert.ok(recall / queries.length >= 0.98, `${removed}: ${recall / queries.length}`);
    }
  });

  it('answers by the graph as long as no more than a third is dead', async (t) => {
    const entries = withLabels(clustered(3000, 48, 84));
    const [query = new Float32Array()] = clustered(1, 48, 85);
    const { base, exact } = await openGraph(t, entries, 48);
    const { rows } = exact;
    const overlay = new VectorOverlay(base);
    for (const [at, [label]] of entries.entries()) {
      if (at % 300 === 0) {
        rows.kernel.walk(1, 0, 1e6);
        const before = rows.kernel.visited.value;
        await overlay.view().search(query, 10);
        assert.equal(rows.kernel.visited.value > before, at <= 1000, `${at} dead`);
      }
      overlay.remove(label);
    }
    assert.deepEqual(await overlay.view().search(query, 10), []);
  });
});
