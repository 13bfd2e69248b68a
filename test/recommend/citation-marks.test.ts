/** The numbers of references in pasted texts are no words of theirs. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_OPTIONS } from '../../src/recommend/answer.js';
import { withoutCitationMarks } from '../../src/recommend/citation-marks.js';
import type { SearchableCorpus } from '../../src/recommend/corpus.js';
import { SEARCH_MODES } from '../../src/recommend/mode.js';
import { search } from '../../src/recommend/search.js';
import { afterFile } from '../support/temporary-folder.js';
import { openedCorpus, signal } from './opened.js';
import { VARIED_PAPERS } from './varied-papers.js';

const file = afterFile();
let corpus: SearchableCorpus;
before(async () => {
  corpus = await openedCorpus(file, VARIED_PAPERS);
});

describe('withoutCitationMarks', () => {
  it('leaves out numbers and ranges of references in square brackets', () => {
    for (const mark of [
      '[7]',
      '[999]',
      '[ 7 ]',
      '[3, 6]',
      '[3,6;9]',
      '[12-15]',
      '[12–15]',
      '[1 - 3, 7, 9–11]',
      '[1, 2, 3, 4, 5, 6, 7, 8]',
    ]) {
      assert.equal(withoutCitationMarks(`methods${mark}, others`), 'methods , others', mark);
    }
    assert.equal(withoutCitationMarks('one [1] two [2][3] three'), 'one   two    three');
  });

  it('leaves everything else as it is', () => {
    for (const text of [
      '',
      ' ',
      'the interval [0, 1]',
      'x[0]',
      'the token [CLS]',
      'what we did [sic]',
      'in 1998 [1998]',
      '[1, 2000]',
      '[1.5, 2.5]',
      '[-1]',
      '[7',
      '7]',
      '[]',
      '(7)',
      '[7, ]',
      '[1, 2, 3, 4, 5, 6, 7, 8, 9]',
      '[Lee, 2020]',
      '[60]Fullerene and [3,3]-sigmatropic rearrangements',
    ]) {
      assert.equal(withoutCitationMarks(text), text);
    }
  });

  it('keeps a text that has nothing else', () => {
    for (const text of ['[7]', ' [7] ', '[1, 2] [3]']) assert.equal(withoutCitationMarks(text), text);
  });

  it('keeps every word around marks, in order', () => {
    const word = fc.stringMatching(/^[a-z0-9(),.–-]{1,8}$/);
    const number = fc.integer({ min: 1, max: 999 });
    const mark = fc.array(number, { minLength: 1, maxLength: 8 }).map((numbers) => `[${numbers.join(', ')}]`);
    const pieces = fc.array(fc.tuple(word, mark), { minLength: 1 });
    fc.assert(
      fc.property(pieces, (pairs) => {
        const cleaned = withoutCitationMarks(pairs.map(([piece, cited]) => `${piece} ${cited}`).join(' '));
        assert.deepEqual(
          cleaned.trim().split(/\s+/),
          pairs.map(([piece]) => piece),
        );
      }),
    );
  });

  it('takes time that grows with the length of a text, not with its square', () => {
    for (const piece of ['[', '[1', '[111, ', '111, ', '[1 -', '[1, 2, 3, 4, 5, 6, 7, 8, ']) {
      const short = `[${piece.repeat(5000 / piece.length)}`;
      const long = `[${piece.repeat(80_000 / piece.length)}`;
      // Sixteen times as long: 16 times the work, or 256 times were it the square.
      const ratio = leastTime(long) / leastTime(short);
      assert.ok(ratio < 64, `${JSON.stringify(piece)}: ${ratio}`);
    }
  });
});

/** Of several runs, in ms, so that a moment when the machine was busy does not count. */
function leastTime(text: string): number {
  const times = Array.from({ length: 7 }, () => {
    const started = performance.now();
    withoutCitationMarks(text);
    return performance.now() - started;
  });
  return Math.min(...times);
}

describe('a search', () => {
  it('finds the same with the marks of citations and without, in every mode', async () => {
    const [paper] = VARIED_PAPERS;
    const title = paper?.title ?? '';
    const PAIRS: [marked: string, plain: string][] = [
      ['language models [3, 6] that count sheep [12–15].', 'language models that count sheep.'],
      ['[1] galaxies of "young stars" [2]', 'galaxies of "young stars"'],
      [`${title} [7]`, title],
    ];
    for (const mode of SEARCH_MODES) {
      for (const [marked, plain] of PAIRS) {
        const ask = (text: string) =>
          search(corpus, { ...DEFAULT_OPTIONS, text, mode, explain: true }, signal);
        const expected = await ask(plain);
        assert.ok(expected.results.length > 0);
        assert.deepEqual(await ask(marked), expected, `${mode}: ${marked}`);
      }
    }
  });
});
