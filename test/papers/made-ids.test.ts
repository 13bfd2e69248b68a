/** Ids of papers that came without one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { IncomingPaper } from '../../src/papers/draft.js';
import { Corpus, paper, temporaryFolder } from './drafting.js';

const editorial = (abstract: string) => paper({ title: 'Editorial', abstract });

/** Abstract by id, of all papers that are published. */
async function abstracts(corpus: Corpus): Promise<Map<string, string>> {
  return new Map([...(await corpus.papers()).values()].map(({ id, abstract }) => [id, abstract]));
}

describe('a paper without an id', () => {
  it('gets a readable one from its title', async (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build([paper({ title: 'Attention Is All You Need' }), paper({ title: '深度学习' })]);
    assert.deepEqual([...(await corpus.papers()).keys()], ['attention-is-all-you-need', '深度学习']);
  });

  it("gets one from its text's hash where the title has no letter or digit", async (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build([paper({ title: '?!', abstract: 'A.' }), paper({ title: '?!', abstract: 'B.' })]);
    const ids = [...(await corpus.papers()).keys()];
    assert.equal(ids.length, 2);
    for (const id of ids) assert.match(id, /^paper-[0-9a-f]{8}$/);
  });

  it("gets a suffix from its text's hash where another text has the title", async (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build([editorial('A.'), editorial('B.'), editorial('C.')]);
    const found = await abstracts(corpus);
    assert.equal(found.get('editorial'), 'A.');
    assert.equal(found.size, 3);
    for (const id of found.keys()) assert.match(id, /^editorial(-[0-9a-f]{8})?$/);
  });

  it('is the same paper when title and abstract are', (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    const { outcomes, changes } = corpus.build([editorial('A.'), editorial('A.')]);
    assert.deepEqual(outcomes[1], { kind: 'repeated', id: 'editorial' });
    assert.equal(changes.papers, 1);
  });

  it('keeps its id when its abstract changes', async (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build([editorial('A.')]);
    assert.deepEqual(corpus.build([editorial('A, corrected.')]).changes, {
      papers: 1,
      added: 0,
      changed: 1,
      removed: 0,
    });
    assert.deepEqual([...(await abstracts(corpus))], [['editorial', 'A, corrected.']]);
  });

  it('keeps its id when a new paper of the same title comes before it in the input', async (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build([editorial('A.')]);
    const { changes } = corpus.build([editorial('B.'), editorial('A.')], 1);
    assert.deepEqual(changes, { papers: 2, added: 1, changed: 0, removed: 0 });
    assert.equal((await abstracts(corpus)).get('editorial'), 'A.');
  });

  it('does not replace a paper of another title that was given this id', async (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build([paper({ id: 'editorial', title: 'On editorials' })]);
    const { changes } = corpus.build([editorial('A.')]);
    assert.deepEqual(changes, { papers: 2, added: 1, changed: 0, removed: 0 });
    assert.equal((await corpus.papers()).get('editorial')?.title, 'On editorials');
  });

  it('can be resolved by the DOI that its new text came with', async (t) => {
    const corpus = new Corpus(temporaryFolder(t));
    corpus.build([{ ...editorial('A.'), doi: '10.1000/old' }]);
    corpus.build([{ ...editorial('A, corrected.'), doi: '10.1000/new' }]);
    const store = await corpus.openStore();
    assert.equal((await store.resolve('10.1000/new'))?.id, 'editorial');
    assert.equal(await store.resolve('10.1000/old'), undefined);
    await store.close();
  });
});

describe('an input of papers without ids', () => {
  const title = fc.constantFrom('Editorial', 'editorial!', 'Errata', 'Preface to the volume', '?');
  const input = fc.uniqueArray(fc.record({ title, abstract: fc.constantFrom('', 'a', 'b', 'c', 'd') }), {
    selector: ({ title: of, abstract }) => JSON.stringify([of, abstract]),
    maxLength: 12,
  });
  const shuffled = (papers: readonly IncomingPaper[]) =>
    fc.shuffledSubarray([...papers], { minLength: papers.length });

  it('changes nothing when it was built before, in whatever order it comes', (t) => {
    fc.assert(
      fc.property(
        input.chain((records) => {
          const papers = records.map(paper);
          return fc.tuple(
            fc.constant(papers),
            shuffled(papers),
            shuffled(papers),
            fc.integer({ min: 1, max: 5 }),
          );
        }),
        ([papers, second, third, batch]) => {
          const corpus = new Corpus(temporaryFolder(t));
          assert.equal(corpus.build(papers, batch).changes.added, papers.length);
          for (const again of [second, third]) {
            const { changes, embedded } = corpus.build(again, batch);
            assert.deepEqual(
              { ...changes, embedded },
              { papers: papers.length, added: 0, changed: 0, removed: 0, embedded: [] },
            );
          }
        },
      ),
      { numRuns: 12 },
    );
  });

  it('adds only what is new, in whatever order it comes', async (t) => {
    await fc.assert(
      fc.asyncProperty(
        input.chain((records) => {
          const papers = records.map(paper);
          return fc.tuple(fc.nat(papers.length), fc.constant(papers), shuffled(papers));
        }),
        async ([held, papers, all]) => {
          const corpus = new Corpus(temporaryFolder(t));
          corpus.build(papers.slice(0, held));
          const before = await corpus.papers();
          const { changes } = corpus.build(all);
          assert.deepEqual(changes, {
            papers: papers.length,
            added: papers.length - held,
            changed: 0,
            removed: 0,
          });
          const after = await corpus.papers();
          for (const [id, found] of before) assert.deepEqual(after.get(id), found);
        },
      ),
      { numRuns: 12 },
    );
  });
});
