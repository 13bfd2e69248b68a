/** What a run file says of the judged queries, under the same rules as our own answers. */
import { NearpaperError } from '../errors.js';
import { type Asked, type AskedQuery, type EvaluationWarning, warningOf } from './corpus-match.js';
import { type AskedAll, withRestOf } from './run-queries.js';
import { decodedId, type Run, type ScoredPaper } from './trec-run.js';

/** Ids as the file writes them. */
interface NamedRun {
  name: string;
  run: Run;
}

/**
 * Rankings as deep as ours, without the query's own paper, and with a pool all of it and nothing else. `depth`: the most
 * papers of a query. Errors: `input_unreadable` for a run without any of the queries; `cancelled`.
 */
export async function rankingsOfRun(
  { name, run }: NamedRun,
  { queries, ownIds }: Asked,
  depth: number,
  signal: AbortSignal,
): Promise<AskedAll> {
  const judged = new Set(queries.flatMap(({ grades, pool }) => [...grades.keys(), ...(pool ?? [])]));
  const isKnown = (id: string) => ownIds.has(id) || judged.has(id);
  const decodedQueries = new Map([...run.keys()].map((written) => [decodedId(written), written]));
  const papers = new Set<string>();
  const unanswered: string[] = [];
  const rankings: ScoredPaper[][] = [];
  for (const query of queries) {
    const given = run.get(decodedQueries.get(query.id) ?? query.id);
    if (given === undefined) unanswered.push(query.id);
    const written = (given ?? []).map(({ id }) => id);
    await ownIds.find([...written, ...written.map(decodedId)], signal);
    for (const id of written) papers.add(id);
    const own = (given ?? []).map(({ id, score }) => ({ id: ownIds.of(idIn(id, isKnown)), score }));
    rankings.push(asRanked(own, query, depth));
  }
  if (unanswered.length === queries.length) throw answersNone(name, queries);
  const unknown = [...papers].filter((id) => !isKnown(idIn(id, isKnown)));
  return {
    rankings,
    warnings: [...unansweredWarning(name, unanswered), ...unknownWarning(name, unknown, papers.size)],
  };
}

function answersNone(name: string, queries: readonly AskedQuery[]): NearpaperError {
  return new NearpaperError(
    'input_unreadable',
    `${name} has results for none of the ${queries.length} queries, which have ids such as ` +
      `${JSON.stringify(queries[0]?.id)}. A run file has lines of query, Q0, paper, rank, score and name.`,
  );
}

/**
 * What an id of a run file means. Ours are encoded; other systems write %20 and %25 as they stand in their ids, which
 * shows only in that nothing has the decoded id.
 */
function idIn(written: string, isKnown: (id: string) => boolean): string {
  const decoded = decodedId(written);
  return !isKnown(decoded) && isKnown(written) ? written : decoded;
}

function asRanked(
  papers: readonly ScoredPaper[],
  { paperId, pool }: AskedQuery,
  depth: number,
): ScoredPaper[] {
  const seen = new Set(paperId === undefined ? [] : [paperId]);
  const once = papers.filter(({ id }) => !seen.has(id) && seen.add(id));
  return pool === undefined ? once.slice(0, depth) : withRestOf(pool, once);
}

function unansweredWarning(name: string, queries: readonly string[]): EvaluationWarning[] {
  return warningOf(
    'queries_not_in_run',
    queries,
    `Queries that ${name} does not answer, counted as finding nothing`,
  );
}

function unknownWarning(name: string, papers: readonly string[], of: number): EvaluationWarning[] {
  return warningOf(
    'run_papers_missing',
    papers,
    `Papers of ${name} (of ${of}) that neither the corpus nor the judgements know, counted as not relevant`,
  );
}
