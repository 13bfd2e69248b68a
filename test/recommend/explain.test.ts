/** Reasons: which seed, which words, which sentence. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type Answer, DEFAULT_OPTIONS } from '../../src/recommend/answer.js';
import type { SearchableCorpus } from '../../src/recommend/corpus.js';
import { SEARCH_MODES } from '../../src/recommend/mode.js';
import { type RecommendationQuery, recommend, STRATEGIES } from '../../src/recommend/recommend.js';
import { search } from '../../src/recommend/search.js';
import { cosine } from '../../src/vectors/dot.js';
import { samplePairs } from '../support/corpus.js';
import { afterFile } from '../support/temporary-folder.js';
import { counted, openedCorpus, signal } from './opened.js';

const file = afterFile();

const PAPERS: readonly { id: string; title: string; abstract?: string }[] = [
  ...samplePairs()
    .slice(0, 16)
    .map((pair, i) => ({ id: `p${i}`, ...pair })),
  {
    id: 'clusters',
    title: 'Faster k-means for Wikipedia',
    abstract:
      'We group articles. Our K-Means variant, seeded by k-means++, beats spectral means on Wikipedia. It is simple.',
  },
  {
    id: 'means',
    title: 'How k-means converges',
    abstract: 'The convergence of k-means is slow. Wikipedia articles serve as data. The means move little.',
  },
  { id: 'chinese', title: '强化学习综述', abstract: '本文综述强化学习。强化学习用于机器人。' },
  { id: 'chinese-2', title: '机器人的强化学习', abstract: '我们研究强化学习方法。' },
  { id: 'bare', title: 'A note on Wikipedia' },
];

let corpus: SearchableCorpus;
before(async () => {
  corpus = await openedCorpus(file, PAPERS);
});

const ask = (given: Partial<RecommendationQuery>, on: SearchableCorpus = corpus): Promise<Answer> =>
  recommend(
    on,
    {
      ...DEFAULT_OPTIONS,
      limit: 100,
      explain: true,
      positives: [{ id: 'p1' }],
      negatives: [],
      strategy: 'best_score',
      ...given,
    },
    signal,
  );
const reasonsFor = async (id: string, given: Partial<RecommendationQuery>) => {
  const { results } = await ask({ ids: [id], ...given });
  const reasons = results[0]?.reasons;
  assert.ok(reasons, id);
  return reasons;
};

async function vectorOf(id: string): Promise<Float32Array> {
  const label = (await corpus.store.resolve(id))?.label ?? -1;
  const [vector] = await corpus.vectors.vectors([label]);
  assert.ok(vector);
  return vector;
}

describe('the nearest seed', () => {
  it('is the nearest of all positives, with its own cosine, by either strategy', async () => {
    const text = 'grouping the articles of an encyclopedia';
    const names = [{ id: 'p1' }, { id: 'p2' }, { text }, { id: 'clusters' }];
    const { vector } = await corpus.embedder.embedQuery(text);
    const vectors = await Promise.all(names.map((name) => ('text' in name ? vector : vectorOf(name.id))));
    for (const strategy of STRATEGIES) {
      const { results } = await ask({ positives: names, negatives: [{ id: 'p9' }], strategy });
      const named = new Set<unknown>();
      for (const { paper, reasons } of results) {
        const own = await vectorOf(paper.id);
        const cosines = vectors.map((seed) => cosine(seed, own));
        const best = Math.max(...cosines);
        const { similarity, ...name } = reasons?.nearestSeed ?? { similarity: -2 };
        assert.deepEqual(name, names[cosines.indexOf(best)]);
        assert.ok(Math.abs(similarity - best) < 1e-4);
        named.add(JSON.stringify(name));
      }
      assert.ok(named.size >= 3);
    }
  });

  it('is named by the id of the corpus, and a text by its first 80 characters', async () => {
    const long = `  ${'🙂a'.repeat(39)}bcd`;
    assert.deepEqual(Object.keys((await reasonsFor('p2', { positives: [{ id: 'p1' }] })).nearestSeed ?? {}), [
      'id',
      'similarity',
    ]);
    const shown = async (text: string) => {
      const seed = (await reasonsFor('p2', { positives: [{ text }] })).nearestSeed;
      return seed && 'text' in seed ? seed.text : undefined;
    };
    assert.equal(await shown(long), `${'🙂a'.repeat(39)}b…`);
    assert.equal(await shown('x'.repeat(80)), 'x'.repeat(80));
    assert.equal(await shown(' brief '), 'brief');
  });

  it('is absent for a text that was searched for', async () => {
    const { results } = await search(
      corpus,
      { ...DEFAULT_OPTIONS, text: 'k-means on Wikipedia', mode: 'hybrid', explain: true },
      signal,
    );
    for (const { reasons } of results) assert.deepEqual(Object.keys(reasons ?? {}), ['terms', 'sentence']);
    assert.ok(results[0]?.reasons?.terms.includes('k-means'));
  });
});

describe('the terms', () => {
  it('are words as the paper itself spells them, compounds whole, none as a part of another', async () => {
    const { terms } = await reasonsFor('clusters', {
      positives: [{ text: 'kmeans and mean articles of wikipedia' }],
    });
    assert.ok(terms.includes('articles') && terms.includes('Wikipedia'), terms.join());
    assert.deepEqual(
      terms.filter((term) => /means/i.test(term)),
      ['k-means'],
    );
    const { terms: other } = await reasonsFor('means', { positives: [{ id: 'clusters' }] });
    assert.deepEqual(
      other.filter((term) => /means/i.test(term)),
      ['k-means'],
    );
  });

  it('overlap nowhere in scripts without spaces either', async () => {
    const { terms } = await reasonsFor('chinese-2', { positives: [{ id: 'chinese' }] });
    assert.ok(terms.length > 0);
    const text = '机器人的强化学习 我们研究强化学习方法';
    const letters = terms.join('');
    assert.equal(new Set(letters).size, letters.length, terms.join());
    for (const term of terms) assert.ok(text.includes(term));
  });

  it('come most telling first, stand in both texts, and are at most six', async () => {
    const { keywords } = corpus;
    const { results } = await ask({ positives: [{ id: 'p1' }, { id: 'p4' }, { id: 'p8' }] });
    let some = 0;
    for (const { paper, reasons } of results) {
      const terms = reasons?.terms ?? [];
      assert.ok(terms.length <= 6);
      const full = PAPERS.find(({ id }) => id === paper.id);
      const text = `${full?.title}. ${full?.abstract ?? ''}`;
      for (const term of terms) assert.ok(text.includes(term), `${term} in ${paper.id}`);
      assert.equal(new Set(terms.map((term) => term.toLowerCase())).size, terms.length);
      some += terms.length;
    }
    assert.ok(some > 20);
    const all = PAPERS[1]?.abstract ?? '';
    assert.equal((await reasonsFor('p1', { positives: [{ text: all }] })).terms.length, 6);
    // `article` is in two papers, `spectral` in one: the rarer says more.
    assert.ok(keywords.idf('spectral') > keywords.idf('articl'));
    const { terms } = await reasonsFor('clusters', { positives: [{ text: 'articles of spectral kind' }] });
    assert.deepEqual(terms, ['spectral', 'articles']);
  });

  it('leave out single letters, bare numbers, stop words and what a fifth of the papers has', async () => {
    const { terms, sentence } = await reasonsFor('clusters', {
      positives: [{ text: 'the k of our 2 by we it' }],
    });
    assert.deepEqual([terms, sentence], [[], null]);
    assert.ok(corpus.keywords.documentFrequency('model') > PAPERS.length / 5);
    const { results } = await ask({ positives: [{ text: 'model' }] });
    assert.ok(results.every(({ reasons }) => reasons?.terms.length === 0 && reasons.sentence === null));
  });
});

describe('the sentence', () => {
  it('is that of the abstract with most of the shared words', async () => {
    const { sentence } = await reasonsFor('clusters', {
      positives: [{ text: 'spectral k-means of wikipedia articles' }],
    });
    assert.equal(sentence, 'Our K-Means variant, seeded by k-means++, beats spectral means on Wikipedia.');
    const other = await reasonsFor('clusters', { positives: [{ text: 'articles' }] });
    assert.equal(other.sentence, 'We group articles.');
  });

  it('is always a whole sentence of the abstract, and has one of the shared words', async () => {
    const { results } = await ask({ positives: [{ id: 'p0' }, { id: 'means' }] });
    for (const { paper, reasons } of results) {
      const abstract = PAPERS.find(({ id }) => id === paper.id)?.abstract ?? '';
      if (reasons?.sentence == null) continue;
      const at = abstract.indexOf(reasons.sentence);
      assert.ok(at >= 0 && (at === 0 || /\s/.test(abstract[at - 1] ?? '') || paper.id.startsWith('chinese')));
      assert.equal(reasons.sentence, reasons.sentence.trim());
    }
    assert.ok(results.filter(({ reasons }) => reasons?.sentence).length > 5);
  });

  it('is null for a paper without an abstract', async () => {
    const { terms, sentence } = await reasonsFor('bare', { positives: [{ id: 'means' }] });
    assert.deepEqual([terms, sentence], [['Wikipedia'], null]);
  });
});

describe('explaining', () => {
  it('runs no model, and changes nothing but the reasons', async () => {
    const { embedder, texts } = counted(corpus.embedder);
    const on = { ...corpus, embedder };
    await ask({ positives: [{ id: 'p1' }, { id: 'p2' }], negatives: [{ id: 'p3' }] }, on);
    await search(on, { ...DEFAULT_OPTIONS, text: 'p4', mode: 'hybrid', explain: true }, signal);
    assert.deepEqual(texts, []);
    for (const mode of SEARCH_MODES) {
      const query = { ...DEFAULT_OPTIONS, text: 'a text of its own', mode };
      texts.length = 0;
      const explained = await search(on, { ...query, explain: true }, signal);
      assert.deepEqual(texts, ['a text of its own']);
      const plain = await search(on, query, signal);
      assert.deepEqual(
        explained.results.map(({ reasons, ...rest }) => {
          assert.ok(reasons);
          return rest;
        }),
        plain.results,
      );
    }
  });
});
