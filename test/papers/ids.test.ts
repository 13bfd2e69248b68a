import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { aliasKey, aliasKeys, parseArxivId, slugOf } from '../../src/papers/ids.js';

describe('arXiv ids', () => {
  const spellings: [text: string, base: string, version: number | null][] = [
    ['2401.01335', '2401.01335', null],
    ['arXiv:2401.01335', '2401.01335', null],
    ['ARXIV:2401.01335v3', '2401.01335', 3],
    ['arxiv: 2401.01335', '2401.01335', null],
    ['  2401.01335v12  ', '2401.01335', 12],
    ['0704.0001', '0704.0001', null],
    ['https://arxiv.org/abs/2401.01335', '2401.01335', null],
    ['http://www.arxiv.org/abs/2401.01335v2', '2401.01335', 2],
    ['https://arxiv.org/pdf/2401.01335v2.pdf', '2401.01335', 2],
    ['https://arxiv.org/pdf/2401.01335v2.pdf?download=1#page=3', '2401.01335', 2],
    ['https://export.arxiv.org/html/2401.01335v1/', '2401.01335', 1],
    ['arxiv.org/abs/2401.01335', '2401.01335', null],
    ['10.48550/arXiv.2401.01335', '2401.01335', null],
    ['doi:10.48550/ARXIV.2401.01335', '2401.01335', null],
    ['https://doi.org/10.48550/arXiv.2401.01335v2', '2401.01335', 2],
    ['doi.org/10.48550/arXiv.2401.01335', '2401.01335', null],
    ['cs/0112017', 'cs/0112017', null],
    ['arXiv:cs/0112017v1', 'cs/0112017', 1],
    ['https://arxiv.org/abs/hep-th/9901001', 'hep-th/9901001', null],
  ];
  for (const [text, base, version] of spellings) {
    it(`are read from ${JSON.stringify(text)}`, () =>
      assert.deepEqual(parseArxivId(text), { base, version }));
  }

  it('are the same with and without the subject class of an old id', () => {
    assert.deepEqual(parseArxivId('math.GT/0309136'), { base: 'math/0309136', version: null });
    assert.deepEqual(parseArxivId('arXiv:math.GT/0309136v2'), { base: 'math/0309136', version: 2 });
    assert.deepEqual(parseArxivId('math/0309136'), { base: 'math/0309136', version: null });
  });

  const strangers = [
    '',
    'arXiv:',
    '2401.013',
    '2401.0133567',
    '2401.01335v0',
    '2401.01335v',
    '2401.01335 and more',
    'x2401.01335',
    'cs/01120',
    '10.1145/3292500',
    'https://example.org/abs/2401.01335',
    'https://arxiv.org/list/cs.CL/recent',
  ];
  for (const text of strangers) {
    it(`are not seen in ${JSON.stringify(text)}`, () => assert.equal(parseArxivId(text), undefined));
  }
});

describe('alias keys', () => {
  it('are one for every spelling of a DOI', () => {
    const spellings = [
      '10.1000/182.A',
      'DOI:10.1000/182.a',
      'doi: 10.1000/182.A',
      'https://doi.org/10.1000/182.A',
      'http://dx.doi.org/10.1000/182.A',
      'doi.org/10.1000/182.A',
    ];
    for (const text of spellings) assert.equal(aliasKey(text), 'doi:10.1000/182.a', text);
  });

  it('name the arXiv paper where a DOI is one of arXiv', () => {
    assert.equal(aliasKey('https://doi.org/10.48550/arXiv.2401.01335'), 'arxiv:2401.01335');
  });

  it('are missing where the text is neither', () => {
    for (const text of [
      '',
      'attention-is-all-you-need',
      '10.1000',
      '10.1000/',
      '10.1000/with space',
      'doi:',
    ]) {
      assert.equal(aliasKey(text), undefined, text);
    }
  });

  it('come from id, DOI and URL, each key once', () => {
    const keys = aliasKeys({
      id: '2401.01335v2',
      doi: '10.1000/182',
      url: 'https://arxiv.org/abs/2401.01335',
    });
    assert.deepEqual(keys, ['arxiv:2401.01335', 'doi:10.1000/182']);
  });

  it('never fail, whatever the text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void aliasKey(text)));
  });
});

describe('slugs', () => {
  it('are readable', () => {
    assert.equal(
      slugOf('  Attention Is All You Need: “Why?” (2nd ed.)'),
      'attention-is-all-you-need-why-2nd-ed',
    );
    assert.equal(slugOf("Don't stop: it’s GPT-4"), 'dont-stop-its-gpt-4');
  });

  it('have no accents', () => {
    assert.equal(
      slugOf('Über Schrödingers Katze à la façon d’Évariste'),
      'uber-schrodingers-katze-a-la-facon-devariste',
    );
  });

  it('keep any script, with the marks that its words are made of', () => {
    assert.equal(slugOf('深度学习：综述'), '深度学习-综述');
    assert.equal(slugOf('Глубокое обучение'), 'глубокое-обучение');
    assert.equal(slugOf('हिन्दी भाषा'), 'हिन्दी-भाषा');
    assert.equal(slugOf('プロンプト技術'), 'プロンプト技術');
    assert.equal(slugOf('한국어 모델'), '한국어-모델');
  });

  it('write compatible forms as plain ones', () => assert.equal(slugOf('ＧＰＴ ﬁne ①'), 'gpt-fine-1'));

  it('are cut at a word', () => {
    const slug = slugOf('word '.repeat(40));
    assert.equal(slug, Array(16).fill('word').join('-'));
    assert.ok(slug.length <= 80);
  });

  it('cut a single word that is too long', () => assert.equal(slugOf('x'.repeat(500)), 'x'.repeat(80)));

  const titles = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.string({ unit: 'grapheme', maxLength: 200 }),
  );

  it('are empty only for a title with no letter or digit', () => {
    fc.assert(
      fc.property(titles, (title) =>
        assert.equal(slugOf(title) !== '', /[\p{L}\p{N}]/u.test(title.normalize('NFKD'))),
      ),
    );
  });

  it('are their own slugs', () => {
    fc.assert(
      fc.property(titles, (title) => assert.equal(slugOf(slugOf(title)), slugOf(title))),
      { numRuns: 1000 },
    );
  });

  it('stand in a path as one segment, and are not long', () => {
    fc.assert(
      fc.property(titles, (title) => {
        const slug = slugOf(title);
        assert.doesNotMatch(slug, /[/\\?#%\s.]|^-|-$|--/);
        assert.ok([...slug.normalize('NFKD')].length <= 80 + 1, slug);
      }),
      { numRuns: 1000 },
    );
  });
});
