/**
 * What a graph's file may be like and what a caller may pass: hnswlib crashes the process, or answers nonsense, on every
 * input here; through this room each is an error with a code. A crash would end this process, and every test with it.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { openExactIndex } from '../../src/vectors/exact-file.js';
import { type HnswFile, type HnswIndex, openHnswIndex } from '../../src/vectors/hnsw.js';
import { HnswIndexWriter } from '../../src/vectors/hnsw-writer.js';
import type { IndexFile } from '../../src/vectors/vector-index.js';
import { rejectsWith } from '../contract/vector-index.js';
import { clustered } from './clustered.js';
import { alter, hnswlib, temporaryFolder, withLabels, writeExact, writeHnsw } from './files.js';

const DIMENSIONS = 16;
const VECTORS = clustered(300, DIMENSIONS, 1);
const ENTRIES = withLabels(VECTORS);
const [QUERY = new Float32Array()] = clustered(1, DIMENSIONS, 2);
/** Where the row of the entry lies in `vectors.graph`. */
const ENTRY = 20;

interface Files {
  folder: string;
  vectors: IndexFile;
  facts: HnswFile;
  /** Opens the graph as `facts` say it is. */
  open(facts: HnswFile): Promise<HnswIndex>;
}

async function files(t: TestContext): Promise<Files> {
  const folder = await temporaryFolder(t);
  const vectors = await writeExact(folder, ENTRIES, DIMENSIONS);
  const facts = await writeHnsw(folder, ENTRIES, vectors);
  return {
    folder,
    vectors,
    facts,
    async open(changed) {
      const exact = await openExactIndex(folder, vectors);
      return openHnswIndex(folder, changed, { exact, poolSize: 20 });
    },
  };
}

async function writer(t: TestContext, capacity = 300): Promise<{ folder: string; writer: HnswIndexWriter }> {
  const folder = await temporaryFolder(t);
  return {
    folder,
    writer: new HnswIndexWriter(await hnswlib(), folder, { dimensions: DIMENSIONS, capacity }),
  };
}

/** What a writer's commit has to know of the file of vectors; nothing reads the file itself. */
function vectorsOf(count: number): IndexFile {
  return { file: 'vectors.i16', bytes: 0, sha256: '0'.repeat(64), count, dimensions: DIMENSIONS };
}

