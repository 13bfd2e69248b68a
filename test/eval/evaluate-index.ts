/** Asks an index that was built the judged queries, as the service would be asked them, with what it has as default. */
import { readConfig } from '../../src/config.js';
import { type Evaluation, evaluate } from '../../src/evaluation/evaluate.js';
import type { JudgedData } from '../../src/evaluation/judged-data.js';
import { METRICS, type Metric } from '../../src/evaluation/metrics.js';
import { corpusOf, openCorpus } from '../../src/open-corpus.js';
import type { SearchMode } from '../../src/recommend/mode.js';

/** The mode of a caller who asks for none. */
const DEFAULT_MODE: SearchMode = 'hybrid';

/** Results of each query, where no pool says how many. */
const DEPTH = 100;

/** @param threshold the lowest grade of a relevant paper */
export async function evaluateIndex(
  indexFolder: string,
  data: JudgedData,
  threshold: number,
  signal: AbortSignal = new AbortController().signal,
): Promise<Evaluation> {
  const config = readConfig({ NEARPAPER_INDEX: indexFolder });
  const { overlay, embedder } = await openCorpus(config, { signal });
  try {
    return await evaluate(
      { ...corpusOf(overlay), embedder },
      data,
      {
        mode: DEFAULT_MODE,
        depth: DEPTH,
        lanes: config.workers,
        threshold,
        against: undefined,
        onProgress: () => undefined,
      },
      signal,
    );
  } finally {
    await embedder.close();
    await overlay.close();
  }
}

export type Floors = Readonly<Partial<Record<Metric, number>>>;

/** A line for each metric whose mean is below its floor. */
export function belowFloors({ metrics }: Pick<Evaluation, 'metrics'>, floors: Floors): string[] {
  return METRICS.flatMap((metric) => {
    const floor = floors[metric];
    if (floor === undefined) return [];
    const mean = metrics[metric]?.mean;
    // Also for a metric that is absent or not a number.
    const isReached = mean !== undefined && mean >= floor;
    return isReached ? [] : [`${metric} is ${mean?.toFixed(4)}, its floor ${floor}`];
  });
}

/** What was measured of the metrics that have a floor, for whoever sets the floors anew. */
export function measured({ metrics }: Pick<Evaluation, 'metrics'>, floors: Floors): string {
  return METRICS.filter((metric) => metric in floors)
    .map((metric) => `${metric} ${metrics[metric]?.mean.toFixed(4)}`)
    .join(', ');
}
