import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { plainMarkup } from '../../../src/papers/formats/markup-text.js';

function becomes(cases: Record<string, string>): void {
  for (const [markup, plain] of Object.entries(cases)) assert.equal(plainMarkup(markup), plain, markup);
}
const stays = (texts: string[]) => becomes(Object.fromEntries(texts.map((text) => [text, text])));

describe('plain text of markup', () => {
  test('has the text of inline elements where it stood', () => {
    becomes({
      'The <i>Drosophila</i> gene': 'The Drosophila gene',
      'CO<sub>2</sub> and H<SUB>2</SUB>O': 'CO2 and H2O',
      '<span class="a" title=\'b\' id=c>x</span>y': 'xy',
      'a<jats:italic toggle="yes">b</jats:italic>c': 'abc',
      '<b>a <em>b</b> c</em> d': 'a b c d',
    });
  });

  test('separates blocks with one blank', () => {
    becomes({
      '<p>One.</p><p>Two.</p>': 'One. Two.',
      'a<br>b<br/>c<p>d': 'a b c d',
      '<ul><li>a<li>b</ul>': 'a b',
      '<jats:sec><jats:title>Aim</jats:title><jats:p>To\n  see.</jats:p></jats:sec>': 'Aim To see.',
    });
  });

  test('leaves out a heading that only says Abstract', () => {
    becomes({
      '<jats:title>Abstract</jats:title><jats:p>We see.</jats:p>': 'We see.',
      '<h2>ABSTRACT:</h2><p>We see.</p>': 'We see.',
      '<title>Abstract</title><p>Abstract <i>nonsense</i></p>': 'Abstract nonsense',
      '<jats:title>Abstract interpretation</jats:title>': 'Abstract interpretation',
    });
  });

  test('raises superscripts of digits and signs, and no others', () => {
    becomes({
      '10<sup>-3</sup> m<sup>2</sup>': '10⁻³ m²',
      'Ca<sup>2+</sup>, x<sup>−1</sup>': 'Ca²⁺, x⁻¹',
      'the 5<sup>th</sup>, x<sup>n+1</sup>': 'the 5th, xn+1',
      'a<jats:sup>2</jats:sup><sup></sup>': 'a²',
    });
  });

  test('has entities decoded, however often they were escaped', () => {
    becomes({
      'R&amp;D &lt; 5&nbsp;&#181;m &#x2013; &eacute;': 'R&D < 5 µm – é',
      'R&amp;amp;D': 'R&D',
      '&lt;i&gt;E. coli&lt;/i&gt;': 'E. coli',
      '&amp;lt;i&amp;gt;E. coli&amp;lt;/i&amp;gt; &amp;amp;amp; co': 'E. coli & co',
      'p &lt; 0.05 and x&gt;y': 'p < 0.05 and x>y',
      'List&lt;String&gt;': 'List<String>',
    });
  });

  test('has no scripts, styles and comments, unless a paper is about them', () => {
    becomes({
      'a<script>alert("<b>")</script>b<style>p { x: y }</style>c': 'abc',
      'a<!-- <b>x</b> -->b': 'ab',
      '<?xml version="1.0"?><p>a</p>': 'a',
      'a <![CDATA[b <i>c</i>]]> d': 'a b c d',
      'attacks as &lt;script&gt;alert(1)&lt;/script&gt; are': 'attacks as <script>alert(1)</script> are',
    });
  });
});

describe('texts of computer science keep what is no tag:', () => {
  test('comparisons', () =>
    stays(['p < 0.05 and x>y', 'a<b', 'a<b and c>d', 'i<j<k>l', '0<p<1', '<', '<<>>']));

  test('tokens and types', () =>
    stays([
      'List<String> and Map<K, V>',
      '<s> token </s>',
      '[CLS] <mask> <unk> <|endoftext|>',
      '<think>a</think>',
      'vector<i> of <b>',
      'the <table>, <img src=x and <script> tags',
      '<https://x.org>',
    ]));

  test('ampersands', () => stays(['AT&T', 'Q&A', '?a=1&copy=2&lt=3', 'a & b', '&', '&;', '&#;']));

  test('openings of what never ends', () =>
    stays(['a <!-- b', 'a <![CDATA[ b', '<i', '</', '<!', '<?xml ', '<i x="']));

  test('also beside tags', () => {
    becomes({ '<i>a</i><b and c>d &lt; AT&T <s>': 'a<b and c>d < AT&T <s>' });
    becomes({ 'a<b and c>d &eacute;': 'a<b and c>d é' });
  });
});

