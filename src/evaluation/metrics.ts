/**
 * How good one ranking is, by the papers that people judged. Definitions as in trec_eval and BEIR, so that figures can
 * be put beside published ones; CSFCube's own where it has one (Mysore et al., "CSFCube - A test collection of computer
 * science research articles for faceted query by example", 2021).
 */

/** In the order in which reports name them. `NDCG%20` is of closed pools only. */
export const METRICS = ['MAP', 'nDCG@10', 'NDCG%20', 'Recall@20', 'Recall@100', 'MRR'] as const;
export type Metric = (typeof METRICS)[number];

/** Each from 0 to 1; `NDCG%20` is absent without a pool. */
export type MetricValues = Readonly<Partial<Record<Metric, number>>>;

/** Paper -> grade from 0, which is judged and not relevant. */
export type Grades = ReadonlyMap<string, number>;

/** The metrics that queries with or without pools have. */
export function metricsFor(hasPools: boolean): Metric[] {
  return METRICS.filter((metric) => hasPools || metric !== 'NDCG%20');
}

/** How many papers count as relevant: those with a grade of at least `threshold`. */
export function countRelevant(grades: Grades, threshold: number): number {
  let count = 0;
  for (const grade of grades.values()) if (grade >= threshold) count += 1;
  return count;
}

/** Share of CSFCube's pools that NDCG%20 looks at. */
const POOL_SHARE = 0.2;

/**
 * The metrics of one query.
 *
 * @param ranking ids of papers, best first, each once; with a pool: all of the pool and nothing else
 * @param grades at least one of them `threshold` or more, or every metric of relevance is 0
 * @param threshold the lowest grade of a relevant paper
 */
export function metricsOf(
  ranking: readonly string[],
  grades: Grades,
  threshold: number,
  pool?: readonly string[],
): MetricValues {
  const gains = ranking.map((id) => grades.get(id) ?? 0);
  const relevant = gains.map((grade) => grade >= threshold);
  const total = countRelevant(grades, threshold);
  const first = relevant.indexOf(true);
  const values: MetricValues = {
    MAP: averagePrecision(relevant, total),
    'nDCG@10': ndcg(gains, [...grades.values()], 10, discountOfTrec),
    'Recall@20': recall(relevant, total, 20),
    'Recall@100': recall(relevant, total, 100),
    MRR: first === -1 ? 0 : 1 / (first + 1),
  };
  if (pool === undefined) return values;
  const ideal = pool.map((id) => grades.get(id) ?? 0);
  const depth = Math.floor(POOL_SHARE * pool.length);
  return { ...values, 'NDCG%20': ndcg(gains, ideal, depth, discountOfCsfcube) };
}

/** Precision at the rank of each relevant paper, averaged over all relevant papers, found or not. */
function averagePrecision(relevant: readonly boolean[], total: number): number {
  let found = 0;
  let sum = 0;
  for (const [i, isRelevant] of relevant.entries()) {
    if (!isRelevant) continue;
    found += 1;
    sum += found / (i + 1);
  }
  return total === 0 ? 0 : sum / total;
}

function recall(relevant: readonly boolean[], total: number, depth: number): number {
  return total === 0 ? 0 : relevant.slice(0, depth).filter(Boolean).length / total;
}

/** What a gain at this rank, from 1, is divided by. */
type Discount = (rank: number) => number;

/** Of trec_eval and BEIR. */
const discountOfTrec: Discount = (rank) => Math.log2(rank + 1);

/** Of CSFCube's script, as in Jarvelin and Kekalainen 2002 with base 2: ranks 1 and 2 count in full. */
const discountOfCsfcube: Discount = (rank) => Math.max(1, Math.log2(rank));

/**
 * Normalised discounted cumulated gain: Jarvelin and Kekalainen, "Cumulated gain-based evaluation of IR techniques",
 * 2002. The gain is the grade itself.
 *
 * @param ideal the grades of which the best possible ranking is made, in any order
 */
function ndcg(gains: readonly number[], ideal: readonly number[], depth: number, discount: Discount): number {
  const best = cumulatedGain([...ideal].sort((a, b) => b - a).slice(0, depth), discount);
  return best === 0 ? 0 : cumulatedGain(gains.slice(0, depth), discount) / best;
}

function cumulatedGain(gains: readonly number[], discount: Discount): number {
  return gains.reduce((sum, gain, i) => sum + gain / discount(i + 1), 0);
}
