/** Papers whose abstracts come in another file. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import type { Draft, IncomingPaper } from '../../src/papers/draft.js';
import { Corpus, paper, temporaryFolder } from './drafting.js';

const bare = (id: string): IncomingPaper => paper({ id, title: `Title of ${id}`, abstractElsewhere: true });
const abstractOf = (id: string, text = `Abstract of ${id}.`) => ({ id, abstract: text });

/** The abstracts that the draft holds, by id. */
function abstracts(draft: Draft): Record<string, string> {
  const labels = draft.labels();
  return Object.fromEntries(draft.texts(labels).map(({ title, abstract }) => [title.slice(9), abstract]));
}

function corpus(t: TestContext): Corpus {
  return new Corpus(temporaryFolder(t));
}

describe('an abstract that comes apart from its paper', () => {
  it('is joined to it, whichever came first', (t) => {
    const draft = corpus(t).openDraft();
    draft.holdAbstracts([abstractOf('a')]);
    draft.upsert([bare('a'), bare('b'), bare('c')]);
    draft.holdAbstracts([abstractOf('b'), abstractOf('x')]);
    assert.deepEqual(draft.settleAbstracts(3), {
      held: 3,
      joined: 2,
      withoutPaper: { count: 1, ids: ['x'] },
    });
    assert.deepEqual(abstracts(draft), { a: 'Abstract of a.', b: 'Abstract of b.', c: '' });
    draft.close();
  });

  it('is joined to a paper of an earlier import, which counts as named', (t) => {
    const of = corpus(t);
    of.build([bare('a'), bare('b')]);
    const draft = of.openDraft();
    draft.holdAbstracts([abstractOf('a')]);
    draft.settleIds();
    draft.settleAbstracts(3);
    assert.deepEqual(abstracts(draft), { a: 'Abstract of a.', b: '' });
    assert.equal(draft.named, 1);
    assert.deepEqual(draft.changes(), { papers: 2, added: 0, changed: 1, removed: 0 });
    draft.close();
  });

  it('stays when its paper comes again alone, and goes when another paper of that id has none', (t) => {
    const of = corpus(t);
    of.build([{ ...bare('a'), abstract: 'Held.' }]);
    const draft = of.openDraft();
    draft.upsert([bare('a')]);
    assert.deepEqual(draft.changes(), { papers: 1, added: 0, changed: 0, removed: 0 });
    draft.upsert([paper({ id: 'a', title: 'Title of a' })]);
    assert.deepEqual(abstracts(draft), { a: '' });
    draft.close();
  });

  it('is the later of two', (t) => {
    const draft = corpus(t).openDraft();
    draft.upsert([bare('a')]);
    draft.holdAbstracts([abstractOf('a', 'Early.'), abstractOf('a', 'Late.')]);
    assert.equal(draft.settleAbstracts(3).joined, 1);
    assert.deepEqual(abstracts(draft), { a: 'Late.' });
    draft.close();
  });

  it('leaves nothing on disk, and the text that it makes is embedded anew', (t) => {
    const of = corpus(t);
    of.build([bare('a')]);
    const draft = of.openDraft();
    draft.holdAbstracts([abstractOf('a')]);
    draft.settleAbstracts(3);
    const published = of.publish(draft);
    assert.deepEqual(
      readdirSync(dirname(of.published ?? '')).filter((name) => name.includes('abstracts')),
      [],
    );
    assert.equal(published.changes.changed, 1);
  });

  it('finds its paper in any order and any batches', (t) => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const step = fc.tuple(fc.boolean(), fc.constantFrom(...ids));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const draft = corpus(t).openDraft();
        for (const [isPaper, id] of steps) {
          if (isPaper) draft.upsert([bare(id)]);
          else draft.holdAbstracts([abstractOf(id)]);
        }
        draft.settleAbstracts(3);
        const papers = new Set(steps.flatMap(([isPaper, id]) => (isPaper ? id : [])));
        const held = new Set(steps.flatMap(([isPaper, id]) => (isPaper ? [] : id)));
        const expected = [...papers].map((id) => [id, held.has(id) ? `Abstract of ${id}.` : '']);
        assert.deepEqual(abstracts(draft), Object.fromEntries(expected));
        draft.close();
      }),
      { numRuns: 30 },
    );
  });
});

describe('a version that the id does not say', () => {
  const version = (n: number, title = `Version ${n}`) => paper({ id: '2401.00001', title, version: n });

  it('decides between records of one input, whatever their order', (t) => {
    for (const order of [
      [1, 3, 2],
      [3, 2, 1],
    ]) {
      const draft = corpus(t).openDraft();
      draft.upsert(order.map((n) => version(n)));
      assert.deepEqual(
        draft.texts(draft.labels()).map(({ title }) => title),
        ['Version 3'],
      );
      draft.close();
    }
  });

  it('comes after one that is not known, and before one that comes without it', (t) => {
    const draft = corpus(t).openDraft();
    const outcomes = draft.upsert([
      paper({ id: '2401.00001', title: 'Unknown' }),
      version(2),
      paper({ id: '2401.00001', title: 'Unknown again' }),
      version(1),
    ]);
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['stored', 'repeated', 'repeated', 'repeated'],
    );
    draft.close();
  });
});
