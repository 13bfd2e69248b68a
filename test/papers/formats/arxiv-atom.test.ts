import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arxivAtom } from '../../../src/papers/formats/arxiv-atom.js';
import { normalisePaper } from '../../../src/papers/formats/normalise.js';
import { recogniseReader } from '../../../src/papers/formats/readers.js';
import { packagePath, papersOf, readAll, readPieces, summary } from './reading.js';

const feed = (content: string) =>
  `<feed xmlns="http://www.w3.org/2005/Atom"><id>http://arxiv.org/api/x</id>${content}</feed>`;

test('entries of the API are mapped to papers', async () => {
  const { format, outcomes, thrown } = await readAll(
    packagePath('test', 'fixtures', 'formats', 'arxiv-atom.xml'),
  );
  assert.deepEqual([format, thrown], ['arxiv-atom', undefined]);
  assert.deepEqual(summary(outcomes), ['9', '37']);
  const [first, second] = papersOf(outcomes).map((paper) => normalisePaper(paper));
  assert.deepEqual(first, {
    ok: true,
    paper: {
      id: '2403.99001',
      version: 3,
      title: 'Walking $k$ Steps: Erdős Graphs for Learning at Scale & Beyond',
      abstract: 'We walk on graphs where $p < 0.05$ and find that naïve walks do not converge.',
      authors: ['Zoë Beispiel', '王 小明'],
      published: '2024-03-02',
      updated: '2024-06-14',
      year: 2024,
      categories: ['stat.ML', 'cs.LG'],
      venue: 'Ann. Made Up 7 (2024) 1–28',
      url: 'https://arxiv.org/abs/2403.99001',
      doi: '10.1234/walks.2024.7',
    },
  });
  assert.ok(second?.ok);
  assert.deepEqual([second.paper.id, second.paper.version, second.paper.abstract], ['math/9901001', 1, '']);
});

test('what the API says of an error is the reason of a bad record', async () => {
  const entry =
    '<entry><id>http://arxiv.org/api/errors#incorrect_id_format_for_1234</id><title>Error</title>' +
    '<summary>incorrect id format for 1234</summary></entry>';
  const { format, outcomes } = await readPieces([feed(entry)]);
  assert.equal(format, 'arxiv-atom');
  assert.deepEqual(outcomes, [
    {
      kind: 'bad',
      line: 1,
      problem: 'broken_record',
      reason: 'the arXiv API answered with an error: incorrect id format for 1234',
    },
  ]);
});

test('an answer without entries has no records', async () => {
  const { format, outcomes, thrown } = await readPieces([feed('')]);
  assert.deepEqual([format, outcomes, thrown], ['arxiv-atom', [], undefined]);
});

test('an entry without a title, or with the id of something else, is bad', async () => {
  const entries = [
    '<entry><id>http://arxiv.org/abs/1</id></entry>',
    '<entry><id>tag:blog</id><title>x</title></entry>',
  ];
  const { outcomes } = await readPieces([feed(entries.join('\n'))]);
  assert.deepEqual(summary(outcomes), [
    '1 no title',
    '2 id: "tag:blog" is not the address of an arXiv paper',
  ]);
});

test('feeds of arXiv are recognised, with and without prefixes, and no others', () => {
  const entry = (id: string) => `<entry><id>${id}</id></entry>`;
  const recognised = (head: string) => recogniseReader(head) === arxivAtom;
  assert.ok(recognised(feed('')));
  assert.ok(recognised(`<?xml version="1.0"?><!-- x --><feed>${entry('https://arxiv.org/abs/1')}</feed>`));
  assert.ok(recognised('<a:feed xmlns:a="x"><a:id>http://arxiv.org/api/x</a:id></a:feed>'));
  assert.ok(!recognised(`<feed>${entry('https://blog.org/1')}<a href="http://arxiv.org/abs/1"/></feed>`));
  assert.ok(!recognised('<rss><channel><item><id>http://arxiv.org/abs/1</id></item></channel></rss>'));
  assert.ok(!recognised('{"feed": "<feed><id>http://arxiv.org/api/x</id></feed>"}'));
});
