import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { pipeline } from '@huggingface/transformers';
import type { Embedded, Embedder } from '../../src/embedding/embedder.js';
import { createEmbedder } from '../../src/embedding/pool.js';
import { poolTokens, toUnitVector } from '../../src/embedding/pooling.js';
import { cosine, vendored } from './vendored.js';

const SENTENCE = 'We study the nearest neighbours of scientific papers in a space of dense vectors.';

async function open(t: TestContext, model: string): Promise<Embedder> {
  const embedder = await createEmbedder(await vendored(model), { workers: 1, maxQueued: 8 });
  t.after(() => embedder.close());
  return embedder;
}

async function embed(embedder: Embedder, text: string): Promise<Embedded> {
  const [embedded] = await embedder.embedDocuments([text]);
  assert.ok(embedded !== undefined);
  return embedded;
}

describe('inference', () => {
  for (const [model, pooling] of [
    ['all-MiniLM-L6-v2', 'mean'],
    ['bge-small-en-v1.5', 'cls'],
  ] as const) {
    it(`agrees with the feature-extraction pipeline of Transformers.js on ${model}`, async (t) => {
      const { vector } = await embed(await open(t, model), SENTENCE);
      const { folder } = await vendored(model);
      const extractor = await pipeline('feature-extraction', folder, { dtype: 'q8', local_files_only: true });
      const output = await extractor(SENTENCE, { pooling, normalize: true });
      await extractor.dispose();
      assert.ok(output.data instanceof Float32Array);
      assert.ok(cosine(vector, output.data) > 0.9999, `cosine ${cosine(vector, output.data)}`);
    });
  }

  it("ignores the truncation and padding to 128 tokens in MiniLM's tokenizer.json", async (t) => {
    const embedder = await open(t, 'all-MiniLM-L6-v2');
    // "cell" is one token, so with [CLS] and [SEP] these are 5, 128, 129, 512 and 513 tokens.
    const [few, at128, over128, full, over] = await embedder.embedDocuments(
      [3, 126, 127, 510, 511].map((words) => 'cell '.repeat(words)),
    );
    assert.notDeepEqual(at128?.vector, over128?.vector);
    assert.notDeepEqual(over128?.vector, full?.vector);
    assert.deepEqual(over?.vector, full?.vector);
    assert.deepEqual(
      [few, at128, over128, full, over].map((embedded) => embedded?.truncated),
      [false, false, false, false, true],
    );
  });

  it('keeps the closing token of a text that it cuts', async (t) => {
    const embedder = await open(t, 'all-MiniLM-L6-v2');
    // Were [SEP] lost, these two would differ: the first would have one word more.
    const cut = await embed(embedder, `${'cell '.repeat(510)} membrane`);
    assert.deepEqual(cut.vector, (await embed(embedder, 'cell '.repeat(510))).vector);
  });

  it("puts bge's prefix before short queries only", async (t) => {
    const embedder = await open(t, 'bge-small-en-v1.5');
    const { queryPrefix } = await vendored('bge-small-en-v1.5');
    const short = 'dense retrieval of papers';
    const query = await embedder.embedQuery(short);
    assert.notDeepEqual(query, await embed(embedder, short));
    assert.deepEqual(query, await embed(embedder, queryPrefix.text + short));
    const long = `${short}, `.repeat(12);
    assert.ok(long.trim().length > (queryPrefix.upToCharacters ?? 0));
    assert.deepEqual(await embedder.embedQuery(long), await embed(embedder, long));
  });
});

describe('pooling', () => {
  const tokens = Float32Array.of(3, 0, 0, 8);

  it('takes the direction of the mean, or the first token', () => {
    assert.deepEqual(toUnitVector(poolTokens(tokens, 2, 'cls')), Float32Array.of(1, 0));
    const norm = Math.hypot(3, 8);
    assert.deepEqual(toUnitVector(poolTokens(tokens, 2, 'mean')), Float32Array.of(3 / norm, 8 / norm));
  });

  it('refuses vectors without a direction', () => {
    for (const bad of [0, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => toUnitVector(Float64Array.of(bad, 0)), /a vector of length/);
    }
  });
});
