import assert from 'node:assert/strict';
import { appendFile, cp, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type ModelDescription, resolveModel, vendoredNames } from '../../src/embedding/model.js';
import { MINILM, MODELS, temporaryFolder, unpinnedMiniLm, vendored } from './vendored.js';

function resolveFolder(folder: string): Promise<ModelDescription> {
  return resolveModel(folder, { modelsDir: MODELS, allowDownload: false, cacheDir: join(folder, 'cache') });
}

async function pinnedCopy(t: TestContext): Promise<string> {
  const folder = join(await temporaryFolder(t), 'copy');
  await cp(MINILM, folder, { recursive: true });
  return folder;
}

function writeJson(path: string, value: unknown): Promise<void> {
  return writeFile(path, JSON.stringify(value));
}

describe('vendored models', () => {
  it('are found by name, verified and described', async () => {
    assert.deepEqual(await vendoredNames(MODELS), ['all-MiniLM-L6-v2', 'bge-small-en-v1.5']);
    const minilm = await vendored('all-MiniLM-L6-v2');
    assert.equal(minilm.folder, MINILM);
    assert.deepEqual(
      [minilm.licence, minilm.pooling, minilm.window, minilm.dimensions, minilm.assumptions],
      ['Apache-2.0', 'mean', 512, 384, []],
    );
    const bge = await vendored('bge-small-en-v1.5');
    assert.deepEqual([bge.licence, bge.pooling, bge.window, bge.dimensions], ['MIT', 'cls', 512, 384]);
    assert.equal(bge.queryPrefix.upToCharacters, 300);
    assert.notEqual(bge.fingerprint, minilm.fingerprint);
  });

  it('come with their licences', async () => {
    assert.match(await readFile(join(MINILM, 'LICENSE'), 'utf8'), /Apache License\s+Version 2\.0/);
    const bge = await readFile(join(MODELS, 'bge-small-en-v1.5/LICENSE'), 'utf8');
    assert.match(bge, /MIT License\s+Copyright \(c\) 2022/);
  });

  it('are not left by a name that is none of theirs', async () => {
    for (const name of ['all-MiniLM', '...', '', 'README.md']) {
      await assert.rejects(vendored(name), { code: 'model_missing', message: /Vendored models: all-MiniLM/ });
    }
  });
});

describe('a folder with nearpaper.json', () => {
  it('has the fingerprint of its content, wherever it lies', async (t) => {
    const copy = await resolveFolder(await pinnedCopy(t));
    assert.equal(copy.fingerprint, (await vendored('all-MiniLM-L6-v2')).fingerprint);
    assert.equal((await resolveFolder(relative('.', copy.folder))).folder, copy.folder);
  });

  it('is refused for one flipped bit', async (t) => {
    const folder = await pinnedCopy(t);
    const weights = await open(join(folder, 'onnx/model_quantized.onnx'), 'r+');
    const { buffer } = await weights.read(Buffer.alloc(1), 0, 1, 12_345_678);
    await weights.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, 12_345_678);
    await weights.close();
    await assert.rejects(resolveFolder(folder), {
      code: 'model_damaged',
      message:
        /onnx\/model_quantized\.onnx is damaged .* expected SHA-256 afdb6f1a.*, found [0-9a-f]{64}\. Install/,
    });
  });

  it('is refused for a file that grew or is gone', async (t) => {
    const folder = await pinnedCopy(t);
    await appendFile(join(folder, 'tokenizer_config.json'), '\n');
    await assert.rejects(resolveFolder(folder), {
      code: 'model_damaged',
      message: /378 bytes, found 379 bytes/,
    });
    await rm(join(folder, 'tokenizer_config.json'));
    await assert.rejects(resolveFolder(folder), {
      code: 'model_missing',
      message: /has no tokenizer_config\.json/,
    });
  });

  it('is refused when nearpaper.json is not what it should be', async (t) => {
    const folder = await pinnedCopy(t);
    const path = join(folder, 'nearpaper.json');
    const described: Record<string, unknown> = JSON.parse(await readFile(path, 'utf8'));
    await writeJson(path, { ...described, pooling: 'max', files: { '../x': { sha256: '0', bytes: 1 } } });
    await assert.rejects(resolveFolder(folder), { code: 'model_damaged', message: /pooling: .*files/ });
    await writeFile(path, '{');
    await assert.rejects(resolveFolder(folder), {
      code: 'model_damaged',
      message: /nearpaper\.json is not JSON/,
    });
  });

  it('is refused when the runtime would read weights that are not listed', async (t) => {
    const folder = await pinnedCopy(t);
    await writeFile(join(folder, 'onnx/model_quantized.onnx_data'), 'x');
    await assert.rejects(resolveFolder(folder), { code: 'model_damaged', message: /must list .*onnx_data/ });
  });
});

