/** What people judged: queries, the papers that answer them, and the pools that were looked at. */
import { NearpaperError } from '../errors.js';
import { columnsOf, type JudgedLine, judgedLines, objectOf } from './judged-lines.js';
import type { Grades } from './metrics.js';

/** A text, a paper of the corpus, or both: then the text stands in where the corpus lacks the paper. */
export interface JudgedQuery {
  id: string;
  text: string | undefined;
  paperId: string | undefined;
}

export interface JudgedData {
  /** In the order of the file, each id once. */
  queries: readonly JudgedQuery[];
  /** Query -> paper -> grade. */
  judgements: ReadonlyMap<string, Grades>;
  /** Query -> the papers to rank; undefined: the whole corpus is ranked. */
  pools: ReadonlyMap<string, readonly string[]> | undefined;
}

export interface JudgedFiles {
  queries: string;
  qrels: string;
  pools?: string | undefined;
}

/** Reads all of it. Errors: `input_unreadable`, with file and line of the first thing that is wrong. */
export async function readJudgedData(files: JudgedFiles, signal: AbortSignal): Promise<JudgedData> {
  return {
    queries: await readQueries(files.queries, signal),
    judgements: await readJudgements(files.qrels, signal),
    pools: files.pools === undefined ? undefined : await readPools(files.pools, signal),
  };
}

/** One JSON object a line: `id` (or `_id`, as BEIR has it) and `text` or `paperId`. */
export async function readQueries(file: string, signal: AbortSignal): Promise<JudgedQuery[]> {
  const queries = new Map<string, JudgedQuery>();
  for await (const line of judgedLines(file, signal)) {
    const object = objectOf(line);
    const id = idIn(object, ['id', '_id'], line);
    if (id === undefined) throw line.refusal('the query has no "id".');
    if (queries.has(id)) throw line.refusal(`the query ${JSON.stringify(id)} came before.`);
    const paperId = idIn(object, ['paperId'], line);
    const text = textIn(object, line);
    if (paperId === undefined && text === undefined) {
      throw line.refusal('the query has neither "text" nor "paperId".');
    }
    queries.set(id, { id, text, paperId });
  }
  if (queries.size === 0) throw new NearpaperError('input_unreadable', `${file} has no query.`);
  return [...queries.values()];
}

/** Ids are texts; numbers, which other tools write, are taken as written. */
function idIn(
  object: Record<string, unknown>,
  names: readonly string[],
  { refusal }: JudgedLine,
): string | undefined {
  for (const name of names) {
    const value = object[name];
    if (value === undefined || value === null) continue;
    const id = typeof value === 'number' ? String(value) : value;
    if (typeof id !== 'string' || id.trim() === '') throw refusal(`"${name}" must be an id.`);
    return id.trim();
  }
  return undefined;
}

/** The text, with what the service refuses in a query refused here. */
function textIn({ text }: Record<string, unknown>, { refusal }: JudgedLine): string | undefined {
  if (text === undefined || text === null) return undefined;
  if (typeof text !== 'string' || text.trim() === '') throw refusal('"text" must be a text, not empty.');
  if (!text.isWellFormed() || text.includes('\0')) throw refusal('"text" has characters that are not text.');
  return text;
}

const FORM_OF_JUDGEMENT =
  'a judgement is "query, paper, grade" between tabs, or "query 0 paper grade" as TREC has it.';
/** What the last column of a header line is called: BEIR's is "query-id corpus-id score". */
const GRADE_NAMES = new Set(['score', 'grade', 'relevance', 'rel', 'label']);

/**
 * Query, paper and grade of each line; the first line may be a header. A grade is any number; one below 0 counts as 0,
 * as in trec_eval.
 */
export async function readJudgements(file: string, signal: AbortSignal): Promise<Map<string, Grades>> {
  const judgements = new Map<string, Map<string, number>>();
  let isFirst = true;
  for await (const line of judgedLines(file, signal)) {
    const columns = columnsOf(line);
    const isHeader = isFirst && GRADE_NAMES.has(columns.at(-1)?.toLowerCase() ?? '');
    isFirst = false;
    if (isHeader) continue;
    const { query, paper, grade } = judgementOf(columns, line);
    const grades = judgements.get(query) ?? new Map<string, number>();
    const before = grades.get(paper);
    if (before !== undefined && before !== grade) {
      throw line.refusal(
        `the paper ${JSON.stringify(paper)} has two grades for the query ${JSON.stringify(query)}.`,
      );
    }
    judgements.set(query, grades.set(paper, grade));
  }
  if (judgements.size === 0) throw new NearpaperError('input_unreadable', `${file} has no judgement.`);
  return judgements;
}

function judgementOf(
  columns: readonly string[],
  { refusal }: JudgedLine,
): { query: string; paper: string; grade: number } {
  const [query, paper, given] = columns.length === 4 ? columns.toSpliced(1, 1) : columns;
  if (columns.length < 3 || columns.length > 4 || !query || !paper || !given) {
    throw refusal(FORM_OF_JUDGEMENT);
  }
  const grade = Number(given);
  if (!Number.isFinite(grade)) throw refusal(`the grade ${JSON.stringify(given)} is not a number.`);
  return { query, paper, grade: Math.max(0, grade) };
}

/** One JSON object a line: `id` of the query and `candidates`, the ids of the papers to rank. */
export async function readPools(file: string, signal: AbortSignal): Promise<Map<string, readonly string[]>> {
  const pools = new Map<string, readonly string[]>();
  for await (const line of judgedLines(file, signal)) {
    const object = objectOf(line);
    const id = idIn(object, ['id', '_id'], line);
    if (id === undefined) throw line.refusal('the pool has no "id" of a query.');
    if (pools.has(id)) throw line.refusal(`the query ${JSON.stringify(id)} has a pool already.`);
    const { candidates } = object;
    if (!Array.isArray(candidates) || candidates.length === 0) {
      throw line.refusal('"candidates" must be a list of at least one paper.');
    }
    const ids = candidates.map((candidate: unknown) => {
      const paper = idIn({ candidate }, ['candidate'], line);
      if (paper === undefined) throw line.refusal('"candidates" must be a list of ids.');
      return paper;
    });
    if (new Set(ids).size < ids.length) throw line.refusal('"candidates" names a paper twice.');
    pools.set(id, ids);
  }
  return pools;
}
