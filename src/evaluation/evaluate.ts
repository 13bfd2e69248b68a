/** One evaluation, top to bottom: put judged data and corpus together -> ask -> score -> compare. */
import type { SearchableCorpus } from '../recommend/corpus.js';
import type { SearchMode } from '../recommend/mode.js';
import { type Comparison, compare, type Interval, intervalOfMean, meanOf } from './bootstrap.js';
import { type Asked, type EvaluationWarning, matchToCorpus } from './corpus-match.js';
import type { JudgedData } from './judged-data.js';
import { type Metric, type MetricValues, metricsFor, metricsOf } from './metrics.js';
import { rankingsOfRun } from './rival-run.js';
import { type AskedAll, type AskingOptions, runQueries } from './run-queries.js';
import type { Run, ScoredPaper } from './trec-run.js';

/**
 * What to compare with: the same queries in another mode, or what another system or an earlier evaluation found, with
 * ids as its file writes them.
 */
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
  const found =
    'mode' in against
      ? notesNamed(against.mode, await ask(against.mode, asked.queries.length))
      : await rankingsOfRun(against, asked, options.depth, signal);
  const name = 'mode' in against ? against.mode : against.name;
  const rival = await score({ name, rankings: found.rankings }, asked, { threshold, metricNames }, signal);
  return {
    ...evaluation,
    against: { ...rival, comparison: await compareAll(scored, rival, metricNames, signal) },
    warnings: [...evaluation.warnings, ...found.warnings],
  };
}

/** Both modes may be warned of alike: the rival's notes begin with its name. */
function notesNamed(name: SearchMode, { rankings, warnings }: AskedAll): AskedAll {
  const named = warnings.map((warning) => ({ ...warning, detail: `${name}: ${warning.detail}` }));
  return { rankings, warnings: named };
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

function runOf({ queries }: Asked, rankings: Ranked['rankings']): Run {
  return new Map(
    queries.map(({ id, writtenAs }, i) => [
      id,
      (rankings[i] ?? []).map((paper) => ({ ...paper, id: writtenAs.get(paper.id) ?? paper.id })),
    ]),
  );
}
