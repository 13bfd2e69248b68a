/** Run files of other systems, which write ids as they are. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { evaluate } from '../../src/evaluation/evaluate.js';
import { readRun } from '../../src/evaluation/trec-run.js';
import type { SearchableCorpus } from '../../src/recommend/corpus.js';
import { openedCorpus, signal } from '../recommend/opened.js';
import { afterFile, temporaryFolder } from '../support/temporary-folder.js';
import { DEFAULTS, dataOf } from './evaluating.js';

const file = afterFile();

let corpus: SearchableCorpus;
before(async () => {
  corpus = await openedCorpus(file, [
    { id: 'bread', title: 'Baking bread with sourdough' },
    { id: 'a%20b', title: 'Percentages' },
    { id: 'c d', title: 'Spaces' },
  ]);
});

describe('the run file of another system', () => {
  it('knows ids of a run file as written or encoded, whichever the corpus or the judgements have', async (t) => {
    const path = join(await temporaryFolder(t), 'foreign.trec');
    const written = ['a%20b', 'a%2520b', 'c%20d', 'e%25f', 'g%20h', 'i%20j', 'k%25'];
    const lines = written.map((id, i) => `q%201 Q0 ${id} ${i} ${-i} x`);
    await writeFile(path, [...lines, 'q%202 Q0 bread 1 1 x'].join('\n'));
    const theirs = { name: 'theirs', run: await readRun(path, false, signal) };
    const judged = { 'a%20b': 1, 'c d': 1, 'e%25f': 1, 'g h': 1 };
    const data = dataOf(
      { 'q%201': { text: 'bread' }, 'q 2': { text: 'bread' } },
      { 'q%201': judged, 'q 2': { bread: 1 } },
    );
    const evaluation = await evaluate(corpus, data, { ...DEFAULTS, against: theirs }, signal);
    assert.equal(evaluation.against?.perQuery[0]?.MAP, 1);
    assert.equal(evaluation.against?.perQuery[1]?.MAP, 1);
    const about = evaluation.warnings.filter(({ code }) => code.includes('run'));
    assert.deepEqual(about, [
      {
        code: 'run_papers_missing',
        detail:
          'Papers of theirs (of 8) that neither the corpus nor the judgements know, counted as not relevant: 2 (i%20j, k%25).',
        count: 2,
        examples: ['i%20j', 'k%25'],
      },
    ]);
  });

  it('of which nothing is known is told of, not only counted as a miss', async () => {
    const run = new Map([['q', ['x', 'y'].map((id, i) => ({ id, score: -i }))]]);
    const data = dataOf({ q: { text: 'bread' } }, { q: { bread: 1 } }, { q: ['bread'] });
    for (const pools of [undefined, data.pools]) {
      const options = { ...DEFAULTS, against: { name: 'theirs', run } };
      const { warnings } = await evaluate(corpus, { ...data, pools }, options, signal);
      const found = warnings.map(({ code, count, examples }) => [code, count, ...examples]);
      assert.deepEqual(found, [['run_papers_missing', 2, 'x', 'y']]);
    }
  });
});
