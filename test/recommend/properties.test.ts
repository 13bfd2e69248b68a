/** What holds of every recommendation: a real store, real indexes, vectors of the test's own making. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { readConfig } from '../../src/config.js';
import { LabelSet } from '../../src/label-set.js';
import { corpusOf, openPublished } from '../../src/open-corpus.js';
import type { PaperFilter } from '../../src/papers/filter.js';
import { type Answer, DEFAULT_OPTIONS, type QueryOptions } from '../../src/recommend/answer.js';
import type { Corpus } from '../../src/recommend/corpus.js';
import type { SearchMode } from '../../src/recommend/mode.js';
import { clausesOf } from '../../src/recommend/narrowing.js';
import { recommend, STRATEGIES, type Strategy } from '../../src/recommend/recommend.js';
import { similar } from '../../src/recommend/similar.js';
import { ExactIndex } from '../../src/vectors/exact.js';
import { filtered, type Labelled } from '../papers/filtering.js';
import { indexOf } from '../support/corpus.js';
import { afterFile } from '../support/temporary-folder.js';
import { allIdsOf, idsOf, signal } from './opened.js';

const file = afterFile();
const SIZE = 44;
/** From here on every two neighbours have one DOI. */
const TWINS_FROM = 36;
const DIMENSIONS = 5;
const ids = Array.from({ length: SIZE }, (_, i) => `p${(i * 17) % SIZE}`);
const CATEGORIES = ['cs.LG', 'cs.CL', 'math.CO', 'q-bio'];
const VENUES = ['Journal of Tests', 'Tests and Trials', null];
const AUTHORS = ['Ada Lovelace', 'Alan M. Turing', 'Grace Hopper'];

const records = ids.map((id, i) => ({
  id,
  title: `Paper number ${i}`,
  categories: [CATEGORIES[i % 4] ?? '', CATEGORIES[(i * 3) % 4] ?? ''],
  authors: [AUTHORS[i % 3] ?? ''],
  ...(VENUES[i % 3] ? { venue: VENUES[i % 3] } : {}),
  ...(i % 5 === 0
    ? {}
    : i % 5 === 1
      ? { year: 2020 + (i % 3) }
      : { published: `202${i % 4}-0${1 + (i % 9)}-15` }),
  ...(i >= TWINS_FROM ? { doi: `10.1000/twin.${Math.floor(i / 2)}` } : {}),
}));

const labels: number[] = [];
const known: Labelled[] = [];
let built: Corpus;

before(async () => {
  const overlay = await openPublished(readConfig({ NEARPAPER_INDEX: await indexOf(file, records) }));
  file.after(() => overlay.close());
  built = corpusOf(overlay);
  for (const id of ids) {
    const label = (await built.store.resolve(id))?.label ?? -1;
    labels.push(label);
    const [paper] = await built.store.get([label]);
    assert.ok(paper);
    known.push([label, paper]);
  }
});

const labelOf = (id: string): number => labels[ids.indexOf(id)] ?? -1;
/** The id of the paper with the same DOI. */
function twinOf(id: string): string | undefined {
  const at = ids.indexOf(id);
  return at < TWINS_FROM ? undefined : ids[at ^ 1];
}

/** Unit vectors, somewhat bunched as those of sentence models are. */
const vectorSets = fc
  .array(fc.array(fc.integer({ min: -20, max: 30 }), { minLength: DIMENSIONS, maxLength: DIMENSIONS }), {
    minLength: SIZE,
    maxLength: SIZE,
  })
  .map((rows) => rows.map(unit));

function unit(row: readonly number[]): Float32Array {
  const moved = row.map((value, i) => value + (i === 0 ? 25.5 : 0.25));
  const length = Math.hypot(...moved);
  return Float32Array.from(moved, (value) => value / length);
}

function corpusWith(vectors: readonly Float32Array[]): Corpus {
  const entries = vectors.map((vector, i): [number, Float32Array] => [labels[i] ?? -1, vector]);
  return { ...built, vectors: ExactIndex.fromVectors(entries, DIMENSIONS) };
}

/** Some of them no sums of powers of two, so that the order of additions shows. */
const weight = fc.constantFrom(0.1, 0.25, 0.3, 0.5, 0.7, 0.9, 1, 1.5, 2, 7);
const someSeeds = (minLength: number, maxLength: number) =>
  fc.uniqueArray(fc.record({ id: fc.constantFrom(...ids), weight }), {
    minLength,
    maxLength,
    selector: ({ id }) => id,
  });
