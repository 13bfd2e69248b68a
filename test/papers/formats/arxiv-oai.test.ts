import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arxivOai } from '../../../src/papers/formats/arxiv-oai.js';
import { normalisePaper } from '../../../src/papers/formats/normalise.js';
import { recogniseReader } from '../../../src/papers/formats/readers.js';
import { packagePath, papersOf, readAll, readPieces, summary } from './reading.js';

const page = (content: string) => `<?xml version="1.0"?>\n<OAI-PMH>\n${content}\n</OAI-PMH>\n`;
const record = (id: string, metadata: string) =>
  `<record><header><identifier>${id}</identifier></header><metadata>${metadata}</metadata></record>`;
const arxiv = (id: string) => record(`oai:arXiv.org:${id}`, '<arXiv><title>x</title></arXiv>');

test('records with arXiv, arXivRaw and oai_dc metadata are mapped to papers', async () => {
  const path = packagePath('test', 'fixtures', 'formats', 'arxiv-oai.xml');
  const { format, outcomes, thrown } = await readAll(path);
  assert.deepEqual([format, thrown], ['arxiv-oai', undefined]);
  assert.deepEqual(summary(outcomes), [
    '6',
    '19 deleted at its source: oai:arXiv.org:2403.99002',
    '25',
    '35',
  ]);
  assert.equal(outcomes[1]?.kind === 'bad' && outcomes[1].problem, 'deleted_at_source');
  const papers = papersOf(outcomes).map((paper) => {
    const normalised = normalisePaper(paper);
    return normalised.ok ? normalised.paper : normalised.reason;
  });
  assert.deepEqual(papers, [
    {
      id: '2403.99001',
      title: 'Walking $k$ Steps at Scale',
      abstract: 'We walk where $p < 0.05$.',
      authors: ['Pál Erdős Jr', 'The Walkers Collaboration'],
      published: '2024-03-02',
      updated: '2024-06-14',
      year: 2024,
      categories: ['stat.ML', 'cs.LG', 'math.CO'],
      venue: 'Ann. Made Up 7 (2024) 1–28',
      url: 'https://arxiv.org/abs/2403.99001',
      doi: '10.1234/walks.2024.7',
    },
    {
      id: 'cs/9901001',
      version: 2,
      title: 'An old paper',
      abstract: 'Old.',
      authors: ['A. Nother', 'B. Else', 'C. Third'],
      published: '1999-01-01',
      updated: '1999-01-05',
      year: 1999,
      categories: ['cs.DS'],
      venue: null,
      url: 'https://arxiv.org/abs/cs/9901001',
      doi: null,
    },
    {
      id: '2403.99003',
      title: 'A plain record',
      abstract: 'Plainly described.',
      authors: ['Zoë Beispiel', 'Sammy Davis Jr.'],
      published: '2024-03-04',
      updated: '2024-05-06',
      year: 2024,
      categories: ['Computer Science - Machine Learning'],
      venue: null,
      url: 'https://arxiv.org/abs/2403.99003',
      doi: '10.1234/plain',
    },
  ]);
});

test('pages that follow each other in one file are all read', async () => {
  const pages = [page(arxiv('1')), page(`${arxiv('2')}\n${arxiv('3')}`), page(arxiv('4'))].join('');
  const { outcomes, thrown } = await readPieces([pages]);
  assert.deepEqual([summary(outcomes), thrown], [['3', '7', '8', '12'], undefined]);
});

test('an error of the server is bad, unless it says that there is nothing', async () => {
  const text = [
    page('<error code="badArgument">The value of from is no date</error>'),
    page('<error code="noRecordsMatch"/>'),
    page('<error code="badVerb"/>'),
  ].join('');
  const { outcomes, thrown } = await readPieces([text]);
  assert.deepEqual(summary(outcomes), [
    '3 the OAI-PMH server answered with an error: badArgument: The value of from is no date',
    '11 the OAI-PMH server answered with an error: badVerb',
  ]);
  assert.equal(thrown, undefined);
});

test('records of other servers keep the ids that those give', async () => {
  const text = page(record('oai:elsewhere.org:7', '<dc:dc><dc:title>x</dc:title></dc:dc>'));
  const { outcomes } = await readPieces([text]);
  assert.deepEqual(papersOf(outcomes), [{ id: 'oai:elsewhere.org:7', title: 'x' }]);
});

