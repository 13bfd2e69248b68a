import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import type { Worker } from 'node:worker_threads';
import { resolveModel } from '../../src/embedding/model.js';
import { createEmbedder } from '../../src/embedding/pool.js';
import { messageOf } from '../../src/errors.js';
import { MODELS, unpinnedMiniLm, vendored } from './vendored.js';

/** Collects the worker threads that are started while the test runs. */
function observeWorkers(t: TestContext): Worker[] {
  const workers: Worker[] = [];
  const note = (worker: Worker): void => {
    workers.push(worker);
  };
  process.on('worker', note);
  t.after(() => process.off('worker', note));
  return workers;
}

/** A message that no worker understands: it dies of it as it would of a fault of its own. */
function kill(worker: Worker | undefined): void {
  assert.ok(worker !== undefined);
  worker.postMessage(null);
}

describe('a worker that dies', () => {
  it('fails its own text only, and is replaced', async (t) => {
    const workers = observeWorkers(t);
    const embedder = await createEmbedder(await vendored('all-MiniLM-L6-v2'), { workers: 1, maxQueued: 8 });
    t.after(() => embedder.close());
    const expected = await embedder.embedQuery('waiting');
    kill(workers[0]);
    const lost = embedder.embedQuery('in flight');
    const waiting = embedder.embedQuery('waiting');
    await assert.rejects(lost, { code: 'internal', message: /An embedding worker died: .*null/ });
    assert.deepEqual(await waiting, expected);
    assert.equal(workers.length, 2);
  });

  it('is replaced three times a minute, then all work fails and says why', async (t) => {
    const workers = observeWorkers(t);
    const embedder = await createEmbedder(await vendored('all-MiniLM-L6-v2'), { workers: 1, maxQueued: 8 });
    t.after(() => embedder.close());
    const waiting: string[] = [];
    for (let deaths = 1; deaths <= 4; deaths++) {
      await embedder.embedQuery('the replacement works');
      assert.equal(embedder.failure, null);
      kill(workers.at(-1));
      const lost = embedder.embedQuery('in flight');
      const next = embedder.embedDocuments(['waiting']).then(
        () => waiting.push('embedded'),
        (thrown: unknown) => waiting.push(messageOf(thrown)),
      );
      await assert.rejects(lost, { code: 'internal', message: /An embedding worker died/ });
      await next;
    }
    assert.deepEqual(waiting.slice(0, 3), ['embedded', 'embedded', 'embedded']);
    assert.match(waiting[3] ?? '', /died 4 times within a minute, the last one because: .*null/);
    await assert.rejects(embedder.embedQuery('more'), { code: 'internal', message: /died 4 times/ });
    await assert.rejects(embedder.embedDocuments(['more']), { code: 'internal', message: /died 4 times/ });
    assert.match(embedder.failure?.message ?? '', /died 4 times/);
    assert.equal(workers.length, 4);
    assert.equal(embedder.queueDepth, 0);
  });
});

describe('creating an embedder', () => {
  it('fails for weights that are not a model, and leaves no thread behind', async (t) => {
    const workers = observeWorkers(t);
    const folder = await unpinnedMiniLm(t);
    // Away with the link first: writing through it would reach the vendored weights.
    await rm(join(folder, 'onnx'), { recursive: true });
    await mkdir(join(folder, 'onnx'));
    await writeFile(join(folder, 'onnx/model_quantized.onnx'), 'not a model');
    const model = await resolveModel(folder, { modelsDir: MODELS, allowDownload: false, cacheDir: folder });
    const error: unknown = await createEmbedder(model, { workers: 2, maxQueued: 8 }).catch(
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof Error && error.cause instanceof Error);
    assert.match(error.message, /cannot be loaded/);
    assert.ok('code' in error && error.code === 'model_damaged');
    // A thread that has ended has no id any more.
    assert.deepEqual(
      workers.map(({ threadId }) => threadId),
      [-1, -1],
    );
  });

  it('fails when the model is not what its description says', async () => {
    const model = await vendored('all-MiniLM-L6-v2');
    await assert.rejects(createEmbedder({ ...model, dimensions: 128 }, { workers: 1, maxQueued: 8 }), {
      code: 'model_damaged',
      message: /1x2x384, not of 128 dimensions/,
    });
  });

  it('fails for options out of range', async () => {
    const model = await vendored('all-MiniLM-L6-v2');
    for (const options of [
      { workers: 0, maxQueued: 8 },
      { workers: 1.5, maxQueued: 8 },
      { workers: 1, maxQueued: -1 },
    ]) {
      await assert.rejects(createEmbedder(model, options), { code: 'config_invalid' });
    }
  });
});

describe('a process', () => {
  const POOL = new URL('../../src/embedding/pool.js', import.meta.url).href;

  it('ends by itself, cleanly, once its embedder is closed in the middle of work', async () => {
    const script = `
      import { createEmbedder } from ${JSON.stringify(POOL)};
      const model = JSON.parse(process.argv[1]);
      const embedder = await createEmbedder(model, { workers: 2, maxQueued: 8 });
      const documents = embedder.embedDocuments(Array(50).fill('a text '.repeat(200))).catch((e) => e.code);
      await embedder.embedQuery('first');
      const closed = embedder.close();
      console.log(await documents);
      await closed;
      console.log('closed');`;
    const model = JSON.stringify(await vendored('all-MiniLM-L6-v2'));
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', script, model],
      { cwd: dirname(MODELS) },
    );
    assert.deepEqual([stdout, stderr], ['not_ready\nclosed\n', '']);
  });

  it('is not brought down by a worker that was closed twice', async (t) => {
    const workers = observeWorkers(t);
    const embedder = await createEmbedder(await vendored('all-MiniLM-L6-v2'), { workers: 1, maxQueued: 8 });
    const [worker] = workers;
    assert.ok(worker !== undefined);
    const exit = once(worker, 'exit');
    await Promise.all([embedder.close(), embedder.close()]);
    assert.deepEqual(await exit, [0]);
  });
});
