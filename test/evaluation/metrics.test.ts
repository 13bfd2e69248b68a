/** Metrics: against cases computed by hand, against the reference implementation, and what holds of any ranking. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { meanOf } from '../../src/evaluation/bootstrap.js';
import { countRelevant, metricsFor, metricsOf } from '../../src/evaluation/metrics.js';
import { withRestOf } from '../../src/evaluation/run-queries.js';
import { FIXTURE, REFERENCE } from './judged-sets.js';

const close = (found: number | undefined, expected: number) =>
  assert.ok(Math.abs((found ?? Number.NaN) - expected) < 1e-12, `${found} is not ${expected}`);
const gradesOf = (entries: Record<string, number>) => new Map(Object.entries(entries));

describe('metrics of one query', () => {
  const grades = gradesOf({ d1: 3, d2: 0, d3: 2, d4: 0, d5: 1 });
  const ranking = ['d2', 'd1', 'd3', 'd4', 'd5'];

  it('are those computed by hand', () => {
    const values = metricsOf(ranking, grades, 1);
    close(values.MAP, (1 / 2 + 2 / 3 + 3 / 5) / 3);
    close(
      values['nDCG@10'],
      (3 / Math.log2(3) + 2 / Math.log2(4) + 1 / Math.log2(6)) / (3 + 2 / Math.log2(3) + 1 / Math.log2(4)),
    );
    assert.deepEqual([values.MRR, values['Recall@20'], values['Recall@100']], [1 / 2, 1, 1]);
    assert.equal(values['NDCG%20'], undefined);
  });

  it('count as relevant what reaches the threshold, while the gain stays the grade', () => {
    const values = metricsOf(ranking, grades, 3);
    assert.deepEqual([values.MAP, values.MRR], [1 / 2, 1 / 2]);
    assert.equal(values['nDCG@10'], metricsOf(ranking, grades, 1)['nDCG@10']);
  });

  it('divide by all relevant papers, found or not', () => {
    const values = metricsOf(['d1'], grades, 1);
    close(values.MAP, 1 / 3);
    close(values['Recall@100'], 1 / 3);
    assert.equal(values.MRR, 1);
  });

  it('are 0 when nothing is found', () => {
    const values = metricsOf([], grades, 1, ['d1']);
    assert.deepEqual(Object.values(values), [0, 0, 0, 0, 0, 0]);
  });

  it('cut Recall@20, Recall@100 and nDCG@10 after their ranks', () => {
    const at = (rank: number) => [...Array.from({ length: rank - 1 }, (_, i) => `x${i}`), 'd1'];
    const one = gradesOf({ d1: 1 });
    const values = [10, 11, 20, 21, 100, 101].map((rank) => metricsOf(at(rank), one, 1));
    assert.deepEqual(
      values.map((value) => (value['nDCG@10'] ?? 0) > 0),
      [true, false, false, false, false, false],
    );
    assert.deepEqual(
      values.map((value) => value['Recall@20']),
      [1, 1, 1, 0, 0, 0],
    );
    assert.deepEqual(
      values.map((value) => value['Recall@100']),
      [1, 1, 1, 1, 1, 0],
    );
  });

  it('have in NDCG%20 ranks 1 and 2 in full, over a fifth of the pool', () => {
    const pool = Array.from({ length: 20 }, (_, i) => `p${i}`);
    // The example of the script that CSFCube uses: gains 2, 1, 2, 0.
    const values = metricsOf(pool, gradesOf({ p0: 2, p1: 1, p2: 2 }), 2, pool);
    close(values['NDCG%20'], 0.9203032077642922);
    // Rank 4 is within a fifth of 20, rank 5 is not.
    const inRank = (rank: number) => metricsOf(pool, gradesOf({ [`p${rank - 1}`]: 1 }), 1, pool)['NDCG%20'];
    assert.equal(inRank(1), 1);
    assert.equal(inRank(2), 1);
    close(inRank(4), 1 / 2);
    assert.equal(inRank(5), 0);
  });

  it('take the ideal of NDCG%20 from the pool, of nDCG@10 from all judged papers', () => {
    const pool = ['a', 'b', 'c', 'd', 'e'];
    const values = metricsOf(pool, gradesOf({ a: 1, elsewhere: 3 }), 1, pool);
    assert.equal(values['NDCG%20'], 1);
    assert.ok((values['nDCG@10'] ?? 1) < 0.5);
  });
});

describe('means over the fixture equal the reference to four decimals', () => {
  for (const { threshold, pooled, queries, means } of REFERENCE) {
    it(`from grade ${threshold}${pooled ? ', pools ranked' : ''}`, () => {
      const counting = FIXTURE.filter(({ grades }) => countRelevant(grades, threshold) > 0);
      assert.equal(counting.length, queries);
      const values = counting.map(({ grades, ranking, pool }) => {
        const scored = ranking.map((id, i) => ({ id, score: -i }));
        const ids = (pooled ? withRestOf(pool, scored) : scored).map(({ id }) => id);
        return metricsOf(ids, grades, threshold, pooled ? pool : undefined);
      });
      const found = metricsFor(pooled).map((metric) => [
        metric,
        Number(meanOf(values.map((value) => value[metric] ?? Number.NaN)).toFixed(4)),
      ]);
      assert.deepEqual(Object.fromEntries(found), means);
    });
  }
});

/** Grades of papers 0 to n, one of them relevant, and an order of the papers. */
const judged = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 60 }).chain((grades) =>
  fc.record({
    grades: fc.constant(new Map<string, number>([...grades, 3].map((grade, i) => [`p${i}`, grade]))),
    order: fc.shuffledSubarray([...grades, 3].map((_, i) => `p${i}`)),
  }),
);

