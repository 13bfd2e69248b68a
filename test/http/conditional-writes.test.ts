/** Tags of papers, and writes that hold only for the version that their caller has seen. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { indexOf } from '../support/corpus.js';
import { assertProblem } from '../support/problems.js';
import { serveIndex, type TestService } from '../support/service.js';
import { afterFile } from '../support/temporary-folder.js';

const ADMIN_KEY = 'admin-key-0123456789';
const AUTHORISED = { Authorization: `Bearer ${ADMIN_KEY}` };

const file = afterFile();
let served: TestService;
before(async () => {
  served = await serveIndex(file, await indexOf(file), { adminKey: ADMIN_KEY });
});

const at = (id: string) => `/v1/papers/${encodeURIComponent(id)}`;
const put = (id: string, record: object, headers: Record<string, string> = {}) =>
  served.http
    .put(at(id))
    .set({ ...AUTHORISED, ...headers })
    .send(record);
const remove = (id: string, headers: Record<string, string> = {}) =>
  served.http.delete(at(id)).set({ ...AUTHORISED, ...headers });
const tagOf = async (id: string, query = ''): Promise<string> =>
  String((await served.http.get(at(id) + query).expect(200)).headers.etag);

let made = 0;
/** A paper of the test's own, with its tag. */
async function paper(): Promise<{ id: string; tag: string }> {
  const id = `paper ${++made}`;
  const { headers } = await put(id, { title: `The paper of number ${made}` }).expect(201);
  return { id, tag: String(headers.etag) };
}

describe('the tag of a paper', () => {
  it('is strong, and the same from PUT, GET and HEAD', async () => {
    const { id, tag } = await paper();
    assert.match(tag, /^"[\w-]{22}\.[\w-]{22}"$/);
    assert.equal(await tagOf(id), tag);
    assert.equal((await served.http.head(at(id)).expect(200)).headers.etag, tag);
    assert.equal((await put(id, { title: `The paper of number ${made}` }).expect(200)).headers.etag, tag);
  });

  it('stays when another paper changes, and changes with its own', async () => {
    const { id, tag } = await paper();
    const search = '/v1/search?q=paper';
    const before = (await served.http.get(search).expect(200)).headers.etag;
    const other = await paper();
    await remove(other.id).expect(200);
    await served.http.get(at(id)).set('If-None-Match', tag).expect(304);
    assert.notEqual((await served.http.get(search).expect(200)).headers.etag, before);
    const changed = await put(id, { title: 'Another title' }).expect(200);
    assert.equal(changed.body.outcome, 'changed');
    assert.notEqual(changed.headers.etag, tag);
    const { body } = await served.http.get(at(id)).set('If-None-Match', tag).expect(200);
    assert.equal(body.title, 'Another title');
  });

  it('is another one for other fields, and for a paper of the same content', async () => {
    const { id, tag } = await paper();
    const twin = await put(`${id}, a copy`, { title: `The paper of number ${made}` }).expect(201);
    const tags = [tag, await tagOf(id, '?fields=title'), await tagOf(id, '?fields=id'), twin.headers.etag];
    assert.equal(new Set(tags).size, 4);
  });
});