const anyStrategy = fc.constantFrom<Strategy>(...STRATEGIES);
const day = fc.constantFrom('2020-01-01', '2021-02-15', '2021-06-30', '2022-12-31', '2023-08-01');
const someIds = fc.uniqueArray(fc.constantFrom(...ids), { minLength: 1, maxLength: 20 });
const allFilters = fc.record({
  from: day,
  to: day,
  category: fc.uniqueArray(fc.constantFrom('cs.*', 'cs.LG', 'MATH.co', 'q-bio'), {
    minLength: 1,
    maxLength: 2,
  }),
  venue: fc.constantFrom('tests', 'Trials', 'journal of'),
  author: fc.constantFrom('turing', 'A. Lovelace', 'hopper grace'),
  ids: someIds,
  exclude: someIds,
});
/** One or two of the filters: more leave hardly anything. */
const anyFilters: fc.Arbitrary<Partial<QueryOptions>> = fc
  .tuple(
    allFilters,
    fc.uniqueArray(fc.constantFrom('from', 'to', 'category', 'venue', 'author', 'ids', 'exclude'), {
      minLength: 1,
      maxLength: 2,
    }),
  )
  .map(([filters, names]) => Object.fromEntries(names.map((name) => [name, Reflect.get(filters, name)])));

type Given = Partial<QueryOptions> & {
  positives: readonly { id: string; weight?: number }[];
  negatives?: readonly { id: string; weight?: number }[];
  strategy: Strategy;
  mode?: SearchMode;
};
const ask = (corpus: Corpus, given: Given): Promise<Answer> =>
  recommend(corpus, { ...DEFAULT_OPTIONS, limit: 100, negatives: [], ...given }, signal);

/** A paper of the answer by its id, as a result. */
const resultOf = (answer: Answer, id: string) => answer.results.find(({ paper }) => paper.id === id);

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
/** Two roundings to four decimals, and the arithmetic of 32 bits. */
const CLOSE = 1.1e-4;
const assertClose = (a: number, b: number, what: string) =>
  assert.ok(Math.abs(a - b) <= CLOSE, `${what}: ${a} is not ${b}`);

/** The mean of these papers' vectors by weight, at its own length. */
function meanOf(
  vectors: readonly Float32Array[],
  seeds: readonly { id: string; weight: number }[],
): number[] {
  const total = seeds.reduce((sum, seed) => sum + seed.weight, 0);
  return Array.from({ length: DIMENSIONS }, (_, d) =>
    seeds.reduce((sum, seed) => sum + (seed.weight / total) * (vectors[ids.indexOf(seed.id)]?.[d] ?? 0), 0),
  );
}

describe('a negative', () => {
  it('never raises the score of its own paper, nor of one just like it', async () => {
    let lowered = 0;
    await fc.assert(
      fc.asyncProperty(
        vectorSets,
        someSeeds(3, 8),
        fc.integer({ min: 1, max: 3 }),
        weight,
        anyStrategy,
        async (vectors, seeds, liked, heavy, strategy) => {
          const positives = seeds.slice(0, liked);
          const negatives = seeds.slice(liked);
          // No seed and no twin, since those do not come back; the vector of one stands at the other too.
          const [disliked = '', like = ''] = ids
            .slice(0, TWINS_FROM)
            .filter((id) => !seeds.some((seed) => seed.id === id));
          const same = vectors.with(ids.indexOf(like), vectors[ids.indexOf(disliked)] ?? new Float32Array());
          const corpus = corpusWith(same);
          // By meaning, as negatives count; a hybrid score is normalised over its own pool.
          const asked = { positives, strategy, mode: 'semantic' } as const;
          const without = await ask(corpus, { ...asked, negatives });
          const added = [...negatives, { id: disliked, weight: heavy }];
          const withIt = await ask(corpus, { ...asked, negatives: added });
          const scoreBefore = resultOf(without, like)?.score;
          const scoreAfter = resultOf(withIt, like)?.score;
          assert.ok(scoreBefore !== undefined && scoreAfter !== undefined);
          assert.equal(scoreBefore, resultOf(without, disliked)?.score);
          assert.ok(scoreAfter <= scoreBefore + CLOSE, `${strategy}: ${scoreBefore} -> ${scoreAfter}`);
          if (scoreAfter < scoreBefore) lowered++;
        },
      ),
      { numRuns: 70 },
    );
    assert.ok(lowered > 30, `${lowered} of 70 lowered it`);
  });
});