describe('formulas', () => {
  const math = (inner: string) =>
    `<mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML">${inner}</mml:math>`;

  test('in several notations come once, in TeX', () => {
    const tex = '\\documentclass[12pt]{minimal} \\begin{document}$$\\alpha ^2$$\\end{document}';
    const either = `<jats:alternatives><jats:tex-math>${tex}</jats:tex-math>${math('<mml:mi>α</mml:mi>')}</jats:alternatives>`;
    becomes({
      [`a <jats:inline-formula>${either}</jats:inline-formula> b`]: 'a $\\alpha ^2$ b',
      'a <tex-math>$x < y$</tex-math> b': 'a $x < y$ b',
      'a <inline-formula><tex-math>$$</tex-math></inline-formula> b': 'a b',
      '<math><semantics><mi>x</mi><annotation encoding="application/x-tex">x_i</annotation></semantics></math>':
        '$x_i$',
      '<math><semantics><mi>x</mi><annotation encoding="StarMath">y</annotation></semantics></math>': 'x',
    });
  });

  test('of MathML alone are written in line', () => {
    becomes({
      [math(
        '\n <mml:msup>\n <mml:mi>x</mml:mi>\n <mml:mn>2</mml:mn>\n </mml:msup><mml:mo>+</mml:mo><mml:mi>y</mml:mi>',
      )]: 'x²+y',
      [math(
        '<mml:msub><mml:mi>x</mml:mi><mml:mrow><mml:mi>i</mml:mi><mml:mi>j</mml:mi></mml:mrow></mml:msub>',
      )]: 'x_{ij}',
      '<math><mfrac><mn>1</mn><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow></mfrac></math>': '1/(a+b)',
      '<math><msubsup><mi>x</mi><mi>i</mi><mi>n</mi></msubsup><msqrt><mi>n</mi></msqrt></math>': 'x_i^n√n',
      '<math><mi>x</mi><mtext> if </mtext><mi>y</mi></math>': 'x if y',
      '<math><mi>O</mi><mo>&lt;</mo><mi>𝒩</mi></math>': 'O<𝒩',
    });
  });
});

test('a text without brackets and ampersands comes back as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const plain = text.replaceAll(/[<&]/g, '');
      assert.equal(plainMarkup(plain), plain);
    }),
  );
});

test('no text throws, and none grows by more than its formulas', () => {
  const part = fc.oneof(
    fc.constantFrom(
      '<',
      '>',
      '&',
      '</',
      '<i>',
      '</i>',
      '<p>',
      '<br/>',
      '<sup>',
      '</sup>',
      '<math>',
      '</math>',
    ),
    fc.constantFrom(
      '<msup>',
      '</msup>',
      '<mi>',
      '</mi>',
      '&lt;',
      '&amp;',
      '&#1114112;',
      '&#0;',
      '<!--',
      '-->',
    ),
    fc.constantFrom(
      '<tex-math>',
      '</tex-math>',
      '<![CDATA[',
      ']]>',
      '<script>',
      '</script>',
      '<title>',
      '</title>',
    ),
    fc.string({ unit: 'binary', maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const text = parts.join('');
      assert.ok(plainMarkup(text).length <= text.length);
    }),
    { numRuns: 2000 },
  );
});

test('takes time linear in the length of a text', () => {
  const millisecondsOf = (text: string) => {
    const start = performance.now();
    plainMarkup(text);
    return performance.now() - start;
  };
  for (const unit of [
    '<',
    '&',
    '<i>',
    '<i',
    '<i x="',
    '</i>',
    '<!--',
    '&lt;',
    '&amp;',
    '<p>',
    '<sup>2',
    '<msup>2',
  ]) {
    const name = /\w+/.exec(unit.startsWith('<') ? unit : '')?.[0];
    const closing = name === undefined ? '' : `</${name}>`;
    for (const textOf of [
      (count: number) => unit.repeat(count) + closing,
      (count: number) => unit.repeat(count) + closing.repeat(count),
    ]) {
      const small = millisecondsOf(textOf(20_000));
      const large = millisecondsOf(textOf(160_000));
      // Eight times the text: eight times the time where it is linear, 64 times where it is quadratic.
      assert.ok(large < 30 * small + 300, `${unit}: ${small} ms, then ${large} ms`);
    }
  }
});
