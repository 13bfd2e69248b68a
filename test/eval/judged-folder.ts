/** Where the judged data that is not shipped lies: docs/quality.md says what it is and where it comes from. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/package-root.js';

/** The folder in JUDGED_DATA, or else `shared/datasets` beside the repository. */
export const JUDGED_FOLDER = process.env.JUDGED_DATA || join(packageRoot(), '..', 'shared', 'datasets');

/** One corpus with its queries; paths are within the folder of judged data. */
export interface JudgedSet {
  corpus: string;
  queries: string;
  qrels: string;
  pools?: string;
  /** The lowest grade of a relevant paper. */
  threshold: number;
}

/** SciFact as BEIR has it: claims, and the abstracts that support or refute them. */
export const SCIFACT: JudgedSet = {
  corpus: 'scifact/corpus.jsonl.gz',
  queries: 'scifact/queries.jsonl',
  qrels: 'scifact/qrels.tsv',
  threshold: 1,
};

/** CSFCube, fold 1: papers, each for one facet, and pools of papers that experts graded. */
export const CSFCUBE: JudgedSet = {
  corpus: 'csfcube-fold1/corpus.jsonl.gz',
  queries: 'csfcube-fold1/queries.jsonl',
  qrels: 'csfcube-fold1/qrels.tsv',
  pools: 'csfcube-fold1/pools.jsonl',
  threshold: 2,
};

/** ACM-CR, development part: what papers say where they cite, or the papers themselves, and the papers they cite. */
export function acmCr(unit: 'sentences' | 'paragraphs' | 'papers'): JudgedSet {
  return {
    corpus: 'acm-cr-dev/corpus.jsonl.gz',
    queries: `acm-cr-dev/queries.${unit}.dev.jsonl`,
    qrels: `acm-cr-dev/qrels.${unit}.dev.tsv`,
    threshold: 1,
  };
}

/** The set with full paths; null when one of its files is missing. */
export function locate(set: JudgedSet): JudgedSet | null {
  const path = (name: string) => join(JUDGED_FOLDER, name);
  const { corpus, queries, qrels, pools, threshold } = set;
  const located = {
    corpus: path(corpus),
    queries: path(queries),
    qrels: path(qrels),
    ...(pools !== undefined && { pools: path(pools) }),
    threshold,
  };
  const files = [located.corpus, located.queries, located.qrels, located.pools ?? located.corpus];
  return files.every((file) => existsSync(file)) ? located : null;
}

/** What to say where the data is absent. */
export const NOT_FOUND = `judged data not found in ${JUDGED_FOLDER}: set JUDGED_DATA to its folder`;
