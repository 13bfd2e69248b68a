import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { Evaluation } from '../../src/evaluation/evaluate.js';
import { type JudgedData, readJudgedData } from '../../src/evaluation/judged-data.js';
import { packageRoot } from '../../src/package-root.js';
import { sampleIndex } from '../support/corpus.js';
import { afterFile } from '../support/temporary-folder.js';
import { belowFloors, evaluateIndex, type Floors, measured } from './evaluate-index.js';

/**
 * What was measured, less .02: embeddings differ a little between processors. A change that raises these figures raises
 * the floors with them. Texts in the terms of papers and texts in other words stand apart, because the first suffer when
 * the words count too little, the second when the meaning does; over all of them the two losses would hide each other.
 */
const FLOORS = {
  inTheirTerms: { MAP: 0.779, 'nDCG@10': 0.871 },
  inOtherWords: { MAP: 0.602, 'nDCG@10': 0.715 },
  papers: { MAP: 0.816, 'nDCG@10': 0.806 },
} as const satisfies Record<string, Floors>;

/** The lowest grade that counts as relevant. */
const RELATED = 1;

describe('the judged queries of the sample corpus', () => {
  const file = afterFile();
  let inTheirTerms: Evaluation;
  let inOtherWords: Evaluation;
  let papers: Evaluation;

  before(async () => {
    const folder = join(packageRoot(), 'test', 'eval', 'sample');
    const files = { queries: join(folder, 'queries.jsonl'), qrels: join(folder, 'qrels.tsv') };
    const data = await readJudgedData(files, new AbortController().signal);
    const index = await sampleIndex(file);
    const ask = (kinds: RegExp) => evaluateIndex(index, only(data, kinds), RELATED);
    inTheirTerms = await ask(/^(?:keywords|method|citing|claim|typed)-/);
    inOtherWords = await ask(/^(?:question|paraphrase|paragraph)-/);
    papers = await ask(/^paper-/);
  });

  it('are all asked, and name only papers that the corpus has', () => {
    const all = [inTheirTerms, inOtherWords, papers];
    assert.deepEqual(
      all.flatMap(({ warnings }) => warnings),
      [],
    );
    assert.deepEqual(
      all.map(({ queries }) => queries.length),
      [27, 24, 18],
    );
    assert.equal(
      all.reduce((sum, { judgements }) => sum + judgements, 0),
      331,
    );
  });

  it('texts in the terms of papers find what was judged relevant', (t) => {
    t.diagnostic(measured(inTheirTerms, FLOORS.inTheirTerms));
    assert.deepEqual(belowFloors(inTheirTerms, FLOORS.inTheirTerms), []);
  });

  it('texts in other words find what was judged relevant', (t) => {
    t.diagnostic(measured(inOtherWords, FLOORS.inOtherWords));
    assert.deepEqual(belowFloors(inOtherWords, FLOORS.inOtherWords), []);
  });

  it('papers find their relatives', (t) => {
    t.diagnostic(measured(papers, FLOORS.papers));
    assert.deepEqual(belowFloors(papers, FLOORS.papers), []);
  });
});

/** The data of the queries with these ids alone. */
function only({ queries, judgements }: JudgedData, wanted: RegExp): JudgedData {
  return {
    queries: queries.filter(({ id }) => wanted.test(id)),
    judgements: new Map([...judgements].filter(([query]) => wanted.test(query))),
    pools: undefined,
  };
}
