import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { resolveModel } from '../../src/embedding/model.js';
import { createEmbedder } from '../../src/embedding/pool.js';
import { MODELS, temporaryFolder, unpinnedMiniLm } from './vendored.js';

const ID = 'someone/some-model';

/** A hub on this machine that holds one model; what it was asked for is noted. */
async function localHub(t: TestContext, folder: string): Promise<{ hub: string; asked: string[] }> {
  const asked: string[] = [];
  const prefix = `/${ID}/resolve/main/`;
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    asked.push(url.replace(prefix, ''));
    const file = createReadStream(join(folder, url.startsWith(prefix) ? url.slice(prefix.length) : 'absent'));
    file.on('error', () => response.writeHead(url.startsWith(prefix) ? 404 : 401).end());
    file.pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { hub: `http://127.0.0.1:${portOf(server.address())}`, asked };
}

function portOf(address: AddressInfo | string | null): number {
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

/** A hub that sends this much of the first file, then nothing, until the test ends. */
async function stallingHub(
  t: TestContext,
  beginning: string,
): Promise<{ hub: string; asked: Promise<void> }> {
  let seen = () => {};
  const asked = new Promise<void>((resolve) => {
    seen = resolve;
  });
  const server = createServer((_request, response) => {
    if (beginning !== '') response.write(beginning);
    seen();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { hub: `http://127.0.0.1:${portOf(server.address())}`, asked };
}

async function closedPort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server.address());
  server.close();
  await once(server, 'close');
  return port;
}

describe('a hub id', () => {
  it('is refused without permission, which the message names, and asks nobody', async (t) => {
    const { hub, asked } = await localHub(t, await unpinnedMiniLm(t));
    const sources = { modelsDir: MODELS, allowDownload: false, cacheDir: await temporaryFolder(t), hub };
    await assert.rejects(resolveModel(ID, sources), {
      code: 'model_missing',
      message: /NEARPAPER_ALLOW_DOWNLOAD=yes .* Vendored models: all-MiniLM-L6-v2, bge-small-en-v1\.5/,
    });
    assert.deepEqual(asked, []);
  });

  it('is downloaded once with permission, and then used without', async (t) => {
    const { hub, asked } = await localHub(t, await unpinnedMiniLm(t));
    const cacheDir = join(await temporaryFolder(t), 'made/when/needed');
    const sources = { modelsDir: MODELS, allowDownload: true, cacheDir, hub };
    const model = await resolveModel(ID, sources);
    assert.equal(model.name, ID);
    assert.equal(model.folder, join(cacheDir, ID));
    assert.ok(asked.includes('1_Pooling/config.json'));
    assert.deepEqual(await readdir(join(cacheDir, 'someone')), ['some-model']);
    const requests = asked.length;
    assert.deepEqual(await resolveModel(ID, { ...sources, allowDownload: false }), model);
    assert.equal(asked.length, requests);
    const embedder = await createEmbedder(model, { workers: 1, maxQueued: 1 });
    assert.equal((await embedder.embedQuery('it runs')).vector.length, 384);
    await embedder.close();
  });

  it('leaves nothing behind when the hub lacks the model or a file of it', async (t) => {
    const empty = await temporaryFolder(t);
    const { hub } = await localHub(t, empty);
    const cacheDir = await temporaryFolder(t);
    const sources = { modelsDir: MODELS, allowDownload: true, cacheDir, hub };
    await assert.rejects(resolveModel('nobody/nothing', sources), {
      code: 'model_missing',
      message: /answered 401/,
    });
    await writeFile(join(empty, 'config.json'), '{}');
    await assert.rejects(resolveModel(ID, sources), {
      code: 'model_missing',
      message: /has no tokenizer\.json/,
    });
    assert.deepEqual(await readdir(join(cacheDir, 'someone')), []);
  });

  for (const [what, beginning] of [
    ['before the first byte', ''],
    ['in the middle of a file', '{"hidden'],
  ] as const) {
    it(`fails when the hub stalls ${what}, and leaves nothing behind`, async (t) => {
      const { hub } = await stallingHub(t, beginning);
      const cacheDir = await temporaryFolder(t);
      const sources = { modelsDir: MODELS, allowDownload: true, cacheDir, hub, stallMs: 50 };
      await assert.rejects(resolveModel(ID, sources), {
        code: 'model_missing',
        message: /config\.json sent nothing for 0\.05 s/,
      });
      assert.deepEqual(await readdir(join(cacheDir, 'someone')), []);
    });

    it(`is given up at once when the signal aborts ${what}, and leaves nothing behind`, async (t) => {
      const { hub, asked } = await stallingHub(t, beginning);
      const cacheDir = await temporaryFolder(t);
      const stop = new AbortController();
      const sources = { modelsDir: MODELS, allowDownload: true, cacheDir, hub, signal: stop.signal };
      const resolving = assert.rejects(resolveModel(ID, sources), { code: 'cancelled' });
      await asked;
      stop.abort();
      await resolving;
      assert.deepEqual(await readdir(join(cacheDir, 'someone')), []);
      assert.equal(getEventListeners(stop.signal, 'abort').length, 0);
    });
  }

  it('is downloaded from a hub that is slow, as long as something arrives', async (t) => {
    let pieces = 0;
    const server = createServer((_request, response) => {
      const dripping = setInterval(() => response.write(' '.repeat(++pieces)), 100);
      response.on('close', () => clearInterval(dripping));
      // Longer than a stall may take, all in all.
      setTimeout(() => response.writableEnded || response.destroy(), 1500);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => void server.close());
    const hub = `http://127.0.0.1:${portOf(server.address())}`;
    const cacheDir = await temporaryFolder(t);
    const sources = { modelsDir: MODELS, allowDownload: true, cacheDir, hub, stallMs: 1000 };
    // Ended by the hub, not by our patience.
    await assert.rejects(resolveModel(ID, sources), {
      code: 'model_missing',
      message: /^((?!sent nothing).)*$/,
    });
    assert.ok(pieces > 10, `${pieces} pieces`);
  });

  it('fails plainly when the hub cannot be reached', async (t) => {
    const hub = `http://127.0.0.1:${await closedPort()}`;
    const sources = { modelsDir: MODELS, allowDownload: true, cacheDir: await temporaryFolder(t), hub };
    await assert.rejects(resolveModel(ID, sources), {
      code: 'model_missing',
      message: /could not be downloaded from http:\/\/127\.0\.0\.1:\d+ .*ECONNREFUSED.*Check the network/,
    });
  });
});
