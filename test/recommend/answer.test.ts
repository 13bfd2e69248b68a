/** What holds of every answer, whatever the vectors: a real store and a real ExactIndex over vectors full of ties. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { readConfig } from '../../src/config.js';
import { corpusOf, openPublished } from '../../src/open-corpus.js';
import { DEFAULT_OPTIONS, type QueryOptions } from '../../src/recommend/answer.js';
import { MOST_ASKED, nearest, POOL_SIZE } from '../../src/recommend/candidates.js';
import type { Corpus } from '../../src/recommend/corpus.js';
import { getPaper, listPapers } from '../../src/recommend/papers.js';
import { recommend } from '../../src/recommend/recommend.js';
import { similar } from '../../src/recommend/similar.js';
import { ExactIndex } from '../../src/vectors/exact.js';
import { indexOf } from '../support/corpus.js';
import { afterFile } from '../support/temporary-folder.js';

const file = afterFile();
/** More than the pool holds, so that what happens at its edge is seen too. */
const SIZE = POOL_SIZE + 22;
/** Ids whose order is not the order of the corpus. */
const ids = Array.from({ length: SIZE }, (_, i) => `p${(i * 67) % SIZE}`);
const labels: number[] = [];
let built: Corpus;

before(async () => {
  const papers = ids.map((id, i) => ({ id, title: `Paper number ${i}` }));
  const overlay = await openPublished(readConfig({ NEARPAPER_INDEX: await indexOf(file, papers) }));
  file.after(() => overlay.close());
  built = corpusOf(overlay);
  for (const id of ids) labels.push((await built.store.resolve(id))?.label ?? -1);
});

/** Unit vectors on a circle in `steps` directions: most similarities come up many times. */
const directions = fc
  .integer({ min: 1, max: 12 })
  .chain((steps) => fc.array(fc.integer({ min: 0, max: steps - 1 }), { minLength: SIZE, maxLength: SIZE }));

/** The corpus with these directions for vectors. */
function corpusWith(steps: readonly number[]): Corpus {
  const vectors = steps.map((step, i): [number, Float32Array] => {
    const angle = (step * Math.PI) / 12;
    return [labels[i] ?? -1, Float32Array.of(Math.cos(angle), Math.sin(angle))];
  });
  return { ...built, vectors: ExactIndex.fromVectors(vectors, 2) };
}

/** Of a caller that stays. */
const signal = new AbortController().signal;
const options = (limit: number): QueryOptions => ({ ...DEFAULT_OPTIONS, limit });
const anyId = fc.constantFrom(...ids);

describe('an answer', () => {
  it('is ordered by similarity, ties by id', async () => {
    await fc.assert(
      fc.asyncProperty(directions, anyId, async (steps, id) => {
        const asked = { id, mode: 'semantic', ...options(100) } as const;
        const { results } = await similar(corpusWith(steps), asked, signal);
        for (const [i, { paper, similarity }] of results.entries()) {
          const next = results[i + 1];
          if (next === undefined) continue;
          assert.ok(similarity >= next.similarity);
          if (similarity === next.similarity)
            assert.ok(paper.id < next.paper.id, `${paper.id} ${next.paper.id}`);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('for a limit is the beginning of the answer for a larger one', async () => {
    const limits = fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 100 }));
    await fc.assert(
      fc.asyncProperty(directions, anyId, limits, async (steps, id, [a, b]) => {
        const corpus = corpusWith(steps);
        const fewer = await similar(corpus, { id, ...options(Math.min(a, b)) }, signal);
        const more = await similar(corpus, { id, ...options(Math.max(a, b)) }, signal);
        assert.equal(fewer.results.length, Math.min(a, b));
        assert.deepEqual(fewer.results, more.results.slice(0, fewer.results.length));
      }),
      { numRuns: 60 },
    );
  });

  it('never holds the paper itself, nor one paper twice', async () => {
    await fc.assert(
      fc.asyncProperty(directions, anyId, async (steps, id) => {
        const found = (await similar(corpusWith(steps), { id, ...options(100) }, signal)).results.map(
          ({ paper }) => paper.id,
        );
        assert.ok(!found.includes(id));
        assert.equal(new Set(found).size, found.length);
      }),
      { numRuns: 40 },
    );
  });

  it('is made from a pool of one size, less what is left out', async () => {
    const corpus = corpusWith(ids.map((_, i) => i % 5));
    const target = Float32Array.of(1, 0);
    const all = { subset: undefined, excluded: new Set<number>() };
    assert.equal((await nearest(corpus, target, all, { exact: false }, signal)).length, POOL_SIZE);
    const excluded = new Set(labels.slice(0, 5));
    const pool = await nearest(corpus, target, { subset: undefined, excluded }, { exact: true }, signal);
    assert.equal(pool.length, POOL_SIZE);
    assert.ok(pool.every(({ label }) => !excluded.has(label)));
  });

  it('to one paper, or to a few, asks for no more than a graph is opened for', async () => {
    const corpus = corpusWith(ids.map((_, i) => i % 12));
    const asked: number[] = [];
    const search: typeof corpus.vectors.search = (vector, k, given) => {
      asked.push(k);
      return corpus.vectors.search(vector, k, given);
    };
    const { size, engine, dimensions } = corpus.vectors;
    const watched = {
      size,
      engine,
      dimensions,
      search,
      similarities: corpus.vectors.similarities.bind(corpus.vectors),
      vectors: corpus.vectors.vectors.bind(corpus.vectors),
      close: corpus.vectors.close.bind(corpus.vectors),
    };
    for (const count of [1, 5]) {
      const positives = ids.slice(0, count).map((id) => ({ id }));
      const query = { positives, negatives: [], strategy: 'average', ...options(10) } as const;
      await recommend({ ...corpus, vectors: watched }, query, signal);
    }
    assert.deepEqual([...new Set(asked)], [POOL_SIZE + 1, POOL_SIZE + 5]);
    assert.ok(asked.every((k) => k <= MOST_ASKED));
  });

  it('rounds similarities to four decimals', async () => {
    const { results } = await similar(
      corpusWith(ids.map((_, i) => i % 12)),
      { id: 'p0', mode: 'semantic', ...options(100) },
      signal,
    );
    for (const { similarity, score } of results) {
      assert.equal(similarity, Number(similarity.toFixed(4)));
      assert.equal(score, similarity);
    }
  });

  it('warns that a paper without an abstract was compared by its title', async () => {
    const { warnings } = await similar(built, { id: 'p1', ...options(3) }, signal);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['no_abstract'],
    );
  });
});

describe('the list of papers', () => {
  it('walks the corpus exactly once by pages of any size', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 100 }), async (limit) => {
        const found: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await listPapers(built, { cursor, limit, fields: ['id'] });
          found.push(...page.papers.map(({ id }) => id));
          cursor = page.next ?? undefined;
        } while (cursor !== undefined);
        assert.deepEqual(found, ids);
      }),
      { numRuns: 20 },
    );
  });

  it('shows the id first, whatever fields are asked for', async () => {
    assert.deepEqual(Object.keys(await getPaper(built, 'p3', ['year'])), ['id', 'year']);
  });
});
