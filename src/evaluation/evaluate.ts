/** One evaluation, top to bottom: put judged data and corpus together -> ask -> score -> compare. */
import type { SearchableCorpus } from '../recommend/corpus.js';
import type { SearchMode } from '../recommend/mode.js';
import { type Comparison, compare, type Interval, intervalOfMean, meanOf } from './bootstrap.js';
import { type Asked, type EvaluationWarning, matchToCorpus, warningOf } from './corpus-match.js';
import type { JudgedData } from './judged-data.js';
import { type Metric, type MetricValues, metricsFor, metricsOf } from './metrics.js';
import { type AskingOptions, runQueries, withRestOf } from './run-queries.js';
import type { Run, ScoredPaper } from './trec-run.js';

/** What to compare with: the same queries in another mode, or what another system or an earlier evaluation found. */
export type Rival = { mode: SearchMode } | { name: string; run: Run };

export interface EvaluationOptions extends Omit<AskingOptions, 'onProgress'> {
  /** The lowest grade of a relevant paper, above 0. */
  threshold: number;
  against: Rival | undefined;
  /** Told how many of how many queries are done, those of the rival counted too. */
  onProgress: (done: number, total: number) => void;
}

/** A metric over all queries. */
export interface Estimate {
  mean: number;
  /** 95 % confidence interval, by bootstrap over queries. */
  interval: Interval;
}

/** `NDCG%20` is absent without pools. */
export type ByMetric<T> = Partial<Record<Metric, T>>;

/** One system's results. */
export interface Scored {
  /** The mode, or the name of the run. */
  name: string;
  metrics: ByMetric<Estimate>;
  /** In the order of `Evaluation.queries`. */
  perQuery: MetricValues[];
}

export interface Evaluation extends Scored {
  /** Ids of the queries that count: those with a relevant paper. */
  queries: string[];
  /** Queries skipped because no paper of theirs is relevant. */
  withoutRelevant: number;
  /** Judgements of the queries that count. */
  judgements: number;
  metricNames: Metric[];
  /** Papers as the judged data write them. */
  run: Run;
  /** `comparison`: this evaluation minus the rival. */
  against: (Scored & { comparison: ByMetric<Comparison> }) | undefined;
  warnings: EvaluationWarning[];
}

/**
 * Asks the corpus the judged queries and measures the answers. Errors: `input_unreadable` when nothing can be
 * evaluated; `cancelled`, and what embedding may fail with.
 */
export async function evaluate(
  corpus: SearchableCorpus,
  data: JudgedData,
  options: EvaluationOptions,
  signal: AbortSignal,
): Promise<Evaluation> {
  const { mode, against, threshold } = options;
  const asked = await matchToCorpus(corpus.store, data, threshold, signal);
  const metricNames = metricsFor(data.pools !== undefined);
  const passes = against !== undefined && 'mode' in against ? 2 : 1;
  const total = passes * asked.queries.length;
  const ask = (inMode: SearchMode, before: number) => {
    const onProgress = (done: number) => options.onProgress(before + done, total);
    return runQueries(corpus, asked.queries, { ...options, mode: inMode, onProgress }, signal);
  };
  const { rankings, warnings } = await ask(mode, 0);
  const scored = await score({ name: mode, rankings }, asked, { threshold, metricNames }, signal);
  const evaluation: Evaluation = {
    ...scored,
    queries: asked.queries.map(({ id }) => id),
    withoutRelevant: asked.withoutRelevant,
    judgements: asked.queries.reduce((sum, { grades }) => sum + grades.size, 0),
    metricNames,
    run: runOf(asked, rankings),
    against: undefined,
    warnings: [...asked.warnings, ...warnings],
  };
  if (against === undefined) return evaluation;
  const rankingsOfRival =
    'mode' in against
      ? (await ask(against.mode, asked.queries.length)).rankings
      : await rankingsOf(against.run, asked, options.depth, signal);
  const name = 'mode' in against ? against.mode : against.name;
  const rival = await score({ name, rankings: rankingsOfRival }, asked, { threshold, metricNames }, signal);
  return {
    ...evaluation,
    against: { ...rival, comparison: await compareAll(scored, rival, metricNames, signal) },
    warnings: [...evaluation.warnings, ...('run' in against ? unanswered(against, asked) : [])],
  };
}

interface Ranked {
  name: string;
  /** In the order of the queries. */
  rankings: readonly (readonly ScoredPaper[])[];
}

async function score(
  { name, rankings }: Ranked,
  { queries }: Asked,
  { threshold, metricNames }: { threshold: number; metricNames: readonly Metric[] },
  signal: AbortSignal,
): Promise<Scored> {
  const perQuery = queries.map(({ grades, pool }, i) => {
    const ids = (rankings[i] ?? []).map(({ id }) => id);
    return metricsOf(ids, grades, threshold, pool);
  });
  const metrics: ByMetric<Estimate> = {};
  for (const metric of metricNames) {
    const values = valuesOf({ perQuery }, metric);
    metrics[metric] = { mean: meanOf(values), interval: await intervalOfMean(values, signal) };
  }
  return { name, metrics, perQuery };
}

function valuesOf({ perQuery }: Pick<Scored, 'perQuery'>, metric: Metric): number[] {
  return perQuery.map((values) => values[metric] ?? 0);
}

async function compareAll(
  ours: Scored,
  theirs: Scored,
  metricNames: readonly Metric[],
  signal: AbortSignal,
): Promise<ByMetric<Comparison>> {
  const comparison: ByMetric<Comparison> = {};
  for (const metric of metricNames) {
    comparison[metric] = await compare(valuesOf(ours, metric), valuesOf(theirs, metric), signal);
  }
  return comparison;
}

function runOf({ queries, writtenAs }: Asked, rankings: Ranked['rankings']): Run {
  return new Map(
    queries.map(({ id }, i) => [
      id,
      (rankings[i] ?? []).map((paper) => ({ ...paper, id: writtenAs.get(paper.id) ?? paper.id })),
    ]),
  );
}

/**
 * What a run file says of the queries, under the same rules as our own answers: as deep, without the query's own paper,
 * and with a pool all of it and nothing else.
 */
async function rankingsOf(
  run: Run,
  { queries, ownIds }: Asked,
  depth: number,
  signal: AbortSignal,
): Promise<Ranked['rankings']> {
  const rankings: ScoredPaper[][] = [];
  for (const { id, paperId, pool } of queries) {
    const given = run.get(id) ?? [];
    await ownIds.find(
      given.map((paper) => paper.id),
      signal,
    );
    const seen = new Set(paperId === undefined ? [] : [paperId]);
    const own = given
      .map((paper) => ({ ...paper, id: ownIds.of(paper.id) }))
      .filter((paper) => !seen.has(paper.id) && seen.add(paper.id));
    rankings.push(pool === undefined ? own.slice(0, depth) : withRestOf(pool, own));
  }
  return rankings;
}

function unanswered({ name, run }: { name: string; run: Run }, { queries }: Asked): EvaluationWarning[] {
  const missing = queries.flatMap(({ id }) => (run.has(id) ? [] : [id]));
  return warningOf(
    'queries_not_in_run',
    missing,
    `Queries that ${name} does not answer, counted as finding nothing`,
  );
}
