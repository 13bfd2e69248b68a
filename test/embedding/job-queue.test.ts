import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JobQueue } from '../../src/embedding/job-queue.js';
import { NearpaperError } from '../../src/errors.js';

describe('a queue of texts', () => {
  it('that is shed keeps the queries that came first, and all documents', async () => {
    const queue = new JobQueue();
    const overloaded = new NearpaperError('overloaded', 'Too many.');
    void queue.addDocuments(['document'], undefined);
    const queries = ['first', 'second', 'third', 'fourth'].map((text) => queue.addQuery(text, undefined));
    queue.rejectQueries(2, overloaded);
    for (const query of queries.slice(2)) await assert.rejects(query, { code: 'overloaded' });
    assert.deepEqual(
      [queue.take(), queue.take(), queue.take(), queue.take()].map((job) => job?.text),
      ['first', 'second', 'document', undefined],
    );
  });

  it('keeps its documents from a worker that is left to queries', () => {
    const queue = new JobQueue();
    void queue.addDocuments(['document'], undefined);
    assert.equal(queue.take(false), undefined);
    void queue.addQuery('query', undefined);
    assert.deepEqual(
      [queue.take(false), queue.take(false), queue.take()].map((job) => job?.text),
      ['query', undefined, 'document'],
    );
  });
});
