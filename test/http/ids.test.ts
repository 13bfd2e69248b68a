/** Ids in paths: byte for byte what the corpus gave, percent-encoded, or another way to write the same paper. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { indexOf } from '../support/corpus.js';
import { assertProblem } from '../support/problems.js';
import { serveIndex, type TestService } from '../support/service.js';
import { afterFile } from '../support/temporary-folder.js';

const ODD_IDS = [
  'cs/0112017',
  '100%',
  '100%25',
  'a b+c',
  'what? #1 & more=less;',
  'дипломная работа/№5',
  '论文🙂',
  '"quoted" \\ back',
  'similar',
  "';DROP TABLE papers;--",
  'x'.repeat(256),
  'math.GT/0309136v2',
  'arXiv:2401.01335',
];

const file = afterFile();
let served: TestService;
before(async () => {
  const papers = ODD_IDS.map((id, i) => ({
    id,
    title: `Paper number ${i}`,
    abstract: `About subject ${i}.`,
  }));
  served = await serveIndex(file, await indexOf(file, papers));
});

const paperAt = (id: string) => served.http.get(`/v1/papers/${encodeURIComponent(id)}`);

describe('an id of any characters', () => {
  for (const [i, id] of ODD_IDS.entries()) {
    it(`finds its paper, percent-encoded: ${id.slice(0, 40)}`, async () => {
      const { body } = await paperAt(id).expect(200);
      assert.equal(body.id, id);
      assert.equal(body.title, `Paper number ${i}`);
      const similar = await served.http
        .get(`/v1/papers/${encodeURIComponent(id)}/similar?limit=100`)
        .expect(200);
      const found = similar.body.results.map(({ paper }: { paper: { id: string } }) => paper.id);
      assert.deepEqual(found.toSorted(), ODD_IDS.filter((other) => other !== id).toSorted());
    });
  }

  it('with slashes that are not encoded is no route, and the problem tells how', async () => {
    const problem = assertProblem(await served.http.get('/v1/papers/cs/0112017'), 'not_found');
    assert.match(problem.detail, /%2F/);
  });
});

describe('other ways to write an arXiv id', () => {
  const spellings: [canonical: string, others: string[]][] = [
    [
      'arXiv:2401.01335',
      [
        '2401.01335',
        'ARXIV:2401.01335',
        'arxiv:2401.01335v3',
        '2401.01335v1',
        'https://arxiv.org/abs/2401.01335',
        'http://arxiv.org/abs/2401.01335v2',
        'https://arxiv.org/pdf/2401.01335',
        '10.48550/arXiv.2401.01335',
        'https://doi.org/10.48550/arXiv.2401.01335',
        'DOI:10.48550/arXiv.2401.01335',
      ],
    ],
    [
      'math.GT/0309136v2',
      ['math.GT/0309136', 'arXiv:math.GT/0309136v1', 'https://arxiv.org/abs/math.GT/0309136'],
    ],
    ['cs/0112017', ['arXiv:cs/0112017', 'CS/0112017v1']],
  ];
  for (const [canonical, others] of spellings) {
    it(`resolve to ${canonical}, which is what is returned`, async () => {
      for (const other of others) assert.equal((await paperAt(other).expect(200)).body.id, canonical);
    });
  }

  it('do not resolve to another paper', async () => {
    for (const id of ['2401.0133', '2401.013355', 'arXiv:2401.01336', 'cs/0112018', ' ']) {
      assertProblem(await paperAt(id), 'unknown_paper');
    }
  });
});