test('a record without metadata, with other metadata or without a title is bad', async () => {
  const text = page(
    ['<record/>', record('x', '<marc/>'), record('x', '<arXiv><id>1</id></arXiv>')].join('\n'),
  );
  assert.deepEqual(summary((await readPieces([text])).outcomes), [
    '3 the record has no metadata',
    '4 metadata: expected arXiv, arXivRaw or oai_dc, got marc',
    '5 no title',
  ]);
});

test('a page that is cut off, or is an error in HTML, is told of, and the pages after it are read', async () => {
  const cutInRecord = `<?xml version="1.0"?>\n<OAI-PMH>\n${arxiv('1')}\n<record>\n<header>`;
  const cutBetween = `<?xml version="1.0"?>\n<OAI-PMH>\n${arxiv('2')}\n`;
  const html = '<html><body>503<br>Retry</body></html>\n';
  const { outcomes, thrown } = await readPieces([
    cutInRecord,
    '\n',
    cutBetween,
    page(arxiv('3')),
    html,
    page(arxiv('4')),
  ]);
  assert.equal(thrown, undefined);
  assert.deepEqual(summary(outcomes), [
    '3',
    '4 the record is not complete: another document begins before its end',
    '6 the document that begins in line 2 is not complete: another begins here',
    '8',
    '9 the document that begins in line 7 is not complete: another begins here',
    '11',
    '13 a document of another kind begins: <html> instead of <OAI-PMH> or <ListRecords> or <GetRecord>',
    '16',
  ]);
});

test('an OAI-PMH document is recognised, prefixed or not, and nothing else', () => {
  const recognised = (head: string) => recogniseReader(head) === arxivOai;
  assert.ok(recognised(page('')));
  assert.ok(recognised('<!-- saved --><o:OAI-PMH xmlns:o="http://www.openarchives.org/OAI/2.0/">'));
  for (const root of ['ListRecords', 'oai:GetRecord']) assert.ok(recognised(`<${root}>`), root);
  assert.ok(!recognised('<feed><id>http://arxiv.org/api/x</id></feed>'));
  assert.ok(!recognised('<html><!-- <OAI-PMH> --></html>'));
});

test('dates in other spellings cost no paper, and years are found in them', async () => {
  const dates: [string[], (string | number | null)[]][] = [
    [['c2005'], [null, 2005, null]],
    [['2019-2020'], [null, 2019, null]],
    [
      ['Spring 2020', 'c1998'],
      [null, 1998, null],
    ],
    [
      ['2024-05-06', '2024-03-04', 'forthcoming'],
      ['2024-03-04', 2024, '2024-05-06'],
    ],
    [
      ['2024-03-04T10:00:00Z', '2024-03-04'],
      ['2024-03-04', 2024, null],
    ],
    [
      ['2024', '2024-03-04'],
      ['2024-03-04', 2024, null],
    ],
    [
      ['2024-03-04', '2010'],
      [null, 2010, '2024-03-04'],
    ],
    [
      ['info:eu-repo/date/embargoEnd/2031-01-01', '2020-02-03'],
      ['2020-02-03', 2020, null],
    ],
    [['info:eu-repo/date/embargoEnd/2031-01-01'], [null, null, null]],
    [['2024-02-31'], [null, 2024, null]],
    [['x'.repeat(200)], [null, null, null]],
  ];
  for (const [texts, expected] of dates) {
    const elements = texts.map((text) => `<date>${text}</date>`).join('');
    const text = page(record('oai:elsewhere.org:7', `<dc><title>x</title>${elements}</dc>`));
    const made = papersOf((await readPieces([text])).outcomes).map(normalisePaper)[0];
    assert.ok(made?.ok, texts.join());
    assert.deepEqual([made.paper.published, made.paper.year, made.paper.updated], expected, texts.join());
  }
});

test('subjects beyond what a paper may have are left out, and sets keep their braces', async () => {
  const subjects = Array.from({ length: 300 }, (_, index) => `<subject>s${index}</subject>`).join('');
  const dc = `<dc><title>Walks on {0,1}^n of {B}ayes</title><subject>${'x'.repeat(501)}</subject>${subjects}</dc>`;
  const [paper] = papersOf((await readPieces([page(record('x', dc))])).outcomes);
  assert.deepEqual([paper?.categories?.length, paper?.categories?.[0]], [200, 's0']);
  assert.equal(paper?.title, 'Walks on {0,1}^n of Bayes');
});