describe('seeds', () => {
  it('in another order give the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        vectorSets,
        someSeeds(3, 12).chain((seeds) =>
          fc.record({
            seeds: fc.constant(seeds),
            shuffled: fc.shuffledSubarray(seeds, { minLength: seeds.length }),
          }),
        ),
        fc.integer({ min: 1, max: 2 }),
        anyStrategy,
        fc.boolean(),
        async (vectors, { seeds, shuffled }, liked, strategy, explain) => {
          const first = new Set(seeds.slice(0, liked).map(({ id }) => id));
          // Two seeds that are the same paper by their vectors: either could be named as the nearest.
          const [a, b] = seeds;
          const equal = vectors.with(
            ids.indexOf(a?.id ?? ''),
            vectors[ids.indexOf(b?.id ?? '')] ?? new Float32Array(),
          );
          const split = (list: typeof seeds) => ({
            positives: [...list.filter(({ id }) => first.has(id)), { id: 'unknown' }, { id: 'nowhere' }],
            negatives: list.filter(({ id }) => !first.has(id)),
          });
          const reversed = split(shuffled);
          const corpus = corpusWith(equal);
          const one = await ask(corpus, { ...split(seeds), strategy, explain });
          const other = await ask(corpus, {
            ...reversed,
            positives: reversed.positives.reverse(),
            strategy,
            explain,
          });
          assert.equal(JSON.stringify(other), JSON.stringify(one));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('give the same bytes when all weights are multiplied by one number', async () => {
    await fc.assert(
      fc.asyncProperty(
        vectorSets,
        someSeeds(2, 8),
        fc.constantFrom(1 / 64, 0.1, 2, 3),
        anyStrategy,
        async (vectors, seeds, factor, strategy) => {
          const corpus = corpusWith(vectors);
          const times = (by: number) => {
            const heavier = seeds.map((seed) => ({ ...seed, weight: seed.weight * by }));
            return ask(corpus, { positives: heavier.slice(0, -1), negatives: heavier.slice(-1), strategy });
          };
          assert.equal(JSON.stringify(await times(factor)), JSON.stringify(await times(1)));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('of more weight pull harder', async () => {
    const vectors = ids.map((_, i) =>
      unit(i === 0 ? [0, 30, 0, 0, 0] : i === 1 ? [0, 0, 30, 0, 0] : [0, 0, 0, i, 1]),
    );
    const [a = '', b = '', nearB = ''] = ids;
    const corpus = corpusWith(vectors.with(2, unit([0, 0, 29, 0, 0])));
    for (const strategy of STRATEGIES) {
      const score = async (weightOfB: number) =>
        resultOf(await ask(corpus, { positives: [{ id: a }, { id: b, weight: weightOfB }], strategy }), nearB)
          ?.score;
      const [light = 0, heavy = 0] = [await score(0.2), await score(5)];
      assert.ok(heavy > light + 0.01, `${strategy}: ${light} ${heavy}`);
    }
  });

  it('and excluded papers never come back, nor another copy of a seed, nor under another result', async () => {
    await fc.assert(
      fc.asyncProperty(
        vectorSets,
        someSeeds(2, 14),
        someIds,
        anyStrategy,
        async (vectors, seeds, exclude, strategy) => {
          const answer = await ask(corpusWith(vectors), {
            positives: seeds.slice(1),
            negatives: seeds.slice(0, 1),
            exclude,
            strategy,
          });
          const shown = allIdsOf(answer);
          const gone = new Set([...exclude, ...seeds.flatMap(({ id }) => [id, twinOf(id) ?? id])]);
          assert.deepEqual(shown.toSorted(), ids.filter((id) => !gone.has(id)).toSorted());
        },
      ),
      { numRuns: 30 },
    );
  });

  it('that crowd around each other still leave the papers that are none', async () => {
    // Forty seeds in one place, the rest elsewhere.
    const vectors = ids.map((_, i) => unit(i < 40 ? [30, i / 10, 0, 0, 0] : [-50, 20, i - 35, 0, 0]));
    const positives = ids.slice(0, 40).map((id) => ({ id }));
    for (const strategy of STRATEGIES) {
      const found = allIdsOf(await ask(corpusWith(vectors), { positives, strategy }));
      // The seeds' twins among them go too: those of 36 to 39 are seeds themselves.
      assert.deepEqual(found.toSorted(), ids.slice(40).toSorted(), strategy);
    }
  });
});

describe('a limit', () => {
  it('of n gives the beginning of what n + 1 gives, with filters and with diversity too', async () => {
    await fc.assert(
      fc.asyncProperty(
        vectorSets,
        someSeeds(1, 5),
        anyStrategy,
        fc.constantFrom(0, 0, 0.3, 0.8, 1),
        fc.option(anyFilters, { nil: {} }),
        fc.integer({ min: 1, max: SIZE }),
        async (vectors, seeds, strategy, diversity, filters, limit) => {
          const corpus = corpusWith(vectors);
          const given = { positives: seeds, strategy, diversity, ...filters };
          const fewer = await ask(corpus, { ...given, limit });
          const more = await ask(corpus, { ...given, limit: limit + 1 });
          assert.deepEqual(fewer.results, more.results.slice(0, limit));
          assert.ok(more.results.length <= limit + 1);
          assert.deepEqual({ ...fewer, results: [] }, { ...more, results: [] });
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('filters', () => {
  it('leave exactly what a plain look at every paper leaves, with the scores of the unfiltered answer', async () => {
    let some = 0;
    await fc.assert(
      fc.asyncProperty(
        vectorSets,
        someSeeds(1, 12),
        anyStrategy,
        anyFilters,
        fc.option(fc.double({ min: 0.2, max: 0.9, noNaN: true }), { nil: undefined }),
        fc.constantFrom<SearchMode[]>('semantic', 'hybrid'),
        async (vectors, seeds, strategy, filters, minSimilarity, mode) => {
          const corpus = corpusWith(vectors);
          const asked = { positives: seeds, strategy, mode };
          const all = await ask(corpus, asked);
          const answer = await ask(corpus, { ...asked, ...filters, minSimilarity });
          const clauses: PaperFilter = [
            ...clausesOf(filters),
            ...(filters.ids === undefined
              ? []
              : [{ kind: 'labels', labels: LabelSet.of(filters.ids.map(labelOf)) } as const]),
          ];
          const left = new Set(filtered(known, clauses).labels);
          const gone = new Set([
            ...(filters.exclude ?? []),
            ...seeds.flatMap(({ id }) => [id, twinOf(id) ?? id]),
          ]);
          const expected = ids.filter((id) => left.has(labelOf(id)) && !gone.has(id));
          if (minSimilarity === undefined) {
            assert.deepEqual(allIdsOf(answer).toSorted(), expected.toSorted());
            if (expected.length > 0) some++;
          } else {
            const similarities = answer.results.map(({ similarity }) => similarity);
            assert.ok(similarities.every((similarity) => similarity >= minSimilarity));
          }
          for (const result of answer.results) {
            const unfiltered = resultOf(all, result.paper.id);
            // A copy that stood under another result has no scores of its own there.
            if (unfiltered === undefined) continue;
            // Hybrid scores are normalised over the pool, so they are each request's own.
            const score = mode === 'hybrid' ? result.score : unfiltered.score;
            assert.deepEqual({ ...result, also: [] }, { ...unfiltered, score, also: [] });
          }
          if (answer.results.length === 0)
            assert.ok(answer.warnings.some(({ code }) => code === 'nothing_matches'));
        },
      ),
      { numRuns: 70 },
    );
    assert.ok(some > 5, `${some} answers with results`);
  });
});

describe('what a result says', () => {
  const given = fc.tuple(vectorSets, someSeeds(2, 6), fc.integer({ min: 0, max: 2 }), anyStrategy);

  it('of similarity is the cosine, computed another way', async () => {
    await fc.assert(
      fc.asyncProperty(given, async ([vectors, seeds, disliked, strategy]) => {
        const negatives = seeds.slice(0, Math.min(disliked, seeds.length - 1));
        const positives = seeds.slice(negatives.length);
        const asked = { positives, negatives, strategy, mode: 'semantic' } as const;
        const { results } = await ask(corpusWith(vectors), asked);
        const liked = meanOf(vectors, positives);
        const length = Math.hypot(...liked);
        const against = meanOf(vectors, negatives.length === 0 ? [{ id: '', weight: 1 }] : negatives);
        const target = liked.map((value, d) => value / length - 0.3 * (against[d] ?? 0));
        for (const { paper, similarity, score } of results) {
          const vector = vectors[ids.indexOf(paper.id)] ?? [];
          const expected =
            strategy === 'average'
              ? dot(target, vector) / Math.hypot(...target)
              : Math.max(...positives.map(({ id }) => dot(vectors[ids.indexOf(id)] ?? [], vector)));
          assertClose(similarity, expected, `${strategy} ${paper.id}`);
          if (strategy === 'average') assertClose(score, dot(target, vector), 'score');
        }
      }),
      { numRuns: 30 },
    );
  });

  it('of the percentile never falls as the similarity rises', async () => {
    await fc.assert(
      fc.asyncProperty(given, async ([vectors, seeds, disliked, strategy]) => {
        const negatives = seeds.slice(0, Math.min(disliked, seeds.length - 1));
        const positives = seeds.slice(negatives.length);
        const { results } = await ask(corpusWith(vectors), { positives, negatives, strategy });
        const rising = results.toSorted((a, b) => a.similarity - b.similarity);
        for (const [i, { similarity, percentile }] of rising.entries()) {
          const next = rising[i + 1];
          assert.ok(percentile !== null && percentile >= 0 && percentile <= 100);
          if (next?.percentile == null) continue;
          assert.ok(
            percentile <= next.percentile && (similarity < next.similarity || percentile === next.percentile),
            `${strategy}: ${similarity} ${percentile}, ${next.similarity} ${next.percentile}`,
          );
        }
      }),
      { numRuns: 40 },
    );
  });

  it('is in order of score, ties by id, and nothing comes twice', async () => {
    await fc.assert(
      fc.asyncProperty(given, async ([vectors, seeds, , strategy]) => {
        const coarse = vectors.map((_, i) => vectors[i % 4] ?? new Float32Array());
        const answer = await ask(corpusWith(coarse), { positives: seeds, strategy });
        for (const [i, { score, paper }] of answer.results.entries()) {
          const next = answer.results[i + 1];
          if (next === undefined) continue;
          assert.ok(score > next.score || (score === next.score && paper.id < next.paper.id));
        }
        const shown = allIdsOf(answer);
        assert.equal(new Set(shown).size, shown.length);
      }),
      { numRuns: 30 },
    );
  });

  it('is the same for one positive by either strategy and for the route of similar papers', async () => {
    await fc.assert(
      fc.asyncProperty(vectorSets, fc.constantFrom(...ids), async (vectors, id) => {
        const corpus = corpusWith(vectors);
        const [a, b] = [
          await ask(corpus, { positives: [{ id }], strategy: 'average' }),
          await ask(corpus, { positives: [{ id, weight: 3 }], strategy: 'best_score' }),
        ];
        const c = await similar(corpus, { ...DEFAULT_OPTIONS, id, limit: 100 }, signal);
        assert.deepEqual(c, a);
        for (const { paper, similarity } of b.results)
          assertClose(similarity, resultOf(a, paper.id)?.similarity ?? 9, paper.id);
        assert.deepEqual(allIdsOf(b).toSorted(), allIdsOf(a).toSorted());
      }),
      { numRuns: 20 },
    );
  });
});

describe('diversity', () => {
  it('of 0 is the order of scores; with more, every next result is the best by marginal relevance', async () => {
    await fc.assert(
      fc.asyncProperty(
        vectorSets,
        fc.constantFrom(...ids.slice(0, TWINS_FROM)),
        fc.constantFrom(0, 0.2, 0.5, 0.9, 1),
        async (vectors, id, diversity) => {
          const only = ids.slice(0, TWINS_FROM);
          const corpus = corpusWith(vectors);
          const asked = { positives: [{ id }], strategy: 'average', ids: only } as const;
          const plain = await ask(corpus, asked);
          const { results } = await ask(corpus, { ...asked, diversity });
          assert.deepEqual(results.map(({ paper }) => paper.id).toSorted(), idsOf(plain).toSorted());
          const vectorOf = (one: string) => vectors[ids.indexOf(one)] ?? [];
          const picked: string[] = [];
          for (const { paper } of results) {
            const value = (one: { paper: { id: string }; score: number }) => {
              const redundancy = Math.max(...picked.map((p) => dot(vectorOf(p), vectorOf(one.paper.id))));
              return (1 - diversity) * one.score - (picked.length === 0 ? 0 : diversity * redundancy);
            };
            const left = plain.results.filter((one) => !picked.includes(one.paper.id));
            const best = Math.max(...left.map(value));
            const chosen = left.find((one) => one.paper.id === paper.id);
            assert.ok(chosen && value(chosen) >= best - 1e-6, `${paper.id} at ${picked.length}`);
            picked.push(paper.id);
          }
          if (diversity === 0) assert.deepEqual(results, plain.results);
          // Whatever the diversity, the first is the best.
          if (diversity < 1) assert.equal(results[0]?.paper.id, plain.results[0]?.paper.id);
        },
      ),
      { numRuns: 40 },
    );
  });
});
