import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fingerprintOf, type ModelSettings } from '../../src/embedding/description.js';

const settings: ModelSettings = {
  pooling: 'mean',
  documentPrefix: '',
  queryPrefix: { text: 'query: ', upToCharacters: 300 },
  window: 256,
  dimensions: 384,
  dtype: 'q8',
  onnxFile: 'onnx/model_quantized.onnx',
};
const digests = new Map([
  ['tokenizer.json', 'a'.repeat(64)],
  ['tokenizer_config.json', 'b'.repeat(64)],
  ['onnx/model_quantized.onnx', 'c'.repeat(64)],
]);

describe('fingerprintOf', () => {
  it('changes with everything a vector depends on', () => {
    const variants: [ModelSettings, Map<string, string>][] = [
      [settings, digests],
      [{ ...settings, pooling: 'cls' }, digests],
      [{ ...settings, documentPrefix: 'passage: ' }, digests],
      [{ ...settings, queryPrefix: { text: 'search: ', upToCharacters: 300 } }, digests],
      [{ ...settings, queryPrefix: { text: 'query: ', upToCharacters: null } }, digests],
      [{ ...settings, window: 512 }, digests],
      [{ ...settings, dimensions: 768 }, digests],
      [{ ...settings, dtype: 'int8' }, digests],
      [settings, new Map([...digests, ['tokenizer.json', 'd'.repeat(64)]])],
      [settings, new Map([...digests, ['tokenizer_config.json', 'd'.repeat(64)]])],
      [settings, new Map([...digests, ['onnx/model_quantized.onnx', 'd'.repeat(64)]])],
      [settings, new Map([...digests, ['onnx/model_quantized.onnx_data', 'd'.repeat(64)]])],
    ];
    const fingerprints = variants.map(([changed, files]) => fingerprintOf(changed, files));
    assert.equal(new Set(fingerprints).size, variants.length);
    for (const fingerprint of fingerprints) assert.match(fingerprint, /^[0-9a-f]{16}$/);
  });

  it('does not change with what no vector depends on', () => {
    const original = fingerprintOf(settings, digests);
    // Another order of keys, other files of the folder, another path of the same weights.
    const { window, dimensions, ...rest } = settings;
    assert.equal(fingerprintOf({ dimensions, window, ...rest }, digests), original);
    assert.equal(fingerprintOf(settings, new Map([...digests, ['config.json', 'e'.repeat(64)]])), original);
    const moved = new Map([...digests, ['model_quantized.onnx', 'c'.repeat(64)]]);
    assert.equal(fingerprintOf({ ...settings, onnxFile: 'model_quantized.onnx' }, moved), original);
    // A limit on a prefix that is not there.
    const bare = (upToCharacters: number | null) =>
      fingerprintOf({ ...settings, queryPrefix: { text: '', upToCharacters } }, digests);
    assert.equal(bare(300), bare(null));
  });
});
