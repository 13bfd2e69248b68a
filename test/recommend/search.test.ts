/** Searching by a text: titles, names, phrases, ids, odd texts. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { DEFAULT_OPTIONS } from '../../src/recommend/answer.js';
import { POOL_SIZE } from '../../src/recommend/candidates.js';
import type { SearchableCorpus } from '../../src/recommend/corpus.js';
import { SEARCH_MODES, type SearchMode } from '../../src/recommend/mode.js';
import { recommend, STRATEGIES } from '../../src/recommend/recommend.js';
import { type SearchQuery, search } from '../../src/recommend/search.js';
import { similar } from '../../src/recommend/similar.js';
import { cosine } from '../../src/vectors/dot.js';
import { samplePairs } from '../support/corpus.js';
import { afterFile } from '../support/temporary-folder.js';
import { codesOf, idsOf, openedCorpus, signal } from './opened.js';

const file = afterFile();

const PAPERS = [
  ...samplePairs()
    .slice(0, 10)
    .map((pair, i) => ({ id: `sample-${i}`, ...pair, categories: [i % 2 === 0 ? 'even' : 'odd'] })),
  {
    id: 'arXiv:1706.03762v5',
    title: 'Attention Is All You Need',
    abstract: 'The Transformer dispenses with recurrence and convolutions entirely.',
    doi: '10.5555/3295222.3295349',
    categories: ['odd'],
  },
  {
    id: 'qlora',
    title: 'QLoRA: efficient finetuning of quantized language models',
    abstract: 'We finetune large models on one card. Four bits and double quantisation save memory.',
    categories: ['even'],
  },
  {
    id: 'cites-qlora',
    title: 'A study of adapters',
    abstract: 'Compared with QLoRA and its kin, adapters are slow. A card of one kind.',
    categories: ['odd'],
  },
  {
    id: 'words-apart',
    title: 'Memory and double entry',
    abstract: 'Quantisation is double the work; bits and bytes save the card memory.',
    categories: ['even'],
  },
  { id: 'hep-th/9711200', title: 'The large N limit of superconformal field theories and supergravity' },
  { id: 'an id with spaces', title: 'Cafés of the world', url: 'https://arxiv.org/abs/2401.01335v2' },
];

let corpus: SearchableCorpus;
before(async () => {
  corpus = await openedCorpus(file, PAPERS);
});

const ask = (text: string, given: Partial<SearchQuery> = {}) =>
  search(corpus, { ...DEFAULT_OPTIONS, text, mode: 'hybrid', ...given }, signal);
const firstFor = async (text: string, given: Partial<SearchQuery> = {}) => idsOf(await ask(text, given))[0];

describe('a title', () => {
  it('finds its paper first, in another case, punctuation or spacing, or with accents dropped', async () => {
    for (const text of [
      'attention is all you need',
      'ATTENTION IS ALL YOU NEED!',
      '  "Attention"   is all - you, need... ',
      'Attention is all you need.',
    ]) {
      assert.equal(await firstFor(text), 'arXiv:1706.03762v5', text);
    }
    assert.equal(await firstFor('cafes OF the world'), 'an id with spaces');
  });

  it('finds its paper first with a typing error, or with something around it', async () => {
    for (const { id, title } of PAPERS.slice(0, 10).map((paper) => ({ ...paper }))) {
      const middle = Math.floor(title.length / 2);
      const swapped = `${title.slice(0, middle)}${title[middle + 1]}${title[middle]}${title.slice(middle + 2)}`;
      for (const text of [title.toLowerCase(), swapped, `Author et al. ${title}, 2024`]) {
        const { results } = await ask(text);
        assert.equal(results[0]?.paper.id, id, text);
        // Above what any mix of words and meaning can give.
        assert.ok((results[0]?.score ?? 0) > 1, text);
      }
    }
  });

  it('has a name before its colon, which finds it before papers that mention it more', async () => {
    for (const text of ['QLoRA', 'qlora', ' QLORA ']) assert.equal(await firstFor(text), 'qlora', text);
  });
});

describe('an exact name', () => {
  it('finds exactly the papers that have it, by keyword', async () => {
    const { results, warnings } = await ask('QLoRA', { mode: 'keyword' });
    assert.deepEqual(results.map(({ paper }) => paper.id).toSorted(), ['cites-qlora', 'qlora']);
    assert.deepEqual(warnings, []);
  });
});

describe('an excluded paper', () => {
  it('does not come back in any mode, however well it matches', async () => {
    for (const mode of SEARCH_MODES) {
      const answer = await ask('QLoRA', { mode, exclude: ['qlora', 'sample-2'], limit: 100 });
      assert.ok(answer.results.length > 0);
      assert.ok(!idsOf(answer).includes('qlora') && !idsOf(answer).includes('sample-2'), mode);
    }
  });
});

describe('a quoted phrase', () => {
  for (const mode of ['hybrid', 'keyword'] as const) {
    it(`leaves only the papers that have it word for word, with mode ${mode}`, async () => {
      assert.deepEqual(idsOf(await ask('"double quantisation"', { mode })), ['qlora']);
      assert.deepEqual(idsOf(await ask('“Double  Quantisation” of memory', { mode })), ['qlora']);
      assert.deepEqual(idsOf(await ask('"card"', { mode })).toSorted(), [
        'cites-qlora',
        'qlora',
        'words-apart',
      ]);
    });

    it(`and another one leave the papers that have both, with mode ${mode}`, async () => {
      assert.deepEqual(idsOf(await ask('"card" and "save memory"', { mode })), ['qlora']);
      assert.deepEqual(idsOf(await ask('"one card" «four bits»', { mode })), ['qlora']);
    });

    it(`narrows further together with filters and exclusions, with mode ${mode}`, async () => {
      assert.deepEqual(idsOf(await ask('"card"', { mode, category: ['even'] })).toSorted(), [
        'qlora',
        'words-apart',
      ]);
      assert.deepEqual(idsOf(await ask('"card"', { mode, category: ['even'], exclude: ['qlora'] })), [
        'words-apart',
      ]);
    });

    it(`that no paper has is named in a warning, and searched for without its quotes, with mode ${mode}`, async () => {
      const answer = await ask('"memory quantisation"', { mode });
      assert.deepEqual(
        answer.warnings.map((warning) => (warning.code === 'phrase_not_found' ? warning.phrases : warning)),
        [['memory quantisation']],
      );
      const plain = await ask('memory quantisation', { mode });
      assert.deepEqual(idsOf(answer).slice(0, 2).toSorted(), idsOf(plain).slice(0, 2).toSorted());
      assert.ok(answer.results.length > 1);
    });
  }

  it('is not looked at in semantic mode', async () => {
    const answer = await ask('"double quantisation"', { mode: 'semantic' });
    assert.equal(answer.results.length, 10);
    assert.deepEqual(answer.warnings, []);
  });

  it('of stop words alone asks for nothing, and neither do quotes in a pasted text', async () => {
    for (const text of ['"to be" learning', '"such as" "it is" rewards']) {
      assert.deepEqual(codesOf(await ask(text)), [], text);
    }
    const pasted = `${'Language models reason about many things in the end. '.repeat(14)} "no paper has this"`;
    assert.deepEqual(codesOf(await ask(pasted, { mode: 'keyword' })), []);
  });

  it('that is found is a good match, however little it says', async () => {
    const title = 'reward models';
    const floor = { title: { words: 1, similarity: 0.99 }, abstract: null };
    const strict = { ...corpus, calibration: { ...corpus.calibration, floor } };
    const marked = async (text: string) =>
      (await search(strict, { ...DEFAULT_OPTIONS, text, mode: 'hybrid' }, signal)).noGoodMatch;
    assert.equal(await marked(title), true);
    assert.equal(await marked(`"${title}"`), false);
  });

  it('needs both its quotes', async () => {
    assert.equal((await ask('a 6" pipe')).results.length, 10);
  });
});

describe('an id, typed as a text', () => {
  const SPELLINGS: Record<string, readonly string[]> = {
    'arXiv:1706.03762v5': [
      'arXiv:1706.03762v5',
      'arXiv:1706.03762',
      'ARXIV:1706.03762v1',
      '1706.03762',
      ' 1706.03762v5\n',
      'https://arxiv.org/abs/1706.03762',
      'http://www.arxiv.org/pdf/1706.03762v3.pdf',
      'arxiv.org/abs/1706.03762v2',
      '10.48550/arXiv.1706.03762',
      'https://doi.org/10.48550/arXiv.1706.03762',
      '10.5555/3295222.3295349',
      'doi:10.5555/3295222.3295349',
      'DOI: 10.5555/3295222.3295349',
      'https://doi.org/10.5555/3295222.3295349',
      'http://dx.doi.org/10.5555/3295222.3295349',
    ],
    'hep-th/9711200': ['hep-th/9711200', 'arXiv:hep-th/9711200v3', 'https://arxiv.org/abs/hep-th/9711200'],
    'an id with spaces': ['an id with spaces', '2401.01335', 'arXiv:2401.01335v9'],
    'sample-3': ['sample-3', ' sample-3 '],
  };

  for (const [id, spellings] of Object.entries(SPELLINGS)) {
    it(`is answered as the paper ${id} and what is near it, in every spelling and mode`, async () => {
      for (const text of spellings) {
        for (const mode of SEARCH_MODES) {
          const { results, warnings } = await ask(text, { mode });
          assert.equal(results[0]?.paper.id, id, text);
          assert.equal(results[0]?.similarity, 1);
          // Few papers share a word with a title alone.
          if (mode !== 'keyword') assert.equal(results.length, 10);
          const read = warnings.find(({ code }) => code === 'read_as_id');
          assert.deepEqual(read && 'ids' in read && read.ids, [id]);
          for (const [i, { score }] of results.entries())
            assert.ok(score >= (results[i + 1]?.score ?? score));
          const { results: near } = await similar(corpus, { ...DEFAULT_OPTIONS, id, mode }, signal);
          assert.deepEqual(
            results.slice(1).map(({ paper }) => paper.id),
            near.slice(0, 9).map(({ paper }) => paper.id),
            mode,
          );
        }
      }
    });
  }

  it('that the corpus does not know is named in a warning, in every mode', async () => {
    for (const text of ['2401.99999', ' arXiv:2401.99999 ', '10.1234/nothing', 'https://doi.org/10.1234/x']) {
      for (const mode of SEARCH_MODES) {
        const { results, noGoodMatch, warnings } = await ask(text, { mode });
        // Nothing is near to the digits of an id.
        assert.deepEqual([results, noGoodMatch], [[], true]);
        const [warning] = warnings;
        assert.ok(warning?.code === 'unknown_ids', text);
        assert.deepEqual([warning.field, warning.ids], ['q', [text.trim()]]);
      }
    }
    assert.deepEqual(codesOf(await ask('sample-99')), []);
  });

  it('that is excluded or filtered out does not come back, and is not said to come first', async () => {
    for (const given of [{ exclude: ['1706.03762'] }, { category: ['even'] }]) {
      const answer = await ask('arXiv:1706.03762', given);
      assert.ok(!idsOf(answer).includes('arXiv:1706.03762v5'));
      assert.ok(answer.results.length > 0);
      const [warning] = answer.warnings;
      assert.equal(warning?.code, 'read_as_id');
      assert.match(String(warning?.detail), /filters leave out/);
    }
    const only = await ask('arXiv:1706.03762', { ids: ['1706.03762'] });
    assert.deepEqual(idsOf(only), ['arXiv:1706.03762v5']);
  });
});

describe('more papers of the very same title than the pool holds', () => {
  const many = Array.from({ length: POOL_SIZE + 10 }, (_, i) => ({ id: `e${i}`, title: 'Editorial' }));
  let editorials: SearchableCorpus;
  before(async () => {
    editorials = await openedCorpus(file, many);
  });

  it('are each found by their id', async () => {
    for (const text of ['e0', `e${POOL_SIZE + 9}`]) {
      const answer = await search(editorials, { ...DEFAULT_OPTIONS, text, mode: 'hybrid', limit: 3 }, signal);
      assert.equal(idsOf(answer)[0], text);
      assert.equal(new Set(idsOf(answer)).size, 3);
    }
  });

  it('leave those that are no seeds, when nearly all of them are', async () => {
    const positives = many.slice(0, POOL_SIZE + 4).map(({ id }) => ({ id }));
    for (const strategy of STRATEGIES) {
      const query = { ...DEFAULT_OPTIONS, positives, negatives: [], strategy };
      const found = idsOf(await recommend(editorials, query, signal));
      assert.deepEqual(
        found.toSorted(),
        many
          .slice(POOL_SIZE + 4)
          .map(({ id }) => id)
          .toSorted(),
      );
    }
  });
});

describe('a text', () => {
  it('of stop words only, of emoji, or of one letter is answered by its meaning', async () => {
    for (const text of ['the of and', 'to be or not', '🙂🎉', 'x', '?!', '""', '大规模语言模型的推理']) {
      const hybrid = await ask(text);
      assert.equal(hybrid.results.length, 10, text);
      assert.deepEqual(hybrid.warnings, [], text);
      assert.equal((await ask(text, { mode: 'semantic' })).results.length, 10);
    }
  });

  it('whose words no paper has is never answered with silence', async () => {
    for (const text of ['zzyzx qwrtp', 'the of and', '🙂']) {
      const answer = await ask(text, { mode: 'keyword' });
      assert.deepEqual(answer.results, []);
      assert.equal(answer.noGoodMatch, true);
      assert.deepEqual(codesOf(answer), ['nothing_matches'], text);
      assert.match(String(answer.warnings[0]?.detail), /word/);
    }
  });

  it('that is longer than the window says so, and not before', async () => {
    assert.deepEqual(codesOf(await ask('attention is all you need '.repeat(120))), ['text_truncated']);
    assert.deepEqual(codesOf(await ask('attention')), []);
  });

  it('finds the same whatever its case and Unicode form', async () => {
    for (const mode of SEARCH_MODES) {
      const composed = await ask('Cafés of memory', { mode });
      assert.deepEqual(await ask('Cafés of memory'.normalize('NFD'), { mode }), composed);
      assert.deepEqual(await ask('CAFÉS OF MEMORY', { mode }), composed);
    }
  });
});

describe('every mode', () => {
  const TEXTS = ['efficient finetuning on one card', 'reasoning with language models', '"card"', 'sample-5'];
  const each = async (run: (text: string, mode: SearchMode) => Promise<void>) => {
    for (const mode of SEARCH_MODES) for (const text of TEXTS) await run(text, mode);
  };

  it('gives for a limit of n the beginning of what n + 1 gives, with filters and diversity too', async () => {
    await each(async (text, mode) => {
      for (const given of [
        {},
        { diversity: 0.5 },
        { category: ['even'] },
        { exclude: ['qlora', 'sample-1'] },
      ]) {
        const all = (await ask(text, { mode, limit: 100, ...given })).results;
        for (const limit of [1, 2, 3, 9, 10, 11, PAPERS.length - 1, PAPERS.length, PAPERS.length + 1]) {
          assert.deepEqual((await ask(text, { mode, limit, ...given })).results, all.slice(0, limit));
        }
      }
    });
  });

  it('gives the cosine with the text as similarity, and orders by score', async () => {
    await each(async (text, mode) => {
      const { vector } = await corpus.embedder.embedQuery(text);
      const { results } = await ask(text, { mode, limit: 100 });
      for (const [i, { paper, similarity, score, percentile }] of results.entries()) {
        assert.ok(score >= (results[i + 1]?.score ?? 0));
        assert.ok(percentile !== null);
        const label = (await corpus.store.resolve(paper.id))?.label ?? -1;
        const [held] = await corpus.vectors.vectors([label]);
        if (text !== 'sample-5') assert.ok(held && Math.abs(cosine(held, vector) - similarity) < 1e-4);
      }
      const rising = results.toSorted((a, b) => a.similarity - b.similarity);
      for (const [i, { percentile }] of rising.entries())
        assert.ok((percentile ?? 0) <= (rising[i + 1]?.percentile ?? 100));
    });
  });

  it('narrows to exactly the papers that pass the filters', async () => {
    const even = PAPERS.filter(({ categories }) => categories?.includes('even')).map(({ id }) => id);
    for (const mode of ['semantic', 'hybrid'] as const) {
      const answer = await ask('reasoning with language models', { mode, category: ['EVEN'], limit: 100 });
      assert.deepEqual(idsOf(answer).toSorted(), even.toSorted());
    }
    const all = idsOf(await ask('reasoning with language models', { mode: 'keyword', limit: 100 }));
    const some = await ask('reasoning with language models', {
      mode: 'keyword',
      category: ['even'],
      limit: 100,
    });
    assert.deepEqual(
      idsOf(some),
      all.filter((id) => even.includes(id)),
    );
  });

  it('gives the same bytes for the same request, alone or in a crowd', async () => {
    await each(async (text, mode) => {
      const given = { mode, explain: true, diversity: 0.2 };
      const alone = JSON.stringify(await ask(text, given));
      const crowd = await Promise.all([ask(text, given), ask('weather', given), ask(text, given)]);
      assert.equal(JSON.stringify(crowd[0]), alone);
      assert.equal(JSON.stringify(crowd[2]), alone);
    });
  });
});
