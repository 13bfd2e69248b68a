/** GET /v1/papers/{id}/similar and GET, POST /v1/search on the 47 sample papers. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { SAMPLE_SIZE, sampleIndex, samplePairs } from '../support/corpus.js';
import { serveIndex, type TestService } from '../support/service.js';
import { afterFile } from '../support/temporary-folder.js';

const file = afterFile();
let served: TestService;
const pairs = samplePairs();
const ids: string[] = [];

before(async () => {
  served = await serveIndex(file, await sampleIndex(file));
  const { body } = await served.http.get('/v1/papers?limit=100').expect(200);
  for (const { id } of body.papers) ids.push(id);
  assert.equal(ids.length, SAMPLE_SIZE);
});

interface AnswerBody {
  results: { paper: { id: string; title: string }; similarity: number; score: number }[];
  warnings: { code: string }[];
  index: { generation: string; size: number; model: string; exact: boolean };
}

const similarTo = async (id: string, query = ''): Promise<AnswerBody> =>
  (await served.http.get(`/v1/papers/${encodeURIComponent(id)}/similar${query}`).expect(200)).body;

const searchFor = async (body: object): Promise<AnswerBody> =>
  (await served.http.post('/v1/search').send(body).expect(200)).body;

describe('papers similar to a paper', () => {
  it('come in the documented shape, best first', async () => {
    const answer = await similarTo(ids[0] ?? '');
    assert.deepEqual(Object.keys(answer), ['results', 'warnings', 'index']);
    assert.equal(answer.results.length, 10);
    for (const result of answer.results) {
      assert.deepEqual(Object.keys(result), ['paper', 'similarity', 'score']);
      assert.deepEqual(Object.keys(result.paper), ['id', 'title', 'authors', 'published', 'venue', 'url']);
      assert.equal(result.score, result.similarity);
      assert.ok(result.similarity > -1 && result.similarity < 1);
    }
    const similarities = answer.results.map(({ similarity }) => similarity);
    assert.deepEqual(
      similarities,
      similarities.toSorted((a, b) => b - a),
    );
    assert.deepEqual(answer.warnings, []);
    assert.match(answer.index.generation, /^g\d{6}-[0-9a-f]{8}$/);
    assert.equal(answer.index.size, SAMPLE_SIZE);
    assert.equal(answer.index.model, 'all-MiniLM-L6-v2');
    assert.equal(answer.index.exact, true);
  });

  it('never include the paper itself, and are all the others at the largest limit', async () => {
    for (const id of ids) {
      const found = (await similarTo(id, '?limit=100')).results.map(({ paper }) => paper.id);
      assert.deepEqual(found.toSorted(), ids.filter((other) => other !== id).toSorted());
    }
  });

  it('are as similar one way as the other', async () => {
    const [a = '', b = ''] = ids;
    const similarity = async (from: string, to: string) =>
      (await similarTo(from, '?limit=100')).results.find(({ paper }) => paper.id === to)?.similarity;
    assert.equal(await similarity(a, b), await similarity(b, a));
  });

  it('for a limit of n are the beginning of those for n + 1', async () => {
    const id = ids[7] ?? '';
    const all = await similarTo(id, '?limit=100');
    for (let limit = 1; limit <= SAMPLE_SIZE; limit++) {
      const { results } = await similarTo(id, `?limit=${limit}`);
      assert.deepEqual(results, all.results.slice(0, limit));
    }
  });

  it('are the same with exact=true on a corpus this small', async () => {
    for (const id of ids.slice(0, 5)) {
      assert.deepEqual(await similarTo(id, '?exact=true'), await similarTo(id));
    }
  });
});

describe('a text search', () => {
  it('finds a paper by its own title among the first three, and by its abstract first', async () => {
    for (const { title, abstract } of pairs) {
      const byTitle = await searchFor({ q: title, limit: 3 });
      assert.ok(
        byTitle.results.some(({ paper }) => paper.title === title),
        `${title}: ${byTitle.results.map(({ paper }) => paper.title).join(' | ')}`,
      );
      const byAbstract = await searchFor({ q: abstract, limit: 1 });
      assert.equal(byAbstract.results[0]?.paper.title, title);
    }
  });

  it('gives GET and POST the same bytes', async () => {
    const asked = {
      q: 'reasoning & "planning" with 50 % fewer tokens + tools',
      limit: 7,
      fields: ['title', 'year'],
      exact: true,
    };
    const posted = await served.http.post('/v1/search').send(asked).expect(200);
    const query = new URLSearchParams({ q: asked.q, limit: '7', exact: 'true', mode: 'semantic' });
    for (const field of asked.fields) query.append('fields', field);
    const got = await served.http.get(`/v1/search?${query}`).expect(200);
    assert.equal(got.text, posted.text);
    query.set('fields', asked.fields.join(','));
    assert.equal((await served.http.get(`/v1/search?${query}`)).text, posted.text);
    assert.equal(got.headers['content-type'], posted.headers['content-type']);
  });

  it('answers the same request with the same bytes, whatever else runs', async () => {
    const q = 'diffusion models for video generation';
    const first = await served.http.post('/v1/search').send({ q });
    const crowd = pairs.slice(0, 8).map(({ abstract }) => searchFor({ q: abstract }));
    const again = await Promise.all([1, 2, 3].map(() => served.http.post('/v1/search').send({ q })));
    await Promise.all(crowd);
    for (const { text } of again) assert.equal(text, first.text);
  });

  it('for a limit of n is the beginning of that for n + 1, and exact=true changes nothing here', async () => {
    const q = 'efficient attention for long context';
    const all = (await searchFor({ q, limit: 100 })).results;
    assert.equal(all.length, SAMPLE_SIZE);
    for (const limit of [1, 2, 3, 9, 10, 11, 46, 47, 48, 99]) {
      assert.deepEqual((await searchFor({ q, limit })).results, all.slice(0, limit));
      assert.deepEqual((await searchFor({ q, limit, exact: true })).results, all.slice(0, limit));
    }
  });

  it('does not depend on how Unicode spells the text, or the case', async () => {
    const composed = await searchFor({ q: 'Café société' });
    const decomposed = await searchFor({ q: 'Café société'.normalize('NFD') });
    assert.deepEqual(decomposed, composed);
    assert.deepEqual(await searchFor({ q: 'CAFÉ SOCIÉTÉ' }), composed);
  });

  it('takes any script, emoji and a single letter', async () => {
    for (const q of ['大规模语言模型的推理', 'обучение с подкреплением', '🙂', 'x', '?!', 'تعلم الآلة']) {
      assert.equal((await searchFor({ q })).results.length, 10, q);
    }
  });

  it("warns when a text is longer than the model's window, and not before", async () => {
    assert.deepEqual((await searchFor({ q: 'attention' })).warnings, []);
    const { warnings } = await searchFor({ q: 'attention is all you need '.repeat(100) });
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['text_truncated'],
    );
  });
});
