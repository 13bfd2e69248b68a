/** Which papers may be in an answer at all: the caller's filters and exclusions. */
import { LabelSet } from '../label-set.js';
import { Pace } from '../pacing.js';
import type { FilterClause, FilteredPapers } from '../papers/filter.js';
import type { QueryOptions, Warning } from './answer.js';
import { type Corpus, timed } from './corpus.js';

export interface Narrowing {
  /** The papers that the filters leave; undefined without any filter. */
  subset: LabelSet | undefined;
  /** Labels that must not come back. */
  excluded: ReadonlySet<number>;
  warnings: Warning[];
}

/** Turns filters into a set of papers. Errors: `cancelled`. */
export async function narrow(
  corpus: Corpus,
  options: QueryOptions,
  signal: AbortSignal | undefined,
): Promise<Narrowing> {
  const warnings: Warning[] = [];
  const pace = new Pace(signal);
  const excluded = await labelsOf(corpus, options.exclude ?? [], { field: 'exclude', warnings, pace });
  const clauses = clausesOf(options);
  if (options.ids !== undefined) {
    const only = await labelsOf(corpus, options.ids, { field: 'ids', warnings, pace });
    clauses.push({ kind: 'labels', labels: LabelSet.of(only) });
  }
  if (clauses.length === 0) return { subset: undefined, excluded, warnings };
  const { labels, undated } = await timed(corpus, 'filter', () => corpus.store.subset(clauses, signal));
  warnings.push(...filterWarnings({ labels, undated }));
  return { subset: labels, excluded, warnings };
}

/** What a caller should know of what a filter left. */
export function filterWarnings({ labels, undated }: FilteredPapers): Warning[] {
  const warnings: Warning[] = [];
  if (undated > 0) {
    warnings.push({
      code: 'undated_papers',
      detail: `${undated} ${undated === 1 ? 'paper that passes' : 'papers that pass'} every other filter without a date or year ${undated === 1 ? 'was' : 'were'} left out.`,
      count: undated,
    });
  }
  if (labels.size === 0) {
    warnings.push({ code: 'nothing_matches', detail: 'No paper of the corpus passes these filters.' });
  }
  return warnings;
}

/** The filters that need no look-up. */
export function clausesOf(
  options: Pick<QueryOptions, 'from' | 'to' | 'category' | 'venue' | 'author'>,
): FilterClause[] {
  const { from, to, category, venue, author } = options;
  const clauses: FilterClause[] = [];
  if (from !== undefined || to !== undefined) {
    clauses.push({ kind: 'dates', from: from ?? null, to: to ?? null });
  }
  if (category !== undefined) clauses.push({ kind: 'categories', anyOf: category });
  if (venue !== undefined) clauses.push({ kind: 'venue', name: venue });
  if (author !== undefined) clauses.push({ kind: 'author', name: author });
  return clauses;
}

/** The labels of the ids that the corpus knows; a warning names the others. */
async function labelsOf(
  corpus: Corpus,
  ids: readonly string[],
  { field, warnings, pace }: { field: string; warnings: Warning[]; pace: Pace },
): Promise<Set<number>> {
  const labels = new Set<number>();
  const unknown = new Set<string>();
  for (const id of ids) {
    if (pace.due()) await pace.turn();
    const paper = await corpus.store.resolve(id);
    if (paper === undefined) unknown.add(id);
    else labels.add(paper.label);
  }
  if (unknown.size > 0) warnings.push(unknownIds(field, [...unknown]));
  return labels;
}

export function unknownIds(field: string, ids: string[]): Warning {
  return {
    code: 'unknown_ids',
    detail: `${field}: the corpus has no paper ${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ` and ${ids.length - 3} more` : ''}.`,
    field,
    ids,
  };
}
