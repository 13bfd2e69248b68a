import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LabelSet } from '../../src/label-set.js';
import { ExactIndex } from '../../src/vectors/exact.js';
import { EXACT_FILE, ExactIndexWriter, openExactIndex } from '../../src/vectors/exact-file.js';
import type { IndexFile } from '../../src/vectors/vector-index.js';
import { assertClose, bruteForce, rejectsWith } from '../contract/vector-index.js';
import { clustered, seeded } from './clustered.js';
import { alter, type Entry, temporaryFolder, withLabels, writeExact } from './files.js';
import { large } from './large.js';

const DIMENSIONS = 12;
const ENTRIES = withLabels(clustered(100, DIMENSIONS, 31));
const [QUERY = new Float32Array()] = clustered(1, DIMENSIONS, 32);

describe('ExactIndex', () => {
  it('agrees with brute force for every number of vectors, dimensions and neighbours', async () => {
    const given = fc.record({
      count: fc.nat(80),
      dimensions: fc.integer({ min: 1, max: 40 }),
      k: fc.integer({ min: 1, max: 90 }),
      seed: fc.nat(10_000),
      labels: fc.uniqueArray(fc.oneof(fc.nat(200), fc.nat(0xffff_ffff)), { minLength: 80, maxLength: 80 }),
    });
    await fc.assert(
      fc.asyncProperty(given, async ({ count, dimensions, k, seed, labels }) => {
        const [query = new Float32Array(), ...vectors] = clustered(count + 1, dimensions, seed);
        const entries = vectors.map((vector, i): Entry => [labels[i] ?? 0, vector]);
        const index = ExactIndex.fromVectors(entries, dimensions);
        assert.deepEqual(await index.search(query, k), bruteForce(entries, query, k));
        const stored = await index.vectors(labels);
        for (const [i, vector] of vectors.entries()) assertClose(stored[i], vector);
        assert.ok(stored.slice(count).every((vector) => vector === undefined));
      }),
    );
  });

  it('orders ties by label, in whatever order they come', async () => {
    const kinds = clustered(4, DIMENSIONS, 33);
    const given = fc.record({
      drawn: fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 60 }),
      k: fc.integer({ min: 1, max: 60 }),
      order: fc.shuffledSubarray(Array.from({ length: 60 }, (_, label) => label)),
    });
    await fc.assert(
      fc.asyncProperty(given, async ({ drawn, k, order }) => {
        const entries = drawn.map((vector, label): Entry => [label, vector]);
        const index = ExactIndex.fromVectors(entries, DIMENSIONS);
        const labels = (found: readonly { label: number }[]) => found.map(({ label }) => label);
        assert.deepEqual(labels(await index.search(QUERY, k)), labels(bruteForce(entries, QUERY, k)));
        const inside = entries.filter(([label]) => order.includes(label));
        const found = await index.search(QUERY, k, { subset: LabelSet.of(order) });
        assert.deepEqual(labels(found), labels(bruteForce(inside, QUERY, k)));
      }),
    );
  });

  it('lets the event loop turn during a long scan', async () => {
    const { index, query } = large();
    let turns = 0;
    let done = false;
    const count1 = () => {
      turns++;
      if (!done) setImmediate(count1);
    };
    setImmediate(count1);
    const found = await index.search(query, 3);
    done = true;
    assert.deepEqual(
      found.map(({ label }) => label),
      [5, 69, 133],
    );
    // 12.8 million multiplications are several milliseconds on any machine.
    assert.ok(turns >= 2, `${turns} turns`);
  });

  it('keeps what it gives back: the same numbers, quantised again, have the same similarities', async () => {
    const given = fc.record({ dimensions: fc.integer({ min: 1, max: 70 }), seed: fc.nat(10_000) });
    await fc.assert(
      fc.asyncProperty(given, async ({ dimensions, seed }) => {
        const [query = new Float32Array(), ...vectors] = clustered(12, dimensions, seed);
        const index = ExactIndex.fromVectors(vectors.entries(), dimensions);
        const labels = [...vectors.keys()];
        const stored = (await index.vectors(labels)).filter((vector) => vector !== undefined);
        const again = ExactIndex.fromVectors(stored.entries(), dimensions);
        assert.deepEqual(await again.similarities(query, labels), await index.similarities(query, labels));
        // And a pair has one similarity, whichever of the two is asked about.
        for (const [a, vector] of stored.entries()) {
          const [own = 0, ...others] = await index.similarities(vector, [a, ...labels]);
          assert.ok(own > 1 - 1e-6);
          for (const [b, similarity] of others.entries()) {
            assert.deepEqual(await index.similarities(stored[b] ?? query, [a]), [similarity]);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('does not overflow for as many dimensions as it takes, all at their largest', async () => {
    for (const dimensions of [32, 544, 2048, 2080, 65_536]) {
      const flat = new Float32Array(dimensions).fill(1 / Math.sqrt(dimensions));
      const index = ExactIndex.fromVectors(
        [
          [0, flat.map((value) => -value)],
          [1, flat],
        ],
        dimensions,
      );
      const [nearest, farthest] = await index.search(flat, 2);
      assert.ok((nearest?.similarity ?? 0) > 1 - 1e-6 && nearest?.label === 1, `${dimensions}`);
      assert.ok((farthest?.similarity ?? 0) < -1 + 1e-6 && farthest?.label === 0, `${dimensions}`);
    }
  });

  it('leaves no row out for the sake of its high bytes alone', async () => {
    // Vectors whose nearest differ in the low bytes only.
    const [centre = QUERY] = clustered(1, DIMENSIONS, 34);
    const given = fc.record({ seed: fc.nat(10_000), k: fc.integer({ min: 1, max: 20 }) });
    await fc.assert(
      fc.asyncProperty(given, async ({ seed, k }) => {
        const random = seeded(seed);
        const entries = Array.from({ length: 400 }, (_, label): Entry => {
          const near = centre.map((value) => value * (1 + 0.0008 * (random() - 0.5)));
          return [label, near];
        });
        const index = ExactIndex.fromVectors(entries, DIMENSIONS);
        for (const query of [centre, QUERY]) {
          assert.deepEqual(await index.search(query, k), bruteForce(entries, query, k));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('refuses what a writer refuses', () => {
    const wrong: Entry[][] = [
      [
        [1, QUERY],
        [1, QUERY],
      ],
      [[-1, QUERY]],
      [[0.5, QUERY]],
      [[2 ** 32, QUERY]],
      [[1, QUERY.slice(1)]],
      [[1, QUERY.with(0, Number.NaN)]],
    ];
    for (const entries of wrong) {
      assert.throws(() => ExactIndex.fromVectors(entries, DIMENSIONS), rejectsWith('invalid_vector'));
    }
  });
});

describe('ExactIndexWriter', () => {
  it('writes one file, the same for every order of adding, and tells what the manifest needs', async (t) => {
    const folder = await temporaryFolder(t);
    const facts = await writeExact(folder, ENTRIES, DIMENSIONS);
    assert.deepEqual(facts, {
      ...facts,
      file: EXACT_FILE,
      count: 100,
      dimensions: DIMENSIONS,
      bytes: 64 + 448 + 832 + 2 * 3200,
    });
    assert.deepEqual(await readdir(folder), [EXACT_FILE]);
    assert.deepEqual(await writeExact(await temporaryFolder(t), ENTRIES.toReversed(), DIMENSIONS), facts);
  });

  it('overwrites what a killed process left under the temporary name', async (t) => {
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, `${EXACT_FILE}.tmp`), 'x'.repeat(100_000));
    const facts = await writeExact(folder, ENTRIES, DIMENSIONS);
    assert.deepEqual(await readdir(folder), [EXACT_FILE]);
    assert.equal((await openExactIndex(folder, facts)).size, 100);
  });

  it('refuses bad vectors, labels and settings, a vector too many, and use after commit', async (t) => {
    const folder = await temporaryFolder(t);
    const writer = new ExactIndexWriter(folder, { dimensions: DIMENSIONS, capacity: 2 });
    for (const label of [-1, 0.5, 2 ** 32, Number.NaN]) {
      assert.throws(() => writer.add(label, QUERY), rejectsWith('invalid_vector'));
    }
    assert.throws(() => writer.add(1, QUERY.slice(1)), rejectsWith('invalid_vector'));
    assert.throws(() => writer.add(1, QUERY.with(2, Number.NaN)), rejectsWith('invalid_vector'));
    writer.add(1, QUERY);
    assert.throws(() => writer.add(1, QUERY), rejectsWith('invalid_vector'));
    writer.add(2, QUERY);
    assert.throws(() => writer.add(3, QUERY), rejectsWith('invalid_vector'));
    const committing = writer.commit();
    assert.throws(() => writer.add(3, QUERY), rejectsWith('index_unwritable'));
    await assert.rejects(writer.commit(), rejectsWith('index_unwritable'));
    assert.equal((await committing).count, 2);
    for (const settings of [
      { dimensions: 0 },
      { capacity: -1 },
      { capacity: 1.5 },
      { capacity: 2 ** 32 - 1 },
    ]) {
      const all = { dimensions: 65_536, capacity: 10, ...settings };
      assert.throws(() => new ExactIndexWriter(folder, all), rejectsWith('config_invalid'));
    }
  });

  it('says so when the folder is gone', async (t) => {
    const folder = await temporaryFolder(t);
    const writer = new ExactIndexWriter(folder, { dimensions: DIMENSIONS, capacity: 1 });
    writer.add(1, QUERY);
    await rm(folder, { recursive: true });
    await assert.rejects(writer.commit(), rejectsWith('index_unwritable'));
  });
});

describe('openExactIndex', () => {
  it('refuses a file that is missing, cut short, longer or altered', async (t) => {
    const folder = await temporaryFolder(t);
    const facts = await writeExact(folder, ENTRIES, DIMENSIONS);
    const path = join(folder, facts.file);
    const good = await readFile(path);
    for (const at of [0, 5, 64, 500, good.length - 1]) {
      const flipped = Buffer.from(good);
      flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
      await writeFile(path, flipped);
      await assert.rejects(openExactIndex(folder, facts), rejectsWith('index_damaged'));
    }
    for (const content of [Buffer.alloc(0), good.subarray(1), Buffer.concat([good, good])]) {
      await writeFile(path, content);
      await assert.rejects(openExactIndex(folder, facts), rejectsWith('index_damaged'));
    }
    await rm(path);
    await assert.rejects(openExactIndex(folder, facts), /it is missing.*nearpaper build/);
  });

  it('refuses a header, labels or facts that do not fit, even under the right checksum', async (t) => {
    const folder = await temporaryFolder(t);
    const write = (): Promise<IndexFile> => writeExact(folder, ENTRIES, DIMENSIONS);
    const changes: ((bytes: Buffer) => undefined)[] = [
      (bytes) => void bytes.write('NPVX', 0),
      (bytes) => void bytes.writeUInt32LE(2, 4),
      (bytes) => void bytes.writeUInt32LE(99, 8),
      (bytes) => void bytes.writeUInt32LE(DIMENSIONS + 1, 12),
      (bytes) => void bytes.writeUInt32LE(bytes.readUInt32LE(64), 68),
      (bytes) => void bytes.swap32(),
    ];
    for (const change of changes) {
      const facts = await alter(folder, await write(), change);
      await assert.rejects(openExactIndex(folder, facts), rejectsWith('index_damaged'));
    }
    const facts = await write();
    for (const wrong of [
      { count: 99 },
      { dimensions: 13 },
      { count: Number.NaN },
      { file: `../${facts.file}` },
    ]) {
      await assert.rejects(openExactIndex(folder, { ...facts, ...wrong }), rejectsWith('index_damaged'));
    }
  });
});
