/** The report of an evaluation: for people, for programs, and query by query. */
import type { Interval } from '../evaluation/bootstrap.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import type { Metric } from '../evaluation/metrics.js';
import { encodedId } from '../evaluation/trec-run.js';
import { nearpaperVersion } from './version.js';

export interface Report {
  evaluation: Evaluation;
  index: { generation: string; papers: number; model: string; engine: string };
  mode: string;
  threshold: number;
  depth: number;
  hasPools: boolean;
}

/** As published figures and trec_eval have them. */
const DECIMALS = 4;

export function describeEvaluation({ evaluation, index, threshold, depth, hasPools }: Report): string[] {
  const { queries, judgements, withoutRelevant, warnings } = evaluation;
  const skipped = withoutRelevant === 0 ? '' : `; ${withoutRelevant} skipped, without a relevant paper`;
  const ranked = hasPools ? 'each ranks its pool' : `${depth} results each`;
  return [
    `Index    ${index.papers} papers, ${index.model}, generation ${index.generation}`,
    `Queries  ${queries.length} with ${judgements} judgements, relevant from grade ${threshold}, ${ranked}${skipped}`,
    '',
    ...(evaluation.against === undefined
      ? metricTable(evaluation)
      : comparisonTable(evaluation, evaluation.against)),
    ...(warnings.length === 0 ? [] : ['', ...warnings.map(({ detail }) => `Note: ${detail}`)]),
  ];
}

function metricTable({ name, metrics, metricNames }: Evaluation): string[] {
  const rows = metricNames.map((metric) => {
    const estimate = metrics[metric];
    return [metric, fixed(estimate?.mean), fixedInterval(estimate?.interval)];
  });
  return aligned([['', name, '95 % interval'], ...rows]);
}

function comparisonTable(
  { name, metrics, metricNames }: Evaluation,
  against: NonNullable<Evaluation['against']>,
): string[] {
  const heads = [
    '',
    name,
    '95 % interval',
    against.name,
    'difference',
    '95 % interval',
    'p',
    'better',
    'worse',
    'same',
  ];
  const rows = metricNames.map((metric) => {
    const { mean, interval } = metrics[metric] ?? {};
    const { difference, interval: ofDifference, p, better, worse, same } = against.comparison[metric] ?? {};
    return [
      metric,
      fixed(mean),
      fixedInterval(interval),
      fixed(against.metrics[metric]?.mean),
      signed(difference),
      ofDifference === undefined ? '' : `${signed(ofDifference[0])} to ${signed(ofDifference[1])}`,
      fixed(p),
      `${better ?? ''}`,
      `${worse ?? ''}`,
      `${same ?? ''}`,
    ];
  });
  return aligned([heads, ...rows]);
}

function fixed(value: number | undefined): string {
  return value?.toFixed(DECIMALS) ?? '';
}

function fixedInterval(interval: Interval | undefined): string {
  return interval === undefined ? '' : `${fixed(interval[0])} to ${fixed(interval[1])}`;
}

function signed(value: number | undefined): string {
  const text = fixed(value);
  return value !== undefined && value > 0 ? `+${text}` : text;
}

/** Columns side by side: the first begins, the others end at the same place. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** What `--json` prints. Figures are not rounded. */
export function jsonOf({ evaluation, index, mode, threshold, depth, hasPools }: Report): unknown {
  const { queries, withoutRelevant, judgements, metrics, against, warnings } = evaluation;
  return {
    version: nearpaperVersion(),
    index,
    mode,
    threshold,
    depth: hasPools ? null : depth,
    pools: hasPools,
    queries: queries.length,
    withoutRelevant,
    judgements,
    metrics,
    against:
      against === undefined
        ? null
        : { name: against.name, metrics: against.metrics, comparison: against.comparison },
    warnings,
  };
}

/** A table between tabs, ids written as in run files; with a rival, its columns follow ours. */
export function* perQueryLines(evaluation: Evaluation): Generator<string, void, undefined> {
  const { queries, metricNames, perQuery, against } = evaluation;
  const heads = (suffix: string) => metricNames.map((metric) => `${metric}${suffix}`);
  yield ['query', ...heads(''), ...(against === undefined ? [] : heads(' against'))].join('\t');
  const cells = (values: Partial<Record<Metric, number>> | undefined) =>
    metricNames.map((metric) => fixed(values?.[metric]));
  for (const [i, query] of queries.entries()) {
    const row = [
      encodedId(query),
      ...cells(perQuery[i]),
      ...(against === undefined ? [] : cells(against.perQuery[i])),
    ];
    yield row.join('\t');
  }
}
