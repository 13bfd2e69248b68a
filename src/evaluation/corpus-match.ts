/** Judged data under the ids of the corpus: what is asked, what can be found, and what does not fit together. */
import { NearpaperError } from '../errors.js';
import { Pace } from '../pacing.js';
import type { PaperStore } from '../papers/store.js';
import type { JudgedData, JudgedQuery } from './judged-data.js';
import { countRelevant, type Grades } from './metrics.js';

/** Something that people should know before they believe a figure. */
export interface EvaluationWarning {
  code: string;
  /** For people: what it is and what it does to the figures. */
  detail: string;
  count: number;
  /** The first few that it is about. */
  examples: string[];
}

/** A query that is asked and counts. Papers are named by the corpus's own ids, those that it lacks as they were given. */
export interface AskedQuery extends JudgedQuery {
  /** At least one of them relevant. */
  grades: Grades;
  pool: readonly string[] | undefined;
  /** Own id -> how its judgements, else its pool, write the paper: other programs find it under that name alone. */
  writtenAs: ReadonlyMap<string, string>;
  /** Whether the corpus has the query's paper. */
  hasPaper: boolean;
}

export interface Asked {
  queries: AskedQuery[];
  /** Queries with judgements, none of them relevant: no metric says anything of them. */
  withoutRelevant: number;
  warnings: EvaluationWarning[];
  /** Turns what judged data or a run calls a paper into the corpus's own id. */
  ownIds: OwnIds;
}

/** The ids of a store, looked up once each. */
export class OwnIds {
  readonly #store: PaperStore;
  /** As given -> the corpus's own; null: the corpus lacks the paper. */
  readonly #known = new Map<string, string | null>();

  constructor(store: PaperStore) {
    this.#store = store;
  }

