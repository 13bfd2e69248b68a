/** Papers that the corpus holds more than once: other versions, and nearly the same abstract under another id. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { DEFAULT_OPTIONS, type QueryOptions } from '../../src/recommend/answer.js';
import type { SearchableCorpus } from '../../src/recommend/corpus.js';
import { recommend, STRATEGIES } from '../../src/recommend/recommend.js';
import { isSameText } from '../../src/recommend/same-text.js';
import { search } from '../../src/recommend/search.js';
import { similar } from '../../src/recommend/similar.js';
import { samplePairs } from '../support/corpus.js';
import { afterFile } from '../support/temporary-folder.js';
import { allIdsOf, idsOf, openedCorpus, signal } from './opened.js';

const file = afterFile();
const pairs = samplePairs().filter(({ abstract }) => sentencesOf(abstract).length >= 5);
const at = (i: number) => pairs[i] ?? { title: '', abstract: '' };

function sentencesOf(text: string): string[] {
  return text.split(/(?<=\.) /);
}

/** Every 150th letter doubled. */
const mistyped = (text: string): string =>
  Array.from(text, (letter, i) => (i % 150 === 149 ? letter + letter : letter)).join('');

const edition = (year: number) => ({
  title: `Proceedings of the workshop on careful tests ${year}`,
  abstract:
    'These proceedings hold the papers of the workshop on careful tests, with a foreword by its chairs.',
});

const RECORDS = [
  ...[0, 1, 2, 3, 4].map((i) => ({ id: `original-${i}`, ...at(i) })),
  {
    id: 'without-a-sentence',
    title: at(0).title,
    abstract: sentencesOf(at(0).abstract).toSpliced(2, 1).join(' '),
  },
  { id: 'with-typing-errors', title: `${at(1).title}.`, abstract: mistyped(at(1).abstract) },
  { id: 'same-abstract', title: 'What it was called as a preprint', abstract: at(2).abstract },
  { id: 'edition-2019', ...edition(2019) },
  { id: 'edition-2020', ...edition(2020) },
  { id: 'part-ii', title: 'On tests. Part II', abstract: `${at(5).abstract}` },
  { id: 'part-iii', title: 'On tests. Part III', abstract: `${at(5).abstract}` },
  { id: 'editorial-1', title: 'Editorial' },
  { id: 'editorial-2', title: 'Editorial' },
  { id: 'doi-a', title: 'Sheep and their shepherds', doi: '10.1000/sheep' },
  { id: 'doi-b', title: 'Another name altogether', doi: 'https://doi.org/10.1000/SHEEP' },
  ...Array.from({ length: 9 }, (_, i) => ({
    id: `chapter-${i}`,
    title: `Chapter ${i} of a volume on weather`,
    doi: '10.1000/volume',
  })),
  ...Array.from({ length: 8 }, (_, i) => ({
    id: `talk-${i}`,
    title: `Talk ${i} on the history of bridges`,
    doi: '10.1000/bridges',
  })),
];

let corpus: SearchableCorpus;
before(async () => {
  corpus = await openedCorpus(file, RECORDS);
});

const every: QueryOptions = { ...DEFAULT_OPTIONS, limit: 100 };
const found = (text: string, options: Partial<QueryOptions> = {}) =>
  search(corpus, { ...every, text, mode: 'semantic', ...options }, signal);

/** The paper that stands for this one, with all that it stands for. */
async function groupOf(id: string, text: string): Promise<string[]> {
  const { results } = await found(text);
  const group = results.map(({ paper, also }) => [paper.id, ...also]).filter((one) => one.includes(id));
  assert.equal(group.length, 1, `${id} is there once`);
  return group[0]?.toSorted() ?? [];
}

