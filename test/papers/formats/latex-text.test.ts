import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { plainLatex } from '../../../src/papers/formats/latex-text.js';

/** Checks pairs of a text and what comes of it. */
function check(pairs: [string, string][]): void {
  for (const [text, expected] of pairs) assert.equal(plainLatex(text), expected, text);
}

test('an accent is composed however it is spelled', () => {
  for (const spelling of ['\\"o', '\\"{o}', '{\\"o}', '{\\"{o}}', '\\"{{o}}', '{{\\"{o}}}']) {
    assert.equal(plainLatex(`Schr${spelling}dinger`), 'Schrödinger', spelling);
  }
  check([
    ["\\'e \\`e \\^e \\~n \\=a \\.z", 'é è ê ñ ā ż'],
    ["\\'\\i \\'{\\i} \\'\\i{} {\\'\\i}x \\^{\\j}", 'íí í íx ĵ'],
    ['\\c{c} \\c c \\v{s} \\v s \\H{o} \\k a \\k{e} \\r{a} \\u{g} \\d{h} \\b{k}', 'ç ç š š ő ą ę å ğ ḥ ḵ'],
    ["Erd\\H{o}s, Nguy\\~{\\^{e}}n, \\'{\\\"{u}}, Ha{\\v{c}}ek, \\'{E}lie", 'Erdős, Nguyễn, ǘ, Haček, Élie'],
    ['\\"{Oo}, \\"{ o}', 'Öo, ö'],
    ["\\'\\O, \\'{\\ae}", 'Ǿ, ǽ'],
  ]);
});

test('special letters stand for themselves, and only end their name with a blank', () => {
  check([
    ["Mart\\'\\i nez", 'Martínez'],
    ['Stra\\ss e, Stra{\\ss}e, Stra\\ss{}e', 'Straße, Straße, Straße'],
    [
      "\\O rsted, \\AA ngstr\\\"om, \\L{}\\'od\\'z, {\\ae}ther, \\oe uvre",
      'Ørsted, Ångström, Łódź, æther, œuvre',
    ],
    ['\\i\\j \\dh\\th{} \\o{} x', 'ıȷðþ ø x'],
  ]);
});

test('ties, spaces, dashes and quotes are read as such', () => {
  check([
    ['Fig.~1, 1\\,000 and\\ more\\\\next', 'Fig. 1, 1 000 and more next'],
    ["pages 1--9 --- ``so'' ----", 'pages 1–9 — “so” ----'],
    ['well-known `single`', 'well-known `single`'],
    ['R\\&D, 5\\% of \\$3, \\#1, a\\_b, \\{x\\}', 'R&D, 5% of $3, #1, a_b, {x}'],
    ['\\LaTeX{} and \\ldots, 3\\textdegree', 'LaTeX and …, 3°'],
  ]);
});

test('a tilde that joins nothing stays', () => {
  check([
    ['takes ~10% (~3x) of http://a.org/~user', 'takes ~10% (~3x) of http://a.org/~user'],
    ['a \\~{} b', 'a ~ b'],
  ]);
});

test('a command goes and its argument stays', () => {
  check([
    ['\\emph{very} \\textbf{bold \\textit{both}} \\mathrm{Fe}', 'very bold both Fe'],
    ['{\\em very} {\\bf bold}, {{BERT}}: {P}re-{T}raining', 'very bold, BERT: Pre-Training'],
    ['\\acs{nlp} and \\unknown*{this}', 'nlp and this'],
    ['see \\url{https://a.org/x_y--z~q\\_1}', 'see https://a.org/x_y--z~q_1'],
    ['see \\href{https://a.org/%7e{x}}{the page}', 'see the page'],
    ['\\textcolor[rgb]{1,0,0}{red}', 'red'],
  ]);
});

test('citations, footnotes and labels go', () => {
  check([
    ['as shown\\cite{a,b}\\footnote{By {\\em us}, $x$.} \\citep[p.~3]{c}here', 'as shown here'],
    ['one \\footnote{never closed, \\emph{alas}', 'one never closed, alas'],
  ]);
});

test('a command without an argument that is not known stays as it is', () => {
  for (const text of [
    '\\alpha-helix',
    'we present \\ourmethod, which',
    'C:\\Users\\new',
    '\\5',
    'ends in \\',
    '\\|',
  ])
    assert.equal(plainLatex(text), text);
  assert.equal(plainLatex('\\ourmethod{} is'), '\\ourmethod is');
});

test('math stays as it is written', () => {
  for (const text of [
    '$O(n \\log n)$ time',
    '$\\mathcal{N}=4$ and $$\\sum_{i} \\"x_{i}$$',
    '\\(a~b\\) and \\[ {c} -- \\]',
    'spaced $ \\alpha $ too, and $a\\$b{c}$',
    '$x$-$y$',
  ]) {
    assert.equal(plainLatex(text), text);
  }
  assert.equal(plainLatex('{K}\\"ahler $\\hat{x}$ {$n^{2}$}'), 'Kähler $\\hat{x}$ $n^{2}$');
});

test('math without dollars keeps what it says', () => {
  const formulas = [
    'O(\\sqrt{n}) and \\sqrt[3]{n}',
    '\\frac{1}{2} of \\binom{n}{k-1}',
    '\\frac{\\sqrt{n}}{2}',
    'n^{k+1} and x_{i_{j}} in \\mathbb{R}^{d}',
    'O(\\log{n})',
    'O(\\mathcal{N})',
  ];
  for (const text of formulas) assert.equal(plainLatex(text), text);
  check([
    ['\\"{o} and f\\_{A} and \\^{e}', 'ö and f_A and ê'],
    ['\\sqrt{} {x}', '\\sqrt x'],
  ]);
});