  /** Looks these up. Errors: `cancelled`. */
  async find(ids: Iterable<string>, signal: AbortSignal): Promise<void> {
    const pace = new Pace(signal);
    for (const id of ids) {
      if (this.#known.has(id)) continue;
      if (pace.due()) await pace.turn();
      const paper = await this.#store.resolve(id);
      this.#known.set(id, paper?.id ?? null);
    }
  }

  /** Whether the corpus has the paper, of those that were looked up. */
  has(given: string): boolean {
    return (this.#known.get(given) ?? null) !== null;
  }

  /** The corpus's own id; of a paper that it lacks, the id as given. */
  of(given: string): string {
    return this.#known.get(given) ?? given;
  }
}

/**
 * Puts queries, judgements and pools together. Errors: `input_unreadable` when no query has a relevant paper, one lacks
 * its pool, or the corpus has none of the judged papers; `cancelled`.
 */
export async function matchToCorpus(
  store: PaperStore,
  { queries, judgements, pools }: JudgedData,
  threshold: number,
  signal: AbortSignal,
): Promise<Asked> {
  const judged = queries.filter(({ id }) => judgements.has(id));
  const counting = judged.filter(({ id }) => countRelevant(gradesOf(judgements, id), threshold) > 0);
  if (counting.length === 0) throw nothingToAsk(queries, judgements, threshold);
  const ownIds = new OwnIds(store);
  for (const { id, paperId } of counting) {
    await ownIds.find(gradesOf(judgements, id).keys(), signal);
    await ownIds.find(pools?.get(id) ?? [], signal);
    if (paperId !== undefined) await ownIds.find([paperId], signal);
  }
  const asked = counting.map((query): AskedQuery => {
    const { id, paperId } = query;
    const pool = pools?.get(id);
    if (pools !== undefined && pool === undefined) throw withoutPool(id);
    const grades = gradesOf(judgements, id);
    return {
      ...query,
      paperId: paperId === undefined ? undefined : ownIds.of(paperId),
      hasPaper: paperId !== undefined && ownIds.has(paperId),
      grades: gradesByOwnId(grades, ownIds),
      pool: pool && [...new Set(pool.map((paper) => ownIds.of(paper)))],
      writtenAs: namesByOwnId(grades, pool ?? [], ownIds),
    };
  });
  const judgedPapers = new Set(counting.flatMap(({ id }) => [...gradesOf(judgements, id).keys()]));
  if (![...judgedPapers].some((paper) => ownIds.has(paper))) throw noneHeld(judgedPapers);
  const pooled = new Set(counting.flatMap(({ id }) => pools?.get(id) ?? []));
  return {
    queries: asked,
    withoutRelevant: judged.length - counting.length,
    warnings: [
      ...misfits(queries, judgements),
      ...missingPapers(judgedPapers, pooled, ownIds),
      ...missingQueryPapers(counting, ownIds),
    ],
    ownIds,
  };
}

function gradesOf(judgements: JudgedData['judgements'], query: string): Grades {
  return judgements.get(query) ?? new Map();
}

/** Two ids of judgements may be one paper of the corpus: its better grade counts. */
function gradesByOwnId(grades: Grades, ownIds: OwnIds): Grades {
  const own = new Map<string, number>();
  for (const [given, grade] of grades) {
    const id = ownIds.of(given);
    own.set(id, Math.max(grade, own.get(id) ?? 0));
  }
  return own;
}

/** A name that is judged goes before one of the pool, and of several the one with the grade that counts. */
function namesByOwnId(grades: Grades, pool: readonly string[], ownIds: OwnIds): Map<string, string> {
  const judged = [...grades].sort(([, a], [, b]) => b - a).map(([given]) => given);
  return new Map([...judged, ...pool].reverse().map((given) => [ownIds.of(given), given]));
}

function nothingToAsk(
  queries: JudgedData['queries'],
  judgements: JudgedData['judgements'],
  threshold: number,
): NearpaperError {
  const matching = queries.filter(({ id }) => judgements.has(id)).length;
  const why =
    matching > 0
      ? `none of ${matching} judged queries has a paper with a grade of ${threshold} or more. Lower --threshold.`
      : 'no query has judgements. The ids must be the same in both files; queries have ids such as ' +
        `${JSON.stringify(queries[0]?.id)}, judgements such as ${JSON.stringify([...judgements.keys()][0])}.`;
  return new NearpaperError('input_unreadable', `Nothing can be evaluated: ${why}`);
}

function noneHeld(papers: ReadonlySet<string>): NearpaperError {
  const examples = [...papers].slice(0, 3).map((paper) => JSON.stringify(paper));
  return new NearpaperError(
    'input_unreadable',
    `Nothing can be evaluated: the corpus has none of the ${papers.size} judged papers, such as ${examples.join(', ')}. ` +
      'Judgements name papers by their ids; `nearpaper papers` lists those of an index, and --corpus evaluates other papers.',
  );
}

function withoutPool(query: string): NearpaperError {
  return new NearpaperError(
    'input_unreadable',
    `There is no pool for the query ${JSON.stringify(query)}. With --pools every judged query needs one.`,
  );
}

function misfits(queries: JudgedData['queries'], judgements: JudgedData['judgements']): EvaluationWarning[] {
  const known = new Set(queries.map(({ id }) => id));
  const unjudged = queries.flatMap(({ id }) => (judgements.has(id) ? [] : [id]));
  const unasked = [...judgements.keys()].filter((id) => !known.has(id));
  return [
    ...warningOf('queries_without_judgements', unjudged, 'Queries without judgements, not asked'),
    ...warningOf(
      'judgements_without_query',
      unasked,
      'Judged queries that are not among the queries, left out',
    ),
  ];
}

function missingPapers(
  judged: ReadonlySet<string>,
  pooled: ReadonlySet<string>,
  ownIds: OwnIds,
): EvaluationWarning[] {
  const missing = [...judged].filter((id) => !ownIds.has(id));
  const unjudged = [...pooled].filter((id) => !ownIds.has(id) && !judged.has(id));
  return [
    ...warningOf(
      'judged_papers_missing',
      missing,
      `Judged papers (of ${judged.size}) that the corpus lacks, counted as not found`,
    ),
    ...warningOf(
      'pool_papers_missing',
      unjudged,
      'Further papers of pools that the corpus lacks, ranked last',
    ),
  ];
}

function missingQueryPapers(queries: readonly JudgedQuery[], ownIds: OwnIds): EvaluationWarning[] {
  const missing = queries.filter(({ paperId }) => paperId !== undefined && !ownIds.has(paperId));
  const withText = missing.filter(({ text }) => text !== undefined);
  const without = missing.filter(({ text }) => text === undefined);
  return [
    ...warningOf(
      'query_papers_asked_as_text',
      withText.map(({ id }) => id),
      'Queries whose paper the corpus lacks, asked by their text',
    ),
    ...warningOf(
      'query_papers_missing',
      without.map(({ id }) => id),
      'Queries whose paper the corpus lacks and that have no text, counted as finding nothing',
    ),
  ];
}

const MOST_EXAMPLES = 3;

/** A warning about these ids, or none when there are none. `what` begins a sentence that the count ends. */
export function warningOf(code: string, ids: readonly string[], what: string): EvaluationWarning[] {
  if (ids.length === 0) return [];
  const examples = ids.slice(0, MOST_EXAMPLES);
  const more = ids.length > examples.length ? ', ...' : '';
  return [
    { code, detail: `${what}: ${ids.length} (${examples.join(', ')}${more}).`, count: ids.length, examples },
  ];
}
