/** What every peer's script shares: the vectors and queries, recall, and the least time at which recall suffices. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const DIMENSIONS = 384;
const ROUNDS = 5;

/** Arguments: the folder of the vectors, and the file in which the benchmark says what to search for. */
export function load([data, truthFile] = process.argv.slice(2)) {
  const bytes = readFileSync(join(data, 'vectors-106602x384.i8'));
  const { size, k, recall, rows, floors } = JSON.parse(readFileSync(truthFile, 'utf8'));
  const vector = (row) => {
    const scaled = Float32Array.from(
      new Int8Array(bytes.buffer, bytes.byteOffset + row * DIMENSIONS, DIMENSIONS),
    );
    const length = Math.hypot(...scaled);
    return scaled.map((value) => value / length);
  };
  return {
    size,
    k,
    dimensions: DIMENSIONS,
    vector,
    wanted: recall,
    queries: rows.map((row, i) => ({ vector: vector(row), floor: floors[i] })),
  };
}

/** The share of true neighbours among `found`, rows by query. */
function recallOf({ queries, k, vector }, found) {
  let hits = 0;
  for (const [i, { vector: query, floor }] of queries.entries()) {
    for (const row of new Set(found[i])) {
      const similarity = vector(Number(row)).reduce((sum, value, at) => sum + value * query[at], 0);
      if (similarity >= floor) hits++;
    }
  }
  return Math.min(1, hits / (queries.length * k));
}

/**
 * Tries settings, those of one family from the least effort up, and prints the one that takes the least time of those
 * with enough recall (or, when none has it, the one that finds most). A setting is { setting: text, family, search(vector) => rows }.
 */
export async function reportBest(data, version, settings) {
  const tried = [];
  const settled = new Set();
  for await (const { setting, family = setting, search } of settings) {
    if (settled.has(family)) continue;
    const found = [];
    for (const { vector } of data.queries) found.push(await search(vector));
    const recall = recallOf(data, found);
    const enough = recall >= data.wanted;
    if (enough) settled.add(family);
    const msPerQuery = await timeOf(data, search);
    tried.push({ version, setting, recall, msPerQuery });
    process.stderr.write(`${version} ${setting}: recall ${recall.toFixed(4)}, ${msPerQuery.toFixed(3)} ms\n`);
  }
  const enough = tried.filter(({ recall }) => recall >= data.wanted);
  const best = enough.length > 0 ? enough.toSorted((a, b) => a.msPerQuery - b.msPerQuery) : byRecall(tried);
  process.stdout.write(`${JSON.stringify(best[0])}\n`);
}

function byRecall(tried) {
  return tried.toSorted((a, b) => b.recall - a.recall);
}

/** Milliseconds a query, one at a time: the median of some rounds over all queries. */
async function timeOf({ queries }, search) {
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    for (const { vector } of queries) await search(vector);
    times.push((performance.now() - began) / queries.length);
  }
  return times.toSorted((a, b) => a - b)[ROUNDS >> 1];
}

export function versionOf(name) {
  const require = createRequire(import.meta.url);
  for (const folder of require.resolve.paths(name)) {
    try {
      return require(join(folder, name, 'package.json')).version;
    } catch {
      // Not in this folder.
    }
  }
  return '';
}
