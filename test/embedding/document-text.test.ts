import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { documentText } from '../../src/embedding/document-text.js';

describe('documentText', () => {
  const cases: [title: string, abstract: string, text: string][] = [
    ['Attention', 'We propose.', 'Attention. We propose.'],
    ['Is attention all you need?', 'No.', 'Is attention all you need? No.'],
    ['Stop.', 'We stop.', 'Stop. We stop.'],
    ['More!', 'We add.', 'More! We add.'],
    ['On "Why?"', 'We ask.', 'On "Why?" We ask.'],
    ['Sets (and classes)', 'We sort.', 'Sets (and classes). We sort.'],
    ['  Attention ', ' We propose.\n', 'Attention. We propose.'],
    ['Attention', '', 'Attention'],
    ['Attention', '  ', 'Attention'],
    ['', 'We propose.', 'We propose.'],
  ];
  for (const [title, abstract, text] of cases) {
    it(`joins ${JSON.stringify(title)} and ${JSON.stringify(abstract)}`, () => {
      assert.equal(documentText(title, abstract), text);
    });
  }
});
