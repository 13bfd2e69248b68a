import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Evaluation } from '../../src/evaluation/evaluate.js';
import { type JudgedData, type JudgedQuery, readJudgedData } from '../../src/evaluation/judged-data.js';
import { judgedLines, objectOf } from '../../src/evaluation/judged-lines.js';
import { buildIndex, type PaperRecord, writePapers } from '../support/corpus.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { belowFloors, evaluateIndex, type Floors, measured } from './evaluate-index.js';
import { CSFCUBE, type JudgedSet, locate, NOT_FOUND, SCIFACT } from './judged-folder.js';

/** Papers of one sample. Two such samples take about a minute to embed on two cores; floors.ts takes all papers. */
const SAMPLE_SIZE = 1000;
/** Of SciFact's 300 queries every sixth is asked. */
const EVERY = 6;

/**
 * What was measured, less .02: embeddings differ a little between processors. Not to be put beside figures of the whole
 * sets: among fewer papers it is easier to find the right one.
 */
const FLOORS = {
  scifact: { 'nDCG@10': 0.884 },
  csfcube: { MAP: 0.455, 'NDCG%20': 0.632 },
} as const satisfies Record<string, Floors>;

const signal = new AbortController().signal;

describe('a sample of judged data that is not shipped', () => {
  const scifact = locate(SCIFACT);
  it('claims find the abstracts that settle them (SciFact)', {
    skip: scifact === null && NOT_FOUND,
  }, async (t) => {
    if (scifact === null) return;
    const data = await readJudgedData(scifact, signal);
    const queries = data.queries.filter((_, i) => i % EVERY === 0);
    const relevant = queries.flatMap(({ id }) => [...(data.judgements.get(id)?.keys() ?? [])]);
    const evaluation = await evaluateSample(t, scifact, only(data, queries), new Set(relevant));
    assert.equal(evaluation.queries.length, 50);
    t.diagnostic(measured(evaluation, FLOORS.scifact));
    assert.deepEqual(belowFloors(evaluation, FLOORS.scifact), []);
  });

  const csfcube = locate(CSFCUBE);
  it('papers find those that experts put beside them (CSFCube)', {
    skip: csfcube === null && NOT_FOUND,
  }, async (t) => {
    if (csfcube === null) return;
    const data = await readJudgedData(csfcube, signal);
    const { queries, papers } = whatFits(data);
    const evaluation = await evaluateSample(t, csfcube, only(data, queries), papers);
    assert.equal(evaluation.queries.length, queries.length);
    t.diagnostic(measured(evaluation, FLOORS.csfcube));
    assert.deepEqual(belowFloors(evaluation, FLOORS.csfcube), []);
  });
});

/** As many queries, in their order, as have room for their paper and their whole pool in one sample. */
function whatFits({ queries, pools }: JudgedData): { queries: JudgedQuery[]; papers: Set<string> } {
  let papers = new Set<string>();
  const fitting = queries.filter(({ id, paperId }) => {
    const withThese = new Set([
      ...papers,
      ...(pools?.get(id) ?? []),
      ...(paperId === undefined ? [] : [paperId]),
    ]);
    if (withThese.size > SAMPLE_SIZE) return false;
    papers = withThese;
    return true;
  });
  return { queries: fitting, papers };
}

/** The data of these queries alone. */
function only({ judgements, pools }: JudgedData, queries: readonly JudgedQuery[]): JudgedData {
  const ids = new Set(queries.map(({ id }) => id));
  const ofThese = <T>(map: ReadonlyMap<string, T>) => new Map([...map].filter(([query]) => ids.has(query)));
  return { queries, judgements: ofThese(judgements), pools: pools && ofThese(pools) };
}

async function evaluateSample(
  t: TestContext,
  set: JudgedSet,
  data: JudgedData,
  wanted: ReadonlySet<string>,
): Promise<Evaluation> {
  const folder = await temporaryFolder(t);
  const papers = await sampleOf(set.corpus, wanted);
  assert.ok(papers.length <= SAMPLE_SIZE);
  await buildIndex(folder, [await writePapers(join(folder, 'papers.jsonl'), papers)]);
  return evaluateIndex(folder, data, set.threshold);
}

/** The wanted papers, and the first others of the file, up to the size of a sample. */
async function sampleOf(corpusFile: string, wanted: ReadonlySet<string>): Promise<PaperRecord[]> {
  const papers: PaperRecord[] = [];
  const others = SAMPLE_SIZE - wanted.size;
  let taken = 0;
  for await (const line of judgedLines(corpusFile, signal)) {
    const { id, title, abstract } = objectOf(line);
    if (typeof id !== 'string' || typeof title !== 'string' || typeof abstract !== 'string') {
      throw line.refusal('a paper has id, title and abstract.');
    }
    const isOther = !wanted.has(id);
    if (isOther && taken === others) continue;
    if (isOther) taken += 1;
    papers.push({ id, title, abstract });
  }
  return papers;
}
