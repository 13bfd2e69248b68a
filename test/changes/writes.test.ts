import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openPublished } from '../../src/open-corpus.js';
import { failure } from '../build/building.js';
import { indexOf } from '../support/corpus.js';
import { changing, NEVER } from './changing.js';

const WHALES = { id: 'whales', title: 'Songs of whales', abstract: 'We listen to whales and their songs.' };

describe('a write', () => {
  it('is seen by the next query, and by whoever opens the folder', async (t) => {
    const index = await indexOf(t);
    const { put, find, config } = await changing(t, index);
    const { outcome, id } = await put(WHALES);
    assert.deepEqual([outcome, id], ['created', 'whales']);
    assert.equal((await find('the songs of whales'))[0], 'whales');
    const reader = await openPublished(config);
    t.after(() => reader.close());
    assert.equal((await reader.view().store.get([reader.view().store.highestLabel]))[0]?.title, WHALES.title);
  });

  it('that changes nothing is no change', async (t) => {
    const { put, corpus, embedded } = await changing(t, await indexOf(t));
    const first = await put(WHALES);
    const before = [corpus.status.changes.last, embedded()];
    const second = await put({ ...WHALES, authors: [] });
    assert.equal(second.outcome, 'unchanged');
    assert.deepEqual({ ...second, outcome: 'created' }, first);
    assert.deepEqual([corpus.status.changes.last, embedded()], before);
  });

  it('of other fields than the text embeds nothing', async (t) => {
    const { put, embedded, seen } = await changing(t, await indexOf(t));
    await put(WHALES);
    const before = embedded();
    assert.equal((await put({ ...WHALES, venue: 'Sea' })).outcome, 'changed');
    assert.equal(embedded(), before);
    assert.equal((await seen().store.read('whales', ['venue']))?.venue, 'Sea');
  });

  it('of a text that was embedded in a build embeds nothing', async (t) => {
    const { put, embedded } = await changing(t, await indexOf(t));
    await put({
      id: 'copy',
      title: 'Galaxies at high redshift',
      abstract: 'We measure the light of galaxies.',
    });
    assert.equal(embedded(), 0);
  });

  it('takes effect in the order of the calls, whether or not one waits for another', async (t) => {
    const { put, remove, seen } = await changing(t, await indexOf(t));
    const outcomes = await Promise.all([
      put({ ...WHALES, title: 'First' }),
      put({ ...WHALES, title: 'Second' }),
      remove('whales'),
      put({ ...WHALES, title: 'Third' }),
      put({ ...WHALES, title: 'Fourth' }),
    ]);
    const kinds = outcomes.map((one) => ('outcome' in one ? one.outcome : 'removed'));
    assert.deepEqual(kinds, ['created', 'changed', 'removed', 'created', 'changed']);
    assert.equal((await seen().store.read('whales', ['title']))?.title, 'Fourth');
  });

  it('of another version of an arXiv paper is one of that paper', async (t) => {
    const { put, seen } = await changing(t, await indexOf(t));
    const paper = { title: 'A version', abstract: 'Of a paper.' };
    assert.equal((await put({ id: 'arXiv:2402.00001v2', ...paper })).outcome, 'created');
    const older = await put({ id: 'https://arxiv.org/abs/2402.00001v1', ...paper, title: 'An older one' });
    assert.deepEqual(older, { outcome: 'older_version', id: 'arXiv:2402.00001v2' });
    const newer = await put({ id: '2402.00001v3', ...paper, title: 'A newer one' });
    assert.deepEqual([newer.outcome, newer.id], ['changed', 'arXiv:2402.00001v2']);
    assert.equal((await seen().store.read('2402.00001', ['title']))?.title, 'A newer one');
    assert.equal(seen().store.size, 4);
  });

  it('without an id gets one from the title, and another text another', async (t) => {
    const { put } = await changing(t, await indexOf(t));
    const { id: first } = await put({ title: 'On Whales', abstract: 'One.' });
    const { id: same } = await put({ title: 'On Whales', abstract: 'One.' });
    const { id: other } = await put({ title: 'On Whales', abstract: 'Two.' });
    assert.deepEqual([first, same], ['on-whales', 'on-whales']);
    assert.match(other, /^on-whales-[0-9a-f]{8}$/);
  });

  it('of no paper is refused, and says why', async (t) => {
    const { put, corpus } = await changing(t, await indexOf(t));
    await assert.rejects(put({ id: 'x' }), failure('invalid_paper', /no title/));
    await assert.rejects(
      put({ id: 'x', title: 'T', published: 'soon' }),
      failure('invalid_paper', /published/),
    );
    await assert.rejects(put([1]), failure('invalid_paper', /not an object/));
    await assert.rejects(put({ id: 'x', title: 'T' }, { id: 'y' }), failure('invalid_request', /x.*y/));
    assert.equal(corpus.status.changes.last, 0);
  });

  it('is done only under its condition, also against one of the same instant', async (t) => {
    const { put } = await changing(t, await indexOf(t));
    const made = await put(WHALES, { ifNoneMatch: '*' });
    assert.ok(made.outcome === 'created');
    await assert.rejects(put(WHALES, { ifNoneMatch: '*' }), failure('precondition_failed', /already/));
    const ifMatch = [made.version];
    const both = await Promise.allSettled([
      put({ ...WHALES, title: 'One' }, { ifMatch }),
      put({ ...WHALES, title: 'Another' }, { ifMatch }),
    ]);
    assert.deepEqual(
      both.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
    await assert.rejects(
      put({ ...WHALES, id: 'none' }, { ifMatch: '*' }),
      failure('precondition_failed', /none/),
    );
  });

  it('of a caller who has left while it waited is not done', async (t) => {
    const { corpus } = await changing(t, await indexOf(t));
    const stop = new AbortController();
    const going = corpus.put(WHALES, {}, stop.signal);
    stop.abort();
    await assert.rejects(going, failure('cancelled', /went away/));
    assert.equal(corpus.status.changes.last, 0);
  });

  it('is refused at once when the queue is full, unless the caller will wait', async (t) => {
    const { corpus, put } = await changing(t, await indexOf(t), { queue: 2 });
    const papers = [1, 2, 3, 4, 5].map((n) => ({ id: `p${n}`, title: `Paper ${n}` }));
    const outcomes = await Promise.allSettled(papers.map((paper) => put(paper)));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    assert.equal(refused.length, 3);
    for (const { reason } of refused)
      assert.deepEqual([reason.code, reason.details.retryAfter], ['overloaded', 1]);
    await Promise.all(papers.map((paper) => corpus.put(paper, { wait: true }, NEVER)));
    assert.equal(corpus.status.changes.last, 5);
  });
});

describe('a removed paper', () => {
  it('is in no answer, and cannot be removed again', async (t) => {
    const { remove, find, seen } = await changing(t, await indexOf(t));
    assert.deepEqual(await remove('2401.00002'), { id: 'arXiv:2401.00002' });
    assert.ok(!(await find('galaxies at high redshift')).includes('arXiv:2401.00002'));
    assert.equal(await seen().store.resolve('arXiv:2401.00002'), undefined);
    await assert.rejects(remove('arXiv:2401.00002'), failure('unknown_paper', /2401.00002/));
  });
});

describe('the folder of a corpus that changes', () => {
  it('has one writer', async (t) => {
    const index = await indexOf(t);
    await changing(t, index);
    await assert.rejects(changing(t, index), failure('index_locked', /NEARPAPER_READ_ONLY/));
  });

  it('keeps what was acknowledged when the writer is closed and another one comes', async (t) => {
    const index = await indexOf(t);
    const first = await changing(t, index);
    await first.put(WHALES);
    await first.remove('arXiv:2401.00002');
    await first.stop();
    const second = await changing(t, index);
    assert.equal((await second.find('whales'))[0], 'whales');
    assert.equal(await second.seen().store.resolve('arXiv:2401.00002'), undefined);
    assert.equal((await second.put(WHALES)).outcome, 'unchanged');
  });
});
