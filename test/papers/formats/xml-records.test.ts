import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NearpaperError } from '../../../src/errors.js';
import { MAX_RECORD_LENGTH } from '../../../src/papers/formats/format.js';
import { childText, readXmlRecords, type XmlElement } from '../../../src/papers/formats/xml-records.js';
import { XmlSplitter } from '../../../src/papers/formats/xml-splitter.js';
import type { ReadOutcome } from '../../../src/papers/paper.js';
import { summary } from './reading.js';

interface Reading {
  outcomes: ReadOutcome[];
  titles: (string | undefined)[];
  thrown: unknown;
}

/** Reads `<r>` elements with a `<t>` each; a root is `<set>`. */
async function read(pieces: Iterable<string>): Promise<Reading> {
  const reading: Reading = { outcomes: [], titles: [], thrown: undefined };
  const toOutcomes = (record: XmlElement): ReadOutcome[] => {
    const title = childText(record, 't');
    reading.titles.push(title);
    return [{ kind: 'paper', line: record.line, paper: { title: title ?? '' } }];
  };
  const text = (async function* () {
    yield* pieces;
  })();
  try {
    const format = { roots: ['set'], records: ['r'], toOutcomes };
    for await (const outcome of readXmlRecords(text, 'x.xml', format)) reading.outcomes.push(outcome);
  } catch (thrown) {
    reading.thrown = thrown;
  }
  return reading;
}

const titled = (title: string) => `<r><t>${title}</t></r>\n`;
const set = (...records: string[]) => `<set>\n${records.join('')}</set>`;

function assertUnreadable(thrown: unknown, message: RegExp): void {
  assert.ok(thrown instanceof NearpaperError && thrown.code === 'input_unreadable', String(thrown));
  assert.match(thrown.message, message);
}

test('comments, CDATA sections, instructions and quoted values hide no record and make none', async () => {
  const text = set(
    "<!-- <r> it's -- > <r> -->\n",
    titled('<![CDATA[a </t></r><r> ]] > b]]>'),
    '<?php <r> ?>',
    '<r q="/>" p=\'a>b\'><t>c<!-- </r> -->d</t></r>',
    titled('e'),
  );
  const { titles, thrown } = await read([text]);
  assert.deepEqual([titles, thrown], [['a </t></r><r> ]] > b', 'cd', 'e'], undefined]);
});

test('prefixes and namespaces of names do not matter', async () => {
  const { titles } = await read(['<a:set xmlns:a="x"><b:r xmlns:b="y"><c:t>1</c:t></b:r></a:set>']);
  assert.deepEqual(titles, ['1']);
});

test('entities of HTML that are no entities of XML are read as what they mean', async () => {
  const { titles } = await read([
    set(titled('&eacute;&alpha;&nbsp;&hellip;&semi;&#x4E2D;&lt;b&gt;&amp;amp;')),
  ]);
  assert.deepEqual(titles, ['éα\u00a0…;中<b>&amp;']);
});

test('a fault costs the record that it is in, and is told with its line', async () => {
  const faults = [
    '&lol;',
    '&notit;',
    '\n\u0001',
    'a & b',
    '&#0;',
    '<b>x</c>',
    '</t></r></b>',
    'a < b',
    '<t a=1>',
  ];
  const text = set(...faults.map(titled), titled('whole'));
  const { outcomes, titles, thrown } = await read([text]);
  assert.deepEqual([titles.at(-1), thrown], ['whole', undefined]);
  const reasons = summary(outcomes.filter(({ kind }) => kind === 'bad'));
  assert.deepEqual(reasons, [
    '2 not well-formed XML: the unknown entity &lol; in line 2',
    '3 not well-formed XML: the unknown entity &notit; in line 3',
    '4 not well-formed XML: disallowed character in line 5',
    '6 not well-formed XML: an "&" is not written as "&amp;"',
    '7 not well-formed XML: malformed character entity in line 7',
    '8 not well-formed XML: unexpected close tag in line 8',
    '10 not well-formed XML: disallowed character in tag name in line 10',
    '11 not well-formed XML: unquoted attribute value in line 11',
  ]);
});

test('a record without an end costs no other', async () => {
  const { outcomes, titles } = await read([set('<r><t>1</t>\n', titled('2'), '<r><t>3</t>\n')]);
  assert.deepEqual(titles, ['2']);
  assert.deepEqual(summary(outcomes), [
    '2 the record is not complete: the next one begins before its end',
    '3',
    '4 the record is not complete: the document ends before it does',
  ]);
});

