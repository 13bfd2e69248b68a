/** What `nearpaper fetch` shows: progress and waits on standard error, what came of each source on standard output. */
import type { BuildResult, DryRunResult } from '../build/progress.js';
import type { HarvestProgress, HarvestReport } from '../sources/harvest.js';
import type { Source } from '../sources/source.js';
import { countOf } from './amounts.js';
import { printImport } from './build.js';
import type { CommandContext } from './context.js';
import { printJson, printLine } from './output.js';
import { ProgressLine } from './progress-line.js';

export class FetchDisplay {
  readonly #stream: NodeJS.WriteStream;
  readonly #progress: ProgressLine;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.#progress = new ProgressLine(stream);
  }

  page(label: string, { pages, records, total }: HarvestProgress): void {
    const ofAll = total === null ? '' : ` of ${total}`;
    this.#progress.show(() => `Fetching ${label}: ${countOf(pages, 'page')}, ${records}${ofAll} records`);
  }

  line(text: string): void {
    this.#progress.end();
    printLine(this.#stream, text);
  }

  end(): void {
    this.#progress.end();
  }
}

/** A source and what this run fetched of it. */
export interface SourceReport {
  source: Source;
  report: HarvestReport;
}

export interface Fetched extends SourceReport {
  /** Names of the pages that are not in the index, of this run and of earlier ones. */
  pending: string[];
}

/** What came of a source, in a line; none where its failure says all. */
export function describeFetch({ source: { label }, report }: SourceReport): string[] {
  const { pages, records, since, until, folder, failure } = report;
  const range = until === null ? `since ${since}` : `from ${since} to ${until}`;
  if (pages === 0) return failure === null ? [`${label}: nothing new ${range}.`] : [];
  const before = failure === null ? '' : ' before it failed';
  return [
    `${label}, ${range}: fetched ${countOf(records, 'record')} on ${countOf(pages, 'page')}${before}, kept in ${folder}.`,
  ];
}

interface Outcome {
  fetched: readonly Fetched[];
  /** Null where nothing was built. */
  result: BuildResult | DryRunResult | null;
  /** In ms of the process's clock. */
  started: number;
}

/** What a whole run did. As JSON with each source; for people `describeFetch` has told of them before. */
export function printFetch(
  { stdout }: Pick<CommandContext, 'stdout'>,
  { json, downloadOnly }: { json?: boolean; downloadOnly?: boolean },
  { fetched, result, started }: Outcome,
): void {
  if (json) {
    const seconds = (performance.now() - started) / 1000;
    printJson(stdout, { sources: fetched.map(sourceAsJson), build: result, seconds });
  } else if (result !== null) {
    printImport({ stdout }, {}, result, started);
  } else if (downloadOnly) {
    if (fetched.some(({ pending }) => pending.length > 0))
      printLine(stdout, 'The index is as it was; the same command without --download-only adds them.');
  } else printLine(stdout, 'The index is as it was.');
}

function sourceAsJson({ source, report, pending }: Fetched): unknown {
  const { failure, ...counts } = report;
  const told = failure === null ? null : { code: failure.code, message: failure.message };
  return { source: source.folder, ...counts, pending, failure: told };
}