describe('one paper under two ids', () => {
  it('is one result when they have the same DOI in any spelling, however unlike their texts are', async () => {
    assert.deepEqual(await groupOf('doi-a', 'sheep'), ['doi-a', 'doi-b']);
    const { results } = await found('another name altogether');
    const [first] = results;
    assert.deepEqual([first?.paper.id, first?.also], ['doi-b', ['doi-a']]);
  });

  it('is one result when a sentence was dropped, letters were mistyped, or the title changed', async () => {
    assert.deepEqual(await groupOf('original-0', at(0).abstract), ['original-0', 'without-a-sentence']);
    assert.deepEqual(await groupOf('original-1', at(1).abstract), ['original-1', 'with-typing-errors']);
    assert.deepEqual(await groupOf('original-2', at(2).abstract), ['original-2', 'same-abstract']);
    assert.deepEqual(await groupOf('original-3', at(3).abstract), ['original-3']);
  });

  it('is one result in every mode, strategy and diversity, the better match in front', async () => {
    const text = at(0).abstract;
    for (const mode of ['semantic', 'keyword', 'hybrid'] as const) {
      const { results } = await search(corpus, { ...every, text, mode }, signal);
      const [first] = results;
      assert.deepEqual([first?.paper.id, first?.also], ['original-0', ['without-a-sentence']], mode);
    }
    for (const strategy of STRATEGIES) {
      for (const diversity of [0, 0.7]) {
        const positives = [{ text }, { text: at(2).abstract }];
        const { results } = await recommend(
          corpus,
          { ...every, positives, negatives: [], strategy, diversity },
          signal,
        );
        const shown = results.flatMap(({ paper, also }) => [paper.id, ...also]);
        assert.equal(shown.length, RECORDS.length);
        assert.equal(new Set(shown).size, RECORDS.length);
        const group = results.find(({ paper }) => paper.id === 'original-0');
        assert.deepEqual(group?.also, ['without-a-sentence'], `${strategy} ${diversity}`);
      }
    }
  });

  it('does not come back for itself', async () => {
    for (const [id, copy] of [
      ['original-0', 'without-a-sentence'],
      ['with-typing-errors', 'original-1'],
      ['same-abstract', 'original-2'],
      ['doi-b', 'doi-a'],
    ] as const) {
      const answer = await similar(corpus, { ...every, id }, signal);
      assert.ok(!allIdsOf(answer).includes(id) && !allIdsOf(answer).includes(copy), id);
      assert.equal(allIdsOf(answer).length, RECORDS.length - 2);
    }
    const disliked = await recommend(
      corpus,
      { ...every, positives: [{ text: 'x' }], negatives: [{ id: 'original-2' }], strategy: 'best_score' },
      signal,
    );
    assert.ok(!allIdsOf(disliked).includes('same-abstract'));
  });

  it('is two results, and comes back for itself, where an evaluation asks for every paper', async () => {
    const { results } = await found(at(0).abstract, { copies: 'keep' });
    assert.deepEqual(
      results.slice(0, 2).map(({ paper, also }) => [paper.id, also]),
      [
        ['original-0', []],
        ['without-a-sentence', []],
      ],
    );
    const near = await similar(corpus, { ...every, id: 'original-0', copies: 'keep' }, signal);
    assert.equal(idsOf(near)[0], 'without-a-sentence');
  });

  it('stands for its copy when the copy alone passes the filters', async () => {
    const answer = await found(at(0).abstract, { ids: ['without-a-sentence'] });
    assert.deepEqual(
      answer.results.map(({ paper, also }) => [paper.id, also]),
      [['without-a-sentence', []]],
    );
    const excluded = await found(at(0).abstract, { exclude: ['original-0'] });
    assert.deepEqual(excluded.results[0]?.paper.id, 'without-a-sentence');
    assert.ok(!allIdsOf(excluded).includes('original-0'));
  });
});

describe('two papers', () => {
  it('of one text stay two when their titles differ in a number: years, and parts in Roman numerals', async () => {
    assert.deepEqual(await groupOf('edition-2019', edition(2019).title), ['edition-2019']);
    assert.deepEqual(await groupOf('part-ii', at(5).abstract), ['part-ii']);
    const near = await similar(corpus, { ...every, id: 'edition-2019' }, signal);
    assert.equal(idsOf(near)[0], 'edition-2020');
  });

  it('of one title stay two when they have no abstract', async () => {
    const near = await similar(corpus, { ...every, id: 'editorial-1' }, signal);
    assert.equal(near.results[0]?.paper.id, 'editorial-2');
    assert.equal(near.results[0]?.similarity, 1);
  });

  it('of a DOI that up to eight share are one, of a DOI that more share are not', async () => {
    const talks = await found('history of bridges');
    assert.equal(talks.results[0]?.also.length, 7);
    for (let i = 0; i < 9; i++) assert.deepEqual(await groupOf(`chapter-${i}`, 'weather'), [`chapter-${i}`]);
  });
});

describe('a text', () => {
  const paper = at(3);
  it('is the same with another case, punctuation and spacing, and with itself', () => {
    const shouted = { title: paper.title, abstract: paper.abstract.toUpperCase().replace(/[,.]/g, ' ;  ') };
    assert.ok(isSameText(paper, paper));
    assert.ok(isSameText(paper, shouted));
  });

  it('is not the same as another, nor as its own first sentence', () => {
    const [first = ''] = sentencesOf(paper.abstract);
    assert.ok(!isSameText(paper, { title: paper.title, abstract: first }));
    for (let i = 4; i < 12; i++) assert.ok(!isSameText(paper, { ...at(i), title: paper.title }));
  });

  it('of one or two words is only the same as those words', () => {
    const brief = (abstract: string) => ({ title: 'T', abstract });
    assert.ok(isSameText(brief('Withdrawn.'), brief('withdrawn')));
    assert.ok(!isSameText(brief('Withdrawn.'), brief('Retracted.')));
    assert.ok(!isSameText(brief('?!'), brief('Retracted.')));
    assert.ok(!isSameText(brief(''), brief('')));
  });
});
