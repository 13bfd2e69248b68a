import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { mayResemble, SKETCH_WORDS, shinglesOf, writeSketch } from '../../src/papers/text-sketch.js';
import { samplePairs } from '../support/corpus.js';

function sketchesOf(...texts: string[]): Uint32Array {
  const sketches = new Uint32Array(texts.length * SKETCH_WORDS);
  for (const [i, text] of texts.entries()) writeSketch(text, sketches, i * SKETCH_WORDS);
  return sketches;
}

const may = (a: string, b: string, least = 0.5) => mayResemble(sketchesOf(a, b), 0, SKETCH_WORDS, least);

function resemblance(a: string, b: string): number {
  const [ofA, ofB] = [shinglesOf(a), shinglesOf(b)];
  const common = [...ofA].filter((shingle) => ofB.has(shingle)).length;
  return common / (ofA.size + ofB.size - common);
}

// Few words, so that texts have much in common; some that only differ in case, and some outside of ASCII.
const words = fc.constantFrom('a', 'A', 'graph', 'Graph', 'über', 'ÜBER', 'x9', '图', 'of', 'the', '-', 'K');
const texts = fc.array(words, { maxLength: 30 }).map((list) => list.join(' '));

describe('the sketch of a text', () => {
  it('never rules out a pair that has the share asked for', () => {
    fc.assert(
      fc.property(texts, texts, fc.constantFrom(0.1, 0.5, 0.9, 1), (a, b, least) => {
        if (a !== '' && b !== '' && resemblance(a, b) >= least) assert.ok(may(a, b, least));
      }),
      { numRuns: 2000 },
    );
  });

  it('never rules out a pair that has exactly the share asked for', () => {
    const words = Array.from({ length: 200 }, (_, i) => `word${i}`);
    for (let long = 4; long <= words.length; long++) {
      const [all, less] = [words.slice(0, long), words.slice(0, long - 1)].map((list) => list.join(' '));
      assert.ok(may(all ?? '', less ?? '', resemblance(all ?? '', less ?? '')), `${long} words`);
    }
  });

  it('never rules out an abstract with a few words or sentences changed', () => {
    for (const { abstract } of samplePairs().slice(0, 200)) {
      const changed = abstract.split(' ').toSpliced(5, 3, 'something', 'else').join(' ');
      if (abstract !== '' && resemblance(abstract, changed) >= 0.5) assert.ok(may(abstract, changed));
    }
  });

  it('rules out nearly every pair of different abstracts', () => {
    const abstracts = samplePairs()
      .map(({ abstract }) => abstract)
      .filter((abstract) => abstract !== '' && abstract.split(' ').length < 350)
      .slice(0, 60);
    const pairs = abstracts.flatMap((a, i) => abstracts.slice(i + 1).map((b) => [a, b] as const));
    assert.ok(pairs.length > 1000);
    const left = pairs.filter(([a, b]) => may(a, b));
    assert.ok(left.length <= pairs.length / 100, `${left.length} of ${pairs.length}`);
  });

  it('of an empty text resembles nothing, not even another empty one', () => {
    assert.equal(may('', ''), false);
    assert.equal(may('', 'some words here'), false);
  });

  it('of a text without words is that of any other such text', () => {
    assert.equal(may('---', '...'), true);
  });

  it('is the same for a text in other case and punctuation', () => {
    assert.deepEqual(sketchesOf('One, two; THREE four'), sketchesOf('one two three (four).'));
  });

  it('takes the place of what stood there before', () => {
    const sketches = sketchesOf('a text that came earlier and was longer');
    writeSketch('another', sketches, 0);
    assert.deepEqual(sketches, sketchesOf('another'));
  });
});
