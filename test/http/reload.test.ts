/** Another generation is published while the service runs, and the service stops while it works. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { buildIndex, indexOf, THREE_PAPERS, writePapers } from '../support/corpus.js';
import { openSocket, parseResponse, write } from '../support/raw-http.js';
import { LEVELS, type LogLine, serveIndex } from '../support/service.js';

const LONG = 'the reasoning of language models under reinforcement learning '.repeat(30);
const MORE = [...THREE_PAPERS, { id: 'new', title: 'A fourth paper', abstract: 'On rewards, once more.' }];
const errors = (log: LogLine[]) => log.filter(({ level }) => level >= (LEVELS.error ?? 50));

async function publish(index: string, papers = MORE, model?: string): Promise<string> {
  const input = await writePapers(join(index, 'papers.jsonl'), papers);
  return (await buildIndex(index, [input], model === undefined ? {} : { model })).generation;
}

describe('a reload', () => {
  it('serves the generation that was published, and nothing of it before', async (t) => {
    const index = await indexOf(t);
    const { http, service, log } = await serveIndex(t, index);
    const before = (await http.get('/readyz')).body.generation;
    const after = await publish(index);
    assert.equal((await http.get('/readyz')).body.generation, before);
    assert.equal((await http.get('/v1/papers/new')).status, 404);

    await service.reload();
    assert.equal((await http.get('/readyz')).body.generation, after);
    assert.equal((await http.get('/v1/papers/new')).status, 200);
    const { body } = await http.get('/v1/search?q=rewards&limit=100');
    assert.equal(body.results.length, 4);
    assert.equal(body.index.generation, after);
    assert.deepEqual(errors(log), []);
  });

  it('lets requests under way finish on the generation that they began with', async (t) => {
    const index = await indexOf(t);
    const { http, service } = await serveIndex(t, index);
    const before = (await http.get('/readyz')).body.generation;
    const after = await publish(index);
    let reloaded: Promise<void> | undefined;
    const answers = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const asked = http.post('/v1/search').send({ q: `${LONG} ${i}`, limit: 100 });
        const answer = asked.then((response) => response);
        if (i === 6) reloaded = service.reload();
        return answer;
      }),
    );
    await reloaded;
    for (const { status, body } of answers) {
      assert.equal(status, 200);
      assert.ok([before, after].includes(body.index.generation));
      assert.equal(body.results.length, body.index.generation === before ? 3 : 4);
      assert.equal(body.index.size, body.results.length);
    }
  });

  it('takes up a model that changed with the index', async (t) => {
    const index = await indexOf(t);
    const { http, service, log } = await serveIndex(t, index);
    await publish(index, [...THREE_PAPERS], 'bge-small-en-v1.5');
    await service.reload();
    const { body } = await http.get('/v1/search?q=rewards').expect(200);
    assert.equal(body.index.model, 'bge-small-en-v1.5');
    assert.deepEqual(errors(log), []);
  });

  it('keeps the old generation when the new one is damaged, and logs why; a whole one mends it', async (t) => {
    const index = await indexOf(t);
    const { http, service, log } = await serveIndex(t, index);
    const before = await http.get('/v1/search?q=rewards');
    const damaged = await publish(index);
    const path = join(index, damaged, 'vectors.i16');
    const bytes = await readFile(path);
    bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100);
    await writeFile(path, bytes);

    await service.reload();
    assert.equal((await http.get('/v1/search?q=rewards')).text, before.text);
    assert.equal((await http.get('/readyz')).status, 200);
    const [line, ...others] = errors(log);
    assert.deepEqual(others, []);
    assert.equal(line?.code, 'index_damaged');
    assert.match(String(line?.msg), /old generation keeps serving/);

    const mended = await publish(index);
    await service.reload();
    assert.equal((await http.get('/readyz')).body.generation, mended);
  });

  it('keeps the old generation when CURRENT is gone or nonsense', async (t) => {
    const index = await indexOf(t);
    const { http, service, log } = await serveIndex(t, index);
    await writeFile(join(index, 'CURRENT'), '../../etc\n');
    await service.reload();
    assert.equal(errors(log).length, 1);
    assert.equal((await http.get('/v1/search?q=rewards')).status, 200);
  });

  it('is nothing but a line in the log when nothing new was published', async (t) => {
    const { service, log } = await serveIndex(t, await indexOf(t));
    await Promise.all([service.reload(), service.reload()]);
    assert.equal(log.filter(({ msg }) => msg.includes('served already')).length, 2);
    assert.deepEqual(errors(log), []);
  });
});

describe('a stop', () => {
  it('answers what is under way, and does not wait for connections that are kept alive', async (t) => {
    const { service, url, port, log } = await serveIndex(t, await indexOf(t), { shutdownMs: 600_000 });
    const agent = new Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    const idle = await openSocket(port);
    await write(idle, 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    const [first] = await once(idle, 'data');
    assert.equal(parseResponse(String(first)).status, 200);

    const body = JSON.stringify({ q: LONG });
    const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length };
    const asked = Array.from({ length: 6 }, async () => {
      const sending = request(`${url}/v1/search`, { method: 'POST', agent, headers });
      sending.end(body);
      const [response] = await once(sending, 'response');
      response.resume();
      await once(response, 'end');
      return response.statusCode;
    });
    // One answer is there, so the connections are; the rest waits for the model.
    await Promise.race(asked);
    const stopping = performance.now();
    const stopped = service.stop();
    assert.deepEqual(await Promise.all(asked), [200, 200, 200, 200, 200, 200]);
    await stopped;
    assert.ok(performance.now() - stopping < 30_000, 'far less than connections are kept alive');
    assert.deepEqual(errors(log), []);
    await assert.rejects(fetch(`${url}/livez`));
  });
});
