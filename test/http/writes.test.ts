/** Papers put, removed and imported while the service answers, and what its holder may ask of it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { packageRoot } from '../../src/package-root.js';
import { indexOf, THREE_PAPERS } from '../support/corpus.js';
import { assertProblem } from '../support/problems.js';
import { serveIndex, type TestService } from '../support/service.js';
import { afterFile } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const ADMIN_KEY = 'admin-key-0123456789';
const AUTHORISED = { Authorization: `Bearer ${ADMIN_KEY}` };

const file = afterFile();
let index: string;
let served: TestService;
before(async () => {
  index = await indexOf(file);
  served = await serveIndex(file, index, { adminKey: ADMIN_KEY });
});

const at = (id: string) => `/v1/papers/${encodeURIComponent(id)}`;
const get = (id: string) => served.http.get(at(id));
const put = (id: string, record: object) => served.http.put(at(id)).set(AUTHORISED).send(record);
const remove = (id: string) => served.http.delete(at(id)).set(AUTHORISED);
const post = (path: string, body: object = {}) => served.http.post(path).set(AUTHORISED).send(body);
const foundBy = async (q: string): Promise<string[]> => {
  const { body } = await served.http.get(`/v1/search?q=${encodeURIComponent(q)}&mode=keyword`).expect(200);
  return body.results.map(({ paper }: { paper: { id: string } }) => paper.id);
};

describe('PUT /v1/papers/{id}', () => {
  it('makes a paper that the next query finds, changes it, and leaves it alone', async () => {
    const id = 'odd id/?#%é';
    const record = { title: 'Larches in winter', abstract: 'They lose their needles.' };
    const created = await put(id, record).expect(201);
    assert.deepEqual(created.body, { outcome: 'created', id });
    assert.match(String(created.headers['server-timing']), /^total;dur=/);
    assert.deepEqual(await foundBy('larches'), [id]);
    assert.deepEqual((await put(id, record).expect(200)).body, { outcome: 'unchanged', id });
    assert.deepEqual((await put(id, { title: 'Spruces in winter' }).expect(200)).body, {
      outcome: 'changed',
      id,
    });
    assert.deepEqual(await foundBy('larches'), []);
    assert.deepEqual(await foundBy('spruces'), [id]);
    assert.equal((await get(id).expect(200)).body.abstract, '');
  });

  it('takes back what GET gives, as it is, and finds nothing changed', async () => {
    for (const { id = '' } of THREE_PAPERS) {
      const { body } = await get(id).expect(200);
      assert.deepEqual((await put(id, body).expect(200)).body, { outcome: 'unchanged', id });
      // Under another spelling of the id, which the body has in the other one.
      const alias = id.replace('arXiv:', '');
      assert.deepEqual((await put(alias, body).expect(200)).body, { outcome: 'unchanged', id });
    }
  });

  it('refuses what is no paper, and says what is wrong with it', async () => {
    const refused: [object, 'invalid_request' | 'unknown_parameter' | 'invalid_paper', string][] = [
      [{}, 'invalid_request', 'title'],
      [{ title: 7 }, 'invalid_request', 'title'],
      [{ title: 'x', authors: 'Ada' }, 'invalid_request', 'authors'],
      [{ title: 'x', authors: [7] }, 'invalid_request', 'authors.0'],
      [{ title: 'x', year: '2024' }, 'invalid_request', 'year'],
      [{ title: 'x', id: 'another' }, 'invalid_request', 'id'],
      [{ title: 'x', abstarct: 'y' }, 'unknown_parameter', 'abstarct'],
      [{ title: ' ' }, 'invalid_paper', 'title'],
      [{ title: 'x', published: 'soon' }, 'invalid_paper', 'published'],
      [{ title: 'x', year: 24 }, 'invalid_paper', 'year'],
      [{ title: 'x'.repeat(2001) }, 'invalid_paper', 'title'],
    ];
    for (const [record, code, field] of refused) {
      const problem = assertProblem(await put('refused', record), code);
      if (code !== 'invalid_paper' || problem.field !== undefined) assert.equal(problem.field, field);
      assert.match(
        problem.detail,
        new RegExp(field === 'abstarct' ? 'Did you mean abstract' : (field.split('.')[0] ?? '')),
      );
    }
    for (const body of ['[]', '"x"', 'null', '7']) {
      const response = await served.http.put(at('refused')).set(AUTHORISED).type('json').send(body);
      assertProblem(response, 'invalid_request');
    }
    assertProblem(await put('x'.repeat(257), { title: 'x' }), 'invalid_paper');
    assertProblem(
      await served.http.put(at('refused')).set(AUTHORISED).type('text').send('x'),
      'unsupported_media_type',
    );
    assertProblem(
      await served.http
        .put(`${at('x')}?force=1`)
        .set(AUTHORISED)
        .send({ title: 'x' }),
      'unknown_parameter',
    );
    await get('refused').expect(404);
  });

  it('finds the paper by an alias as GET does, and makes no second one', async () => {
    const doi = '10.1000/willow';
    const record = { title: 'Willows', doi, url: 'https://arxiv.org/abs/2402.00031' };
    await put('willow', record).expect(201);
    for (const [i, alias] of [doi, `https://doi.org/${doi}`, '2402.00031', 'arXiv:2402.00031v2'].entries()) {
      const { body } = await get(alias).expect(200);
      for (const id of [undefined, 'willow', alias]) {
        const sent = { ...body, id, title: `Willows ${i} ${id}` };
        const answer = await put(alias, sent).expect(200);
        assert.deepEqual(answer.body, { outcome: 'changed', id: 'willow' });
        const shown = await get('willow').expect(200);
        assert.equal(shown.body.title, sent.title);
        assert.equal(shown.headers.etag, answer.headers.etag);
      }
      assert.deepEqual(await foundBy('willows'), ['willow']);
      assertProblem(await put(alias, { ...record, id: 'larch' }), 'invalid_request');
    }
  });

  it('keeps the newest version of a paper of arXiv', async () => {
    const second = { title: 'Second version' };
    await put('arXiv:2402.00007v2', second).expect(201);
    const problem = assertProblem(
      await put('arXiv:2402.00007v1', { title: 'First version' }),
      'older_version',
    );
    assert.deepEqual(problem.ids, ['arXiv:2402.00007v2']);
    const { body } = await put('arXiv:2402.00007v3', { title: 'Third version' }).expect(200);
    assert.deepEqual(body, { outcome: 'changed', id: 'arXiv:2402.00007v2' });
    assert.equal((await get('2402.00007').expect(200)).body.title, 'Third version');
  });
});

describe('DELETE /v1/papers/{id}', () => {
  it('removes a paper by any of its names, for good', async () => {
    await put('arXiv:2402.00008', { title: 'Cypresses', doi: '10.1000/cypress' }).expect(201);
    const { body } = await remove('https://doi.org/10.1000/cypress').expect(200);
    assert.deepEqual(body, { deleted: 'arXiv:2402.00008' });
    assert.deepEqual(await foundBy('cypresses'), []);
    await get('2402.00008').expect(404);
    assertProblem(await remove('arXiv:2402.00008'), 'unknown_paper');
    assertProblem(await served.http.delete(`${at('x')}?force=1`).set(AUTHORISED), 'unknown_parameter');
  });
});

/** Sends lines, and parses those of the answer. */
async function importing(body: string, type = 'application/x-ndjson'): Promise<Record<string, unknown>[]> {
  const headers = { ...AUTHORISED, 'Content-Type': type };
  const response = await fetch(`${served.url}/v1/papers`, { method: 'POST', headers, body });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('cache-control'), 'no-store');
  const text = await response.text();
  assert.ok(text.endsWith('}\n'));
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('POST /v1/papers', () => {
  it('answers each line by itself, in order, and the next query sees all of them', async () => {
    const lines = [
      '{"id": "yew", "title": "Yews", "authors": "Ada Lovelace; Alan Turing", "stars": 5}',
      '',
      '{"title": "Junipers of the north"}',
      '{"id": "yew", "title": "Yews", "authors": ["Ada Lovelace", "Alan Turing"]}',
      '{"id": "yew", "title": "Yews of the south"}',
      '{"delete": "junipers-of-the-north"}',
      '{"delete": "junipers-of-the-north"}',
      '{"id": "arXiv:2402.00021v2", "title": "Of the second version"}',
      '{"id": "arXiv:2402.00021v1", "title": "Of the first version"}',
      '{"id": "none"}',
      '[1]',
      '{"title": "Half a line',
      '{"title": "x", "published": "soon"}',
    ];
    const answers = await importing(lines.join('\n'));
    const told = answers.map(({ line, id, outcome, error }) => [
      line,
      id ?? Reflect.get(Object(error), 'code'),
      outcome,
    ]);
    assert.deepEqual(told, [
      [1, 'yew', 'created'],
      [3, 'junipers-of-the-north', 'created'],
      [4, 'yew', 'unchanged'],
      [5, 'yew', 'changed'],
      [6, 'junipers-of-the-north', 'deleted'],
      [7, 'unknown_paper', undefined],
      [8, 'arXiv:2402.00021v2', 'created'],
      [9, 'arXiv:2402.00021v2', 'older_version'],
      [10, 'invalid_paper', undefined],
      [11, 'invalid_paper', undefined],
      [12, 'invalid_json', undefined],
      [13, 'invalid_paper', undefined],
      [undefined, undefined, undefined],
    ]);
    const counts = { created: 3, changed: 1, unchanged: 1, older: 1, deleted: 1, refused: 5 };
    assert.deepEqual(answers.at(-1), { done: true, ...counts });
    assert.deepEqual(await foundBy('yews'), ['yew']);
    assert.deepEqual(await foundBy('junipers'), []);
  });

  it('takes many lines of one paper in their order', async () => {
    const lines = Array.from({ length: 300 }, (_, i) =>
      i % 7 === 6 ? '{"delete": "pine"}' : `{"id": "pine", "title": "Pines ${i % 2}"}`,
    );
    const answers = await importing(lines.join('\r\n'), 'application/jsonl; charset=utf-8');
    let held: string | null = null;
    for (const [i, line] of lines.entries()) {
      const { title = null } = JSON.parse(line) as { title?: string };
      const expected: string =
        title === null ? 'deleted' : held === null ? 'created' : held === title ? 'unchanged' : 'changed';
      assert.deepEqual(answers[i], { line: i + 1, id: 'pine', outcome: expected });
      held = title;
    }
    assert.equal((await get('pine').expect(200)).body.title, held);
  });

  it('takes NDJSON only', async () => {
    for (const type of ['application/json', 'text/plain', 'text/csv']) {
      const response = await served.http.post('/v1/papers').set(AUTHORISED).type(type).send('{"title": "x"}');
      assert.match(String(assertProblem(response, 'unsupported_media_type').accepted), /x-ndjson/);
    }
    assertProblem(await served.http.post('/v1/papers').set(AUTHORISED), 'unsupported_media_type');
    assertProblem(await post('/v1/papers?wait=1'), 'unknown_parameter');
  });
});