test('superscripts are raised where Unicode has them', () => {
  check([
    ['10\\textsuperscript{5} and 10\\textsuperscript{-3}', '10⁵ and 10⁻³'],
    ['the 5\\textsuperscript{th} H\\textsubscript{2}O, \\textsuperscript{\\emph{a}}', 'the 5th H2O, a'],
  ]);
});

test('sets keep their braces where asked, and words lose theirs', () => {
  const pairs: [string, string][] = [
    ['{0,1}^n', '{0,1}^n'],
    ['x in {a, b} or {-1,1}, of {x}^2', 'x in {a, b} or {-1,1}, of {x}^2'],
    ['\\emph{a, b} \\textbf{c}^2', 'a, b c^2'],
    ['{B}ayesian {LSTM} for {Deep Nets}, {\\bf so, so}', 'Bayesian LSTM for Deep Nets, so, so'],
    ['never {0,1', 'never 0,1'],
    [`{${'A clause, '.repeat(9)}}`, 'A clause, '.repeat(9)],
  ];
  for (const [text, expected] of pairs) {
    assert.equal(plainLatex(text, { keepsSets: true }), expected, text);
    assert.equal(plainLatex(expected, { keepsSets: true }), expected, text);
  }
  assert.equal(plainLatex('{0,1}^n'), '0,1^n');
});

test('a quote that is escaped is no accent', () => {
  check([
    [
      "don\\'t, it\\'s, Parkinson\\'s, we\\'re, I\\'m, they\\'ll",
      "don't, it's, Parkinson's, we're, I'm, they'll",
    ],
    ['\\"quoted\\", \\`then\\`', '"quoted", `then`'],
    ["\\'sroda, Ko\\'sciuszko, Jaro{\\'s}, Jaro\\'{s}, \\'{q}", 'środa, Kościuszko, Jaroś, Jaroś, q\u0301'],
  ]);
});

test('money is no math', () => {
  check([
    ['{A} lone $5 {bill}', 'A lone $5 bill'],
    ['from $5 {to} $10 and $20', 'from $5 to $10 and $20'],
    ['\\$x{y}\\$', '$xy$'],
  ]);
});

test('a sign before what bears no accent is that sign', () => {
  check([
    ['a \\" b \\\' 5 \\.', 'a " b \' 5 .'],
    ['\\c', '\\c'],
  ]);
});

test('text without LaTeX is the same text', () => {
  const text = 'Plain, with $5, $x^2$, – and 注意力 `code`';
  assert.equal(plainLatex(text), text);
});

const PARTS = [
  '\\',
  '{',
  '}',
  '$',
  '$$',
  '~',
  '``',
  "''",
  '--',
  '"',
  "'",
  ' ',
  'a',
  'é',
  '\\"',
  '\\c',
  '\\foo',
  '\\i',
  '\\cite',
  '\\url',
  '\\sqrt',
  '\\textsuperscript',
  '^',
  '_',
  ',',
  's',
  '\\(',
  '\\)',
  '5',
  '\n',
  '注',
  '\ud835',
];
const PLAIN_PARTS = [
  'word ',
  "\\'e",
  '\\"{o}',
  '\\ss{}',
  '\\alpha ',
  '$x_{1}$',
  '~',
  '--',
  "''",
  '{T}',
  '\\emph{a}',
  '\\&',
  '5',
  ', ',
  '\\cite{k}',
  '\\sqrt{n}',
  '^{2}',
  "\\'s",
  '{0,1}',
];

test('whatever the text, nothing is thrown and the result is bounded', () => {
  const texts = fc
    .array(fc.oneof(fc.constantFrom(...PARTS), fc.string({ unit: 'binary' })))
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(texts, (text) => {
      for (const keepsSets of [false, true])
        assert.ok(plainLatex(text, { keepsSets }).length <= 2 * text.length);
    }),
  );
});

test('what was read once stays as it is when it is read again', () => {
  const texts = fc.array(fc.constantFrom(...PLAIN_PARTS)).map((parts) => parts.join(''));
  fc.assert(
    fc.property(texts, (text) => {
      const once = plainLatex(text);
      assert.equal(plainLatex(once), once);
    }),
  );
});

test('the work is linear in the length of the text', () => {
  const timeOf = (part: string, length: number) => {
    const text = part.repeat(Math.ceil(length / part.length));
    const start = process.cpuUsage();
    plainLatex(text, { keepsSets: true });
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  };
  const parts = [
    '{',
    '}',
    '\\',
    '$',
    '$ ',
    '$$$',
    '~',
    '\\(',
    '\\[a',
    '\\footnote{',
    '\\url{',
    '\\cite[',
    '\\"',
    '\\"{',
    '\\c ',
    "\\'\\i",
    '--- ',
    '\\a',
    '\\$$',
    '\\c{',
    '\\sqrt{',
    '^{',
    ' {,',
    '\\sqrt[',
    "a\\'s",
    '\\textsuperscript{',
  ];
  // They take some 100 ms at most; quadratic work on 500 KB takes many times as long.
  for (const part of parts) assert.ok(timeOf(part, 500_000) < 3_000, JSON.stringify(part));
});
