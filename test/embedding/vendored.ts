import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type ModelDescription, resolveModel } from '../../src/embedding/model.js';
import { packageRoot } from '../../src/package-root.js';

export const MODELS = join(packageRoot(), 'models');
export const MINILM = join(MODELS, 'all-MiniLM-L6-v2');

/** A vendored model, found with nothing but the package's own folder. */
export function vendored(name: string): Promise<ModelDescription> {
  return resolveModel(name, { modelsDir: MODELS, allowDownload: false, cacheDir: join(tmpdir(), 'unused') });
}

/** A folder that goes when the test ends. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nearpaper-embedding-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** MiniLM as Transformers.js would be given it, without nearpaper.json; its weights are linked, not copied. */
export async function unpinnedMiniLm(t: TestContext): Promise<string> {
  const folder = join(await temporaryFolder(t), 'my-model');
  await cp(MINILM, folder, {
    recursive: true,
    filter: (path) => !path.endsWith('nearpaper.json') && !path.endsWith('.onnx'),
  });
  await symlink(join(MINILM, 'onnx/model_quantized.onnx'), join(folder, 'onnx/model_quantized.onnx'));
  return folder;
}

export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (const [i, value] of a.entries()) sum += value * (b[i] ?? Number.NaN);
  return sum;
}