describe('of any ranking', () => {
  it('every metric is from 0 to 1', () => {
    fc.assert(
      fc.property(judged, fc.integer({ min: 1, max: 3 }), ({ grades, order }, threshold) => {
        const pool = [...grades.keys()];
        for (const value of Object.values(metricsOf(order, grades, threshold, pool))) {
          assert.ok(value >= 0 && value <= 1 + 1e-12, `${value}`);
        }
      }),
    );
  });

  it('the one by grade has MAP, nDCG and MRR of 1', () => {
    fc.assert(
      fc.property(judged, ({ grades }) => {
        const best = [...grades].sort(([, a], [, b]) => b - a).map(([id]) => id);
        // A pool of a few has no fifth.
        const pool = [...best, 'x1', 'x2', 'x3', 'x4'];
        const values = metricsOf(pool, grades, 1, pool);
        for (const metric of ['MAP', 'nDCG@10', 'NDCG%20', 'MRR'] as const) close(values[metric], 1);
      }),
    );
  });

  it('papers without relevance after the last relevant one change nothing, whatever their order', () => {
    fc.assert(
      fc.property(judged, fc.array(fc.integer({ min: 0, max: 1000 })), ({ grades, order }, tail) => {
        const unjudged = [...new Set(tail)].map((i) => `x${i}`);
        assert.deepEqual(metricsOf([...order, ...unjudged], grades, 1), metricsOf(order, grades, 1));
      }),
    );
  });

  it('a relevant paper that moves up by one rank lowers no metric', () => {
    fc.assert(
      fc.property(judged, fc.nat(), ({ grades, order }, pick) => {
        const at = order.findIndex(
          (id, i) => i > pick % order.length && (grades.get(id) ?? 0) > (grades.get(order[i - 1] ?? '') ?? 0),
        );
        fc.pre(at > 0);
        const moved = order.toSpliced(at - 1, 2, order[at] ?? '', order[at - 1] ?? '');
        const [before, after] = [order, moved].map((ids) => metricsOf(ids, grades, 1));
        for (const metric of metricsFor(false)) {
          assert.ok((after?.[metric] ?? 0) >= (before?.[metric] ?? 0) - 1e-12, metric);
        }
      }),
    );
  });
});
