/**
 * Search within a filter's subset: recall against brute force, and time against an exact scan of everything.
 *   node dist/benchmarks/filters.js <folder with vectors-106602x384.i8> [folder for the index, used again when it is there]
 * Each vector of the file is 384 signed bytes. The first 100,000 are indexed, queries are of those after them, so none
 * finds itself. Prints one line for each subset; exits with 1 when a bound is missed.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LabelSet } from '../src/label-set.js';
import { ExactIndexWriter, openExactIndex } from '../src/vectors/exact-file.js';
import { type HnswFile, openHnswIndex } from '../src/vectors/hnsw.js';
import { DEFAULT_EF_CONSTRUCTION, DEFAULT_M, HnswIndexWriter } from '../src/vectors/hnsw-writer.js';
import { type Hnswlib, loadHnswlib } from '../src/vectors/native.js';
import type { IndexFile, Neighbour, VectorIndex } from '../src/vectors/vector-index.js';

const DIMENSIONS = 384;
const INDEXED = 100_000;
const QUERIES = 60;
const SHARES = [0.001, 0.01, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1];
/** What recommend/ asks for. */
const POOL_SIZE = 128;
/** `ratio`: of a scan of everything. One of a third of all rows takes as long, since memory comes fastest row after row. */
const BOUNDS = { smallShare: 0.1, recallOfLarge: 0.99, ratio: 1.25 };

const { positionals } = parseArgs({ allowPositionals: true });
const [data, kept] = positionals;
if (data === undefined) throw new Error('name the folder that holds vectors-106602x384.i8');
const bytes = await readFile(join(data, 'vectors-106602x384.i8'));
const loaded = await loadHnswlib();
if (!loaded.ok) throw new Error(loaded.reason);

const folder = kept ?? (await mkdtemp(join(tmpdir(), 'nearpaper-filters-')));
try {
  const { exact, hnsw } = await openBoth(loaded.module, folder);
  const good = await measure(hnsw, exact);
  await hnsw.close();
  process.exitCode = good ? 0 : 1;
} finally {
  if (kept === undefined) await rm(folder, { recursive: true });
}

/** Unit vector number `at` of the file. */
function vectorAt(at: number): Float32Array {
  const vector = Float32Array.from({ length: DIMENSIONS }, (_, i) => bytes.readInt8(at * DIMENSIONS + i));
  const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / norm);
}

interface Query {
  vector: Float32Array;
  /** With each vector of the index, by label. */
  similarities: Float64Array;
}

interface Facts {
  exact: IndexFile;
  hnsw: HnswFile;
}

async function openBoth(module: Hnswlib, at: string): Promise<{ exact: VectorIndex; hnsw: VectorIndex }> {
  const path = join(at, 'facts.json');
  const facts: Facts = JSON.parse(
    await readFile(path, 'utf8').catch(async () => {
      const built = JSON.stringify(await build(module, at));
      await writeFile(path, built);
      return built;
    }),
  );
  const exact = await openExactIndex(at, facts.exact);
  return { exact, hnsw: await openHnswIndex(at, facts.hnsw, { exact, poolSize: POOL_SIZE }) };
}

async function build(module: Hnswlib, at: string): Promise<Facts> {
  const size = { dimensions: DIMENSIONS, capacity: INDEXED };
  const exact = new ExactIndexWriter(at, size);
  const hnsw = new HnswIndexWriter(module, at, size);
  for (let label = 0; label < INDEXED; label++) {
    const vector = vectorAt(label);
    exact.add(label, vector);
    hnsw.add(label, vector);
  }
  const settings = { M: DEFAULT_M, efConstruction: DEFAULT_EF_CONSTRUCTION, ef: POOL_SIZE };
  const vectors = await exact.commit();
  return { exact: vectors, hnsw: { ...(await hnsw.commit(vectors)), ...settings } };
}

