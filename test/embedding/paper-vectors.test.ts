/** What stands for a paper: title and abstract, and the title once more. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Embedder } from '../../src/embedding/embedder.js';
import { type EmbeddedPaper, embedPapers } from '../../src/embedding/paper-vectors.js';
import { createEmbedder } from '../../src/embedding/pool.js';
import { afterFile } from '../support/temporary-folder.js';
import { vendored } from './vendored.js';

const file = afterFile();
let embedder: Embedder;
before(async () => {
  embedder = await createEmbedder(await vendored('all-MiniLM-L6-v2'), { workers: 1, maxQueued: 8 });
  file.after(() => embedder.close());
});

const REWARDS = {
  title: 'Rewards for language models',
  abstract: 'We train policies with feedback from people.',
};
const GALAXIES = { title: 'Galaxies at high redshift', abstract: 'We measure their light.' };
const TITLE_ALONE = { title: 'A title without an abstract', abstract: '' };
const ABSTRACT_ALONE = { title: '', abstract: 'Sheep are counted from the air.' };
const MIXED: readonly EmbeddedPaper[] = [TITLE_ALONE, REWARDS, ABSTRACT_ALONE, GALAXIES];

async function vectorOf(paper: EmbeddedPaper): Promise<Float32Array> {
  const [vector] = await embedPapers(embedder, [paper]);
  assert.ok(vector !== undefined);
  return vector;
}

async function textVector(text: string): Promise<Float32Array> {
  const [embedded] = await embedder.embedDocuments([text]);
  assert.ok(embedded !== undefined);
  return embedded.vector;
}

describe('the vector of a paper', () => {
  it('is that of title and abstract plus .35 of that of the title, scaled to length 1', async () => {
    for (const { title, abstract } of [REWARDS, GALAXIES]) {
      const whole = await textVector(`${title}. ${abstract}`);
      const alone = await textVector(title);
      const sum = Array.from(whole, (value, i) => value + 0.35 * (alone[i] ?? Number.NaN));
      const length = Math.sqrt(sum.reduce((total, value) => total + value * value, 0));
      const vector = await vectorOf({ title, abstract });
      assert.equal(vector.length, sum.length);
      for (const [i, value] of vector.entries()) {
        assert.ok(Math.abs(value - (sum[i] ?? Number.NaN) / length) < 1e-6, `${title}, ${i}`);
      }
    }
  });

  it('of which only title or abstract is known is that of this text alone', async () => {
    const title = await textVector(TITLE_ALONE.title);
    const abstract = await textVector(ABSTRACT_ALONE.abstract);
    for (const missing of ['', ' \n\t']) {
      assert.deepEqual(await vectorOf({ ...TITLE_ALONE, abstract: missing }), title);
      assert.deepEqual(await vectorOf({ ...ABSTRACT_ALONE, title: missing }), abstract);
    }
  });

  it('has length 1, also where the title is the abstract', async () => {
    const same = { title: GALAXIES.title, abstract: GALAXIES.title };
    for (const paper of [...MIXED, same]) {
      const vector = await vectorOf(paper);
      const square = vector.reduce((total, value) => total + value * value, 0);
      assert.ok(Math.abs(square - 1) < 1e-6, `${paper.title}: ${square}`);
    }
  });

  it('stands at its place in the list, and does not depend on what else is asked for', async () => {
    const alone: Float32Array[] = [];
    for (const paper of MIXED) alone.push(await vectorOf(paper));
    assert.deepEqual(await embedPapers(embedder, MIXED), alone);
    assert.deepEqual(await embedPapers(embedder, MIXED.toReversed()), alone.toReversed());
    assert.deepEqual(await embedPapers(embedder, [...MIXED, ...MIXED]), [...alone, ...alone]);
  });
});

describe('embedPapers', () => {
  it('of no papers gives no vectors', async () => {
    assert.deepEqual(await embedPapers(embedder, []), []);
  });

  it('can be cancelled', async () => {
    await assert.rejects(embedPapers(embedder, MIXED, AbortSignal.abort()), { code: 'cancelled' });
  });
});
