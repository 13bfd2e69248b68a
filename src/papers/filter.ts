/** Filters as data: what a caller may ask of papers, in a form that any engine can translate. */
import type { LabelSet } from '../label-set.js';

/** One condition on a paper. */
export type FilterClause =
  /**
   * Published within these days, both included, as YYYY-MM-DD; null leaves that side open. A paper that knows only
   * its year counts as all of that year, and passes when any day of it does; one that knows neither fails.
   */
  | { kind: 'dates'; from: string | null; to: string | null }
  /** In one of these categories, whatever the case; `cs.*` stands for every category that begins with `cs.`. */
  | { kind: 'categories'; anyOf: readonly string[] }
  /** The words of `name` stand together in the paper's venue; case and accents do not matter. */
  | { kind: 'venue'; name: string }
  /**
   * One author has every word of `name` in theirs; case, accents and order do not matter, and a single letter, with
   * or without a full stop, stands for any word that begins with it: `LeCun`, `Y. LeCun`, `lecun yann`.
   */
  | { kind: 'author'; name: string }
  /** One of these papers. */
  | { kind: 'labels'; labels: LabelSet };

/** All of these must hold; an empty list holds for every paper. */
export type PaperFilter = readonly FilterClause[];

/** The papers that a filter leaves. */
export interface FilteredPapers {
  labels: LabelSet;
  /** How many more would be left if they had a date or a year; 0 without a `dates` clause. */
  undated: number;
}
