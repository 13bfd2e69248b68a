/** POST /v1/papers/lookup, and GET /v1/papers with filters and cursor. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { VARIED_PAPERS } from '../recommend/varied-papers.js';
import { indexOf } from '../support/corpus.js';
import { assertProblem } from '../support/problems.js';
import { serveIndex, type TestService } from '../support/service.js';
import { afterFile } from '../support/temporary-folder.js';

const file = afterFile();
const ODD_ID = 'an/odd id?#%é';
let served: TestService;
before(async () => {
  const papers = [
    ...VARIED_PAPERS,
    { id: 'arXiv:2401.00001v2', title: 'A paper of arXiv', doi: '10.1000/182' },
    { id: ODD_ID, title: 'A paper with an odd id' },
  ];
  served = await serveIndex(file, await indexOf(file, papers));
});

const lookUp = (body: object) => served.http.post('/v1/papers/lookup').send(body);

describe('looking papers up', () => {
  it('gives each in the order asked, by id or alias, null for those that are not there', async () => {
    const ids = ['v3', 'nothing', 'https://arxiv.org/abs/2401.00001', ODD_ID, 'doi:10.1000/182', 'v3'];
    const { body } = await lookUp({ ids, fields: ['title'] }).expect(200);
    const arxiv = { id: 'arXiv:2401.00001v2', title: 'A paper of arXiv' };
    const third = VARIED_PAPERS.find(({ id }) => id === 'v3');
    assert.deepEqual(body.papers, [
      { asked: 'v3', paper: { id: 'v3', title: third?.title } },
      { asked: 'nothing', paper: null },
      { asked: 'https://arxiv.org/abs/2401.00001', paper: arxiv },
      { asked: ODD_ID, paper: { id: ODD_ID, title: 'A paper with an odd id' } },
      { asked: 'doi:10.1000/182', paper: arxiv },
      { asked: 'v3', paper: { id: 'v3', title: third?.title } },
    ]);
    assert.deepEqual(
      body.warnings.map(({ detail, ...rest }: { detail: string }) => ({ ...rest, said: detail.length > 0 })),
      [{ code: 'unknown_ids', field: 'ids', ids: ['nothing'], said: true }],
    );
  });

  it('names an unknown id once, however often it is asked for', async () => {
    const { body } = await lookUp({ ids: ['x', 'y', 'x'] }).expect(200);
    assert.equal(body.papers.length, 3);
    assert.deepEqual(body.warnings[0].ids, ['x', 'y']);
  });

  it('shows what GET /v1/papers/{id} shows, with the same fields', async () => {
    for (const id of ['v5', ODD_ID]) {
      const fields = ['id', 'abstract', 'year', 'categories'];
      const { body } = await lookUp({ ids: [id], fields }).expect(200);
      const one = await served.http
        .get(`/v1/papers/${encodeURIComponent(id)}?fields=${fields.join(',')}`)
        .expect(200);
      assert.deepEqual(body.papers[0].paper, one.body);
      assert.deepEqual(Object.keys(one.body), ['id', 'abstract', 'year', 'categories']);
    }
  });

  it('takes up to 500 ids, and refuses none, more, and what is no id', async () => {
    const many = (length: number) => Array.from({ length }, (_, i) => `v${i % 24}`);
    assert.equal((await lookUp({ ids: many(500) }).expect(200)).body.papers.length, 500);
    for (const ids of [[], many(501), 'v1', [''], [7], ['x'.repeat(257)], undefined]) {
      const problem = assertProblem(await lookUp({ ids }), 'invalid_request');
      assert.match(String(problem.field), /^ids/);
      assert.match(String(problem.accepted), /500 ids/);
    }
    assert.match(assertProblem(await lookUp({ id: ['v1'] }), 'unknown_parameter').detail, /ids/);
    assertProblem(await served.http.get('/v1/papers/lookup'), 'unknown_paper');
  });
});

describe('a list with filters', () => {
  const paged = async (query: string, limit: number): Promise<string[]> => {
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const at: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { body } = await served.http.get(`/v1/papers?fields=id&limit=${limit}&${query}${at}`).expect(200);
      assert.ok(body.papers.length <= limit && (body.papers.length === limit || body.next === null));
      ids.push(...body.papers.map(({ id }: { id: string }) => id));
      cursor = body.next;
    } while (cursor !== null);
    return ids;
  };

  it('covers by pages of any size exactly the papers that pass, once, in the order of the corpus', async () => {
    const inCs = VARIED_PAPERS.filter(({ categories }) =>
      (categories as string[]).some((one) => /^cs\./i.test(one)),
    ).map(({ id }) => id);
    for (const limit of [1, 2, inCs.length - 1, inCs.length, inCs.length + 1, 100])
      assert.deepEqual(await paged('category=cs.*', limit), inCs);
    const byTuring = VARIED_PAPERS.filter(({ authors }) => String(authors).includes('Turing')).map(
      ({ id }) => id,
    );
    for (const limit of [1, 5, 100]) assert.deepEqual(await paged('author=turing', limit), byTuring);
  });

  it('is empty when nothing passes, has no next page, and says so', async () => {
    const { body } = await served.http.get('/v1/papers?venue=nowhere').expect(200);
    const { warnings, ...page } = body;
    assert.deepEqual(page, { papers: [], next: null });
    assert.deepEqual(
      warnings.map(({ code }: { code: string }) => code),
      ['nothing_matches'],
    );
  });

  it('tells of papers without a date that pass all but the dates', async () => {
    const { body } = await served.http.get('/v1/papers?from=1000&to=3000&limit=100').expect(200);
    const all = await served.http.get('/v1/papers?limit=100').expect(200);
    const undated = all.body.papers.length - body.papers.length;
    assert.ok(undated > 0);
    assert.deepEqual(
      body.warnings.map(({ code, count }: { code: string; count: number }) => [code, count]),
      [['undated_papers', undated]],
    );
  });

  it('takes no ids, texts or other parameters of queries', async () => {
    for (const query of ['ids=v1', 'exclude=v1', 'minSimilarity=0.5', 'q=x'])
      assertProblem(await served.http.get(`/v1/papers?${query}`), 'unknown_parameter');
  });
});
