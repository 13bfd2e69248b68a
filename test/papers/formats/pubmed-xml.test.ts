import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalisePaper } from '../../../src/papers/formats/normalise.js';
import { pubmedXml } from '../../../src/papers/formats/pubmed-xml.js';
import { recogniseReader } from '../../../src/papers/formats/readers.js';
import type { PaperInput } from '../../../src/papers/paper.js';
import { packagePath, papersOf, readAll, readPieces, summary } from './reading.js';

/** The paper of a record whose Article has this content. */
async function paperOf(article: string): Promise<PaperInput | undefined> {
  const record = `<PubmedArticle><MedlineCitation><Article>${article}</Article></MedlineCitation></PubmedArticle>`;
  const { outcomes } = await readPieces([record]);
  return papersOf(outcomes)[0];
}

const dated = async (date: string) => {
  const issue = `<Journal><JournalIssue><PubDate>${date}</PubDate></JournalIssue></Journal>`;
  const paper = await paperOf(`<ArticleTitle>x</ArticleTitle>${issue}`);
  return [paper?.published, paper?.year];
};

test('articles, chapters and deletions are mapped', async () => {
  const path = packagePath('test', 'fixtures', 'formats', 'pubmed.xml');
  const { format, outcomes, thrown } = await readAll(path);
  assert.deepEqual([format, thrown], ['pubmed-xml', undefined]);
  const deleted = outcomes.filter((outcome) => outcome.kind === 'bad');
  assert.deepEqual(summary(deleted), [
    '81 deleted at its source: pmid:99000004',
    '82 deleted at its source: pmid:99000005',
  ]);
  const papers = papersOf(outcomes).map((paper) => {
    const normalised = normalisePaper(paper);
    return normalised.ok ? normalised.paper : normalised.reason;
  });
  assert.deepEqual(papers, [
    {
      id: 'pmid:99000001',
      title: 'CO2 and E. coli in vivo.',
      abstract: 'BACKGROUND: Where p < 0.05 & n > 3. METHODS: We grew E. coli.',
      authors: ['José Müller Jr', 'B Else', 'Made Up Study Group'],
      published: '2018-12-05',
      updated: null,
      year: 2018,
      categories: ['Carbon Dioxide', 'Escherichia coli'],
      venue: 'Annals of made up medicine',
      url: 'https://pubmed.ncbi.nlm.nih.gov/99000001/',
      doi: '10.1234/ammed.1',
    },
    {
      id: 'pmid:99000002',
      title: 'Über das Wachstum.',
      abstract: '',
      authors: [],
      published: null,
      updated: null,
      year: 2019,
      categories: [],
      venue: 'Ann Made Up Med',
      url: 'https://pubmed.ncbi.nlm.nih.gov/99000002/',
      doi: '10.1234/ammed.2',
    },
    {
      id: 'pmid:99000003',
      title: 'A Chapter',
      abstract: 'Short.',
      authors: ['A Nother'],
      published: '2007-06-01',
      updated: null,
      year: 2007,
      categories: [],
      venue: 'Made Up Reviews',
      url: 'https://pubmed.ncbi.nlm.nih.gov/99000003/',
      doi: null,
    },
  ]);
});

test('a day is known only where year, month and day are', async () => {
  assert.deepEqual(await dated('<Year>2020</Year><Month>Mar</Month><Day>5</Day>'), ['2020-03-05', undefined]);
  assert.deepEqual(await dated('<Year>2020</Year><Month>03</Month><Day>05</Day>'), ['2020-03-05', undefined]);
  assert.deepEqual(await dated('<Year>2020</Year><Month>Mar</Month>'), [undefined, 2020]);
  assert.deepEqual(await dated('<Year>2020</Year><Season>Spring</Season>'), [undefined, 2020]);
  assert.deepEqual(await dated('<Year>2021</Year><Month>Feb</Month><Day>30</Day>'), [undefined, 2021]);
  assert.deepEqual(await dated('<MedlineDate>1998 Dec-1999 Jan</MedlineDate>'), [undefined, 1998]);
  assert.deepEqual(await dated('<MedlineDate>Winter</MedlineDate>'), [undefined, undefined]);
});

test('only brackets around a whole title go', async () => {
  const titles = {
    '[Growth].': 'Growth.',
    '[Growth in [18F]FDG.]': 'Growth in [18F]FDG.',
    '[18F]FDG in [11C] times [a]': '[18F]FDG in [11C] times [a]',
    'Growth [corrected].': 'Growth [corrected].',
  };
  for (const [written, title] of Object.entries(titles)) {
    assert.equal((await paperOf(`<ArticleTitle>${written}</ArticleTitle>`))?.title, title);
  }
});

test('markup that is written out as text is read as markup, and a comparison is not', async () => {
  const written = '<ArticleTitle>CO&lt;sub&gt;2&lt;/sub&gt; where a &lt; b</ArticleTitle>';
  assert.equal((await paperOf(written))?.title, 'CO2 where a < b');
});

test('formulas of MathML stay readable', async () => {
  const math = '<mml:math xmlns:mml="x"><mml:msup><mml:mi>x</mml:mi><mml:mn>2</mml:mn></mml:msup></mml:math>';
  assert.equal((await paperOf(`<ArticleTitle>On ${math} &amp; y</ArticleTitle>`))?.title, 'On x² & y');
});

test('more headings than a paper may have are cut', async () => {
  const heading = (n: number) => `<MeshHeading><DescriptorName>Heading ${n}</DescriptorName></MeshHeading>`;
  const headings = Array.from({ length: 300 }, (_, n) => heading(n)).join('');
  const record =
    '<PubmedArticle><MedlineCitation><Article><ArticleTitle>x</ArticleTitle></Article>' +
    `<MeshHeadingList>${headings}</MeshHeadingList></MedlineCitation></PubmedArticle>`;
  const [paper] = papersOf((await readPieces([record])).outcomes);
  assert.equal(paper?.categories?.length, 200);
});

test('sets and single records of PubMed are recognised, and nothing else', () => {
  const recognised = (head: string) => recogniseReader(head) === pubmedXml;
  assert.ok(
    recognised('<?xml version="1.0"?><!DOCTYPE PubmedArticleSet [<!ENTITY x ">">]><PubmedArticleSet>'),
  );
  assert.ok(recognised('\n<PubmedBookArticle>'));
  assert.ok(!recognised('<article><!-- <PubmedArticleSet> --></article>'));
});
