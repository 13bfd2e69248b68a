/** usearch: its graph with nearpaper's settings in 32-bit, 16-bit and 8-bit numbers, in memory. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import usearch from 'usearch';
import { load, reportBest, versionOf } from './vectors.mjs';

const data = load();
const folder = await mkdtemp(join(tmpdir(), 'peer-usearch-'));

function graph(quantization, effort) {
  return new usearch.Index({
    metric: 'ip',
    dimensions: data.dimensions,
    quantization,
    connectivity: 16,
    expansion_add: 200,
    expansion_search: effort,
    multi: false,
  });
}

async function* settings() {
  for (const quantization of ['f32', 'f16', 'i8']) {
    const file = join(folder, quantization);
    const built = graph(quantization, 64);
    for (let row = 0; row < data.size; row++) built.add(BigInt(row), data.vector(row), 1);
    built.save(file);
    for (const effort of [10, 16, 20, 24, 32, 48, 64, 96, 128, 256]) {
      // The effort is of the index: it is loaded again for each.
      const index = graph(quantization, effort);
      index.load(file);
      yield {
        family: quantization,
        setting: `${quantization}, expansion ${effort}`,
        search: (vector) => [...index.search(vector, data.k, 1).keys].map(Number),
      };
    }
  }
}

try {
  await reportBest(data, versionOf('usearch'), settings());
} finally {
  await rm(folder, { recursive: true });
}