describe('A file that is not the one that was written', () => {
  it('is refused when it is missing', async (t) => {
    const { folder, facts, open } = await files(t);
    await rm(join(folder, facts.file));
    await assert.rejects(open(facts), rejectsWith('index_damaged'));
  });

  it('is refused when it is empty, other bytes, cut short or too long', async (t) => {
    const { folder, facts, open } = await files(t);
    const path = join(folder, facts.file);
    await truncate(path, facts.bytes - 1);
    await assert.rejects(open(facts), rejectsWith('index_damaged'));
    for (const content of ['', 'x', 'x'.repeat(facts.bytes), 'x'.repeat(facts.bytes + 1)]) {
      await writeFile(path, content);
      await assert.rejects(open(facts), rejectsWith('index_damaged'));
    }
  });

  it('is refused when it is a folder, or lies elsewhere', async (t) => {
    const { folder, facts, open } = await files(t);
    await assert.rejects(open({ ...facts, file: '.' }), rejectsWith('index_damaged'));
    await assert.rejects(open({ ...facts, file: join(folder, facts.file) }), rejectsWith('index_damaged'));
    await assert.rejects(open({ ...facts, file: `x/../${facts.file}` }), rejectsWith('index_damaged'));
  });

  it('is refused for one flipped byte at the entry point', async (t) => {
    const { folder, facts, open } = await files(t);
    await alter(
      folder,
      facts,
      (bytes) => void bytes.writeUInt8(bytes.readUInt8(ENTRY + 2) ^ 0xff, ENTRY + 2),
    );
    await assert.rejects(open(facts), rejectsWith('index_damaged'));
  });

  it('is refused for a flipped byte under a checksum that fits, or does no harm', async (t) => {
    const { folder, facts, open } = await files(t);
    const place = fc.oneof(
      fc.nat(95),
      fc.nat(facts.bytes - 1),
      fc.integer({ min: facts.bytes - 1500, max: facts.bytes - 1 }),
    );
    const flip = (at: number, by: number) => (bytes: Buffer) =>
      void bytes.writeUInt8(bytes.readUInt8(at) ^ by, at);
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(place, fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const changed = await alter(folder, facts, flip(at, by));
        try {
          const index = await open(changed);
          for (const vector of VECTORS.slice(0, 20))
            assert.equal((await index.search(vector, 20)).length, 20);
          await index.close();
        } catch (thrown) {
          rejectsWith('index_damaged')(thrown);
          refused++;
        }
        await alter(folder, changed, flip(at, by));
      }),
      { numRuns: 300 },
    );
    assert.ok(refused > 100, `${refused} of 300 refused`);
  });

  it('is refused when it is cut short under a checksum that fits', async (t) => {
    const { folder, vectors, facts, open } = await files(t);
    for (const size of [0, 40, 63, 64, 4000, facts.bytes - 64, facts.bytes - 4, facts.bytes - 1]) {
      const written = await alter(folder, await writeHnsw(folder, ENTRIES, vectors), (bytes) =>
        bytes.subarray(0, size),
      );
      await assert.rejects(open(written), rejectsWith('index_damaged'), `${size} bytes`);
    }
  });

  it('is refused under a checksum that fits for every word of its header, and for links and levels that cannot be', async (t) => {
    const { folder, vectors, facts, open } = await files(t);
    const links = 64;
    const first = links + 4 * 2 * facts.M * facts.count;
    const lists = 64 * Math.ceil((first + 4 * (facts.count + 1)) / 64);
    const words = Array.from({ length: 16 }, (_, word) => 4 * word);
    for (const at of [...words, links, first, first + 4, first + 4 * facts.count, lists]) {
      const written = await writeHnsw(folder, ENTRIES, vectors);
      const changed = await alter(folder, written, (bytes) => void bytes.writeUInt32LE(300_000, at));
      await assert.rejects(open(changed), rejectsWith('index_damaged'), `byte ${at}`);
    }
    // A link on a level above 0 to a row that is not on it.
    const low = await alter(folder, await writeHnsw(folder, ENTRIES, vectors), (bytes) => {
      const rows = Array.from({ length: facts.count }, (_, row) => row);
      const firstOf = (row: number) => bytes.readUInt32LE(first + 4 * row);
      const onlyBelow = rows.find((row) => firstOf(row) === firstOf(row + 1)) ?? 0;
      bytes.writeUInt32LE(onlyBelow, lists);
      return undefined;
    });
    await assert.rejects(open(low), rejectsWith('index_damaged'));
  });

  it('is refused when it has other dimensions', async (t) => {
    const { folder, facts, open } = await files(t);
    const elsewhere = await temporaryFolder(t);
    const others = withLabels(clustered(300, 2 * DIMENSIONS, 1));
    const other = await writeHnsw(folder, others, await writeExact(elsewhere, others, 2 * DIMENSIONS));
    await assert.rejects(open(other), rejectsWith('index_damaged'));
    await assert.rejects(open({ ...other, dimensions: DIMENSIONS }), rejectsWith('index_damaged'));
    await assert.rejects(open(facts), rejectsWith('index_damaged'));
  });

  it('is refused when it was made for other vectors, labels or their number, or with other parameters', async (t) => {
    const { folder, vectors, open } = await files(t);
    const renamed = ENTRIES.map(([label, vector]) => [label + 1, vector] as const);
    for (const others of [withLabels(clustered(300, DIMENSIONS, 3)), renamed, ENTRIES.slice(1)]) {
      const theirs = await writeExact(await temporaryFolder(t), others, DIMENSIONS);
      const other = await writeHnsw(folder, others, theirs);
      await assert.rejects(open(other), rejectsWith('index_damaged'));
      await assert.rejects(open({ ...other, count: 300 }), rejectsWith('index_damaged'));
    }
    const same = await writeHnsw(folder, ENTRIES, vectors);
    await assert.rejects(open({ ...same, M: 8 }), rejectsWith('index_damaged'));
    await assert.rejects(open({ ...same, efConstruction: 100 }), rejectsWith('index_damaged'));
    await (await open(same)).close();
  });
});

