/**
 * An index of judged papers from vectors that exist already, so that ranking can be measured on a large corpus without
 * embedding it for a quarter of an hour:
 *   node dist/benchmarks/judged-index.js <corpus.jsonl.gz> <vectors.i8> <index folder, empty>
 * The vectors are signed bytes, 384 a paper in the order of the corpus, each to be divided by its norm; they are those of
 * title and abstract by the vendored MiniLM. Titles are embedded here, some 500 a second. Writes what a stopped build
 * would have left and lets `nearpaper build` finish it.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig } from '../src/config.js';
import { withTitle } from '../src/embedding/paper-vectors.js';
import { createEmbedder } from '../src/embedding/pool.js';
import { findModel } from '../src/open-corpus.js';
import { packageRoot } from '../src/package-root.js';
import { openDraft } from '../src/papers/draft.js';
import { normalisePaper } from '../src/papers/formats/normalise.js';
import { readPapers } from '../src/papers/formats/read-papers.js';
import type { IncomingPaper } from '../src/papers/paper.js';

const BATCH = 1000;
const { positionals } = parseArgs({ allowPositionals: true });
const [corpusFile, vectorFile, folder] = positionals;
if (corpusFile === undefined || vectorFile === undefined || folder === undefined) {
  throw new Error('name a corpus, its vectors and an empty folder');
}
const model = await findModel('all-MiniLM-L6-v2', readConfig({}));
const embedder = await createEmbedder(model, { workers: cpus().length, maxQueued: 0 });
const bytes = readFileSync(vectorFile);
mkdirSync(join(folder, 'building'), { recursive: true });
const draft = openDraft(join(folder, 'building', 'papers.db'), { papers: null, embeddings: null });
let labels = 0;
let waiting: { row: number; paper: IncomingPaper }[] = [];
for await (const outcome of (await readPapers(corpusFile)).outcomes) {
  if (outcome.kind !== 'paper') continue;
  const normalised = normalisePaper(outcome.paper);
  if (!normalised.ok) continue;
  // Rows are lines; an id of our own keeps papers apart that the build may join.
  const row = outcome.line - 1;
  waiting.push({ row, paper: { ...normalised.paper, id: `row-${row}` } });
  if (waiting.length === BATCH) await store();
}
await store();
draft.close();
await embedder.close();
const command = [join(packageRoot(), 'dist', 'src', 'cli.js'), 'build', corpusFile, '--index', folder];
process.exitCode = spawnSync(process.execPath, command, { stdio: 'inherit' }).status ?? 1;

/** The draft gives each text its hash; what it does with the papers themselves the build does again. */
async function store(): Promise<void> {
  draft.upsert(waiting.map(({ paper }) => paper));
  const stored = draft.texts(waiting.map((_, i) => labels + i + 1));
  const titles = await embedder.embedDocuments(stored.map(({ title }) => title));
  const entries = stored.map(({ textHash, abstract }, i) => {
    const whole = vectorOf(waiting[i]?.row ?? 0);
    const title = titles[i]?.vector;
    return { textHash, vector: abstract === '' || title === undefined ? whole : withTitle(whole, title) };
  });
  draft.putEmbeddings(model.fingerprint, entries);
  labels += waiting.length;
  waiting = [];
}

function vectorOf(at: number): Float32Array {
  const whole = new Int8Array(bytes.buffer, bytes.byteOffset + at * model.dimensions, model.dimensions);
  const norm = Math.hypot(...whole);
  return Float32Array.from(whole, (value) => value / norm);
}
