/**
 * Rankings as a TREC run file, `query Q0 paper rank score tag`, which trec_eval and its like read. Columns are between
 * white space, so white space and control characters within ids are written as in addresses (%20), and % (%25) where it
 * would be taken for one of these.
 */
import { columnsOf, type JudgedLine, judgedLines } from './judged-lines.js';

export interface ScoredPaper {
  id: string;
  /** Higher is better. */
  score: number;
}

/** Query -> papers, best first. */
export type Run = ReadonlyMap<string, readonly ScoredPaper[]>;

/**
 * The lines of a run file. Who reads it sorts by score, so scores fall from each line of a query to the next: the real
 * ones where they do, else just below the one before.
 *
 * @param tag names the system, without white space
 */
export function* runLines(run: Run, tag: string): Generator<string, void, undefined> {
  for (const [query, ranking] of run) {
    let previous = Number.POSITIVE_INFINITY;
    for (const [i, { id, score }] of ranking.entries()) {
      const falls = Math.fround(score) < previous;
      const written = falls ? String(score) : String(Number(nextBelow(previous).toPrecision(9)));
      previous = Math.fround(Number(written));
      yield `${encodedId(query)} Q0 ${encodedId(id)} ${i + 1} ${written} ${tag}`;
    }
  }
}

/** The next smaller number of single precision, in which trec_eval keeps scores; 9 digits tell one from the next. */
function nextBelow(value: number): number {
  const float = Float32Array.of(value === 0 ? -0 : value);
  const bits = new Int32Array(float.buffer);
  // Numbers of one sign are ordered as their bits are; those of negative ones grow away from 0.
  bits[0] = (bits[0] ?? 0) + (value > 0 ? -1 : 1);
  return float[0] ?? 0;
}

/**
 * Reads a run file, also of three columns `query paper score`. Ids stay as written: whether they are encoded shows only
 * beside the ids that they may mean. Papers come best first: by score, those with the same
 * score by id from the last, as trec_eval does, or with `keepsOrder` as they stand in the file; a paper that a query
 * names again is left out. Errors: `input_unreadable` with file and line.
 */
export async function readRun(file: string, keepsOrder: boolean, signal: AbortSignal): Promise<Run> {
  const papers = new Map<string, ScoredPaper[]>();
  for await (const line of judgedLines(file, signal)) {
    const { query, ...paper } = lineOfRun(line);
    const ofQuery = papers.get(query);
    if (ofQuery === undefined) papers.set(query, [paper]);
    else ofQuery.push(paper);
  }
  const byIdFromLast = (a: ScoredPaper, b: ScoredPaper) => (a.id < b.id ? 1 : -1);
  const run = new Map<string, ScoredPaper[]>();
  for (const [query, ofQuery] of papers) {
    ofQuery.sort((a, b) => b.score - a.score || (keepsOrder ? 0 : byIdFromLast(a, b)));
    const seen = new Set<string>();
    run.set(
      query,
      ofQuery.filter(({ id }) => !seen.has(id) && seen.add(id)),
    );
  }
  return run;
}

function lineOfRun(line: JudgedLine): ScoredPaper & { query: string } {
  const columns = columnsOf(line);
  const [query, id, given] =
    columns.length === 6 ? [columns[0], columns[2], columns[4]] : columns.length === 3 ? columns : [];
  const score = Number(given);
  if (!query || !id || !given || Number.isNaN(score)) {
    throw line.refusal('a line of a run is "query Q0 paper rank score tag", or "query paper score".');
  }
  return { query, id, score };
}

/** Some readers take control characters for white space too. */
const BREAKS_COLUMNS = /[\s\p{Cc}]/gu;
const BREAKS_OR_ESCAPES = /[\s\p{Cc}%]/gu;

/** An id without white space. A % stays as it is wherever `decodedId` would leave it: other programs know the id so. */
export function encodedId(id: string): string {
  const encoded = id.replaceAll(BREAKS_COLUMNS, encodeURIComponent);
  return decodedId(encoded) === id ? encoded : id.replaceAll(BREAKS_OR_ESCAPES, encodeURIComponent);
}

/** Undoes `encodedId`. What that does not write, such as %2F in another system's file, stays as it is. */
export function decodedId(written: string): string {
  return written.replaceAll(/(?:%[0-9A-F]{2})+/gi, (encoded) => {
    try {
      const text = decodeURIComponent(encoded);
      return text.replaceAll(BREAKS_OR_ESCAPES, '') === '' ? text : encoded;
    } catch {
      return encoded;
    }
  });
}