test('a text that ends too early is unreadable after the records before its end', async () => {
  const whole = `<?xml version="1.0"?>\n${set(titled('1'), titled('2'))}`;
  const firstEnd = whole.indexOf('</r>') + 4;
  const secondEnd = whole.lastIndexOf('</r>') + 4;
  for (let length = 1; length < whole.length; length += 1) {
    const { titles, thrown } = await read([whole.slice(0, length)]);
    const read1 = length >= firstEnd ? ['1'] : [];
    assert.deepEqual(titles, length >= secondEnd ? ['1', '2'] : read1, `${length}`);
    // Of a prologue alone nothing is missing but the element.
    assertUnreadable(
      thrown,
      /^x\.xml, line \d: (?:the XML ends in the middle: |there is no XML element in it)/,
    );
  }
  assertUnreadable(
    (await read([whole.slice(0, secondEnd - 1)])).thrown,
    /line 4: .*record that begins there/,
  );
  assertUnreadable((await read([whole.slice(0, secondEnd)])).thrown, /line 2: .*<set> is never closed/);
  assertUnreadable((await read(['no XML at all'])).thrown, /there is no XML element in it/);
});

test('entities that a DOCTYPE defines are neither expanded nor fetched', async () => {
  const bomb =
    '<!DOCTYPE set [<!-- it\'s > "a" ]> --><!ENTITY a "<r>ha</r>">' +
    Array.from({ length: 9 }, (_, n) => `<!ENTITY a${n} "${'&a;'.repeat(10)}">`).join('') +
    '<!ENTITY f SYSTEM "file:///etc/hostname"><!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]>\n';
  const { outcomes, titles, thrown } = await read([bomb, set(titled('&a8;'), titled('&f;'), titled('1'))]);
  assert.deepEqual([titles, thrown], [['1'], undefined]);
  assert.deepEqual(summary(outcomes), [
    '3 not well-formed XML: the unknown entity &a8; in line 3',
    '4 not well-formed XML: the unknown entity &f; in line 4',
    '5',
  ]);
});

test('a record nested too deep is bad, however deep', async () => {
  const deep = (depth: number) => `<r><t>${'<i>'.repeat(depth)}x${'</i>'.repeat(depth)}</t></r>`;
  const { outcomes, titles } = await read([set(deep(198), deep(199), deep(300_000), titled('1'))]);
  assert.deepEqual(titles, ['x', '1']);
  assert.match(summary(outcomes)[2] ?? '', /nested deeper than 200 in line 2$/);
});

test('a record longer than may be is passed over and reading goes on', async () => {
  const mebibyte = 'x'.repeat(1 << 20);
  const pieces = function* (count: number) {
    yield '<set>\n<r>\n<t>';
    for (let n = 0; n < count; n += 1) yield mebibyte;
    yield `</t></r>${titled('1')}</set>`;
  };
  const long = await read(pieces(9));
  assert.deepEqual(summary(long.outcomes), ['2 the record is longer than 8 MiB', '3']);
  const five = await read(pieces(5));
  assert.equal(five.titles[0]?.length, 5 << 20);
  assert.ok(MAX_RECORD_LENGTH < 9 << 20);
});

test('the length of a record is bounded while it is open, in every kind of content', () => {
  for (const opening of ['<r>', '<r a="', '<r><!--', '<r><![CDATA[', '<r><?p ']) {
    const splitter = new XmlSplitter(['r'], 100);
    const parts = [...splitter.push(`<set>${opening}`)];
    for (let n = 0; n < 100; n += 1) parts.push(...splitter.push('  y'));
    parts.push(...splitter.push('?>]]>-->"></r><r/></set>'));
    splitter.end();
    assert.deepEqual(
      parts.map(({ kind }) => kind),
      ['document', 'too-long', 'element'],
      opening,
    );
  }
});

test('what comes out does not depend on the cuts, whatever is written', async () => {
  const token = fc.constantFrom(
    ...[
      '<set>',
      '</set>',
      '<r>',
      '</r>',
      '<r/>',
      '<t>',
      '</t>',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?xml ',
      '?>',
    ],
    ...['<!DOCTYPE x [', ']', '>', '<', '"', "'", '&amp;', '&', ' ', '\n', 'é𝒩', '<r a="', '/', '</'],
  );
  await fc.assert(
    fc.asyncProperty(fc.array(token, { maxLength: 25 }), async (tokens) => {
      const text = tokens.join('');
      const whole = await read([text]);
      const cut = await read(text);
      assert.deepEqual(cut.outcomes, whole.outcomes);
      assert.equal(String(cut.thrown), String(whole.thrown));
    }),
    { numRuns: 1500, seed: 8 },
  );
});
