/** What `nearpaper fetch` shows: progress and waits on standard error, what came of each source on standard output. */
import type { HarvestProgress, HarvestReport } from '../sources/harvest.js';
import { countOf } from './amounts.js';
import { printLine } from './output.js';
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

/** What came of a source, in a line. */
export function describeFetch(
  label: string,
  { pages, records, since, until, folder }: HarvestReport,
): string {
  const range = until === null ? `since ${since}` : `from ${since} to ${until}`;
  if (pages === 0) return `${label}: nothing new ${range}.`;
  return `${label}, ${range}: fetched ${countOf(records, 'record')} on ${countOf(pages, 'page')}, kept in ${folder}.`;
}
