/**
 * How fast files of papers are read, and in how much memory: `node dist/benchmarks/read-papers.js FILE...` prints
 * one JSON object, its counts and rate over all of the files.
 */
import { readPapers } from '../src/papers/formats/read-papers.js';

const files = process.argv.slice(2);
if (files.length === 0) {
  process.stderr.write('Name at least one file of papers.\n');
  process.exit(2);
}
let records = 0;
let bad = 0;
const begun = performance.now();
for (const file of files) {
  const { outcomes } = await readPapers(file);
  for await (const { kind } of outcomes) {
    records += 1;
    if (kind === 'bad') bad += 1;
  }
}
const seconds = (performance.now() - begun) / 1000;
const result = {
  files: files.length,
  records,
  bad,
  seconds: Number(seconds.toFixed(3)),
  recordsPerSecond: Math.round(records / seconds),
  peakRssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