describe('paths that take writes', () => {
  it('tell so, and need the key', async () => {
    const allowed = {
      '/v1/papers': 'GET, HEAD, POST, OPTIONS',
      '/v1/papers/x': 'GET, HEAD, PUT, DELETE, OPTIONS',
    };
    for (const [path, methods] of Object.entries(allowed)) {
      const { headers } = await served.http.options(path).expect(204);
      assert.equal(headers.allow, methods);
      assertProblem(await served.http.patch(path), 'method_not_allowed');
    }
    for (const response of [
      await served.http.put(at('x')).send({ title: 'x' }),
      await served.http.delete(at('arXiv:2401.00002')),
      await served.http.post('/v1/papers').type('application/x-ndjson').send('{"title": "x"}'),
      await served.http.get('/v1/admin/status'),
      await served.http.post('/v1/admin/rebuild'),
      await served.http.post('/v1/admin/reembed').send({ model: 'bge-small-en-v1.5' }),
      await served.http.post('/v1/admin/reload'),
    ]) {
      assertProblem(response, 'unauthorized');
    }
    await get('x').expect(404);
  });
});

describe('/v1/admin', () => {
  const status = async () => (await served.http.get('/v1/admin/status').set(AUTHORISED).expect(200)).body;

  it('rebuilds: what was pending is in the next generation, and nothing is lost', async () => {
    await put('rebuilt', { title: 'Poplars' }).expect(201);
    const { generation, papers, changes } = await status();
    assert.ok(changes.pending > 0 && changes.pending <= changes.last);
    const begun = await post('/v1/admin/rebuild').expect(202);
    assert.equal(begun.body.rebuild.state, 'running');
    await until('the rebuild', async () => (await status()).rebuild.state === 'idle');
    const after = await status();
    assert.deepEqual({ ...after.changes, pending: 0 }, { ...changes, pending: 0 });
    assert.equal(after.changes.pending, 0);
    assert.equal(after.papers, papers);
    assert.notEqual(after.generation, generation);
    assert.deepEqual(await foundBy('poplars'), ['rebuilt']);
  });

  it('reembeds only with a model that comes with it, and tells nothing of any folder', async () => {
    const vendored = join(packageRoot(), 'models', 'all-MiniLM-L6-v2');
    const asked = [
      'no-such-model',
      vendored,
      'models/all-MiniLM-L6-v2',
      '/etc',
      '/no/such/folder',
      '.',
      '..',
    ];
    const details = new Set<string>();
    for (const model of [...asked, '../models', 'BAAI/bge-small-en-v1.5']) {
      const problem = assertProblem(await post('/v1/admin/reembed', { model }), 'invalid_request');
      assert.equal(problem.field, 'model');
      assert.equal(problem.accepted, 'all-MiniLM-L6-v2, bge-small-en-v1.5');
      details.add(problem.detail);
    }
    assert.equal(details.size, 1);
    assert.match([...details].join(), /`nearpaper reembed` on the command line/);
    assert.doesNotMatch([...details].join(), /\//);
    assertProblem(await post('/v1/admin/reembed', { modle: 'x' }), 'unknown_parameter');
    assertProblem(await post('/v1/admin/reembed', {}), 'invalid_request');
  });

  it('reloads, and says what is served', async () => {
    const { generation, papers } = await status();
    assert.deepEqual((await post('/v1/admin/reload').expect(200)).body, { generation, papers });
  });

  it('tells methods, and takes no parameters', async () => {
    for (const [path, methods] of [
      ['status', 'GET, HEAD, OPTIONS'],
      ['rebuild', 'POST, OPTIONS'],
      ['reembed', 'POST, OPTIONS'],
      ['reload', 'POST, OPTIONS'],
    ]) {
      const { headers } = await served.http.options(`/v1/admin/${path}`).expect(204);
      assert.equal(headers.allow, methods);
    }
    for (const path of ['rebuild', 'reload'])
      assertProblem(await post(`/v1/admin/${path}?now=1`), 'unknown_parameter');
  });
});
