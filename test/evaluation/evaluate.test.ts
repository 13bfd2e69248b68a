/** Whole evaluations of a small corpus with the real model. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { NearpaperError } from '../../src/errors.js';
import { type Evaluation, type EvaluationOptions, evaluate } from '../../src/evaluation/evaluate.js';
import type { JudgedData } from '../../src/evaluation/judged-data.js';
import { readRun, runLines } from '../../src/evaluation/trec-run.js';
import type { SearchableCorpus } from '../../src/recommend/corpus.js';
import { openedCorpus, signal } from '../recommend/opened.js';
import { afterFile, temporaryFolder } from '../support/temporary-folder.js';
import { DEFAULTS, dataOf, rankingOf } from './evaluating.js';

const file = afterFile();

const PAPERS = [
  { id: 'arXiv:2401.00001', title: 'Rewards for language models' },
  { id: 'arXiv:2401.00002', title: 'Galaxies at high redshift' },
  { id: 'arXiv:2401.00003', title: 'Language models that follow instructions' },
  { id: 'telescope', title: 'A telescope for faint galaxies' },
  { id: 'bread', title: 'Baking bread with sourdough' },
  { id: 'sheep', title: 'Sheep and their shepherds', doi: '10.1000/sheep' },
  // The same paper under another name, which no text on sheep would find by itself.
  { id: 'preprint', title: 'Another name altogether', doi: '10.1000/sheep' },
];

let corpus: SearchableCorpus;
let folder: string;
before(async () => {
  corpus = await openedCorpus(file, PAPERS);
  folder = await temporaryFolder(file);
});

const run = (data: JudgedData, options: Partial<EvaluationOptions> = {}) =>
  evaluate(corpus, data, { ...DEFAULTS, ...options }, signal);
const codesOf = ({ warnings }: Evaluation) => warnings.map(({ code }) => code);

const SEVERAL = dataOf(
  {
    rewards: { text: 'rewards for models of language' },
    sky: { text: 'the sky at night through a telescope' },
    food: { text: 'sourdough' },
    like: { paperId: 'arXiv:2401.00001' },
  },
  {
    rewards: { 'arXiv:2401.00001': 2, 'arXiv:2401.00003': 1 },
    sky: { telescope: 1, 'arXiv:2401.00002': 2 },
    food: { bread: 1 },
    like: { 'arXiv:2401.00003': 1, bread: 0 },
  },
);

describe('an evaluation', () => {
  it('ranks as the service does: the best paper first, a paper never itself, no paper twice', async () => {
    const evaluation = await run(SEVERAL);
    assert.equal(rankingOf(evaluation, 'rewards')[0], 'arXiv:2401.00001');
    assert.equal(rankingOf(evaluation, 'food')[0], 'bread');
    const like = rankingOf(evaluation, 'like');
    assert.equal(like[0], 'arXiv:2401.00003');
    assert.deepEqual(
      [...like].sort(),
      PAPERS.map(({ id }) => id)
        .slice(1)
        .sort(),
    );
    assert.equal(evaluation.metrics['Recall@20']?.mean, 1);
    assert.deepEqual([evaluation.queries.length, evaluation.judgements, evaluation.warnings], [4, 7, []]);
  });

  it('gives the same rankings whatever is under way at once, and tells how far it is', async () => {
    const told: string[] = [];
    const one = await run(SEVERAL, { onProgress: (done, total) => told.push(`${done}/${total}`) });
    const four = await run(SEVERAL, { lanes: 4 });
    assert.deepEqual([...four.run], [...one.run]);
    assert.deepEqual(four.metrics, one.metrics);
    assert.deepEqual(told, ['1/4', '2/4', '3/4', '4/4']);
  });

  it('has papers folded into a result right after it', async () => {
    const evaluation = await run(dataOf({ q: { text: 'sheep' } }, { q: { preprint: 1 } }));
    assert.deepEqual(rankingOf(evaluation, 'q').slice(0, 2), ['sheep', 'preprint']);
    assert.equal(evaluation.metrics.MRR?.mean, 1 / 2);
  });

  it('knows judged papers under every name, and writes runs with the names of the judgements', async () => {
    const name = 'https://arxiv.org/abs/2401.00002v3';
    const evaluation = await run(dataOf({ q: { text: 'galaxies at high redshift' } }, { q: { [name]: 1 } }));
    assert.equal(evaluation.metrics.MRR?.mean, 1);
    assert.equal(rankingOf(evaluation, 'q')[0], name);
    assert.deepEqual(codesOf(evaluation), []);
  });

  it('names a paper as the judgements of its query do, else as its pool', async () => {
    const [own, address, bare] = ['arXiv:2401.00002', 'https://arxiv.org/abs/2401.00002v3', '2401.00002'];
    const text = 'galaxies at high redshift';
    const data = dataOf(
      { judged: { text }, pooled: { text }, twice: { text } },
      { judged: { [address]: 1 }, pooled: { telescope: 1, lost: 1 }, twice: { [bare]: 1, [address]: 2 } },
      { judged: [bare, 'bread'], pooled: [bare, 'telescope', 'lost'], twice: [own, 'bread'] },
    );
    const evaluation = await run(data);
    assert.deepEqual(rankingOf(evaluation, 'judged'), [address, 'bread']);
    assert.deepEqual(rankingOf(evaluation, 'pooled'), [bare, 'telescope', 'lost']);
    assert.deepEqual(rankingOf(evaluation, 'twice'), [address, 'bread']);
    const withoutPools = await run({ ...data, pools: undefined });
    assert.equal(rankingOf(withoutPools, 'pooled')[0], own);
  });

  it('with pools tells of texts that are read as an id which the corpus lacks', async () => {
    const data = dataOf(
      { q: { text: 'arXiv:9901.00001' }, fine: { text: 'bread' } },
      { q: { bread: 1 }, fine: { bread: 1 } },
      { q: ['bread', 'lost'], fine: ['bread', 'lost'] },
    );
    const { warnings } = await run(data);
    assert.deepEqual(
      warnings.map(({ code, examples }) => [code, ...examples]),
      [
        ['pool_papers_missing', 'lost'],
        ['unknown_ids', 'q'],
      ],
    );
  });

  it('takes the better grade of a paper that is judged under two names', async () => {
    const grades = { 'arXiv:2401.00002': 1, '2401.00002v1': 3 };
    const evaluation = await run(dataOf({ q: { text: 'galaxies' } }, { q: grades }), { threshold: 3 });
    assert.equal(evaluation.judgements, 1);
    assert.equal(evaluation.metrics['Recall@20']?.mean, 1);
  });

  it('skips queries without a relevant paper, and counts them', async () => {
    const data = dataOf({ a: { text: 'bread' }, b: { text: 'sheep' } }, { a: { bread: 2 }, b: { sheep: 1 } });
    const evaluation = await run(data, { threshold: 2 });
    assert.deepEqual([evaluation.queries, evaluation.withoutRelevant], [['a'], 1]);
    assert.equal(evaluation.metrics.MAP?.mean, 1);
  });

  it('ranks a pool whole and nothing else, what the corpus lacks or the answer leaves out at its end', async () => {
    const pool = ['gone', 'bread', 'sheep', 'telescope', '2401.00002', 'lost'];
    const data = dataOf({ q: { paperId: 'telescope' } }, { q: { '2401.00002': 1, gone: 1 } }, { q: pool });
    for (const mode of ['hybrid', 'semantic', 'keyword'] as const) {
      const evaluation = await run(data, { mode });
      const ranking = rankingOf(evaluation, 'q');
      assert.equal(ranking[0], '2401.00002', mode);
      assert.deepEqual([...ranking].sort(), [...pool].sort());
      // By words neither bread nor sheep is near a telescope.
      const last = pool.filter(
        (id) => !['2401.00002', ...(mode === 'keyword' ? [] : ['bread', 'sheep'])].includes(id),
      );
      assert.deepEqual(ranking.slice(-last.length), last);
      assert.deepEqual(codesOf(evaluation), ['judged_papers_missing', 'pool_papers_missing']);
      // A fifth of six papers is one.
      assert.equal(evaluation.metrics['NDCG%20']?.mean, 1);
      assert.equal(evaluation.metrics.MAP?.mean, (1 + 2 / (mode === 'keyword' ? 2 : 4)) / 2);
    }
  });

  it('warns of what does not fit together, with examples', async () => {
    const data = dataOf(
      {
        a: { text: 'bread' },
        unjudged: { text: 'x' },
        typed: { paperId: 'elsewhere', text: 'galaxies' },
        gone: { paperId: 'elsewhere' },
        named: { text: '10.1000/sheep' },
      },
      {
        a: { bread: 1, nowhere: 1 },
        typed: { telescope: 1 },
        gone: { bread: 1 },
        named: { sheep: 1 },
        unasked: { bread: 1 },
      },
    );
    const evaluation = await run(data);
    const found = evaluation.warnings.map(({ code, count, examples }) => [code, count, ...examples]);
    assert.deepEqual(found, [
      ['queries_without_judgements', 1, 'unjudged'],
      ['judgements_without_query', 1, 'unasked'],
      ['judged_papers_missing', 1, 'nowhere'],
      ['query_papers_asked_as_text', 1, 'typed'],
      ['query_papers_missing', 1, 'gone'],
      ['read_as_id', 1, 'named'],
    ]);
    assert.deepEqual(evaluation.queries, ['a', 'typed', 'gone', 'named']);
    assert.deepEqual(rankingOf(evaluation, 'gone'), []);
    assert.equal(rankingOf(evaluation, 'named')[0], 'sheep');
    assert.equal(evaluation.perQuery[2]?.MAP, 0);
    assert.equal(evaluation.perQuery[0]?.MAP, 1 / 2);
  });

  it('of files that have nothing in common says so, with an id of each', async () => {
    const code = 'input_unreadable';
    const apart = dataOf({ q1: { text: 'bread' } }, { 1: { bread: 1 } });
    await assert.rejects(run(apart), {
      code,
      message: /queries have ids such as "q1", judgements such as "1"/,
    });
    const low = dataOf({ q: { text: 'bread' } }, { q: { bread: 1 } });
    await assert.rejects(run(low, { threshold: 2 }), {
      code,
      message: /grade of 2 or more\. Lower --threshold/,
    });
    const unpooled = dataOf({ q: { text: 'bread' } }, { q: { bread: 1 } }, { other: ['bread'] });
    await assert.rejects(run(unpooled), { code, message: /no pool for the query "q"/ });
  });

  it('stops when the signal aborts', async () => {
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error('enough'));
    const options = { ...DEFAULTS, lanes: 2, onProgress };
    await assert.rejects(evaluate(corpus, SEVERAL, options, stop.signal), { message: 'enough' });
  });

  it('fails with what the first query fails with', async () => {
    const { embedder } = corpus;
    const failing: SearchableCorpus['embedder'] = Object.create(embedder, {
      embedQuery: {
        value: async (text: string, given: AbortSignal) => {
          if (text === 'sourdough') throw new NearpaperError('overloaded', 'Too much.');
          return embedder.embedQuery(text, given);
        },
      },
    });
    const options = { ...DEFAULTS, lanes: 3 };
    const broken = evaluate({ ...corpus, embedder: failing }, SEVERAL, options, signal);
    await assert.rejects(broken, { code: 'overloaded', message: 'Too much.' });
  });
});

describe('a comparison', () => {
  it('with another mode asks the same queries in it', async () => {
    const told: string[] = [];
    const onProgress = (done: number, total: number) => told.push(`${done}/${total}`);
    const { against, metrics } = await run(SEVERAL, { against: { mode: 'keyword' }, onProgress });
    const keyword = await run(SEVERAL, { mode: 'keyword' });
    assert.equal(against?.name, 'keyword');
    assert.deepEqual(against?.metrics, keyword.metrics);
    assert.equal(told.at(-1), '8/8');
    const { difference = 0, better = 0, worse = 0, same = 0 } = against?.comparison.MAP ?? {};
    const between = (metrics.MAP?.mean ?? 0) - (keyword.metrics.MAP?.mean ?? 0);
    assert.ok(Math.abs(difference - between) < 1e-12);
    assert.equal(better + worse + same, 4);
  });

  it('keeps what the other mode warns of, under its name', async () => {
    const data = dataOf({ q: { text: 'zyzzyva' } }, { q: { bread: 1 } });
    const { warnings } = await run(data, { mode: 'semantic', against: { mode: 'keyword' } });
    assert.deepEqual(
      warnings.map(({ code, detail }) => [code, detail]),
      [['nothing_matches', 'keyword: Queries without any result: 1 (q).']],
    );
  });

  it('with its own run file finds no difference', async () => {
    const path = join(folder, 'own.trec');
    for (const pools of [undefined, poolsOfAll(SEVERAL)]) {
      const data = { ...SEVERAL, pools };
      const evaluation = await run(data);
      await writeFile(path, [...runLines(evaluation.run, 'own')].join('\n'));
      const rival = { name: 'own', run: await readRun(path, pools !== undefined, signal) };
      const { against } = await run(data, { against: rival });
      assert.deepEqual(against?.metrics, evaluation.metrics);
      assert.deepEqual(against?.perQuery, evaluation.perQuery);
      assert.deepEqual([against?.comparison.MAP?.same, against?.comparison.MAP?.p], [4, 1]);
    }
  });

  it('refuses judgements of which the corpus has no paper, and a run that answers no query', async () => {
    const foreign = dataOf({ q: { text: 'bread' } }, { q: { 'Baking of bread': 2, 'x-1': 1 } });
    await assert.rejects(run(foreign), {
      code: 'input_unreadable',
      message: /the corpus has none of the 2 judged papers, such as "Baking of bread", "x-1"/,
    });
    const useless = { name: 'theirs', run: new Map([['9', [{ id: 'bread', score: 1 }]]]) };
    await assert.rejects(run(SEVERAL, { against: useless }), {
      code: 'input_unreadable',
      message: /theirs has results for none of the \d queries/,
    });
  });

  it('holds another run to the same rules: other names, as deep, without the query itself', async () => {
    const papers = ['2401.00001v1', 'arXiv:2401.00001', 'unknown', 'https://arxiv.org/abs/2401.00003'];
    const rival = {
      name: 'theirs',
      run: new Map([['like', papers.map((id, i) => ({ id, score: -i }))]]),
    };
    const evaluation = await run(SEVERAL, { against: rival });
    const like = evaluation.queries.indexOf('like');
    assert.equal(evaluation.against?.perQuery[like]?.MRR, 1 / 2);
    assert.deepEqual(
      evaluation.warnings.map(({ code, count }) => [code, count]),
      [
        ['queries_not_in_run', 3],
        ['run_papers_missing', 1],
      ],
    );
    const { against } = await run(SEVERAL, { against: rival, depth: 1 });
    assert.equal(against?.perQuery[like]?.MRR, 0);
  });
});

function poolsOfAll({ queries }: JudgedData): ReadonlyMap<string, readonly string[]> {
  return new Map(queries.map(({ id }) => [id, PAPERS.map((paper) => paper.id)]));
}
