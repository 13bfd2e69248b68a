import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NearpaperError } from '../../src/errors.js';
import { setOf } from '../../src/sources/arxiv-sets.js';

describe('a category of arXiv', () => {
  const sets: Record<string, string> = {
    'cs.CL': 'cs:cs:CL',
    cs: 'cs',
    'math.AG': 'math:math:AG',
    'hep-th': 'physics:hep-th',
    'math-ph': 'physics:math-ph',
    'astro-ph.GA': 'physics:astro-ph:GA',
    'astro-ph': 'physics:astro-ph',
    'cond-mat.str-el': 'physics:cond-mat:str-el',
    'nlin.CD': 'physics:nlin:CD',
    'physics.optics': 'physics:physics:optics',
    physics: 'physics',
    'q-bio.NC': 'q-bio:q-bio:NC',
    'q-fin.ST': 'q-fin:q-fin:ST',
    'stat.ML': 'stat:stat:ML',
    'eess.AS': 'eess:eess:AS',
    'econ.EM': 'econ:econ:EM',
  };
  for (const [category, set] of Object.entries(sets)) {
    it(`${category} is the set ${set}`, () => assert.equal(setOf(category), set));
  }

  it('that is none is refused with the archives that there are', () => {
    for (const category of ['cs.', 'CS.CL', 'hep-th.AG', 'biology', '', '../x', 'cs.CL/x', 'cs:cs:CL']) {
      assert.throws(
        () => setOf(category),
        (thrown) => {
          assert.ok(thrown instanceof NearpaperError);
          assert.equal(thrown.code, 'usage');
          assert.match(thrown.message, /astro-ph, cond-mat, cs, .*stat\).*cs\.CL/);
          return true;
        },
      );
    }
  });
});