describe('Writing', () => {
  it('to a full disk fails, and leaves nothing', async (t) => {
    const folder = await temporaryFolder(t);
    const child = new URL('./full-disk.js', import.meta.url).pathname;
    // 64 units of 512 bytes, or of 1024 in some shells.
    const { stdout } = await promisify(execFile)('sh', [
      '-c',
      'ulimit -f 64; exec "$@"',
      'sh',
      process.execPath,
      child,
      folder,
    ]);
    assert.deepEqual(JSON.parse(stdout), {
      exact: 'index_unwritable',
      hnsw: 'index_unwritable',
      left: [],
      alone: true,
    });
  });

  it('to a folder that is not there fails, and leaves a file of before as it is', async (t) => {
    const gone = await writer(t);
    for (const [label, vector] of ENTRIES) gone.writer.add(label, vector);
    await rm(gone.folder, { recursive: true });
    await assert.rejects(gone.writer.commit(vectorsOf(300)), rejectsWith('index_unwritable'));

    const { folder, facts, open } = await files(t);
    const second = new HnswIndexWriter(await hnswlib(), folder, { dimensions: DIMENSIONS, capacity: 300 });
    second.add(1, QUERY);
    // A folder in the place of the temporary file cannot be opened for writing.
    await mkdir(join(folder, `${facts.file}.tmp`));
    await assert.rejects(second.commit(vectorsOf(1)), rejectsWith('index_unwritable'));
    // Nor in the place of hnswlib's own file.
    const third = new HnswIndexWriter(await hnswlib(), folder, { dimensions: DIMENSIONS, capacity: 300 });
    third.add(1, QUERY);
    await mkdir(join(folder, `${facts.file}.hnswlib`));
    await assert.rejects(third.commit(vectorsOf(1)), rejectsWith('index_unwritable'));
    assert.equal((await open(facts)).size, 300);
  });

  it('takes no vector while it commits, nor after, and commits once', async (t) => {
    const { folder, writer: open } = await writer(t);
    for (const [label, vector] of ENTRIES.slice(1)) open.add(label, vector);
    const [label, vector] = ENTRIES[0] ?? [0, QUERY];
    const committing = open.commit(vectorsOf(299));
    assert.throws(() => open.add(label, vector), rejectsWith('index_unwritable'));
    await assert.rejects(open.commit(vectorsOf(299)), rejectsWith('index_unwritable'));
    const facts = await committing;
    assert.throws(() => open.add(label, vector), rejectsWith('index_unwritable'));
    await assert.rejects(open.commit(vectorsOf(299)), rejectsWith('index_unwritable'));
    assert.equal(facts.count, 299);
    assert.deepEqual(await readdir(folder), [facts.file]);
  });

  it('of nothing at all is refused', async (t) => {
    const { folder, writer: open } = await writer(t);
    await assert.rejects(open.commit(vectorsOf(0)), rejectsWith('invalid_vector'));
    assert.deepEqual(await readdir(folder), []);
  });
});

