/**
 * A bare loop of searchKnn in one thread, as a process of its own: `node dist/benchmarks/bare-search.js <index folder>
 * <graph file>`. Asked for so many ms it answers with its searches a second.
 */
import { openBareParts } from './bare-parts.js';
import { randomNumbers } from './harness.js';

const RESULTS = 11;
const [indexFolder = '', graphFile = ''] = process.argv.slice(2);
const { graph, vectors } = await openBareParts(indexFolder, graphFile);
// Labels begin at 1.
const queries = vectors.filter((vector) => vector !== undefined);
const random = randomNumbers(1);

process.on('message', (ms) => {
  const began = performance.now();
  let searches = 0;
  while (performance.now() - began < Number(ms)) {
    graph.searchKnn(queries[Math.floor(random() * queries.length)] ?? [], RESULTS);
    searches++;
  }
  process.send?.((searches * 1000) / (performance.now() - began));
});
process.stdout.write('ready on http://none\n');
