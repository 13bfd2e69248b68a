/** Evaluations that rank more papers than the service looks at for an answer. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { evaluate } from '../../src/evaluation/evaluate.js';
import type { SearchableCorpus } from '../../src/recommend/corpus.js';
import { openedCorpus, signal } from '../recommend/opened.js';
import { afterFile } from '../support/temporary-folder.js';
import { DEFAULTS, dataOf, rankingOf } from './evaluating.js';

const file = afterFile();

describe('of more papers than the service looks at', () => {
  const SUBJECTS = ['whales', 'bridges', 'verbs', 'tides', 'lace', 'rust', 'opera', 'ferns', 'chess', 'salt'];
  const LARGE = SUBJECTS.flatMap((subject, i) =>
    SUBJECTS.filter((_, j) => j !== i).flatMap((other) =>
      ['History', 'Theory'].map((kind) => ({ title: `${kind} of ${subject} and ${other}` })),
    ),
  ).map((paper, i) => ({ id: `p${i}`, ...paper }));
  const ids = LARGE.map(({ id }) => id);
  const queries = { text: { text: 'the theory of chess' }, like: { paperId: 'p7' } };
  const judgements = { text: { p1: 1 }, like: { p1: 1 } };
  let large: SearchableCorpus;
  before(async () => {
    large = await openedCorpus(file, LARGE);
  });

  it('a pool is ranked whole: the order that it is given in does not matter', async () => {
    for (const mode of ['hybrid', 'semantic'] as const) {
      const rank = (pool: string[]) =>
        evaluate(
          large,
          dataOf(queries, judgements, { text: pool, like: pool }),
          { ...DEFAULTS, mode },
          signal,
        );
      const pool = ids.filter((id) => id !== 'p7');
      const [there, back] = [await rank(pool), await rank(pool.toReversed())];
      for (const query of Object.keys(queries)) {
        assert.equal(rankingOf(there, query).length, ids.length - 1);
        assert.deepEqual(rankingOf(back, query), rankingOf(there, query), `${mode} ${query}`);
      }
    }
  });

  it('the corpus is ranked as deep as was asked for', async () => {
    const data = dataOf(queries, judgements);
    for (const depth of [100, 150]) {
      const evaluation = await evaluate(large, data, { ...DEFAULTS, depth }, signal);
      for (const query of Object.keys(queries)) assert.equal(rankingOf(evaluation, query).length, depth);
    }
  });
});
