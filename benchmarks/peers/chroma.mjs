/** Chroma: its server from Python in .venv, on this machine, over HTTP as its client speaks it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChromaClient } from 'chromadb';
import { load, reportBest, versionOf } from './vectors.mjs';

const BATCH = 2000;
const data = load();
const folder = await mkdtemp(join(tmpdir(), 'peer-chroma-'));
const port = await freePort();
const command = fileURLToPath(new URL('./.venv/bin/chroma', import.meta.url));
let server;

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  return port;
}

/** A server over what is on disk, and a client of it. */
async function started() {
  server = spawn(command, ['run', '--path', folder, '--port', String(port), '--host', '127.0.0.1'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const client = new ChromaClient({ host: '127.0.0.1', port });
  for (let attempt = 0; ; attempt++) {
    try {
      await client.heartbeat();
      return client;
    } catch (thrown) {
      if (attempt === 100 || server.exitCode !== null) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

async function stopped() {
  if (server === undefined || server.exitCode !== null) return;
  const exit = once(server, 'exit');
  server.kill('SIGTERM');
  await exit;
}

async function* settings() {
  const collection = await (await started()).createCollection({
    name: 'papers',
    embeddingFunction: null,
    configuration: { hnsw: { space: 'cosine', ef_construction: 200, max_neighbors: 16, ef_search: 10 } },
  });
  for (let from = 0; from < data.size; from += BATCH) {
    const rows = Array.from({ length: Math.min(BATCH, data.size - from) }, (_, i) => from + i);
    await collection.add({
      ids: rows.map(String),
      embeddings: rows.map((row) => Array.from(data.vector(row))),
    });
  }
  await stopped();
  for (const effort of [10, 16, 20, 24, 32, 48, 64, 96, 128, 256]) {
    // A graph that is loaded keeps its effort: change it, and have it loaded again.
    const before = await (await started()).getCollection({ name: 'papers' });
    await before.modify({ configuration: { hnsw: { ef_search: effort } } });
    await stopped();
    const papers = await (await started()).getCollection({ name: 'papers' });
    yield {
      family: 'graph',
      setting: `ef_search ${effort}`,
      async search(vector) {
        const embedding = Array.from(vector);
        const { ids } = await papers.query({
          queryEmbeddings: [embedding],
          nResults: data.k,
          include: ['distances'],
        });
        return ids[0].map(Number);
      },
    };
    await stopped();
  }
}

try {
  await reportBest(data, versionOf('chromadb'), settings());
} finally {
  await stopped();
  await rm(folder, { recursive: true, force: true });
}