describe('a folder without nearpaper.json', () => {
  it('is described from what Sentence Transformers wrote', async (t) => {
    const folder = await unpinnedMiniLm(t);
    await mkdir(join(folder, '1_Pooling'));
    await writeJson(join(folder, '1_Pooling/config.json'), {
      word_embedding_dimension: 384,
      pooling_mode_cls_token: true,
      pooling_mode_mean_tokens: false,
    });
    await writeJson(join(folder, 'sentence_bert_config.json'), { max_seq_length: 200, do_lower_case: false });
    await writeJson(join(folder, 'config_sentence_transformers.json'), {
      prompts: { query: 'query: ', document: 'passage: ' },
    });
    const model = await resolveFolder(folder);
    assert.deepEqual(
      [model.name, model.pooling, model.window, model.dimensions, model.dtype, model.documentPrefix],
      ['my-model', 'cls', 200, 384, 'q8', 'passage: '],
    );
    assert.deepEqual(model.queryPrefix, { text: 'query: ', upToCharacters: null });
    assert.deepEqual(model.assumptions, []);
  });

  it('lists what it had to assume', async (t) => {
    const folder = await unpinnedMiniLm(t);
    await writeJson(join(folder, 'config.json'), { model_type: 'bert', hidden_size: 384 });
    await writeJson(join(folder, 'tokenizer_config.json'), { model_max_length: 1e30 });
    const model = await resolveFolder(folder);
    assert.deepEqual([model.pooling, model.window, model.documentPrefix], ['mean', 512, '']);
    assert.deepEqual(
      model.assumptions.map((assumption) => assumption.split(':')[0]),
      ['pooling', 'window', 'prefixes'],
    );
  });

  it('has the fingerprint of the same model pinned, when its settings are the same', async (t) => {
    const folder = await unpinnedMiniLm(t);
    await writeJson(join(folder, 'sentence_bert_config.json'), { max_seq_length: 512 });
    assert.equal((await resolveFolder(folder)).fingerprint, (await vendored('all-MiniLM-L6-v2')).fingerprint);
  });

  it('does not use positions that RoBERTa and its kin leave out', async (t) => {
    const folder = await unpinnedMiniLm(t);
    await writeJson(join(folder, 'tokenizer_config.json'), {});
    const shape = { hidden_size: 768, max_position_embeddings: 514 };
    await writeJson(join(folder, 'config.json'), { ...shape, model_type: 'xlm-roberta' });
    assert.equal((await resolveFolder(folder)).window, 512);
    await writeJson(join(folder, 'config.json'), { ...shape, model_type: 'bert' });
    assert.equal((await resolveFolder(folder)).window, 514);
  });

  it('takes full-precision weights where there are no others', async (t) => {
    const folder = await unpinnedMiniLm(t);
    await rm(join(folder, 'onnx/model_quantized.onnx'));
    await assert.rejects(resolveFolder(folder), {
      code: 'model_missing',
      message: /onnx\/model_quantized\.onnx/,
    });
    await writeFile(join(folder, 'onnx/model.onnx'), 'weights');
    const model = await resolveFolder(folder);
    assert.deepEqual([model.dtype, model.onnxFile], ['fp32', 'onnx/model.onnx']);
  });

  it('names the file that is missing', async (t) => {
    const folder = await unpinnedMiniLm(t);
    await rm(join(folder, 'tokenizer.json'));
    await assert.rejects(resolveFolder(folder), { code: 'model_missing', message: /has no tokenizer\.json/ });
    await rm(join(folder, 'config.json'));
    await assert.rejects(resolveFolder(folder), { code: 'model_missing', message: /has no config\.json/ });
    await assert.rejects(resolveFolder(join(folder, 'absent')), {
      code: 'model_missing',
      message: /no model folder/,
    });
  });

  it('is refused when its vectors would come out wrong', async (t) => {
    const folder = await unpinnedMiniLm(t);
    await writeJson(join(folder, 'modules.json'), [
      { type: 'sentence_transformers.models.Transformer' },
      { type: 'sentence_transformers.models.Pooling' },
      { type: 'sentence_transformers.models.Dense' },
    ]);
    await assert.rejects(resolveFolder(folder), { code: 'config_invalid', message: /models\.Dense/ });
    await rm(join(folder, 'modules.json'));
    await mkdir(join(folder, '1_Pooling'));
    await writeJson(join(folder, '1_Pooling/config.json'), { pooling_mode_lasttoken: true });
    await assert.rejects(resolveFolder(folder), {
      code: 'config_invalid',
      message: /pooling_mode_lasttoken/,
    });
  });
});