describe('If-Match', () => {
  it('lets through who has the version that is there, whatever its fields, and nobody else', async () => {
    const { id, tag } = await paper();
    const fields = await tagOf(id, '?fields=title,year');
    for (const [i, header] of [tag, fields, `"x", ${tag}`, '*'].entries()) {
      const { headers } = await put(id, { title: `Version ${i}` }, { 'If-Match': header }).expect(200);
      const stale = await put(id, { title: 'Overwritten' }, { 'If-Match': `${tag}, ${fields}` });
      assert.deepEqual(assertProblem(stale, 'precondition_failed').ids, [id]);
      assert.equal((await served.http.get(at(id))).body.title, `Version ${i}`);
      // Back to what the tags are of.
      await put(id, { title: `The paper of number ${made}` }, { 'If-Match': String(headers.etag) }).expect(
        200,
      );
    }
  });

  it('never matches weakly, nor where there is no paper', async () => {
    const { id, tag } = await paper();
    assertProblem(await put(id, { title: 'x' }, { 'If-Match': `W/${tag}` }), 'precondition_failed');
    for (const header of ['*', tag])
      assertProblem(await put('nothing', { title: 'x' }, { 'If-Match': header }), 'precondition_failed');
    await served.http.get(at('nothing')).expect(404);
  });

  it('that cannot be read lets nothing through', async () => {
    const { id, tag } = await paper();
    for (const header of [tag.slice(1, -1), tag.slice(0, -1), `${tag} ${tag}`, ',', '', '"x'.repeat(9000)]) {
      for (const response of [
        await put(id, { title: 'x' }, { 'If-Match': header }),
        await remove(id, { 'If-Match': header }),
      ]) {
        assert.equal(assertProblem(response, 'invalid_request').field, 'If-Match', header.slice(0, 50));
      }
    }
    assert.equal(await tagOf(id), tag);
  });

  it('lets one of many through who saw the same version', async () => {
    const { id, tag } = await paper();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => put(id, { title: `From reader ${i}` }, { 'If-Match': tag })),
    );
    const won = answers.flatMap(({ status }, i) => (status === 200 ? [i] : []));
    assert.equal(won.length, 1);
    for (const [i, answer] of answers.entries()) {
      if (i !== won[0]) assertProblem(answer, 'precondition_failed');
    }
    assert.equal((await served.http.get(at(id))).body.title, `From reader ${won[0]}`);
  });

  it('of one paper lets no write to another through, though an alias came to mean it and their contents agree', async () => {
    const doi = '10.1000/same';
    const record = { title: 'The same content', doi };
    await put('first of two', record).expect(201);
    const tag = await tagOf(doi);
    await put(doi, { ...record, title: 'Seen and changed' }, { 'If-Match': tag }).expect(200);
    await put(doi, record, { 'If-Match': '*' }).expect(200);
    await remove('first of two').expect(200);
    await put('second of two', record).expect(201);
    assertProblem(await remove(doi, { 'If-Match': tag }), 'precondition_failed');
    assertProblem(await put(doi, { title: 'Overwritten' }, { 'If-Match': tag }), 'precondition_failed');
    assert.equal((await served.http.get(at('second of two')).expect(200)).body.title, record.title);
    await remove(doi, { 'If-Match': await tagOf(doi) }).expect(200);
  });

  it('holds for a removal too', async () => {
    const { id, tag } = await paper();
    await put(id, { title: 'Another title' }).expect(200);
    assertProblem(await remove(id, { 'If-Match': tag }), 'precondition_failed');
    await served.http.get(at(id)).expect(200);
    await remove(id, { 'If-Match': await tagOf(id, '?fields=id') }).expect(200);
    await served.http.get(at(id)).expect(404);
  });
});

describe('If-None-Match', () => {
  it('as the wildcard lets a new paper through, and no other', async () => {
    const { id, tag } = await paper();
    const header = { 'If-None-Match': '*' };
    assertProblem(await put(id, { title: 'x' }, header), 'precondition_failed');
    assert.equal(await tagOf(id), tag);
    await remove(id).expect(200);
    await put(id, { title: 'Here again' }, header).expect(201);
  });

  it('means the paper that GET finds, by an alias too', async () => {
    const doi = '10.1000/there';
    await put('there already', { title: 'There already', doi }).expect(201);
    const problem = assertProblem(
      await put(doi, { title: 'x' }, { 'If-None-Match': '*' }),
      'precondition_failed',
    );
    assert.deepEqual(problem.ids, ['there already']);
  });

  it('with tags, or with DELETE, is refused instead of passed over', async () => {
    const { id, tag } = await paper();
    for (const response of [
      await put(id, { title: 'x' }, { 'If-None-Match': tag }),
      await put(id, { title: 'x' }, { 'If-None-Match': '' }),
      await remove(id, { 'If-None-Match': '*' }),
    ]) {
      assert.equal(assertProblem(response, 'invalid_request').field, 'If-None-Match');
    }
    assert.equal(await tagOf(id), tag);
  });
});
