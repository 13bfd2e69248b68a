/**
 * How fast a file of papers is read, and in how much memory: `node dist/benchmarks/read-papers.js [--store <folder>] FILE`
 * prints one JSON object. Each record is read and normalised, and with --store it is stored too, as a build does before
 * it embeds.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDraft } from '../src/papers/draft.js';
import { normaliseAbstract, normalisePaper } from '../src/papers/formats/normalise.js';
import { readPapers } from '../src/papers/formats/read-papers.js';
import type { HeldAbstract } from '../src/papers/held-abstracts.js';
import type { IncomingPaper } from '../src/papers/paper.js';

/** As in a build. */
const BATCH = 500;

const { values, positionals } = parseArgs({ options: { store: { type: 'string' } }, allowPositionals: true });
const [file] = positionals;
if (file === undefined) throw new Error('name a file of papers');
const draft =
  values.store === undefined
    ? null
    : openDraft(join(values.store, 'papers.db'), { papers: null, embeddings: null });
let records = 0;
let bad = 0;
let papers: IncomingPaper[] = [];
let abstracts: HeldAbstract[] = [];
const store = () => {
  draft?.upsert(papers);
  if (abstracts.length > 0) draft?.holdAbstracts(abstracts);
  papers = [];
  abstracts = [];
};
const begun = performance.now();
const { outcomes, format } = await readPapers(file);
for await (const outcome of outcomes) {
  records += 1;
  if (outcome.kind === 'bad') bad += 1;
  else if (outcome.kind === 'abstract') {
    const clean = normaliseAbstract(outcome.abstract);
    if (clean.ok) abstracts.push({ id: outcome.id, abstract: clean.abstract });
  } else {
    const clean = normalisePaper(outcome.paper);
    if (!clean.ok) bad += 1;
    else papers.push(outcome.abstractElsewhere ? { ...clean.paper, abstractElsewhere: true } : clean.paper);
  }
  if (papers.length + abstracts.length >= BATCH) store();
}
store();
draft?.settleIds();
const joined = draft?.settleAbstracts(0).joined ?? 0;
const seconds = (performance.now() - begun) / 1000;
const held = draft?.changes().papers ?? null;
draft?.close();
const result = {
  ...{ format, records, bad, joined, held, seconds: Number(seconds.toFixed(3)) },
  recordsPerSecond: Math.round(records / seconds),
  megabytesPerSecond: Math.round(statSync(file).size / seconds / 1e6),
  peakRssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
