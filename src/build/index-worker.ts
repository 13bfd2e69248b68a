/** Entry of a worker thread: reads the embeddings of a draft and makes the index files of its vectors. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { messageOf, NearpaperError, systemCode } from '../errors.js';
import { storedEmbeddings } from '../papers/store.js';
import type { FromIndexer, IndexingTask } from './index-protocol.js';
import { indexVectors } from './index-vectors.js';

async function main(port: MessagePort, task: IndexingTask): Promise<void> {
  const send = (message: FromIndexer) => port.postMessage(message);
  const stop = new AbortController();
  port.on('message', () => stop.abort());
  try {
    const vectors = await indexVectors(embeddings(task), {
      ...task,
      signal: stop.signal,
      onEvent: (event) => send({ kind: 'event', event }),
      onExact: (file) => send({ kind: 'exact', file }),
    });
    send({ kind: 'built', vectors });
  } catch (thrown) {
    const code = thrown instanceof NearpaperError ? thrown.code : undefined;
    const stack = thrown instanceof Error ? thrown.stack : undefined;
    send({ kind: 'failed', code, systemCode: systemCode(thrown), message: messageOf(thrown), stack });
  } finally {
    // Without a port to listen to, nothing keeps the thread.
    port.close();
  }
}

function* embeddings({
  store,
  fingerprint,
}: IndexingTask): Generator<{ label: number; vector: Float32Array }> {
  for (const { label, vector } of storedEmbeddings(store, fingerprint)) {
    if (vector === undefined) throw new Error(`the draft holds no embedding of paper ${label}`);
    yield { label, vector };
  }
}

if (parentPort === null) throw new Error('This file is started by a build, as a worker thread.');
await main(parentPort, workerData);