/** Prints the table; whether every bound holds. */
async function measure(hnsw: VectorIndex, exact: VectorIndex): Promise<boolean> {
  const labels = Array.from({ length: INDEXED }, (_, label) => label);
  const queries: Query[] = [];
  for (let i = 0; i < QUERIES; i++) {
    const vector = vectorAt(INDEXED + i * 110);
    const similarities = await exact.similarities(vector, labels);
    queries.push({ vector, similarities: Float64Array.from(similarities, (value) => value ?? Number.NaN) });
  }
  process.stdout.write('subset      share  recall@10  recall@100  median ms  of a full scan  longest ms\n');
  let good = true;
  for (const share of SHARES) {
    for (const [name, subset] of await subsetsOf(exact, share)) {
      const within = (k: number) => (query: Query) => hnsw.search(query.vector, k, { subset });
      const at10 = await recall(queries, subset, within(10), 10);
      const at100 = await recall(queries, subset, within(100), 100);
      const { times, ratio } = await timesOf(queries, within(POOL_SIZE), ({ vector }) =>
        exact.search(vector, POOL_SIZE, { exact: true }),
      );
      const least = share <= BOUNDS.smallShare ? 1 : BOUNDS.recallOfLarge;
      const holds = Math.min(at10, at100) >= least && ratio <= BOUNDS.ratio;
      good &&= holds;
      process.stdout.write(
        `${name.padEnd(9)} ${`${share * 100} %`.padStart(7)} ${at10.toFixed(4).padStart(10)} ${at100.toFixed(4).padStart(11)} ` +
          `${median(times).toFixed(2).padStart(10)} ${ratio.toFixed(3).padStart(15)} ${Math.max(...times)
            .toFixed(1)
            .padStart(11)}` +
          `${holds ? '' : '  MISSED'}\n`,
      );
    }
  }
  return good;
}

/** Subsets of this share of the index: drawn at random, and the nearest to and farthest from one paper. */
async function subsetsOf(exact: VectorIndex, share: number): Promise<[name: string, subset: LabelSet][]> {
  const count = Math.round(share * INDEXED);
  const byNearness = (await exact.search(vectorAt(4321), INDEXED, { exact: true })).map(({ label }) => label);
  // Multiplying by an odd number that shares no factor with 100,000 visits every label once, in no order of theirs.
  const shuffled = Array.from({ length: INDEXED }, (_, i) => (i * 61_803 + 7) % INDEXED);
  return [
    ['random', LabelSet.of(shuffled.slice(0, count))],
    ['nearest', LabelSet.of(byNearness.slice(0, count))],
    ['farthest', LabelSet.of(byNearness.slice(INDEXED - count))],
  ];
}

/** The share of the true k nearest within the subset that is found; one that ties with the last of them counts. */
async function recall(
  queries: readonly Query[],
  subset: LabelSet,
  search: (query: Query) => Promise<Neighbour[]>,
  k: number,
): Promise<number> {
  const labels = [...subset];
  let hits = 0;
  for (const query of queries) {
    // Brute force, without the code that is measured.
    const truth = Float64Array.from(labels, (label) => query.similarities[label] ?? Number.NaN).sort();
    const floor = truth[Math.max(0, truth.length - k)] ?? 0;
    const found = await search(query);
    hits += found.filter(({ label, similarity }) => subset.has(label) && similarity >= floor).length;
  }
  return hits / (queries.length * Math.min(k, labels.length));
}

/** Milliseconds of each run, and their median as a share of a full scan's, which takes turns with them. */
async function timesOf(
  queries: readonly Query[],
  run: (query: Query) => Promise<unknown>,
  scan: (query: Query) => Promise<unknown>,
): Promise<{ times: number[]; ratio: number }> {
  const times: number[] = [];
  const scans: number[] = [];
  for (const [i, query] of queries.entries()) {
    times.push(await timeOf(() => run(query)));
    if (i % 3 === 0) scans.push(await timeOf(() => scan(query)));
  }
  return { times, ratio: median(times) / median(scans) };
}

async function timeOf(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await run();
  return performance.now() - began;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
