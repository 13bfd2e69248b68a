import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { modelInput } from '../../src/embedding/model-input.js';

const model = {
  documentPrefix: 'passage: ',
  queryPrefix: { text: 'query: ', upToCharacters: 10 },
  window: 16,
};

describe('modelInput', () => {
  it('puts the prefix of its role before a trimmed text', () => {
    assert.deepEqual(modelInput(' text\n', 'document', model), { text: 'passage: text', cut: false });
    assert.deepEqual(modelInput(' text\n', 'query', model), { text: 'query: text', cut: false });
  });

  it('leaves the prefix off queries that are longer than the limit, white space apart', () => {
    assert.equal(modelInput('  1234567890  ', 'query', model).text, 'query: 1234567890');
    assert.equal(modelInput('12345678901', 'query', model).text, '12345678901');
    const always = { ...model, queryPrefix: { text: 'query: ', upToCharacters: null } };
    assert.equal(modelInput('12345678901', 'query', always).text, 'query: 12345678901');
  });

  it('cuts at 20 characters a token, and never within a character', () => {
    const bare = { ...model, documentPrefix: '' };
    assert.deepEqual(modelInput('a'.repeat(320), 'document', bare), { text: 'a'.repeat(320), cut: false });
    assert.deepEqual(modelInput('a'.repeat(321), 'document', bare), { text: 'a'.repeat(320), cut: true });
    const emoji = modelInput(`a${'🧪'.repeat(200)}`, 'document', bare);
    assert.deepEqual(emoji, { text: `a${'🧪'.repeat(159)}`, cut: true });
  });
});