describe('A vector, label or parameter that hnswlib must not see', () => {
  it('is refused: elements that are not numbers, and holes', async (t) => {
    const { writer: open } = await writer(t);
    const holes = new Array<number>(DIMENSIONS);
    for (const array of [
      holes,
      Array(DIMENSIONS).fill('1'),
      Array(DIMENSIONS).fill(null),
      Array.from(QUERY),
      null,
    ]) {
      // What a caller without types could pass.
      const vector = array as unknown as Float32Array;
      assert.throws(() => open.add(1, vector), rejectsWith('invalid_vector'));
    }
    const index = await files(t).then(({ open: openFile, facts }) => openFile(facts));
    await assert.rejects(index.search(holes as unknown as Float32Array, 3), rejectsWith('invalid_vector'));
  });

  it('is refused: NaN, infinities, another length, not a unit vector', async (t) => {
    const { writer: open } = await writer(t);
    const bad = [
      QUERY.with(0, Number.NaN),
      QUERY.with(0, Number.NEGATIVE_INFINITY),
      QUERY.slice(1),
      Float32Array.of(...QUERY, 0),
      new Float32Array(DIMENSIONS),
      QUERY.map((value) => 2 * value),
    ];
    for (const vector of bad) assert.throws(() => open.add(1, vector), rejectsWith('invalid_vector'));
  });

  it('is refused: a label below 0, not whole, beyond 32 bits, or given twice, and a vector too many', async (t) => {
    const { writer: open } = await writer(t, 2);
    for (const label of [-1, 0.5, 2 ** 32, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => open.add(label, QUERY), rejectsWith('invalid_vector'), `label ${label}`);
    }
    open.add(7, QUERY);
    assert.throws(() => open.add(7, QUERY), rejectsWith('invalid_vector'));
    open.add(8, QUERY);
    assert.throws(() => open.add(9, QUERY), rejectsWith('invalid_vector'));
    await assert.rejects(open.commit(vectorsOf(3)), rejectsWith('invalid_vector'));
    assert.equal((await open.commit(vectorsOf(2))).count, 2);
  });

  it('is refused: M, efConstruction, seed, dimensions, capacity and ef out of range', async (t) => {
    const module = await hnswlib();
    const wrong = [
      ...[0, 1, 101, -1, 2.5, Number.NaN].map((M) => ({ M })),
      ...[0, 10_001, 1.5].map((efConstruction) => ({ efConstruction })),
      ...[-1, 2 ** 32].map((seed) => ({ seed })),
      ...[0, -1, 65_537, 1.5].map((dimensions) => ({ dimensions })),
      // The last asks for terabytes, for which malloc fails and hnswlib ends the process.
      ...[0, -1, 2 ** 31, 2 ** 31 - 1].map((capacity) => ({ capacity })),
    ];
    for (const settings of wrong) {
      const all = { dimensions: 1000, capacity: 10, ...settings };
      assert.throws(
        () => new HnswIndexWriter(module, '/nowhere', all),
        rejectsWith('config_invalid'),
        JSON.stringify(all),
      );
    }
    const { facts, open } = await files(t);
    for (const ef of [0, 10_001, 1.5])
      await assert.rejects(open({ ...facts, ef }), rejectsWith('config_invalid'));
    for (const M of [0, 1, 101]) await assert.rejects(open({ ...facts, M }), rejectsWith('config_invalid'));
  });
});

describe('Searching', () => {
  it('returns all vectors when k is larger than their number', async (t) => {
    const { facts, open } = await files(t);
    const index = await open(facts);
    for (const k of [300, 301, 2 ** 32, 2 ** 32 + 1])
      assert.equal((await index.search(QUERY, k)).length, 300);
  });

  it('refuses to search for no or half a neighbour', async (t) => {
    const { facts, open } = await files(t);
    const index = await open(facts);
    for (const k of [0, -1, 0.5, Number.NaN])
      await assert.rejects(index.search(QUERY, k), rejectsWith('invalid_vector'));
  });

  it('fails cleanly after close', async (t) => {
    const { facts, open } = await files(t);
    const index = await open(facts);
    await index.close();
    await assert.rejects(index.search(QUERY, 5), rejectsWith('not_ready'));
  });
});
