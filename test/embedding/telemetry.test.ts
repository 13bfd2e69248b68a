import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { promisify } from 'node:util';

it('embeds without leaving a device id or a report of its use in the home folder', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'nearpaper-home-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const source = `
    import { resolveModel } from '${new URL('../../src/embedding/model.js', import.meta.url)}';
    import { createEmbedder } from '${new URL('../../src/embedding/pool.js', import.meta.url)}';
    import { packageRoot } from '${new URL('../../src/package-root.js', import.meta.url)}';
    const sources = { modelsDir: packageRoot() + '/models', allowDownload: false, cacheDir: '${home}/models' };
    const embedder = await createEmbedder(await resolveModel('all-MiniLM-L6-v2', sources), { workers: 1, maxQueued: 1 });
    const { vector } = await embedder.embedQuery('a text');
    await embedder.close();
    console.log(vector.length);
  `;
  // onnxruntime is quiet by itself where CI is set.
  const { ORT_DISABLE_TELEMETRY: _unset, CI: _neither, ...environment } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', source], {
    env: { ...environment, HOME: home, XDG_CACHE_HOME: join(home, '.cache') },
  });
  assert.equal(stdout.trim(), '384');
  assert.deepEqual(await readdir(home), []);
});
