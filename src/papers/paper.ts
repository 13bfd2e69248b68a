import type { Problem } from './formats/problems.js';

/**
 * What a paper is. `PaperInput` is what a format reader found, not yet trusted; `Paper` is what the
 * store holds and callers get.
 */

/** One record as a reader understood it. Every field but the title may be absent. */
export interface PaperInput {
  id?: string;
  /** The version of an arXiv paper, from 1, where the id does not say it. */
  version?: number;
  title: string;
  abstract?: string;
  authors?: string[];
  /** ISO date or date-time; cut to YYYY-MM-DD when normalised. */
  published?: string;
  updated?: string;
  year?: number;
  categories?: string[];
  venue?: string;
  url?: string;
  doi?: string;
}

/** A paper as the corpus holds it: clean Unicode (NFC), dates as YYYY-MM-DD. */
export interface Paper {
  /** Byte for byte what the corpus gave, or made from the title; 1 to 256 characters. */
  id: string;
  title: string;
  /** Empty when the corpus gave none: then the title alone is embedded. */
  abstract: string;
  authors: string[];
  published: string | null;
  updated: string | null;
  year: number | null;
  categories: string[];
  venue: string | null;
  url: string | null;
  doi: string | null;
}

/** A valid paper that may still lack an id. */
export type IncomingPaper = Omit<Paper, 'id'> & {
  id: string | null;
  /** The version of an arXiv paper, where the id does not say it. */
  version?: number;
  /** Its abstract comes apart from it: one that is held already stays. */
  abstractElsewhere?: true;
};

/** What a reader yields: a record, or the reason why a line is none. */
export type ReadOutcome = ReadPaper | ReadAbstract | PassedOver;

export interface ReadPaper {
  kind: 'paper';
  line: number;
  paper: PaperInput;
  /** Its abstract is in another file: one that is held already stays. */
  abstractElsewhere?: true;
}

/** The abstract of the paper that has this id, which another record brings. */
export interface ReadAbstract {
  kind: 'abstract';
  line: number;
  id: string;
  abstract: string;
}

/** A record that is no paper, and why. */
export interface PassedOver {
  kind: 'bad';
  line: number;
  reason: string;
  problem: Problem;
}
